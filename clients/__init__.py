"""Elasticsearch and Kafka, as both jobs use them: how to reach them, and what their errors mean."""
