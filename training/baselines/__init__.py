"""
What is usual of known patterns, learned by a second pass over the corpus, when the set is there by which it is judged.

    corpus ─► observing: judged line by line, or by columns ─► rows that add up ─► those of the last days are added
           ─► window: which rows stay ─► rates, heartbeats, values ─► baselines.jsonl, observed.parquet
"""
