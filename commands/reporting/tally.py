"""Events, one after the other → figures. Memory grows with their kinds and times, not with their number."""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from commands.reporting.figures import (
    CHART_BINS,
    MOST_KINDS,
    SPARK_BINS,
    Bins,
    Figures,
    Kind,
    Program,
    drawn,
)
from commands.reporting.timeline import Integers, Timeline
from patterns.timestamps import SECOND, iso
from training.fetched.time_range import TimeRange

MOST_HOSTS: Final = 100_000
"""Hosts, and pairs of shape and host, that are told apart."""

_AT_ONCE: Final = 100_000
_KEPT: Final = 2_000
"""Characters kept of a text of an example."""

_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
_NO_TIME: Final = "1970-01-01T00:00:00.000Z"

_MATCHED, _OUTLIER, _UNJUDGED = range(3)
_OTHERS: Final = "\x00"
"""Stands for the id of all kinds over the limit; no id reads so."""


class _Id(msgspec.Struct, gc=False):
    id: str


class _Host(msgspec.Struct, gc=False):
    name: str


class _Ours(msgspec.Struct, gc=False):
    outlier: bool
    set: str = ""
    scope: str = ""
    unjudged: str | None = None
    pattern: _Id | None = None
    shape: _Id | None = None


class _Event(msgspec.Struct, gc=False):
    time: str = msgspec.field(name="@timestamp")
    logwinnow: _Ours
    host: _Host | None = None


_decode = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class Seen:
    """A kind while it is counted: number, program, and of an outlier shape the earliest line and the hosts."""

    number: int
    what: int
    scope: str
    time: str = ""
    event_id: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)


