"""
What `logwinnow explain` says of a line.

    asked.py: line, event or alert ─► explained.py: header, shape, verdict, nearest patterns ─┐
    training.py: the table that the set was mined from, and that scope mined anew ────────────┼─► told.py
    finding/: events of the shape ─► hosts, first, last ── reproduced.py: a command ──────────┘
"""
