"""Versions beside each other: `logwinnow patterns versions`, `promote`, `rollback` and `diff`."""
