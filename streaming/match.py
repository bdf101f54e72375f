"""
What a task does: the source's lines → judged → events to the sink; back come counts and one row an outlier shape.

One pass in one `mapInArrow`, by columns: no event crosses to the driver, and none is a Python object on its way to the
sink. The set is broadcast as the bytes of its two files, with the operator's entries, and made ready once a worker and
broadcast.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from pyspark import Broadcast, TaskContext

from kernels.judging import BatchJudge, Judged
from kernels.spans import Flags, Positions
from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.set_files import decode
from patterns.timestamps import iso
from streaming.columns import EventColumns, Stamps
from streaming.dead_letters import DeadLetters
from streaming.line_judge import NEWEST, OLDEST, LineJudge
from streaming.sink import EventWriter, Refuse, Sink
from streaming.sink.events import Events
from streaming.source import DeadLetter, Source, SourceLines
from streaming.tally import RESULT, Tally
from streaming.unusual.counting import Counting


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
    max_age: int = OLDEST
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

    def _judge(self, batch: pa.RecordBatch, writer: EventWriter, bury: Refuse, tally: Tally) -> None:
        if tally.counting is not None:
            tally.counting.fullness += self.source.fullness(batch)
        ready = judge_of(self.place, *self.judged_by.value)
        judge, stamp = ready.judge.judge, (self.name, self.version, self.planned_at, self.max_age)
        by_columns, one_by_one = BatchEvents(ready, *stamp), LineJudge(judge, *stamp)
        for each in self.source.lines(batch, judge.rules, tally.counts):
            if isinstance(each, DeadLetter):
                tally.counts["lines"] += 1
                bury(each)
            elif judge.rules.words.raw:
                one_by_one.write([each.line(index) for index in range(len(each))], writer, tally)
            else:
                by_columns.write(each, writer, tally)


@dataclass(frozen=True, slots=True)
class Ready:
    """A set made ready: what judges by it, and what makes events of what was judged."""

    judge: BatchJudge
    events: EventColumns


class BatchEvents:
    """Judges lines of a batch and writes their events, by columns: the same as LineJudge does of each."""

    def __init__(self, ready: Ready, name: str, version: str, planned_at: int, max_age: int = OLDEST) -> None:
        """Make ready, as LineJudge is."""
        self._ready, self._planned_at, self._told_since = ready, planned_at, planned_at - max_age
        self._stamps = Stamps(name, iso(planned_at), version)

    def write(self, lines: SourceLines, writer: EventWriter, tally: Tally) -> None:
        """Judge lines, write their events, and count them."""
        given = lines.record_times
        dated = (given >= self._planned_at - OLDEST) & (given <= self._planned_at + NEWEST)
        tally.counts["undated"] += len(lines) - int(dated.sum())
        # A clock that cannot be true says neither which year nor which bucket of alerts.
        times, done = np.where(dated, given, self._planned_at), 0
        for judged in self._ready.judge.judge_values(lines.data, times):
            end = done + len(judged.kind)
            self._write(judged, lines.part(done, end), times[done:end], dated[done:end], writer, tally)
            done = end

    def _write(
        self, judged: Judged, lines: SourceLines, times: Positions, dated: Flags, writer: EventWriter, tally: Tally
    ) -> None:
        made = self._ready.events
        kinds = made.kinds(judged)
        parameters = made.parameters(judged, kinds)
        documents = made.documents(judged, kinds, parameters, lines, self._stamps)
        writer.write(Events(documents, lines.event_ids, lines.record_times, dated, lines.line))
        told = times >= self._told_since
        # One that is ahead shall not take the alerts of an hour to come.
        times = np.minimum(times, self._planned_at)
        tally.add_judged(judged, lines, times, documents, told=told)
        if tally.counting is not None:
            tally.counting.add_judged(judged, parameters, self._ready.judge.judge, lines, times, documents, told=told)


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Keep Python from seeking cycles for the time of a task.

    Lines leave none. Where they are judged one by one it would walk through thousands again and again, an eighth of all
    time; by columns there is little to walk through.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@lru_cache(maxsize=2)
def judge_of(place: str, version: str, manifest: bytes, rows: bytes, entries: bytes) -> Ready:
    """Return what judges by a set and entries of the operator's file, made ready once a worker and broadcast."""
    patterns = decode(version, manifest, rows, place=place).patterns
    judge = BatchJudge(decided(patterns, Decisions.parse(entries, place)))
    return Ready(judge, EventColumns(judge))
