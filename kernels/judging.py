"""
Batches of lines → verdicts, by columns: as patterns.judge.Judge says line by line, which is the oracle of this.

    lines ─► headers ─► messages ─► words ─► rows of numbers ─► distinct rows: kinds ─► a verdict for each kind
          ─► odd lines (broken UTF-8, too long, an unusual header) ─► Judge

What a kind is, kernels/kinds.py says. What is nearest to an outlier is sought when it is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.fields import Fields
from kernels.headers import Headers
from kernels.kinds import Distinct, Kind, Kinds, RawKinds, ShapeKinds
from kernels.memory import keep_freed_memory
from kernels.messages import Messages
from kernels.spans import Positions, Spans, lines_of, pieces, records_of
from kernels.times import RecordTime
from patterns.judge import Judge, Judgement
from patterns.matcher import Verdict
from patterns.pattern_set import PatternSet

LINES: Final = 32_768
BYTES: Final = 1 << 20
"""
Lines and bytes that are judged at a time: of fewer the calls cost more than the work; of more the columns neither stay
in the processor's own memory nor in what `keep_freed_memory` keeps.
"""


@dataclass(slots=True)
class Judged:
    """
    Lines of a text, judged.

    Attributes:
        text: The text.
        lines: Where the lines are in it, or the records.
        kinds: The distinct kinds.
        kind: Of each line the index of its kind.
        times: Of each line its time, in microseconds since 1970.
        fields: What the headers say.
        odd: Lines that were judged one by one; of these `times` and `fields` are set too.
        messages: Where the messages of all other lines are.
    """

    text: bytes
    lines: Spans
    kinds: list[Kind]
    kind: Positions
    times: Positions
    fields: Fields
    odd: dict[int, Judgement] = field(default_factory=dict)
    messages: list[Messages] = field(default_factory=list)

    def line(self, index: int) -> bytes:
        """Return the bytes of a line."""
        return self.text[self.lines.starts[index] : self.lines.ends[index]]

    def message(self, index: int) -> str:
        """Return the message of a line. Cost: a look at all groups of messages."""
        if index in self.odd:
            return self.odd[index].shaped.line.message
        for group in self.messages:
            at = int(np.searchsorted(group.lines, index))
            if at < len(group.lines) and group.lines[at] == index:
                return group.text[group.spans.starts[at] : group.spans.ends[at]].decode()
        msg = f"there is no line {index}"
        raise IndexError(msg)

    def counts(self) -> Iterator[tuple[Kind, int]]:
        """Yield each kind and how many lines it has."""
        return zip(self.kinds, np.bincount(self.kind, minlength=len(self.kinds)).tolist(), strict=True)

    def outliers(self) -> list[int]:
        """Return which lines are outliers, in order."""
        outside = np.array([kind.outlier for kind in self.kinds], np.bool_)
        found: list[int] = np.flatnonzero(outside[self.kind]).tolist()
        return found


class BatchJudge:
    """
    Judges batches of lines by a pattern set, read by the set's own rules. Not thread-safe.

    Attributes:
        judge: What judges the same lines one by one.
    """

    def __init__(self, pattern_set: PatternSet) -> None:
        """Raises RulesError for a set whose rules cannot be used. Cost: a pass over the patterns."""
        keep_freed_memory()
        self.judge = Judge(pattern_set)
        rules = pattern_set.rules
        self._headers = Headers(rules)
        self._kinds: Kinds = (RawKinds if rules.words.raw else ShapeKinds)(pattern_set, self.judge.matcher)
        self._distinct = Distinct()

    @property
    def remembered(self) -> list[Kind]:
        """All kinds that are remembered; another list once they were forgotten."""
        return self._kinds.kinds

    def judge_text(self, text: bytes, record_time: RecordTime, starts: Positions | None = None) -> Iterator[Judged]:
        """
        Judge a text of whole lines; yield it piece by piece.

        Args:
            text: The lines.
            record_time: Of all of them, or of each line or record, in microseconds since 1970.
            starts: Where records start, each where a line does; None where each line is one.
        """
        if starts is not None:
            yield from self._judge(text, *records_of(text, starts), record_time)
            return
        done = 0
        for start, end in pieces(text, BYTES):
            part = text[start:end]
            lines = lines_of(part)
            own = record_time if isinstance(record_time, int) else record_time[done : done + len(lines.starts)]
            done += len(lines.starts)
            yield from self._judge(part, lines, None, own)

    def verdict(self, judged: Judged, index: int) -> Verdict | None:
        """Return the verdict on a line, with what is nearest; None where it is not judged."""
        kind = judged.kinds[judged.kind[index]]
        if kind.unjudged:
            return None
        if kind.known:
            return Verdict(kind.known, kind.reason, None)
        if index in judged.odd:
            return judged.odd[index].verdict
        shape = self.judge.splitter.shape(judged.message(index)) if kind.shape is None else kind.shape
        return self.judge.matcher.verdict(kind.scope, shape)

    def judge_values(self, values: pa.Array, record_time: RecordTime) -> Iterator[Judged]:
        """
        Judge lines that are an array of binary without nulls; yield them piece by piece.

        Args:
            values: The lines, each without its end; one that has line feeds in it is a record of several lines.
            record_time: Of all of them or of each, in microseconds since 1970.
        """
        text = pc.binary_join(pa.ListArray.from_arrays([0, len(values)], values.cast(pa.binary())), b"\n")[0].as_py()
        lengths = pc.binary_length(values).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths + 1) - 1
        lines = Spans(ends - lengths, ends)
        first_lines = None
        if text.count(b"\n") >= len(values) > 0:
            every = lines_of(text + b"\n")
            first_lines = every.at(np.searchsorted(every.starts, lines.starts))
            # A final carriage return is of the line where no other line follows it.
            behind = np.searchsorted(every.starts, lines.ends, side="right")
            alone = behind - np.searchsorted(every.starts, lines.starts) == 1
            first_lines = Spans(first_lines.starts, np.where(alone, lines.ends, first_lines.ends))
        return self._judge(text, lines, first_lines, record_time)

    def _judge(self, text: bytes, lines: Spans, first_lines: Spans | None, record_time: RecordTime) -> Iterator[Judged]:
        for start, end in _pieces(lines):
            begin = int(lines.starts[start])
            # What follows is a separator, or nothing: records may be cut from each other at a line feed alone.
            piece = text[begin : int(lines.ends[end - 1])] + b"\n"
            own = Spans(lines.starts[start:end] - begin, lines.ends[start:end] - begin)
            first = None
            if first_lines is not None:
                first = Spans(first_lines.starts[start:end] - begin, first_lines.ends[start:end] - begin)
            yield self._piece(
                piece, own, first, record_time if isinstance(record_time, int) else record_time[start:end]
            )

    def _piece(self, text: bytes, lines: Spans, first_lines: Spans | None, record_time: RecordTime) -> Judged:
        number = len(lines.starts)
        fields, times, codes = Fields(number), np.zeros(number, np.int64), np.zeros(number, np.int64)
        groups, odd = self._headers.read(text, lines, record_time, first_lines, fields)
        found = Judged(text, lines, [], codes, times, fields, messages=groups)
        self._kinds.forget()
        for group in groups:
            times[group.lines] = group.times
            codes[group.lines] = self._kinds.of(group, self._headers.scopes)
        for line in odd.tolist():
            own = record_time if isinstance(record_time, int) else int(record_time[line])
            judgement = found.odd[line] = self.judge.judge(found.line(line), own)
            times[line] = judgement.shaped.line.time
            codes[line] = self._kinds.of_line(judgement)
        found.kinds, found.kind = self._distinct.of(codes, self._kinds.kinds)
        fields.put_lines(odd, [judgement.shaped.line for judgement in found.odd.values()])
        return found


def _pieces(lines: Spans) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of LINES lines, or about BYTES bytes, at most; of one line at least."""
    start, number = 0, len(lines.starts)
    while start < number:
        end = int(np.searchsorted(lines.ends, lines.starts[start] + BYTES, side="right"))
        end = min(max(end, start + 1), start + LINES, number)
        yield start, end
        start = end
