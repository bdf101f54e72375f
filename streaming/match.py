"""
What a task does: the source's lines → judged → events to the sink; back come counts and one row an outlier shape.

One pass in one `mapInArrow`: no event crosses to the driver. The set is broadcast as the bytes of its two files, with
the operator's entries, and made ready once a worker and broadcast.
"""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyspark import Broadcast, TaskContext

from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.judge import Judge, Judgement
from patterns.set_files import decode
from patterns.timestamps import DAY, iso
from streaming.dead_letters import DeadLetters
from streaming.documents import brief, event
from streaming.sink import EventWriter, Refuse, Sink
from streaming.source import DeadLetter, Source, SourceLine
from streaming.unusual.counting import Counting

SHAPES_A_TASK: Final = 10_000
"""Outlier shapes that one task reports; lines of further ones are events and are counted, but not told one by one."""

RESULT: Final = pa.schema(
    [
        ("scope", pa.string()),
        ("shape", pa.string()),
        ("count", pa.int64()),
        ("place", pa.string()),
        ("offset", pa.int64()),
        ("record_time", pa.int64()),
        ("first", pa.binary()),
        ("counts", pa.string()),
        ("unusual", pa.binary()),
    ]
)
"""
Two kinds of rows. An outlier shape: scope, shape, its lines (count), and of the line with the smallest position the
place, the offset, the record time in microseconds and the event as JSON; the rest is null. One row a task: counts, a
JSON object name → number, the latest record time of its lines, null without any, and what `Counting` counted, null
where nothing is asked for; all else is null.
"""

RESULT_COLUMNS: Final = (
    "scope string, shape string, count long, place string, offset long, record_time long, first binary, counts string, "
    "unusual binary"
)


@dataclass(frozen=True, slots=True)
class OutlierShape:
    """Outliers of one scope and shape: how many, and the first of them."""

    scope: str
    shape: str
    count: int
    place: str
    offset: int
    record_time: int
    first: bytes

    def add(self, other: "OutlierShape") -> "OutlierShape":
        """Return both together."""
        first = min(self, other, key=lambda shape: (shape.record_time, shape.place, shape.offset))
        return OutlierShape(
            self.scope, self.shape, self.count + other.count, first.place, first.offset, first.record_time, first.first
        )


SHAPE_COLUMNS: Final = tuple(each.name for each in fields(OutlierShape))

_OLDEST: Final = 366 * DAY
_NEWEST: Final = DAY


def is_dated(record_time: int, planned_at: int) -> bool:
    """Tell whether a record time can be true, seen from when its batch was planned: a year before to a day after."""
    return planned_at - _OLDEST <= record_time <= planned_at + _NEWEST


@dataclass
class JudgeTask:
    """
    The function that `mapInArrow` runs.

    Attributes:
        judged_by: Version, manifest.json and patterns.jsonl of a set, and the operator's entries that count.
        version: What events are stamped with; a later version of an equal set, perhaps.
        place: Its store, for errors.
        name: Of the source.
        source: Where lines come from.
        sink: Where events go.
        letters: Where what cannot become an event goes.
        batch: Number of the batch.
        planned_at: When the batch was planned, in microseconds since 1970.
        max_age: Microseconds after which a line raises no alert.
        usual: What lines of known kinds are counted by (`Usual.encoded`); None to count none.
    """

    judged_by: Broadcast[tuple[str, bytes, bytes, bytes]]
    version: str
    place: str
    name: str
    source: Source
    sink: Sink
    letters: DeadLetters
    batch: int
    planned_at: int
    max_age: int = _OLDEST
    usual: Broadcast[bytes] | None = None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the lines of `batches`, rows of the source's stream; yield one batch of RESULT."""
        context = TaskContext.get()
        part = context.partitionId() if context else 0
        tally = Tally(counting=Counting(self.usual.value, self.planned_at) if self.usual else None)
        # The sink is left first: only its last answers say what it refuses.
        with uncollected(), self.letters.part(self.batch, part, self.planned_at) as keep:

            def bury(letter: DeadLetter) -> None:
                tally.counts[f"dead_letters_{letter.reason}"] += 1
                keep(letter)

            with self.sink.part(self.batch, part, self.planned_at, bury) as writer:
                for batch in batches:
                    self._judge(batch, writer, bury, tally)
        yield pa.RecordBatch.from_pylist(list(tally.rows()), schema=RESULT)

    def _judge(self, batch: pa.RecordBatch, writer: EventWriter, bury: Refuse, tally: "Tally") -> None:
        if tally.counting is not None:
            tally.counting.fullness += self.source.fullness(batch)
        judge = judge_of(self.place, *self.judged_by.value)
        lines = LineJudge(judge, self.name, self.version, self.planned_at, self.max_age)
        for line in self.source.lines(batch, judge.rules, tally.counts):
            if isinstance(line, DeadLetter):
                tally.counts["lines"] += 1
                bury(line)
            else:
                lines.write(line, writer, tally)


