"""
What `logwinnow patterns` does with the operator's file: accept, reject, name, pin, decisions, withdraw.

    what the user names ─► finding (shapes, and told: alerts and events of the sink) ─► Decision ─► Store.decide
"""
