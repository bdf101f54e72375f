"""Discover sessions: the lines themselves, newest first."""

import json
from dataclasses import dataclass

from streaming.kibana import ALERTS, EVENTS
from streaming.kibana.objects import SavedObject, of_view

_VIEW_REFERENCE = "kibanaSavedObjectMeta.searchSourceJSON.index"


@dataclass(frozen=True)
class Search:
    """
    A Discover session.

    Attributes:
        name: The end of its id.
        title: What it is found by.
        view: The data view that it reads.
        query: Which documents, as KQL.
        columns: Fields, beside the time.
        description: What a reader should know beside the title.
    """

    name: str
    title: str
    view: str
    query: str
    columns: tuple[str, ...]
    description: str = ""

    def id(self, prefix: str) -> str:
        """Return the object's id."""
        return f"{prefix}-{self.name}"

    def saved(self, prefix: str) -> SavedObject:
        """Return the object, in its shape from before sessions had tabs: a newer Kibana makes one tab of it."""
        source = {"query": {"language": "kuery", "query": self.query}, "filter": [], "indexRefName": _VIEW_REFERENCE}
        attributes = {
            "title": f"{prefix}: {self.title}",
            "description": self.description,
            "columns": list(self.columns),
            "sort": [["@timestamp", "desc"]],
            "grid": {},
            "hideChart": False,
            "isTextBasedQuery": False,
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
        }
        return SavedObject("search", self.id(prefix), attributes, (of_view(prefix, self.view, _VIEW_REFERENCE),))


LINES = Search(
    "lines",
    "Lines",
    EVENTS,
    "",
    ("host.name", "process.name", "message", "logwinnow.pattern.label"),
    "Every line with the pattern that it matches; one without is an outlier, or is not judged. One of a pattern that "
    "is pending or rejected is an outlier too.",
)
OUTLIERS = Search(
    "outlier-lines",
    "Outliers",
    EVENTS,
    "logwinnow.outlier: true",
    (
        "host.name",
        "process.name",
        "message",
        "logwinnow.reason",
        "logwinnow.pattern.severity",
        "logwinnow.pattern.label",
        "logwinnow.nearest.text",
        "logwinnow.nearest.difference",
    ),
    "Lines that no pattern matches, each with the nearest pattern and the first difference; and those of a pattern "
    "that is pending or rejected, with what it is called.",
)
ONE_PATTERN = Search(
    "pattern-lines",
    "Lines of one pattern",
    EVENTS,
    "logwinnow.pattern.id: *",
    ("host.name", "process.name", "logwinnow.params", "message"),
    "Write a pattern's id for the *, as `logwinnow patterns list` prints it: its lines, and what its gaps took.",
)
TOLD = Search(
    "told-alerts",
    "Alerts",
    ALERTS,
    "not logwinnow.kind: *",
    (
        "logwinnow.pattern.severity",
        "host.name",
        "process.name",
        "message",
        "logwinnow.count",
        "logwinnow.untold",
        "logwinnow.shapes",
        "logwinnow.pattern.text",
        "logwinnow.nearest.difference",
        "logwinnow.accept",
    ),
    "New shapes, told once in each interval: lines in the batch, lines since the alert before, and the command that "
    "accepts the shape. One with a number of shapes stands for as many that are alike, by a provisional pattern. "
    "Severity is what `logwinnow patterns name` says of its pattern.",
)

UNUSUAL = Search(
    "unusual",
    "Unusual lines of known kinds",
    ALERTS,
    "logwinnow.kind: *",
    (
        "logwinnow.kind",
        "logwinnow.pattern.severity",
        "host.name",
        "message",
        "logwinnow.observed",
        "logwinnow.usual",
        "logwinnow.value",
        "logwinnow.untold",
    ),
    "Rates far from usual, heartbeats that stopped, silent hosts and sources, values that no training saw: where "
    "[alerts.rate], [alerts.heartbeat] or [alerts.value] is enabled.",
)

SEARCHES = (LINES, OUTLIERS, ONE_PATTERN, TOLD, UNUSUAL)


def searches(prefix: str) -> list[SavedObject]:
    """Return all Discover sessions."""
    return [search.saved(prefix) for search in SEARCHES]
