"""
What is told of lines of known kinds: rates far from usual, heartbeats that stopped, values that were never seen.

    baselines of the set ─► Usual, broadcast ─► Counting in the tasks ─► Counted ─┐
                                                                                  ▼
    state before ─────────────────────────► Watch: rates, silence, values ─► alerts, state after (StateFile)
"""
