"""The command line: `logwinnow <verb>`, one module a verb, each with `add` (its options) and `run` (what it does)."""
