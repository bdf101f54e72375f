"""
What a task of Spark does: chunks ─► a stage's rows, merged ─► by bucket; a bucket's rows of all tasks ─► merged.

All of it crosses from Python to the JVM and back as rows of BUCKET_ROWS.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, Protocol

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext

from patterns.rules import Rules
from patterns.shapes import temporary_writes
from training.candidates import Keys
from training.engines.outliers import FindOutliers
from training.kernels.filtered import ChunkFilter
from training.kernels.raw import SKETCH_COUNTERS, CandidateKernel, add_to_sketch, count_words, counters_of, sketch_rows
from training.kernels.shapes import ShapeKernel
from training.kernels.spans import count_lines
from training.line_filter import Filter
from training.pieces import Piece, chunks
from training.runs import Gathered, Kind, by_bucket

BUCKET_ROWS: Final = "bucket int, rows binary"
"""A bucket's number, or FACTS; and some of its rows as an Arrow stream, or the facts of a task as JSON."""

FACTS: Final = -1

Chunk = tuple[bytes, int]
"""Whole lines, and their record time in microseconds since 1970."""


class Rows(Protocol):
    """Makes rows of chunks."""

    def rows(self, chunk: bytes, record_time: int) -> pa.Table | None:
        """Return the rows of a chunk, if they can be told already."""

    def last_rows(self) -> pa.Table | None:
        """Return the rows that can be told only after all chunks."""

    def facts(self) -> dict[str, Any]:
        """Return what else is to be told of all chunks, fit for JSON."""


Reader = Callable[[Iterable[pa.RecordBatch]], Iterator[Chunk]]
"""What Spark hands to a task → chunks."""

Stage = Callable[[], Rows]
"""Makes `Rows` in a task; it pickles."""


class Tabulate:
    """Rows of the table of shapes."""

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        self._kernel = ShapeKernel(rules)

    def rows(self, chunk: bytes, record_time: int) -> pa.Table:
        """Return the rows of a chunk."""
        return self._kernel.rows(chunk, record_time)

    def last_rows(self) -> pa.Table | None:
        """Return None."""

    def facts(self) -> dict[str, Any]:
        """Return the counts."""
        return self._kernel.counts.as_run()


class _Filtered:
    """Rows of what a filter leaves of chunks."""

    def __init__(self, chosen: Filter) -> None:
        self._keep = ChunkFilter(chosen)
        self._rejected = self._lines = 0

    def rows(self, chunk: bytes, _record_time: int) -> pa.Table | None:
        """Return the rows of a chunk."""
        text, rejected = self._keep.text(chunk)
        self._rejected += rejected
        self._lines += count_lines(text)
        return self._rows(text)

    def last_rows(self) -> pa.Table | None:
        """Return None."""

    def facts(self) -> dict[str, Any]:
        """Return how many lines are mined, and how many the filter rejects."""
        return {"lines": self._lines, "filter": self._rejected}

    def _rows(self, text: bytes) -> pa.Table | None:
        raise NotImplementedError


