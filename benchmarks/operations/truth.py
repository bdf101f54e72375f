"""
What an alert is worth, by the labels of the simulation.

    trouble   it is of a line of trouble, or of its place and time: an incident, a novelty, a burst, …
    change    it is of a new kind that is harmless, of which an operator wants to hear once: a release, a first job
    repeated  it is of either, and the same was told before: of trouble on the same day, of a change ever
    false     anything else: a line of a known kind
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from benchmarks.operations.detectors import NEW, Alert
from benchmarks.operations.weeks import Label
from commands.simulation.events.event import Event
from commands.simulation.events.troubles import SORTS
from patterns.timestamps import DAY, microseconds

NEW_KINDS = ("incident", "novelty")
"""Troubles that bring new kinds of line: what all who compete look for."""

TROUBLES = (*NEW_KINDS, *SORTS)
"""Causes of which an operator wants to be woken."""

CHANGES = ("deployment", "release", "seasonal", "new_host", "decommission")
"""Causes of which an operator knows, or wants to hear once at the most."""

CHANGE_LASTS = 2 * DAY
"""How long what no line tells of may come from a change."""

Worth = Literal["trouble", "change", "repeated", "false"]
WORTHS: tuple[Worth, ...] = ("trouble", "change", "repeated", "false")


class Verdict(NamedTuple):
    """An alert, what it is worth, the event that it tells of (None of false ones), and the cause of its line."""

    alert: Alert
    worth: Worth
    event: str | None
    cause: str
    kind: str


@dataclass(frozen=True)
class Truth:
    """
    Labels and schedule of some weeks.

    Attributes:
        labels: Of each line, by its number.
        events: By their ids.
        programs: Event → what speaks in it, or no more.
        begin: When the live days begin, in microseconds since 1970.
    """

    labels: Sequence[Label]
    events: Mapping[str, Event]
    programs: Mapping[str, frozenset[str]]
    begin: int

    @classmethod
    def of(cls, labels: Sequence[Label], events: Iterable[Event], begin: int) -> "Truth":
        """Return it of a schedule and all lines."""
        by_id = {event.id: event for event in events}
        programs = {event.id: set(event.programs) for event in by_id.values()}
        for label in labels:
            if label.event is not None:
                programs[label.event].add(label.kind.rpartition(".")[0])
        return cls(labels, by_id, {event: frozenset(some) for event, some in programs.items()}, begin)

    def judge(self, alerts: Iterable[Alert]) -> Iterator[Verdict]:
        """Yield a verdict for each alert; they come in time order."""
        told: set[tuple[str, str, int]] = set()
        for alert in alerts:
            event, cause, kind = self._of(alert)
            if event is None:
                yield Verdict(alert, "false", None, cause, kind)
                continue
            trouble = cause in TROUBLES
            key = event, kind, alert.time // DAY if trouble else 0
            worth: Worth = "repeated" if key in told else "trouble" if trouble else "change"
            told.add(key)
            yield Verdict(alert, worth, event, cause, kind)

    def _of(self, alert: Alert) -> tuple[str | None, str, str]:
        """Return the event that an alert tells of, if any, the cause, and the kind of what it tells."""
        causes = (*TROUBLES, *CHANGES)
        if alert.line is not None:
            label = self.labels[alert.line]
            # What is unusual about lines of known kinds may come from a change as well.
            wanted = label.cause in TROUBLES or label.novel or (alert.kind != NEW and label.cause in CHANGES)
            kind = label.kind if alert.kind == NEW else alert.kind
            return (label.event if wanted else None), label.cause, kind
        found = [event for event in self.events.values() if event.cause in causes and self._is_there(event, alert)]
        found.sort(key=lambda event: (causes.index(event.cause), event.windows[0]))
        return (found[0].id, found[0].cause, alert.kind) if found else (None, "normal", alert.kind)

    def _is_there(self, event: Event, alert: Alert) -> bool:
        """Whether an alert without a line is of the place and the time of an event."""
        windows = [(microseconds(begin), microseconds(end)) for begin, end in event.windows]
        if event.cause in CHANGES:
            windows = [(begin, min(end, begin + CHANGE_LASTS)) for begin, end in windows]
        since = alert.time if alert.begin is None else alert.begin
        here, speaks = alert.host in event.hosts, alert.program in self.programs[event.id]
        return (
            any(begin <= alert.time and since < end for begin, end in windows)
            # What is said of a whole host says nothing of a program that changes everywhere, and the other way round.
            and (here or speaks)
            and (here or not event.hosts or not alert.host)
            and (speaks or not self.programs[event.id] or not alert.program)
        )
