"""The live job: source → parse → match → sink, by Spark Structured Streaming."""