class CountShapes(_Filtered):
    """Rows of a table of shapes without days and examples."""

    def __init__(self, chosen: Filter, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        super().__init__(chosen)
        self._kernel = ShapeKernel(rules, examples=False)

    def _rows(self, text: bytes) -> pa.Table:
        return self._kernel.rows(text, 0)

    def facts(self) -> dict[str, Any]:
        """Return why lines are not mined, and how many."""
        return {"filter": self._rejected, **self._kernel.counts.unjudged}


class Sketch(_Filtered):
    """Rows of the sketch of words."""

    def __init__(self, chosen: Filter, *, positions: bool) -> None:
        """Take the filter, and whether the same word at another position is another."""
        super().__init__(chosen)
        self._positions = positions
        self._counters = np.zeros(SKETCH_COUNTERS, np.int64)

    def _rows(self, text: bytes) -> None:
        add_to_sketch(self._counters, count_words(text, positions=self._positions))

    def last_rows(self) -> pa.Table:
        """Return the sketch of all chunks."""
        return sketch_rows(self._counters)


class Count(_Filtered):
    """Rows of words, but those that the sketch says are rare."""

    def __init__(self, chosen: Filter, *, positions: bool, enough: NDArray[np.uint8]) -> None:
        """Take as bits whether each counter of the sketch reaches the support."""
        super().__init__(chosen)
        self._positions = positions
        self._enough = np.unpackbits(enough, count=SKETCH_COUNTERS).astype(np.bool_)

    def _rows(self, text: bytes) -> pa.Table:
        rows = count_words(text, positions=self._positions)
        return rows.filter(pa.array(self._enough[counters_of(rows)]))


class FindCandidates(_Filtered):
    """Rows of candidates."""

    def __init__(self, chosen: Filter, keys: Keys) -> None:
        """Take the filter and the frequent words."""
        super().__init__(chosen)
        self._kernel = CandidateKernel(keys)

    def _rows(self, text: bytes) -> pa.Table:
        return self._kernel.rows(text)


def chunks_of_pieces(
    pieces: Sequence[Piece], batches: Iterable[pa.RecordBatch], longest: int | None
) -> Iterator[Chunk]:
    """Yield the chunks of pieces; batches have their indices as column 0."""
    for batch in batches:
        for index in batch.column(0).to_pylist():
            for chunk in chunks(pieces[index], longest=longest):
                yield chunk, pieces[index].record_time


def chunks_of_lines(batches: Iterable[pa.RecordBatch], longest: int | None) -> Iterator[Chunk]:
    """Yield the chunks of batches whose columns are lines and their record times."""
    for batch in batches:
        lines, times = batch.columns
        if longest is not None:
            lines = pc.binary_slice(lines, 0, longest)
        for time in pc.unique(times).to_pylist():
            some = lines.filter(pc.equal(times, time))
            # A line feed behind each, so that the last may be empty.
            yield b"\n".join([*some.to_pylist(), b""]), time


def map_chunks(
    stage: Stage,
    kind: Kind,
    read: Reader,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of chunks by bucket, merged as far as memory allows; and at last the facts."""
    maker, gathered = stage(), Gathered(kind)
    for rows in _all_rows(maker, read(batches)):
        full = None if rows is None else gathered.add(rows)
        if full is not None:
            yield from _encoded(kind, full)
    yield from _encoded(kind, gathered.take())
    yield _row(FACTS, json.dumps(maker.facts()).encode())


def _all_rows(maker: Rows, given: Iterable[Chunk]) -> Iterator[pa.Table | None]:
    yield from (maker.rows(*chunk) for chunk in given)
    yield maker.last_rows()


def merge_buckets(kind: Kind, least: int, folder: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """
    Write the rows of buckets, merged, to files; yield the buckets' numbers, and the facts of tasks as they came.

    Args:
        kind: Of the rows; where `least` is not 1 they have a column ``lines``.
        least: Rows of less lines are left out, and their number is one more fact, ``too_few``.
        folder: For the files: a path or URL.
        batches: All of some buckets.

    Raises:
        PatternsError: A file cannot be written.
    """
    held: dict[int, list[pa.Table]] = {}
    for batch in batches:
        for bucket, rows in zip(batch.column(0).to_pylist(), batch.column(1), strict=True):
            if bucket == FACTS:
                yield _row(FACTS, rows.as_py())
            else:
                held.setdefault(bucket, []).append(pa.ipc.open_stream(rows.as_buffer()).read_all())
    for bucket in sorted(held):
        merged = kind.merged(pa.concat_tables(held.pop(bucket)))
        if least > 1:
            enough = merged.filter(pc.greater_equal(merged["lines"], least))
            yield _row(FACTS, json.dumps({"too_few": merged.num_rows - enough.num_rows}).encode())
            merged = enough
        _store(folder, bucket, [merged])
        yield _row(bucket, b"")


def map_outliers(
    find: FindOutliers, folder: str, read: Reader, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Write the outliers of a partition, rows of a column ``line``, to a file; yield the partition's number."""
    context = TaskContext.get()
    number = context.partitionId() if context else 0
    found = (pa.table({"line": pa.array(lines, pa.binary())}) for lines in find.of(c for c, _ in read(batches)))
    _store(folder, number, chain([pa.table({"line": pa.array([], pa.binary())})], found))
    yield _row(number, b"")


def stored(folder: str, number: int) -> pa.Table:
    """Return what a task wrote."""
    with fsspec.open(f"{folder}/{number}", "rb") as file:
        return pa.ipc.open_stream(file).read_all()


def _store(folder: str, number: int, tables: Iterable[pa.Table]) -> None:
    """Write tables; a task that is run again writes the same."""
    written = iter(tables)
    first = next(written)
    with temporary_writes(), fsspec.open(f"{folder}/{number}", "wb") as file:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(file, first.schema, options=options) as stream:
            for rows in chain([first], written):
                stream.write_table(rows)


def _encoded(kind: Kind, rows: pa.Table) -> Iterator[pa.RecordBatch]:
    for bucket, some in enumerate(by_bucket(kind, rows)):
        if some.num_rows:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, some.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
                stream.write_table(some)
            yield _row(bucket, bytes(sink.getvalue()))


def _row(bucket: int, rows: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([bucket], pa.int32()), pa.array([rows], pa.binary())], ["bucket", "rows"]
    )
