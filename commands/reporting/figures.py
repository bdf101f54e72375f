"""
What a report is made of, whichever sink it was read from: the same events give the same figures.

Times are microseconds since 1970 in UTC, of whole milliseconds: the times of the lines, not of their arrival.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from patterns.timestamps import DAY, SECOND
from training.fetched.time_range import TimeRange

CHART_BINS: Final = 120
SPARK_BINS: Final = 30
"""Bins of the chart, and of the small ones beside patterns and shapes, at most."""

MOST_KINDS: Final = 100_000
"""Patterns, and outlier shapes, that are counted one by one; lines of further ones are counted together."""

HOSTS_SHOWN: Final = 3
"""Of an outlier shape."""

_MINUTE, _HOUR = 60, 3_600
_WIDTHS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * number for number in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * number for number in (1, 2, 3, 6, 12)),
    *(24 * _HOUR * number for number in (1, 2, 7, 14, 28, 91, 182, 364, 3_640, 36_400, 364_000)),
)
_FAR_OFF = 1_000
"""One line in so many, at either end, may be of a time that is not drawn."""


class Bins(NamedTuple):
    """
    Intervals of time of one width, side by side.

    Attributes:
        start: Of the first, in seconds since 1970: a multiple of the width.
        width: In seconds.
        number: How many.
    """

    start: int
    width: int
    number: int

    @classmethod
    def of(cls, span: tuple[int, int], most: int) -> "Bins":
        """Return the narrowest bins of a round width that hold a span of times, both its ends too, by `most` bins."""
        first, last = (time // SECOND for time in span)
        # The widest holds all years that a time can be of.
        width = next(width for width in _WIDTHS if last // width - first // width < most)
        return cls(first // width * width, width, last // width - first // width + 1)

    @property
    def end(self) -> int:
        """The end of the last one, in seconds since 1970."""
        return self.start + self.width * self.number


@dataclass(slots=True)
class Kind:
    """
    A pattern, or an outlier shape, with what was seen of it.

    Attributes:
        id: Of the pattern, or of the shape.
        lines: How many are of it.
        first: Time of the earliest.
        last: Time of the latest.
        series: Lines by the bins of the small charts.
    """

    id: str
    lines: int
    first: int
    last: int
    series: list[int]


class PatternDetail(NamedTuple):
    """What a pattern looks like: text, state, and the program that it is of."""

    text: str
    state: str
    scope: str


@dataclass(frozen=True, slots=True)
class ShapeDetail:
    """
    The earliest line of an outlier shape, and where its lines came from.

    Attributes:
        scope: Of which program.
        shape: Its words.
        message: The line, without its header.
        reason: Why it is an outlier.
        nearest: Text of the nearest pattern; empty where there is none.
        difference: What that has other than the line, in words.
        hosts: Some of the hosts, those with the most lines first.
        host_count: How many hosts there are.
        pattern: Text of the pattern where that is the reason, pending or rejected; else empty.
        said: What the operator says of the pattern: severity and name, as far as they are.
    """

    scope: str
    shape: str
    message: str
    reason: str
    nearest: str
    difference: str
    hosts: tuple[str, ...]
    host_count: int
    pattern: str = ""
    said: tuple[str, ...] = ()


@dataclass(slots=True)
class Program:
    """How lines of a program (a scope) were judged."""

    scope: str
    lines: int = 0
    outliers: int = 0
    unjudged: int = 0

    @property
    def matched(self) -> int:
        """Lines of known kinds."""
        return self.lines - self.outliers - self.unjudged


@dataclass(slots=True)
class Figures:
    """
    All that a report says of the lines, but what its patterns and shapes look like.

    Attributes:
        place: Where the events were read.
        asked: The times that were asked for.
        lines: How many events.
        outliers: How many of them are of no known kind.
        unjudged: Reason → how many were not judged.
        first: Time of the earliest line.
        last: Time of the latest.
        hosts: How many there are.
        sets: Version of a pattern set → lines that it judged.
        alerts: Told of these times.
        held_back: Hours in which further alerts were held back.
        chart: Bins of the chart.
        chart_lines: Lines by these.
        chart_outliers: Outliers by these.
        small: Bins of the small charts.
        patterns: Those of known kinds that matched a line.
        shapes: Outlier shapes.
        programs: Those with a line.
        further: Lines of further patterns or shapes, over MOST_KINDS.
        damaged: Rows of the sink that are no events.
        unusual: Alerts of these times that are about lines of known kinds.
        at_least: Whether there are more hosts than were counted.
    """

    place: str
    asked: TimeRange
    lines: int
    outliers: int
    unjudged: Mapping[str, int]
    first: int
    last: int
    hosts: int
    sets: Counter[str]
    alerts: int
    held_back: int
    chart: Bins
    chart_lines: list[int]
    chart_outliers: list[int]
    small: Bins
    patterns: list[Kind]
    shapes: list[Kind]
    programs: list[Program]
    further: int = 0
    damaged: int = 0
    unusual: int = 0
    at_least: bool = False

    @property
    def matched(self) -> int:
        """Lines of known kinds."""
        return self.lines - self.outliers - sum(self.unjudged.values())

    @property
    def share_matched(self) -> float:
        """Matched lines among the judged."""
        judged = self.matched + self.outliers
        return self.matched / judged if judged else 1.0

    @property
    def not_drawn(self) -> int:
        """Lines of times that the chart does not show."""
        return self.lines - sum(self.chart_lines)


class Reader(Protocol):
    """What was read of a sink."""

    figures: Figures

    def pattern_details(self, ids: list[str]) -> dict[str, PatternDetail]:
        """Return what patterns look like."""

    def shape_details(self, ids: list[str]) -> dict[str, ShapeDetail]:
        """Return the earliest lines of outlier shapes."""


def drawn(asked: TimeRange, days: Mapping[int, int], first: int, last: int) -> tuple[int, int]:
    """
    Return the first and last time that the charts show.

    Args:
        asked: What was asked for is shown, with its silence.
        days: Day since 1970 → lines. A few of a clock that is years off shall not press all others into one bar: where
            that leaves a quarter of the time or less, the days at either end with a thousandth of the lines are not
            drawn.
        first: Time of the earliest line.
        last: Of the latest.
    """
    total = sum(days.values())
    ordered = sorted(days.items())
    begin, end = _usual(ordered, total), _usual(reversed(ordered), total)
    if 4 * (end - begin + 1) <= last // DAY - first // DAY + 1:
        first, last = max(first, begin * DAY), min(last, (end + 1) * DAY - 1)
    return (
        first if asked.start is None else min(asked.start, first),
        last if asked.end is None else max(asked.end - 1, last),
    )


def _usual(days: Iterable[tuple[int, int]], total: int) -> int:
    """Return the first day with which more than a thousandth of the lines are seen."""
    seen = 0
    for day, lines in days:
        seen += lines
        if seen * _FAR_OFF > total:
            return day
    raise AssertionError


def shape_detail(event: Mapping[str, Any], hosts: tuple[str, ...], host_count: int) -> ShapeDetail:
    """Return the detail of a shape by the event of its earliest line, and its hosts."""
    ours = event["logwinnow"]
    near, own = ours.get("nearest") or {}, ours.get("pattern") or {}
    return ShapeDetail(
        ours.get("scope", ""),
        ours["shape"].get("text", ""),
        event.get("message", ""),
        ours.get("reason", ""),
        near.get("text", ""),
        near.get("difference", ""),
        hosts,
        host_count,
        own.get("text", ""),
        tuple(own[name] for name in ("severity", "name") if name in own),
    )


def pattern_detail(event: Mapping[str, Any]) -> PatternDetail:
    """Return the detail of a pattern by the event of a line of it."""
    found = event["logwinnow"]["pattern"]
    return PatternDetail(found.get("text", ""), found.get("state", ""), event["logwinnow"].get("scope", ""))