class LineJudge:
    """Judges lines of a batch and writes their events; also those of dead letters that are replayed."""

    def __init__(self, judge: Judge, name: str, version: str, planned_at: int, max_age: int = _OLDEST) -> None:
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

    def write(self, line: SourceLine, writer: EventWriter, tally: "Tally") -> None:
        """Judge a line, write its event, and count it."""
        dated = is_dated(line.record_time, self._planned_at)
        # A clock that cannot be true says neither which year nor which bucket of alerts.
        time = line.record_time if dated else self._planned_at
        judgement = self._judge.judge(line.data, time)
        parameters = self._judge.parameters(judgement)
        document = event(judgement, parameters, line, source=self._name, created=self._created, version=self._version)
        writer.write(document, line, dated=dated)
        tally.counts["undated"] += not dated
        # One that is ahead shall not take the alerts of an hour to come.
        time, told = min(time, self._planned_at), time >= self._told_since
        tally.add(judgement, line, time, document, told=told)
        if tally.counting is not None and told:
            tally.counting.add(self._judge, judgement, parameters, line, time, document)


@dataclass
class Tally:
    """What a task counts."""

    counts: Counter[str] = field(default_factory=Counter)
    shapes: dict[tuple[str, str], OutlierShape] = field(default_factory=dict)
    record_time: int | None = None
    counting: Counting | None = None

    def add(
        self, judgement: Judgement, line: SourceLine, time: int, document: dict[str, Any], *, told: bool = True
    ) -> None:
        """
        Count a judged line.

        Args:
            judgement: The line and its verdict.
            line: The same line as its source gave it.
            time: What stands for its record time.
            document: Its event.
            told: Whether it may raise an alert.
        """
        shaped = judgement.shaped
        self.record_time = max(time, self.record_time or time)
        self.counts["lines"] += 1
        self.counts["cut"] += shaped.line.cut
        self.counts["not_utf8"] += shaped.line.original is not None
        if shaped.unjudged:
            self.counts[f"unjudged_{shaped.unjudged}"] += 1
        elif not judgement.outlier:
            self.counts["matched"] += 1
        else:
            self.counts["outliers"] += 1
            if not told:
                self.counts["outliers_too_old"] += 1
                return
            self._add_shape((shaped.scope, shaped.shape), line.place, line.offset, time, document)

    def _add_shape(
        self, key: tuple[str, str], place: str, offset: int, record_time: int, document: dict[str, Any]
    ) -> None:
        before = self.shapes.get(key)
        if before is None and len(self.shapes) >= SHAPES_A_TASK:
            self.counts["outliers_of_further_shapes"] += 1
            return
        if before is not None and (before.record_time, before.place, before.offset) < (record_time, place, offset):
            # The usual case, since lines come in order: the first stays, and the event is not encoded again.
            self.shapes[key] = OutlierShape(
                *key, before.count + 1, before.place, before.offset, before.record_time, before.first
            )
            return
        this = OutlierShape(*key, 1, place, offset, record_time, msgspec.json.encode(brief(document)))
        self.shapes[key] = before.add(this) if before else this

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of RESULT."""
        unusual = None if self.counting is None else self.counting.encode()
        yield {
            "counts": msgspec.json.encode(self.counts).decode(),
            "record_time": self.record_time,
            "unusual": unusual,
        }
        for shape in self.shapes.values():
            yield {name: getattr(shape, name) for name in SHAPE_COLUMNS}


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Keep Python from seeking cycles for the time of a task.

    Lines leave none, and while thousands wait for their request it would walk through them again and again: a fifth of
    all time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@lru_cache(maxsize=2)
def judge_of(place: str, version: str, manifest: bytes, rows: bytes, entries: bytes) -> Judge:
    """Return what judges by a set and entries of the operator's file, made ready once a worker and broadcast."""
    patterns = decode(version, manifest, rows, place=place).patterns
    return Judge(decided(patterns, Decisions.parse(entries, place)))
