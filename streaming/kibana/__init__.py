"""
What Kibana shows of a stream: data views, Discover sessions, dashboards, rules, as plain Python.

    lens ─► dashboards ─┐
             searches ──┼─► ndjson ─► conf/kibana, or Kibana by `logwinnow setup kibana`
               views ───┘
               rules ───────────────► the same

All is in the oldest shape that a supported Kibana (8.19) reads; a newer one migrates it on import. An id begins with
the prefix of the indices, so that two streams can be in one Kibana.
"""

from typing import Any, Final

Json = dict[str, Any]

VERSION: Final = 2
"""Raised with each change of what is shown; the dashboards say it."""

EVENTS: Final = "events"
ALERTS: Final = "alerts"
"""The two data views, by the ends of their ids."""
