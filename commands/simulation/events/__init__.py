"""
What happens to a fleet over weeks, one module a sort of event: tables of what is said, and of what is said no more.

`event.Event` is what the schedule tells of each, `plan.py` says when each happens.
"""
