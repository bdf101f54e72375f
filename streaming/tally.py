"""What a task counts, and what comes of it to the driver: counts, and one row an outlier shape."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from kernels.judging import Judged
from kernels.spans import Flags, Positions
from patterns.judge import Judgement
from streaming.documents import brief, decoded
from streaming.source import SourceLine, SourceLines
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

    @property
    def position(self) -> tuple[int, str, int]:
        """By what lines are ordered."""
        return self.record_time, self.place, self.offset

    def add(self, other: "OutlierShape") -> "OutlierShape":
        """Return both together."""
        first = min(self, other, key=lambda shape: shape.position)
        return OutlierShape(
            self.scope, self.shape, self.count + other.count, first.place, first.offset, first.record_time, first.first
        )


SHAPE_COLUMNS: Final = tuple(each.name for each in fields(OutlierShape))


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
            first = OutlierShape(shaped.scope, shaped.shape, 1, line.place, line.offset, time, b"")
            self._add_shape(first, lambda: document)

    def add_judged(
        self, judged: Judged, lines: SourceLines, times: Positions, documents: pa.Array, *, told: Flags
    ) -> None:
        """
        Count judged lines, as `add` counts each.

        Args:
            judged: The lines and their verdicts.
            lines: The same lines as their source gave them.
            times: What stands for their record times.
            documents: Their events as JSON.
            told: Which may raise an alert.
        """
        latest = int(times.max())
        self.record_time = max(latest, self.record_time or latest)
        self.counts["lines"] += len(lines)
        for judgement in judged.odd.values():
            self.counts["cut"] += judgement.shaped.line.cut
            self.counts["not_utf8"] += judgement.shaped.line.original is not None
        for kind, number in judged.counts():
            what = f"unjudged_{kind.unjudged}" if kind.unjudged else "outliers" if kind.outlier else "matched"
            self.counts[what] += number
        outliers = np.array(judged.outliers(), np.int64)
        chosen = outliers[told[outliers]]
        if len(chosen) < len(outliers):
            self.counts["outliers_too_old"] += len(outliers) - len(chosen)
        for which in _by_kind(judged.kind, chosen):
            kind = judged.kinds[judged.kind[which[0]]]
            index = _first(which, times, lines)
            place, offset = lines.places[lines.place[index]].name, int(lines.offsets[index])
            first = OutlierShape(kind.scope, str(kind.shape), len(which), place, offset, int(times[index]), b"")
            self._add_shape(first, partial(decoded, documents, index))

    def _add_shape(self, this: OutlierShape, document: Callable[[], dict[str, Any]]) -> None:
        """Add outliers of a shape; the event of the first of them is asked for where it stands for the shape."""
        key = this.scope, this.shape
        before = self.shapes.get(key)
        if before is None and len(self.shapes) >= SHAPES_A_TASK:
            self.counts["outliers_of_further_shapes"] += this.count
            return
        if before is not None and before.position <= this.position:
            # The usual case, since lines come in order: the first stays, and no event is encoded again.
            self.shapes[key] = replace(before, count=before.count + this.count)
            return
        this = replace(this, first=msgspec.json.encode(brief(document())))
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


def _by_kind(kind: Positions, chosen: Positions) -> list[Positions]:
    """Return some lines by their kinds, in the order in which these come first."""
    if not len(chosen):
        return []
    order = np.argsort(kind[chosen], kind="stable")
    groups = np.split(chosen[order], np.flatnonzero(np.diff(kind[chosen][order])) + 1)
    return sorted(groups, key=lambda which: int(which[0]))


def _first(which: Positions, times: Positions, lines: SourceLines) -> int:
    """Return which of some lines has the smallest position."""
    if len(which) > 1:
        which = which[times[which] == times[which].min()]
    if len(which) == 1:
        return int(which[0])
    first: int = min(
        which.tolist(), key=lambda index: (lines.places[int(lines.place[index])].name, lines.offsets[index])
    )
    return first