class Tally:
    """Counts events."""

    def __init__(self, asked: TimeRange) -> None:
        """Begin with none; events of other times than were asked for are passed over."""
        self._from, self._to = (None if time is None else iso(time) for time in asked)
        self._asked = asked
        self._timeline = Timeline()
        self._numbers, self._times, self._versions = array("q"), list[str](), list[str]()
        self._firsts = self._lasts = np.empty(0, np.int64)
        self._hosts: set[str] = set()
        self._pairs = 0
        self._at_least = False
        self._sets: Counter[str] = Counter()
        self._unjudged: dict[tuple[str, str], Seen] = {}
        self._kinds: list[Seen] = []
        self.patterns: dict[str, Seen] = {}
        self.shapes: dict[str, Seen] = {}
        self.lines = self.damaged = 0

    def add(self, block: Iterable[bytes]) -> None:
        """Count events, a line each."""
        begin, end, patterns, numbers, times = self._from, self._to, self.patterns, self._numbers, self._times
        versions, hosts = self._versions, self._hosts
        for line in block:
            try:
                event = _decode.decode(line)
                ours, time = event.logwinnow, event.time
                if (begin is not None and time < begin) or (end is not None and time >= end):
                    continue
                # RFC 3339 with milliseconds, in UTC: as texts in the order of the times.
                # An outlier has a pattern too where that is pending or rejected.
                if ours.pattern is not None and not ours.outlier:
                    seen = patterns.get(ours.pattern.id) or self._pattern(ours.pattern.id, line)
                elif ours.shape is not None:
                    seen = self._outlier(ours.shape.id, event, line)
                else:
                    seen = self._not_judged(ours)
            except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
                self.damaged += 1
                continue
            numbers.append(seen.number)
            times.append(time)
            versions.append(ours.set)
            if event.host is not None:
                hosts.add(event.host.name)
        if len(hosts) > MOST_HOSTS:
            self._hosts, self._at_least = set(sorted(hosts)[:MOST_HOSTS]), True
        if len(numbers) >= _AT_ONCE:
            self.flush()

    def _new(self, what: int, scope: str) -> Seen:
        seen = Seen(len(self._kinds), what, scope)
        self._kinds.append(seen)
        return seen

    def _pattern(self, identity: str, line: bytes) -> Seen:
        """Return the kind of a pattern that was not seen yet."""
        if len(self.patterns) >= MOST_KINDS:
            identity = _OTHERS
        seen = self.patterns.get(identity)
        if seen is None:
            event = _cut(msgspec.json.decode(line))
            scope = "" if identity == _OTHERS else event["logwinnow"]["scope"]
            seen = self.patterns[identity] = self._new(_MATCHED, scope)
            seen.event = event
        return seen

    def _outlier(self, identity: str, event: _Event, line: bytes) -> Seen:
        """Return the kind of an outlier, with this event if it is the earliest of it."""
        if identity not in self.shapes and len(self.shapes) >= MOST_KINDS:
            identity = _OTHERS
        seen = self.shapes.get(identity)
        if seen is None or event.time <= seen.time:
            whole = msgspec.json.decode(line)
            event_id, kept = whole["event"]["id"], _cut(whole)
            if seen is None:
                scope = "" if identity == _OTHERS else event.logwinnow.scope
                seen = self.shapes[identity] = self._new(_OUTLIER, scope)
            if not seen.event or (event.time, event_id) < (seen.time, seen.event_id):
                seen.time, seen.event_id, seen.event = event.time, event_id, kept
        if event.host is not None:
            self._count_host(seen, event.host.name)
        return seen

    def _count_host(self, seen: Seen, host: str) -> None:
        if host not in seen.hosts:
            if self._pairs >= MOST_HOSTS:
                self._at_least = True
                return
            self._pairs += 1
        seen.hosts[host] += 1

    def _not_judged(self, ours: _Ours) -> Seen:
        key = (ours.scope if len(self._unjudged) < MOST_KINDS else "", ours.unjudged or "")
        seen = self._unjudged.get(key)
        if seen is None:
            seen = self._unjudged[key] = self._new(_UNJUDGED, key[0])
        return seen

    def flush(self) -> None:
        """Take what was counted since into the timeline."""
        if not self._times:
            return
        times, are_times = _microseconds(self._times)
        self.damaged += len(times) - int(are_times.sum())
        numbers, times = np.array(self._numbers, np.int64)[are_times], times[are_times]
        self.lines += len(times)
        self._sets.update(compress(self._versions, are_times))
        more = len(self._kinds) - len(self._firsts)
        self._firsts = np.append(self._firsts, np.full(more, np.iinfo(np.int64).max))
        self._lasts = np.append(self._lasts, np.full(more, np.iinfo(np.int64).min))
        np.minimum.at(self._firsts, numbers, times)
        np.maximum.at(self._lasts, numbers, times)
        self._timeline.add(numbers, times // SECOND)
        self._numbers, self._times, self._versions = array("q"), [], []

    def figures(self, place: str, alerts: int, held_back: int, unusual: int) -> Figures:
        """Return the figures of all that was counted."""
        number = len(self._kinds)
        lines = self._timeline.lines(number)
        first, last = int(self._firsts.min()), int(self._lasts.max())
        span = drawn(self._asked, self._timeline.days(), first, last)
        chart, small = Bins.of(span, CHART_BINS), Bins.of(span, SPARK_BINS)
        series = self._timeline.series(np.arange(number), small)
        outliers = [seen.number for seen in self.shapes.values()]
        # One kind more, which has no lines: there are two rows then without an outlier too.
        by_outlier = self._timeline.series(np.array([seen.what == _OUTLIER for seen in self._kinds] + [1]), chart)
        unjudged: Counter[str] = Counter()
        for (_, reason), seen in self._unjudged.items():
            unjudged[reason] += lines[seen.number]
        others = [found[_OTHERS].number for found in (self.patterns, self.shapes) if _OTHERS in found]
        return Figures(
            place=place,
            asked=self._asked,
            lines=self.lines,
            outliers=sum(lines[number] for number in outliers),
            unjudged=unjudged,
            first=first,
            last=last,
            hosts=len(self._hosts),
            sets=self._sets,
            alerts=alerts,
            unusual=unusual,
            held_back=held_back,
            chart=chart,
            chart_lines=by_outlier.sum(axis=0).tolist(),
            chart_outliers=by_outlier[1].tolist(),
            small=small,
            patterns=self._of(self.patterns, lines, series),
            shapes=self._of(self.shapes, lines, series),
            programs=self._programs(lines),
            further=sum(lines[number] for number in others),
            damaged=self.damaged,
            at_least=self._at_least,
        )

    def _of(self, found: dict[str, Seen], lines: list[int], series: Integers) -> list[Kind]:
        return [
            Kind(
                identity,
                lines[seen.number],
                int(self._firsts[seen.number]),
                int(self._lasts[seen.number]),
                series[seen.number].tolist(),
            )
            for identity, seen in found.items()
            if identity != _OTHERS and lines[seen.number]
        ]

    def _programs(self, lines: list[int]) -> list[Program]:
        programs: dict[str, Program] = {}
        for seen in self._kinds:
            if not lines[seen.number]:
                continue
            program = programs.setdefault(seen.scope, Program(seen.scope))
            program.lines += lines[seen.number]
            program.outliers += lines[seen.number] * (seen.what == _OUTLIER)
            program.unjudged += lines[seen.number] * (seen.what == _UNJUDGED)
        return list(programs.values())


def _microseconds(times: list[str]) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Return times, and which of the texts are one: as `patterns.timestamps.iso` writes it."""
    texts = pa.array(times)
    are_times = pc.match_substring_regex(texts, _TIME).to_numpy(zero_copy_only=False)
    if not are_times.all():
        texts = pc.if_else(pa.array(are_times), texts, _NO_TIME)
    try:
        found = texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        # Some are of no day of the calendar.
        are_times = are_times & np.array([_is_of_calendar(text) for text in times])
        found = pc.if_else(pa.array(are_times), texts, _NO_TIME).cast(pa.timestamp("us", "UTC"))
    return found.cast(pa.int64()).to_numpy(), are_times


def _is_of_calendar(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _cut(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a detail is made of, no longer than is kept."""
    ours = event["logwinnow"]
    kept: dict[str, Any] = {"scope": ours.get("scope", "")}
    for name in ("pattern", "shape", "nearest"):
        if name in ours:
            kept[name] = {key: value[:_KEPT] for key, value in ours[name].items()}
    if "reason" in ours:
        kept["reason"] = ours["reason"]
    return {"message": event["message"][:_KEPT], "logwinnow": kept}
