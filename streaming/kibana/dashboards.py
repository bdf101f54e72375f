"""The dashboards Logs and Outliers: which charts and sessions, and where on the grid of 48 columns."""

import json
from dataclasses import dataclass

from streaming.kibana import EVENTS, VERSION, Json
from streaming.kibana.lens import (
    LAYER_REFERENCE,
    Chart,
    bars,
    count,
    earliest,
    last,
    latest,
    number,
    over_time,
    rare,
    share,
    table,
    top,
    unique_count,
)
from streaming.kibana.objects import SavedObject
from streaming.kibana.searches import LINES, OUTLIERS, TOLD, UNUSUAL, Search

_OUTLIER = "logwinnow.outlier: true"
_MATCHED = "logwinnow.pattern.id: * and logwinnow.outlier: false"
_JUDGED = "not logwinnow.unjudged: *"


@dataclass(frozen=True)
class Panel:
    """What is shown, and where: left edge and top, width and height in cells of the grid."""

    shows: Chart | Search
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Dashboard:
    """
    A dashboard.

    Attributes:
        name: The end of its id.
        title: What it is found by.
        description: What a reader should know beside the title.
        panels: Each with its place.
    """

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]

    def id(self, prefix: str) -> str:
        """Return the object's id."""
        return f"{prefix}-{self.name}"

    def saved(self, prefix: str) -> SavedObject:
        """Return the object: charts are in it, sessions are named by it."""
        rows, references = [], []
        for place, panel in enumerate(self.panels, 1):
            row, reference = _placed(panel, f"p{place}", prefix)
            rows.append(row)
            references.append(reference)
        options = {
            "useMargins": True,
            "syncColors": True,
            "syncCursor": True,
            "syncTooltips": False,
            "hidePanelTitles": False,
        }
        source = {"query": {"language": "kuery", "query": ""}, "filter": []}
        attributes = {
            "title": f"{prefix}: {self.title}",
            "description": f"{self.description} Made by logwinnow setup kibana, version {VERSION}; changes are lost "
            "when it runs again: save a copy.",
            "panelsJSON": json.dumps(rows, ensure_ascii=False),
            "optionsJSON": json.dumps(options),
            "timeRestore": True,
            "timeFrom": "now-24h",
            "timeTo": "now",
            "refreshInterval": {"pause": True, "value": 60_000},
            "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps(source)},
            "version": 1,
        }
        return SavedObject("dashboard", self.id(prefix), attributes, tuple(references))


def _placed(panel: Panel, index: str, prefix: str) -> tuple[Json, Json]:
    """Return the panel as a dashboard has it, and the reference that it needs."""
    shows = panel.shows
    row: Json = {
        "gridData": {"x": panel.x, "y": panel.y, "w": panel.width, "h": panel.height, "i": index},
        "panelIndex": index,
        "title": shows.title,
    }
    if isinstance(shows, Search):
        name = f"panel_{index}"
        reference = {"type": "search", "id": shows.id(prefix), "name": f"{index}:{name}"}
        return row | {"type": "search", "embeddableConfig": {}, "panelRefName": name}, reference
    attributes = shows.attributes(prefix)
    [view] = attributes["references"]
    reference = view | {"name": f"{index}:{LAYER_REFERENCE}"}
    return row | {"type": "lens", "embeddableConfig": {"attributes": attributes, "enhancements": {}}}, reference


