"""
What a task counts of lines of known kinds, and what tasks counted together: bounded by what is usual, not by the lines.

Numbers stand for rates and heartbeats, in the order of `Usual`, which driver and workers share. An hour is that of the
line's own time, as a training counts it; one that is ahead of its batch is of the batch's hour.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from kernels.judging import Judged
from kernels.spans import Flags, Positions
from patterns.judge import Judge, Judgement
from patterns.timestamps import SECOND
from streaming.columns import Parameters
from streaming.documents import brief, cut, decoded
from streaming.source import SourceLine, SourceLines
from streaming.unusual.new_values import new_values, odd_values
from streaming.unusual.usual import OfPattern, by_pattern

HOUR: Final = 3_600 * SECOND

HOURS_KEPT: Final = 24
"""Hours before that of a batch of which lines are still counted: what a stream that was away catches up with."""

VALUES_A_TASK: Final = 200
"""New values that a task reports with a line each; lines of further ones are counted."""

_VALUE: Final = 256
"""Characters of a value that is told."""


class NewValue(msgspec.Struct, array_like=True):
    """Lines with a value that no training saw: pattern, gap, value, how many, and the first as a brief event."""

    pattern: str
    gap: int
    value: str
    count: int
    record_time: int
    place: str
    offset: int
    first: bytes

    def add(self, other: "NewValue") -> "NewValue":
        """Return both together."""
        first = min(self, other, key=lambda each: (each.record_time, each.place, each.offset))
        return msgspec.structs.replace(first, count=self.count + other.count)


class Counted(msgspec.Struct):
    """
    What tasks counted.

    Attributes:
        hours: Hour since 1970 → number of a rate → lines.
        beats: Number of a heartbeat → lines, and the latest of their own times in microseconds since 1970.
        values: New values, each once.
        further: Lines with new values that are not among these.
        fullness: Of what a batch may take at most, the share that was taken.
    """

    hours: dict[int, dict[int, int]] = {}
    beats: dict[int, tuple[int, int]] = {}
    values: list[NewValue] = []
    further: int = 0
    fullness: float = 0.0


class Counting:
    """Counts lines of a batch in a task."""

    def __init__(self, encoded: bytes, planned_at: int) -> None:
        """Count by what is usual (`Usual.encoded`), for a batch that was planned then, in microseconds since 1970."""
        self._usual = by_pattern(encoded)
        self._planned_at = planned_at
        self._oldest = planned_at // HOUR - HOURS_KEPT
        self._hours: dict[int, dict[int, int]] = {}
        self._beats: dict[int, tuple[int, int]] = {}
        self._values: dict[tuple[str, int, str], NewValue] = {}
        self._further = 0
        self.fullness = 0.0

    def add(
        self,
        judge: Judge,
        judgement: Judgement,
        parameters: list[str],
        line: SourceLine,
        time: int,
        document: dict[str, Any],
    ) -> None:
        """
        Count a line that was judged.

        Args:
            judge: What judged it.
            judgement: The line and its verdict.
            parameters: What the gaps of its pattern took.
            line: The same line as its source gave it.
            time: What stands for its record time.
            document: Its event.
        """
        verdict = judgement.verdict
        if verdict is None or verdict.known is None or verdict.reason is not None:
            return
        usual = self._usual.get(verdict.known.id)
        if usual is None:
            return
        header = judgement.shaped.line
        host, own = header.host or "", min(header.time, self._planned_at)
        number = usual.rates.get(host)
        if number is not None and (hour := own // HOUR) >= self._oldest:
            lines = self._hours.setdefault(hour, {})
            lines[number] = lines.get(number, 0) + 1
        number = usual.heartbeats.get(host)
        if number is not None:
            count, latest = self._beats.get(number, (0, own))
            self._beats[number] = count + 1, max(latest, own)
        values = judge.values(judgement, parameters) if usual.values else []
        for gap, known in usual.values.items():
            # An accepted shape has the pattern's place, and no parameters.
            if gap < len(values) and values[gap] not in known:
                place = time, line.place, line.offset
                self._add_value(verdict.known.id, gap, values[gap], place, lambda: document)

    def add_judged(
        self,
        judged: Judged,
        parameters: Sequence[Parameters],
        judge: Judge,
        lines: SourceLines,
        times: Positions,
        documents: pa.Array,
        *,
        told: Flags,
    ) -> None:
        """
        Count lines that were judged, as `add` counts each that may raise an alert.

        Args:
            judged: The lines and their verdicts.
            parameters: What the gaps of their patterns took, by groups of messages.
            judge: What says so of lines that were judged one by one.
            lines: The same lines as their source gave them.
            times: What stands for their record times.
            documents: Their events as JSON.
            told: Which may raise an alert.
        """
        # No pattern has an empty id.
        ids = [kind.known.id if kind.known is not None and kind.reason is None else "" for kind in judged.kinds]
        usual = [self._usual.get(pattern) for pattern in ids]
        counted = told & np.array([each is not None for each in usual], np.bool_)[judged.kind]
        which = np.flatnonzero(counted)
        if not len(which):
            return
        self._count(judged, usual, which)
        found = [*new_values(judged, parameters, judge, usual, counted), *odd_values(judged, judge, usual, counted)]
        # In the order of the lines, and of each as its pattern's parameters are looked at.
        for index, _, gap, value in sorted(found, key=lambda each: each[:2]):
            place = int(times[index]), lines.places[lines.place[index]].name, int(lines.offsets[index])
            self._add_value(ids[judged.kind[index]], gap, value, place, partial(decoded, documents, index))

    def _count(self, judged: Judged, usual: Sequence[OfPattern | None], which: Positions) -> None:
        """Count lines for rates and heartbeats, all of one pattern and host at once."""
        hosts = judged.fields.host
        width = len(hosts.texts) + 1
        keys, inverse = np.unique(judged.kind[which] * width + hosts.codes[which] + 1, return_inverse=True)
        rates, beats = np.full(len(keys), -1), np.full(len(keys), -1)
        for at, key in enumerate(keys.tolist()):
            kind, host = divmod(key, width)
            of_pattern, name = usual[kind], hosts.texts[host - 1] if host else ""
            if of_pattern is not None:
                rates[at], beats[at] = of_pattern.rates.get(name, -1), of_pattern.heartbeats.get(name, -1)
        own = np.minimum(judged.times[which], self._planned_at)
        hours, rate, beat = own // HOUR, rates[inverse], beats[inverse]
        some = (rate >= 0) & (hours >= self._oldest)
        width = int(rate.max()) + 1
        keys, counts = np.unique(hours[some] * width + rate[some], return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            hour, number = divmod(key, width)
            lines = self._hours.setdefault(hour, {})
            lines[number] = lines.get(number, 0) + count
        numbers, at_number, counts = np.unique(beat[beat >= 0], return_inverse=True, return_counts=True)
        latest = np.full(len(numbers), np.iinfo(np.int64).min)
        np.maximum.at(latest, at_number, own[beat >= 0])
        for number, count, last in zip(numbers.tolist(), counts.tolist(), latest.tolist(), strict=True):
            before, until = self._beats.get(number, (0, last))
            self._beats[number] = before + count, max(until, last)

    def _add_value(
        self,
        pattern: str,
        gap: int,
        value: str,
        where: tuple[int, str, int],
        document: Callable[[], dict[str, Any]],
    ) -> None:
        """Add a new value of a line, given by its record time, place and offset; its event is not always asked for."""
        value = cut(value, _VALUE)
        key = pattern, gap, value
        before = self._values.get(key)
        if before is None and len(self._values) >= VALUES_A_TASK:
            self._further += 1
            return
        if before is not None and (before.record_time, before.place, before.offset) < where:
            before.count += 1
            return
        this = NewValue(pattern, gap, value, 1, *where, msgspec.json.encode(brief(document())))
        self._values[key] = before.add(this) if before else this

    def encode(self) -> bytes:
        """Return what was counted, for `merged`."""
        counted = Counted(self._hours, self._beats, list(self._values.values()), self._further, self.fullness)
        return msgspec.json.encode(counted)


def merged(tasks: Iterable[bytes]) -> Counted:
    """Return the sum of what tasks counted; values in the order of their first lines."""
    whole = Counted({}, {}, [])
    values: dict[tuple[str, int, str], NewValue] = {}
    for part in map(msgspec.json.Decoder(Counted).decode, tasks):
        for hour, lines in part.hours.items():
            into = whole.hours.setdefault(hour, {})
            for number, count in lines.items():
                into[number] = into.get(number, 0) + count
        for number, (count, latest) in part.beats.items():
            before = whole.beats.get(number, (0, latest))
            whole.beats[number] = before[0] + count, max(before[1], latest)
        for value in part.values:
            key = value.pattern, value.gap, value.value
            values[key] = values[key].add(value) if key in values else value
        whole.further += part.further
        whole.fullness += part.fullness
    whole.values = sorted(values.values(), key=lambda v: (v.record_time, v.place, v.offset, v.pattern, v.gap, v.value))
    return whole
