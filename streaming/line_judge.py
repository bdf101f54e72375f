"""Lines judged one by one: dead letters that are replayed, and lines by raw rules, of which each has its own shape."""

from collections.abc import Sequence
from typing import Final

import msgspec

from patterns.judge import Judge
from patterns.timestamps import DAY, iso
from streaming.documents import event
from streaming.sink import EventWriter
from streaming.sink.events import Events
from streaming.source import SourceLine
from streaming.tally import Tally

OLDEST: Final = 366 * DAY
"""Before when its batch was planned: what is older cannot be a record time."""

NEWEST: Final = DAY
"""After that: what is newer can be none either."""


class LineJudge:
    """Judges lines of a batch and writes their events."""

    def __init__(self, judge: Judge, name: str, version: str, planned_at: int, max_age: int = OLDEST) -> None:
        """
        Make ready.

        Args:
            judge: Of the pattern set.
            name: Of the source.
            version: Of the set, as events are stamped with it.
            planned_at: When the batch was planned, in microseconds since 1970.
            max_age: Microseconds before that: older lines raise no alert.
        """
        self._judge, self._name, self._version = judge, name, version
        self._planned_at, self._created, self._told_since = planned_at, iso(planned_at), planned_at - max_age

    def write(self, lines: Sequence[SourceLine], writer: EventWriter, tally: Tally) -> None:
        """Judge lines, write their events, and count them."""
        dated = [self._is_dated(line) for line in lines]
        made = [self._make(line, tally, dated=each) for line, each in zip(lines, dated, strict=True)]
        writer.write(Events.of(made, lines, dated=dated))

    def _is_dated(self, line: SourceLine) -> bool:
        return self._planned_at - OLDEST <= line.record_time <= self._planned_at + NEWEST

    def _make(self, line: SourceLine, tally: Tally, *, dated: bool) -> bytes:
        """Return the event of a line, and count it."""
        # A clock that cannot be true says neither which year nor which bucket of alerts.
        time = line.record_time if dated else self._planned_at
        judgement = self._judge.judge(line.data, time)
        parameters = self._judge.parameters(judgement)
        document = event(judgement, parameters, line, source=self._name, created=self._created, version=self._version)
        tally.counts["undated"] += not dated
        # One that is ahead shall not take the alerts of an hour to come.
        time, told = min(time, self._planned_at), time >= self._told_since
        tally.add(judgement, line, time, document, told=told)
        if tally.counting is not None and told:
            tally.counting.add(self._judge, judgement, parameters, line, time, document)
        return msgspec.json.encode(document)
