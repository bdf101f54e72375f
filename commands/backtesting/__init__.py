"""
What `logwinnow backtest` tells.

    corpus ─► table of shapes ─► judged.py: each shape once by each set ─► alerts.py ─► told.py
                                 trial.py: a set as one decision more would make it
"""
