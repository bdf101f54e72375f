"""
What a task of Spark does: chunks ─► a stage's rows, merged ─► by bucket; a bucket's rows of all tasks ─► merged.

All of it crosses from Python to the JVM and back as rows of BUCKET_ROWS.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, Protocol
from uuid import uuid4

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext

from kernels.spans import count_lines
from mining.candidates import Keys
from patterns.pattern_set import PatternSet
from patterns.row_files import temporary_writes
from patterns.rules import Rules
from training.engines.outliers import FindOutliers
from training.fetched.time_range import Times
from training.kernels.filtered import ChunkFilter
from training.kernels.observed import ObserveKernel
from training.kernels.raw import (
    COUNT_ROWS,
    COUNTS,
    SKETCH_COUNTERS,
    SKETCH_ROWS,
    CandidateKernel,
    add_to_sketch,
    count_words,
    counters_of,
    sketch_rows,
)
from training.kernels.records import RecordChunk, record_chunks
from training.kernels.rows import ShapeKernel
from training.line_filter import Filter
from training.pieces import Piece
from training.runs import Gathered, Kind, by_bucket

BUCKET_ROWS: Final = "bucket int, rows binary"
"""A bucket's number, or FACTS; and some of its rows as an Arrow stream, or the facts of a task as JSON."""

FACTS: Final = -1

Chunk = tuple[RecordChunk, int]
"""Whole lines or records, and their record time in microseconds since 1970."""


class Rows(Protocol):
    """Makes rows of chunks."""

    def rows(self, chunk: RecordChunk, record_time: int) -> pa.Table:
        """Return the rows of a chunk."""

    def facts(self) -> dict[str, Any]:
        """Return what else is to be told of all chunks, fit for JSON."""


Reader = Callable[[Iterable[pa.RecordBatch]], Iterator[Chunk]]
"""What Spark hands to a task → chunks."""

Stage = Callable[[], Rows]
"""Makes `Rows` in a task; it pickles."""


class Tabulate:
    """Rows of the table of shapes."""

    def __init__(self, rules: Rules, times: Times) -> None:
        """Raises RulesError for rules that cannot be used."""
        self._kernel = ShapeKernel(rules, times=times)

    def rows(self, chunk: RecordChunk, record_time: int) -> pa.Table:
        """Return the rows of a chunk."""
        return self._kernel.rows(chunk.text, record_time, chunk.starts)

    def facts(self) -> dict[str, Any]:
        """Return the counts."""
        return self._kernel.counts.as_run()


class Observe:
    """Rows of the table of observations."""

    def __init__(self, patterns: PatternSet, times: Times) -> None:
        """Raises RulesError for rules that cannot be used."""
        self._kernel = ObserveKernel(patterns, times)

    def rows(self, chunk: RecordChunk, record_time: int) -> pa.Table:
        """Return the rows of a chunk."""
        return self._kernel.rows(chunk.text, record_time, chunk.starts)

    def facts(self) -> dict[str, Any]:
        """Return nothing: lines are counted by `Tabulate`."""
        return {}


class _Filtered:
    """Rows of what a filter leaves of chunks."""

    def __init__(self, chosen: Filter) -> None:
        self._keep = ChunkFilter(chosen)
        self._rejected = self._lines = 0

    def rows(self, chunk: RecordChunk, _record_time: int) -> pa.Table:
        """Return the rows of a chunk."""
        left, rejected = self._keep.records(chunk)
        self._rejected += rejected
        self._lines += count_lines(left.text)
        return self._rows(left)

    def facts(self) -> dict[str, Any]:
        """Return how many lines are mined, and how many the filter rejects."""
        return {"lines": self._lines, "filter": self._rejected}

    def _rows(self, chunk: RecordChunk) -> pa.Table:
        raise NotImplementedError


