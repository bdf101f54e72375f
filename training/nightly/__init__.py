"""
Learning by the day: what came since the last night is added to the table of the last set, which is then mined anew.

    last set's table ─┐
    sources ─► read ──┴─► added up ─► window: what stays ─► states: known, pending ─► mined ─► published
"""
