"""What the verdicts come to: alerts a day, precision, and by kind of trouble recall and delay."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import NamedTuple

from benchmarks.operations.detectors import Alert
from benchmarks.operations.truth import TROUBLES, WORTHS, Truth, Verdict
from benchmarks.operations.weeks import Label
from commands.simulation.events.event import Event
from patterns.timestamps import SECOND, microseconds

LINELESS = ("stopped", "silence")
"""Causes of events that have no lines."""

SHOWN_KINDS = 12
"""Kinds of false alerts that are kept for each cause, most alerts first."""


@dataclass(frozen=True)
class Found:
    """
    Events of a cause, and which of them raised an alert.

    Attributes:
        events: How many there were.
        told: How many raised an alert that is worth something.
        kinds: New kinds of line that they brought.
        kinds_told: Of how many of these there was an alert.
        seconds: For each that was told, from its begin (its first line, if it has any) to its first alert.
        lines: For each that was told, its lines up to that alert; 0 where it has none.
    """

    events: int = 0
    told: int = 0
    kinds: int = 0
    kinds_told: int = 0
    seconds: list[float] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def __add__(self, other: "Found") -> "Found":
        """Return both together."""
        return Found(
            self.events + other.events,
            self.told + other.told,
            self.kinds + other.kinds,
            self.kinds_told + other.kinds_told,
            [*self.seconds, *other.seconds],
            [*self.lines, *other.lines],
        )


@dataclass(frozen=True)
class Run:
    """
    A detector on some weeks.

    Attributes:
        detector: Its name.
        seed: Of the weeks.
        days: Live ones.
        lines: Of these.
        alerts: What they are worth (WORTHS) → how many.
        false_causes: Cause of the line → false alerts.
        false_kinds: Cause → kind of line → false alerts, of the kinds with most.
        found: Cause of an event → how the events were found.
        sorts: Kind of alert → what alerts of it are worth → how many.
        seconds: What the detector took, all in all.
    """

    detector: str
    seed: int
    days: int
    lines: int
    alerts: Mapping[str, int]
    false_causes: Mapping[str, int]
    false_kinds: Mapping[str, Mapping[str, int]]
    found: Mapping[str, Found]
    sorts: Mapping[str, Mapping[str, int]]
    seconds: float

    @property
    def total(self) -> int:
        """All alerts."""
        return sum(self.alerts.values())

    @property
    def precision(self) -> float:
        """The share of the alerts that tell something for the first time; 1 where there is none."""
        return (self.alerts["trouble"] + self.alerts["change"]) / self.total if self.total else 1.0


class Spread(NamedTuple):
    """A figure of some seeds: the mean, the least and the most."""

    mean: float
    least: float
    most: float


def run(detector: str, seed: int, days: int, verdicts: Sequence[Verdict], truth: Truth, *, seconds: float = 0.0) -> Run:
    """Count the verdicts of a detector on the live days of some weeks; they are in time order."""
    worths = Counter(verdict.worth for verdict in verdicts)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    sorts: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        sorts[verdict.alert.kind][verdict.worth] += 1
        if verdict.worth == "false":
            kinds[verdict.cause][verdict.kind] += 1
    return Run(
        detector,
        seed,
        days,
        sum(label.time >= truth.begin for label in truth.labels),
        {worth: worths[worth] for worth in WORTHS},
        {cause: some.total() for cause, some in sorted(kinds.items())},
        {cause: dict(some.most_common(SHOWN_KINDS)) for cause, some in sorted(kinds.items())},
        found(verdicts, truth),
        {sort: {worth: some[worth] for worth in WORTHS} for sort, some in sorted(sorts.items())},
        seconds,
    )


def found(verdicts: Iterable[Verdict], truth: Truth) -> dict[str, Found]:
    """Return by cause how the events of the live days were found: troubles, and changes that bring a new kind."""
    lines: dict[str, list[tuple[int, Label]]] = defaultdict(list)
    for number, label in enumerate(truth.labels):
        if label.event is not None and label.time >= truth.begin:
            lines[label.event].append((number, label))
    first: dict[str, Verdict] = {}
    kinds: dict[str, set[str]] = defaultdict(set)
    for verdict in verdicts:
        if verdict.event is not None:
            first.setdefault(verdict.event, verdict)
            kinds[verdict.event].add(verdict.kind)
    result: dict[str, Found] = {}
    for event in truth.events.values():
        said = lines[event.id]
        new = {label.kind for _, label in said if label.novel}
        if new or (event.cause in TROUBLES and (said or event.cause in LINELESS)):
            each = Found(1, 0, len(new), len(new & kinds[event.id]))
            if event.id in first:
                each = _told(each, event, first[event.id].alert, said)
            result[event.cause] = result.get(event.cause, Found()) + each
    return result


def _told(found: Found, event: Event, alert: Alert, said: Sequence[tuple[int, Label]]) -> Found:
    """Return an event with the delay of its first alert."""
    begin = said[0][1].time if said else microseconds(event.windows[0][0])
    until = alert.line
    before = sum(number <= until if until is not None else label.time <= alert.time for number, label in said)
    return replace(found, told=1, seconds=[(alert.time - begin) / SECOND], lines=[before])


def together(runs: Sequence[Run]) -> dict[str, Found]:
    """Return how events were found on all seeds together, by cause."""
    result: dict[str, Found] = {}
    for each in runs:
        for cause, some in each.found.items():
            result[cause] = result.get(cause, Found()) + some
    return result


def a_day(runs: Sequence[Run], worth: str | None = None) -> Spread:
    """Return the alerts a day of a worth, or of all, over the seeds."""
    return spread([(each.total if worth is None else each.alerts[worth]) / each.days for each in runs])


def spread(values: Sequence[float]) -> Spread:
    """Return the mean of values, and the ends of their range."""
    return Spread(fmean(values), min(values), max(values))


def middle(values: Sequence[float]) -> float | None:
    """Return the median, None of nothing."""
    return median(values) if values else None
