"""
What a task does: ranges of lines → judged → events to the sink; back come counts and one row an outlier shape.

One pass in one `mapInArrow`: no event crosses to the driver. The set is broadcast as the bytes of its two files, and
made ready once a worker and set.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyspark import Broadcast, TaskContext

from patterns.judge import Judge, Judgement
from patterns.set_files import decode
from streaming.documents import brief, event, file_event_id
from streaming.sink import EventWriter, FilesSink
from streaming.source.files import ranges_of
from streaming.source.ranges import Range, read_lines

SHAPES_A_TASK: Final = 10_000
"""Outlier shapes that one task reports; lines of further ones are events and are counted, but not told one by one."""

RESULT: Final = pa.schema(
    [
        ("scope", pa.string()),
        ("shape", pa.string()),
        ("count", pa.int64()),
        ("path", pa.string()),
        ("offset", pa.int64()),
        ("record_time", pa.int64()),
        ("first", pa.binary()),
        ("counts", pa.string()),
    ]
)
"""
Two kinds of rows. An outlier shape: scope, shape, its lines (count), and of the line with the smallest position the
path, the byte offset, the record time in microseconds and the event as JSON; counts is null. One row a task: counts, a
JSON object name → number, and the latest record time of its lines, null without any; all else is null.
"""

RESULT_COLUMNS: Final = (
    "scope string, shape string, count long, path string, offset long, record_time long, first binary, counts string"
)


@dataclass(frozen=True, slots=True)
class OutlierShape:
    """Lines of one scope and shape that no pattern matches: how many, and the first of them."""

    scope: str
    shape: str
    count: int
    path: str
    offset: int
    record_time: int
    first: bytes

    def add(self, other: "OutlierShape") -> "OutlierShape":
        """Return both together."""
        first = min(self, other, key=lambda shape: (shape.record_time, shape.path, shape.offset))
        return OutlierShape(
            self.scope, self.shape, self.count + other.count, first.path, first.offset, first.record_time, first.first
        )


@dataclass
class JudgeTask:
    """
    The function that `mapInArrow` runs.

    Attributes:
        pattern_set: Version, manifest.json and patterns.jsonl of a set.
        version: What events are stamped with; a later version of an equal set, perhaps.
        place: Its store, for errors.
        source: Name of the source.
        sink: Where events go.
        batch: Number of the batch.
        created: When the batch was planned, RFC 3339.
    """

    pattern_set: Broadcast[tuple[str, bytes, bytes]]
    version: str
    place: str
    source: str
    sink: FilesSink
    batch: int
    created: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Judge the ranges of `batches` (streaming.source.files.COLUMNS); yield one batch of RESULT."""
        context = TaskContext.get()
        tally = Tally()
        with self.sink.part(self.batch, context.partitionId() if context else 0) as writer:
            for batch in batches:
                for part, record_time in ranges_of(batch):
                    tally.record_time = max(record_time, tally.record_time or record_time)
                    self._judge(part, record_time, writer, tally)
        yield pa.RecordBatch.from_pylist(list(tally.rows()), schema=RESULT)

    def _judge(self, part: Range, record_time: int, writer: EventWriter, tally: "Tally") -> None:
        lines = read_lines(part)
        if lines is None:
            tally.counts["gone_bytes"] += part.end - part.start
            return
        judge = _judge_of(self.place, *self.pattern_set.value)
        path, identity = part.file.path, part.file.identity
        for data, offset in lines:
            judgement = judge.judge(data, record_time)
            document = event(
                judgement,
                judge.parameters(judgement),
                event_id=file_event_id(self.source, identity, offset),
                source=self.source,
                created=self.created,
                version=self.version,
            )
            log = document.setdefault("log", {})
            log["file"], log["offset"] = {"path": path}, offset
            writer.write(document, record_time)
            tally.add(judgement, path, offset, record_time, document)


@dataclass
class Tally:
    """What a task counts."""

    counts: Counter[str] = field(default_factory=Counter)
    shapes: dict[tuple[str, str], OutlierShape] = field(default_factory=dict)
    record_time: int | None = None

    def add(self, judgement: Judgement, path: str, offset: int, record_time: int, document: dict[str, Any]) -> None:
        """Count a judged line; `document` is its event."""
        shaped = judgement.shaped
        self.counts["lines"] += 1
        self.counts["cut"] += shaped.line.cut
        self.counts["not_utf8"] += shaped.line.original is not None
        if shaped.unjudged:
            self.counts[f"unjudged_{shaped.unjudged}"] += 1
        elif not judgement.outlier:
            self.counts["matched"] += 1
        else:
            self.counts["outliers"] += 1
            self._add_shape((shaped.scope, shaped.shape), path, offset, record_time, document)

    def _add_shape(
        self, key: tuple[str, str], path: str, offset: int, record_time: int, document: dict[str, Any]
    ) -> None:
        before = self.shapes.get(key)
        if before is None and len(self.shapes) >= SHAPES_A_TASK:
            self.counts["outliers_of_further_shapes"] += 1
            return
        if before is not None and (before.record_time, before.path, before.offset) < (record_time, path, offset):
            # The usual case, since lines come in order: the first stays, and the event is not encoded again.
            self.shapes[key] = OutlierShape(
                *key, before.count + 1, before.path, before.offset, before.record_time, before.first
            )
            return
        this = OutlierShape(*key, 1, path, offset, record_time, msgspec.json.encode(brief(document)))
        self.shapes[key] = before.add(this) if before else this

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of RESULT."""
        yield {"counts": msgspec.json.encode(self.counts).decode(), "record_time": self.record_time}
        for shape in self.shapes.values():
            yield {name: getattr(shape, name) for name in RESULT.names if name != "counts"}


@lru_cache(maxsize=2)
def _judge_of(place: str, version: str, manifest: bytes, rows: bytes) -> Judge:
    return Judge(decode(version, manifest, rows, place=place).patterns)
