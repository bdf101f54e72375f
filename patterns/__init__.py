"""What training and streaming share: line → words → shape → verdict, the pattern language, the set and its store."""
