"""A sink filled as a stream fills it, without Spark: lines judged by a set, their events and alerts written."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from patterns.decided import decided
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.timestamps import DAY, iso
from streaming.documents import alert, alert_id, file_event_ids
from streaming.line_judge import LineJudge
from streaming.sink import Sink
from streaming.sink.files import FilesSink
from streaming.source import SourceLine
from streaming.tally import Tally

PLANNED_AT = 1_795_824_000_000_000
"""2026-11-28T00:00:00Z."""


def published(store: Path, patterns: Sequence[tuple[str, str]]) -> str:
    """Publish a set of patterns, each with its scope; return its version."""
    known = [KnownPattern(scope, parse(text), level=2, support=2, mined_support=2) for scope, text in patterns]
    return Store(str(store)).publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {})


def fill(sink: Sink, store: Path, lines: Sequence[bytes], *, batch: int = 0, planned_at: int = PLANNED_AT) -> None:
    """Write the events and alerts of lines, judged by the store's current set and decisions, as one batch."""
    opened = Store(str(store))
    stored = opened.read()
    patterns = decided(stored.patterns, opened.decisions().active(planned_at))
    judge = LineJudge(Judge(patterns), "app", stored.version, planned_at)
    tally = Tally()
    sink.start()
    with sink.part(batch, 0, planned_at, _refuse) as writer:
        for number, line in enumerate(lines):
            [identity] = file_event_ids("app", f"batch {batch}", [number])
            source = SourceLine(line, line, planned_at, identity, "app.log", number, {"log": {"offset": number}})
            judge.write([source], writer, tally)
    bucket = planned_at // DAY * DAY
    sink.write_alerts(
        (
            alert(
                msgspec.json.decode(shape.first),
                identity=alert_id(shape.scope, shape.shape, bucket),
                bucket=iso(bucket),
                count=shape.count,
                untold=0,
            ),
            bucket,
        )
        for shape in tally.shapes.values()
    )


def files_sink(folder: Path) -> FilesSink:
    """Return the sink `files` of a folder."""
    return FilesSink(str(folder), stream="57ea0000")


def _refuse(letter: object) -> None:
    raise AssertionError(letter)