class CountShapes(_Filtered):
    """Rows of a table of shapes without days and examples."""

    def __init__(self, chosen: Filter, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        super().__init__(chosen)
        self._kernel = ShapeKernel(rules, examples=False)

    def _rows(self, chunk: RecordChunk) -> pa.Table:
        return self._kernel.rows(chunk.text, 0, chunk.starts)

    def facts(self) -> dict[str, Any]:
        """Return why lines are not mined, and how many."""
        return {"filter": self._rejected, **self._kernel.counts.unjudged}


class FindCandidates(_Filtered):
    """Rows of candidates."""

    def __init__(self, chosen: Filter, keys: Keys) -> None:
        """Take the filter and the frequent words."""
        super().__init__(chosen)
        self._kernel = CandidateKernel(keys)

    def _rows(self, chunk: RecordChunk) -> pa.Table:
        return self._kernel.rows(chunk.text)


def chunks_of_pieces(
    parts: Sequence[Sequence[Piece]], batches: Iterable[pa.RecordBatch], longest: int | None
) -> Iterator[Chunk]:
    """Yield the chunks of parts of a corpus, which are pieces; batches have their indices as column 0."""
    for batch in batches:
        for index in batch.column(0).to_pylist():
            for piece in parts[index]:
                for chunk in record_chunks(piece, longest=longest):
                    yield chunk, piece.record_time


def chunks_of_lines(batches: Iterable[pa.RecordBatch], longest: int | None) -> Iterator[Chunk]:
    """Yield the chunks of batches whose columns are lines and their record times."""
    for batch in batches:
        lines, times = batch.columns
        if longest is not None:
            lines = pc.binary_slice(lines, 0, longest)
        for time in pc.unique(times).to_pylist():
            some = lines.filter(pc.equal(times, time))
            # A line feed behind each, so that the last may be empty.
            yield RecordChunk(b"\n".join([*some.to_pylist(), b""])), time


def map_chunks(
    stage: Stage,
    kind: Kind,
    read: Reader,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of chunks by bucket, merged as far as memory allows; and at last the facts."""
    maker = stage()
    yield from _by_bucket(kind, (maker.rows(*chunk) for chunk in read(batches)))
    yield _row(FACTS, json.dumps(maker.facts()).encode())


def count_chunks(
    chosen: Filter, folder: str, read: Reader, batches: Iterable[pa.RecordBatch], *, positions: bool
) -> Iterator[pa.RecordBatch]:
    """
    Write the words of chunks to a file, not unique; yield the sketch of them by bucket.

    Args:
        chosen: Which lines are mined.
        folder: For the file: a path or URL.
        read: Makes chunks of batches.
        batches: What Spark hands to the task.
        positions: Whether the same word at another position is another.

    Returns:
        As facts how many lines are mined, how many the filter rejects, and as ``words`` the name of the file.

    Raises:
        PatternsError: The file cannot be written.
    """
    keep, facts, counters = ChunkFilter(chosen), {"lines": 0, "filter": 0}, np.zeros(SKETCH_COUNTERS, np.int64)
    # A task that is run again writes another file, and only one of them is told.
    name = uuid4().hex

    def words() -> Iterator[pa.Table]:
        yield COUNTS.empty_table()
        for chunk, _ in read(batches):
            text, rejected = keep.text(chunk.text)
            rows = count_words(text, positions=positions)
            add_to_sketch(counters, rows)
            facts["lines"] += count_lines(text)
            facts["filter"] += rejected
            yield rows

    _store(folder, name, words())
    yield from _by_bucket(SKETCH_ROWS, [sketch_rows(counters)])
    yield _row(FACTS, json.dumps({**facts, "words": name}).encode())


def perhaps_frequent(
    names: Sequence[str], folder: str, enough: NDArray[np.uint8], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """
    Yield by bucket the words of files that may be frequent.

    Args:
        names: What `count_chunks` called its files.
        folder: Where they are.
        enough: As bits, whether each counter of the sketch of all words reaches the support.
        batches: Indices of `names` as column 0.
    """
    frequent = np.unpackbits(enough, count=SKETCH_COUNTERS).astype(np.bool_)

    def rows() -> Iterator[pa.Table]:
        for index in chain.from_iterable(batch.column(0).to_pylist() for batch in batches):
            with fsspec.open(f"{folder}/{names[index]}", "rb") as file, pa.ipc.open_stream(file) as stream:
                for batch in stream:
                    words = pa.Table.from_batches([batch])
                    yield words.filter(pa.array(frequent[counters_of(words)]))

    yield from _by_bucket(COUNT_ROWS, rows())


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


def stored(folder: str, name: int | str) -> pa.Table:
    """Return what a task wrote."""
    with fsspec.open(f"{folder}/{name}", "rb") as file:
        return pa.ipc.open_stream(file).read_all()


def _store(folder: str, name: int | str, tables: Iterable[pa.Table]) -> None:
    """Write tables; a task that is run again writes the same."""
    written = iter(tables)
    first = next(written)
    with temporary_writes(), fsspec.open(f"{folder}/{name}", "wb") as file:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(file, first.schema, options=options) as stream:
            for rows in chain([first], written):
                stream.write_table(rows)


def _by_bucket(kind: Kind, tables: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    """Yield rows by bucket, merged as far as memory allows."""
    gathered = Gathered(kind)
    for rows in tables:
        full = gathered.add(rows)
        if full is not None:
            yield from _encoded(kind, full)
    yield from _encoded(kind, gathered.take())


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