_LINES_BY_PATTERN = bars(
    "Lines over time by pattern",
    EVENTS,
    "",
    {
        "split": top("Pattern", "logwinnow.pattern.label", 10, "count", all_documents=True),
        "time": over_time(),
        "count": count("Lines"),
    },
    "The ten patterns with the most lines; missing value: lines that no pattern matches.",
)
_UNMATCHED = number(
    "Share of unmatched lines",
    EVENTS,
    "",
    share("of the judged lines", _OUTLIER, _JUDGED),
    "Outliers to judged lines: blank lines and those of numbers alone are not judged.",
)
_OUTLIER_LINES = number("Outliers", EVENTS, _OUTLIER, {"count": count("lines")})
_OUTLIER_SHAPES = number(
    "Shapes of outliers", EVENTS, _OUTLIER, {"shapes": unique_count("shapes", "logwinnow.shape.id")}
)
_SETS = table(
    "Pattern sets in use",
    EVENTS,
    "",
    {
        "set": top("Set", "logwinnow.set", 5, "judged"),
        "published": latest("Published", "logwinnow.set_published"),
        "lines": count("Lines"),
        "judged": latest("Last line", "event.created"),
    },
    ("judged", "desc"),
    "The version by which lines were judged, and its age.",
)
_OUTLIERS_BY_PROGRAM = bars(
    "Outliers over time by program",
    EVENTS,
    _OUTLIER,
    {
        "split": top("Program", "process.name", 10, "count", all_documents=True),
        "time": over_time(),
        "count": count("Outliers"),
    },
)
_SHAPES = table(
    "Shapes of outliers by when they were first seen",
    EVENTS,
    _OUTLIER,
    {
        "shape": top("Shape", "logwinnow.shape.text", 100, "first"),
        "first": earliest("First seen", "@timestamp"),
        "last": latest("Last seen", "@timestamp"),
        "count": count("Lines"),
        "hosts": unique_count("Hosts", "host.name"),
        "program": last("Program", "process.name"),
        "nearest": last("Nearest pattern", "logwinnow.nearest.text"),
    },
    ("first", "desc"),
    "The hundred that came last within the time that is shown.",
)
_RAREST = table(
    "Rarest patterns",
    EVENTS,
    _MATCHED,
    {
        "pattern": rare("Pattern", "logwinnow.pattern.label", 10),
        "count": count("Lines"),
        "last": latest("Last seen", "@timestamp"),
        "hosts": unique_count("Hosts", "host.name"),
    },
    ("count", "asc"),
    "Patterns that ten lines or fewer match within the time that is shown.",
)
_NEWEST = table(
    "Newest patterns",
    EVENTS,
    _MATCHED,
    {
        "pattern": top("Pattern", "logwinnow.pattern.label", 50, "since"),
        "since": latest("Known since", "logwinnow.pattern.first_day"),
        "count": count("Lines"),
        "hosts": unique_count("Hosts", "host.name"),
    },
    ("since", "desc"),
    "What the last training has brought comes first: by the first day of a pattern's lines.",
)

LOGS = Dashboard(
    "logs",
    "Logs",
    "All lines, by the pattern that they match.",
    (Panel(_LINES_BY_PATTERN, 0, 0, 48, 14), Panel(LINES, 0, 14, 48, 24)),
)
OUTLIERS_AND_NEWS = Dashboard(
    "outliers",
    "Outliers",
    "Lines of no known kind, and what is rare or new among those of known ones.",
    (
        Panel(_UNMATCHED, 0, 0, 9, 7),
        Panel(_OUTLIER_LINES, 9, 0, 9, 7),
        Panel(_OUTLIER_SHAPES, 18, 0, 9, 7),
        Panel(_SETS, 27, 0, 21, 7),
        Panel(_OUTLIERS_BY_PROGRAM, 0, 7, 48, 12),
        Panel(_SHAPES, 0, 19, 48, 16),
        Panel(_RAREST, 0, 35, 24, 14),
        Panel(_NEWEST, 24, 35, 24, 14),
        Panel(TOLD, 0, 49, 48, 14),
        Panel(UNUSUAL, 0, 63, 48, 14),
        Panel(OUTLIERS, 0, 77, 48, 18),
    ),
)

DASHBOARDS = (LOGS, OUTLIERS_AND_NEWS)


def dashboards(prefix: str) -> list[SavedObject]:
    """Return both dashboards."""
    return [dashboard.saved(prefix) for dashboard in DASHBOARDS]
