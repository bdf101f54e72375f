"""
Chunks of lines → rows of the table of shapes: the same rows as training/shapes.py makes of them line by line.

    headers, messages ─► shapes ─► lines of one scope, shape and day are a row
"""

from collections.abc import Mapping
from itertools import chain
from operator import itemgetter
from zlib import crc32

import numpy as np
import pyarrow as pa

from kernels.headers import Headers
from kernels.memory import keep_freed_memory
from kernels.messages import Messages
from kernels.shapes import Shapes
from kernels.spans import Flags, Positions, Spans, records_of
from mining.words import words_of as words_of_shape
from patterns.judge import Shaper
from patterns.line import split_lines
from patterns.rules import Rules
from patterns.shapes import EXAMPLE_CHARACTERS, EXAMPLES, SCHEMA
from patterns.timestamps import DAY, utc_day
from patterns.words import CLASS_RUN
from training.corpus import CorpusLine
from training.fetched.time_range import ALL_TIMES, Times
from training.lines import Coverage, Place
from training.shapes import CorpusCounts, count_shapes, tabulate


class ShapeKernel:
    """
    Makes rows of the table of shapes. Not thread-safe.

    Attributes:
        counts: What was read so far.
    """

    def __init__(self, rules: Rules, *, examples: bool = True, times: Times = ALL_TIMES) -> None:
        """
        Make ready.

        Args:
            rules: How lines are read and taken apart; by the default rules of words, for raw ones have no shapes.
            examples: Whether rows have days, times and examples; else days are ``""``, times 0 and examples none.
            times: Of which times lines are read, where rows have times; of others they are counted alone.

        Raises:
            RulesError: The rules cannot be used.
        """
        keep_freed_memory()
        self.counts = CorpusCounts()
        self._rules, self._examples, self._times = rules, examples, times
        self._headers = Headers(rules)
        self._shapes = Shapes(rules)
        self._shaper = Shaper(rules)

    def rows(self, chunk: bytes, record_time: int, starts: Positions | None = None) -> pa.Table:
        """
        Return the rows of a chunk of whole lines or records, in any order and not unique.

        Args:
            chunk: The lines.
            record_time: Of all of them, in microseconds since 1970.
            starts: Where records start; None where each line is one.

        Returns:
            A table with patterns.shapes.SCHEMA.
        """
        lines, first_lines = records_of(chunk, starts)
        groups, odd = self._headers.read(chunk, lines, record_time, first_lines)
        self.counts.lines += len(lines.starts) - len(odd)
        tables = [self._odd_rows(chunk, lines.at(odd), record_time)] if len(odd) else []
        if groups:
            tables.append(self._even_rows(chunk, lines, groups, joined=starts is not None))
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def places(self, chunk: bytes, starts: Positions | None = None) -> tuple[Positions, list[tuple[str, str] | None]]:
        """Return for each line of a chunk an index into the places: scopes and shapes, None for unjudged lines."""
        lines, first_lines = records_of(chunk, starts)
        groups, odd = self._headers.read(chunk, lines, 0, first_lines)
        found: dict[tuple[str, str] | None, int] = {}
        of_line = np.zeros(len(lines.starts), np.int64)
        for group in groups:
            texts: dict[str, int] = {}
            shapes = self._shapes.of(group.text, group.spans, texts)
            names, scopes = list(texts), self._headers.scopes
            keys, indices = np.unique(shapes * len(scopes) + group.scopes, return_inverse=True)
            places = [self._place(scopes[key % len(scopes)], names[key // len(scopes)]) for key in keys.tolist()]
            of_line[group.lines] = np.array([found.setdefault(p, len(found)) for p in places], np.int64)[indices]
        for index in odd:
            shaped = self._shaper.shape(chunk[lines.starts[index] : lines.ends[index]], 0)
            of_line[index] = found.setdefault(self._place(shaped.scope, shaped.shape), len(found))
        return of_line, list(found)

    def outliers(self, chunk: bytes, coverage: Coverage, starts: Positions | None = None) -> Flags:
        """Tell which lines of a chunk, or which records, belong to no cluster."""
        of_line, places = self.places(chunk, starts)
        outside = [coverage.is_outlier(place and Place(place[0], words_of_shape(place[1]))) for place in places]
        return np.array(outside, np.bool_)[of_line]

    def _place(self, scope: str, shape: str) -> tuple[str, str] | None:
        return None if self._shapes.splitter.unjudged(shape) else (scope, shape)

    def _odd_rows(self, chunk: bytes, lines: Spans, record_time: int) -> pa.Table:
        """Return the rows of lines that must be read one by one."""
        each = (CorpusLine(chunk[begin:end], record_time) for begin, end in zip(*lines, strict=True))
        if self._examples:
            table, counts = tabulate(each, self._rules, self._times)
            rows = pa.concat_tables([SCHEMA.empty_table(), *table.tables()])
        else:
            scopes, counts = count_shapes(each, self._rules)
            rows = _counted(scopes)
        self.counts.add(counts)
        return rows

    def _even_rows(self, chunk: bytes, spans: Spans, groups: list[Messages], *, joined: bool) -> pa.Table:
        texts: dict[str, int] = {}
        shapes = np.concatenate([self._shapes.of(each.text, each.spans, texts) for each in groups])
        lines, scopes, times = (
            np.concatenate(parts) for parts in zip(*((g.lines, g.scopes, g.times) for g in groups), strict=True)
        )
        for name, number in chain.from_iterable(each.formats.items() for each in groups):
            self.counts.formats[name] += number
        if self._times != ALL_TIMES:
            inside = self._times.chosen(times)
            self.counts.outside += len(times) - int(inside.sum())
            shapes, lines, scopes, times = shapes[inside], lines[inside], scopes[inside], times[inside]
        judged = self._judged(shapes, texts)
        shapes, lines, scopes = shapes[judged], lines[judged], scopes[judged]
        if not self._examples:
            return self._rows_of(shapes, scopes, np.zeros(len(shapes), np.int64), None, texts)
        chosen = _chosen(chunk, spans, lines, joined=joined)
        return self._rows_of(shapes, scopes, times[judged], (chosen, (spans.ends - spans.starts)[lines]), texts)

    def _judged(self, shapes: Positions, texts: dict[str, int]) -> Flags:
        judged = np.ones(len(shapes), np.bool_)
        for shape in ("", CLASS_RUN):
            if shape in texts:
                without = shapes == texts[shape]
                # The text may be that of a message whose final shape is another: then there is no such line.
                if without.any():
                    self.counts.unjudged[self._shapes.splitter.unjudged(shape) or ""] += int(without.sum())
                    judged &= ~without
        self.counts.judged += int(judged.sum())
        return judged

    def _rows_of(
        self,
        shapes: Positions,
        scopes: Positions,
        times: Positions,
        source: tuple[list[bytes], Positions] | None,
        texts: dict[str, int],
    ) -> pa.Table:
        """Group lines by scope, shape and day."""
        days, day = np.unique(times // DAY, return_inverse=True)
        key = (shapes * len(self._headers.scopes) + scopes) * len(days) + day
        places, first, group, counts = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        low, high = np.full(len(places), np.iinfo(np.int64).max), np.full(len(places), np.iinfo(np.int64).min)
        np.minimum.at(low, group, times)
        np.maximum.at(high, group, times)
        names = pa.array([utc_day(int(each) * DAY) if source else "" for each in days], pa.string())
        columns = {
            "scope": pa.array(self._headers.scopes, pa.string()).take(pa.array(scopes[first])),
            "shape": pa.array(list(texts), pa.string()).take(pa.array(shapes[first])),
            "day": names.take(pa.array(day[first])),
            "count": pa.array(counts),
            "first": pa.array(low).cast(SCHEMA.field("first").type),
            "last": pa.array(high).cast(SCHEMA.field("last").type),
            "examples": _examples(*source, group, len(places)) if source else pa.array([[]] * len(places)),
        }
        return pa.table(columns).cast(SCHEMA)


def _counted(scopes: Mapping[str, Mapping[str, int]]) -> pa.Table:
    """Return rows without days, times and examples."""
    found = [(scope, shape, lines) for scope, shapes in scopes.items() for shape, lines in shapes.items()]
    rows = [
        {"scope": scope, "shape": shape, "day": "", "count": lines, "first": 0, "last": 0, "examples": []}
        for scope, shape, lines in found
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _chosen(chunk: bytes, lines: Spans, which: Positions, *, joined: bool) -> list[bytes]:
    """Return some lines or records of a chunk."""
    if joined:
        return [chunk[begin:end] for begin, end in zip(*(part.tolist() for part in lines.at(which)), strict=True)]
    texts = chunk.split(b"\n") if b"\r" not in chunk else split_lines(chunk)
    return list(itemgetter(*which)(texts)) if len(which) > 1 else [texts[index] for index in which]


def _examples(chosen: list[bytes], lengths: Positions, group: Positions, groups: int) -> pa.Array:
    """Return for each group of lines the texts that stand for it, as patterns.shapes has them; `chosen` changes."""
    hashes = np.fromiter(map(crc32, chosen), np.int64, len(chosen))
    for index in np.flatnonzero(lengths > EXAMPLE_CHARACTERS):
        chosen[index] = chosen[index].decode()[:EXAMPLE_CHARACTERS].encode()
        hashes[index] = crc32(chosen[index])
    order = np.argsort((group << 32) | hashes)
    kept = order[_first(group[order], hashes[order], chosen, order)]
    offsets = np.searchsorted(group[kept], np.arange(groups + 1))
    examples = pa.array([chosen[index] for index in kept], pa.binary())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), examples.view(pa.string()))


def _first(group: Positions, hashes: Positions, texts: list[bytes], order: Positions) -> Flags:
    """
    Tell which lines have the EXAMPLES least hashes of their group, equal texts once.

    Args:
        group: Of lines in order.
        hashes: Of the same lines, which are in order of these within each group.
        texts: Of all lines.
        order: The lines, as indices into `texts`.
    """
    begins = np.ones(len(order), np.bool_)
    begins[1:] = group[1:] != group[:-1]
    new = begins.copy()
    new[1:] |= hashes[1:] != hashes[:-1]
    distinct = np.cumsum(new)
    rank: Positions = distinct - np.repeat(distinct[begins], np.diff(np.append(np.flatnonzero(begins), len(order))))
    least = rank < EXAMPLES
    # Texts of one hash are equal but once in a blue moon; then one too many is kept, and left out where rows merge.
    for index in np.flatnonzero(least & ~new):
        new[index] = texts[order[index]] != texts[order[index - 1]]
    return least & new
