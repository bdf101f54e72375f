"""
Rows of many parts of a corpus that add up, more than memory should hold: merged in memory, then on disk by buckets.

    a worker's rows ─► Part: merged ─► past a limit: a run on disk ─┐
    another's       ─► Part ...                                     ┴─► a bucket of all runs: merged

A *run* is an Arrow file of BUCKETS record batches; all rows of a key are in the same batch of every run. In the end
each bucket of all runs is merged by itself, so that memory is for one bucket, however many rows there are.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patterns.row_files import temporary_writes
from patterns.shapes import BUCKETS

MOST_BYTES: Final = 2**27
"""Rows in memory before they are merged, and written where that does not help; merging takes some times as much."""

ROWS_TOGETHER: Final = 2**17


class Kind(NamedTuple):
    """
    Rows that add up.

    Attributes:
        schema: Their columns.
        merged: Adds up rows of the same key.
        buckets: Says to which bucket each row belongs, 0 to BUCKETS − 1: rows of one key to the same.
    """

    schema: pa.Schema
    merged: Callable[[pa.Table], pa.Table]
    buckets: Callable[[pa.Table], NDArray[Any]]


class Gathered:
    """Rows in memory: merged when they are many, and handed on where that does not help."""

    def __init__(self, kind: Kind, most_bytes: int = MOST_BYTES) -> None:
        """Begin without rows; `most_bytes` is what they may take."""
        self._kind, self._most_bytes = kind, most_bytes
        self._rows: list[pa.Table] = []
        self._bytes = 0

    def add(self, rows: pa.Table) -> pa.Table | None:
        """Add rows in any order, a key as often as it comes; return all of them, merged, when they are too many."""
        self._rows.append(rows)
        self._bytes += rows.nbytes
        if self._bytes <= self._most_bytes:
            return None
        merged = self.take()
        # Merging again and again what hardly gets less would cost more than to hand it on.
        if 2 * merged.nbytes > self._most_bytes:
            return merged
        self._rows, self._bytes = [merged], merged.nbytes
        return None

    def take(self) -> pa.Table:
        """Return all rows, merged, and begin anew."""
        rows, self._rows, self._bytes = self._rows, [], 0
        return self._kind.merged(pa.concat_tables([self._kind.schema.empty_table(), *rows]))


class Part:
    """The rows of a part of a corpus: merged in memory, and past a limit on disk."""

    def __init__(self, kind: Kind, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """
        Begin without rows.

        Args:
            kind: Of the rows.
            folder: Where runs are written; who made it removes it.
            most_bytes: What rows in memory may take.
        """
        self._kind, self._folder = kind, folder
        self._gathered = Gathered(kind, most_bytes)
        self._runs: list[Path] = []

    def add(self, rows: pa.Table) -> None:
        """
        Add rows in any order, a key as often as it comes.

        Raises:
            PatternsError: A run cannot be written.
        """
        full = self._gathered.add(rows)
        if full is not None:
            self._write(full)

    def take(self) -> pa.Table | None:
        """Return all rows, merged, and begin anew; None where there are runs."""
        return None if self._runs else self._gathered.take()

    def runs(self) -> list[Path]:
        """Write what is left in memory; return all runs."""
        left = self._gathered.take()
        if left.num_rows:
            self._write(left)
        return self._runs

    def _write(self, rows: pa.Table) -> None:
        with temporary_writes():
            number, path = tempfile.mkstemp(dir=self._folder)
            os.close(number)
            _write(path, rows, self._kind)
        self._runs.append(Path(path))


class RowsBuilder:
    """
    Adds up rows in any order; to be used by `with`, at whose end temporary files go.

    Attributes:
        folder: A temporary folder, for runs of workers too.
    """

    def __init__(self, kind: Kind, most_bytes: int = MOST_BYTES) -> None:
        """
        Begin without rows.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        with temporary_writes():
            self._temporary = tempfile.TemporaryDirectory(prefix="logwinnow-shapes-")
        self.folder = Path(self._temporary.name)
        self._kind = kind
        self._part = Part(kind, self.folder, most_bytes)
        self._runs: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._temporary.cleanup()

    def add(self, rows: pa.Table) -> None:
        """
        Add rows of the kind, a key as often as it comes.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        self._part.add(rows)

    def add_runs(self, runs: Iterable[Path]) -> None:
        """Add what a worker's `Part` of the same kind has written."""
        self._runs += runs

    def merged(self) -> Iterator[pa.Table]:
        """
        Yield all rows, merged, in ascending order of their buckets.

        Raises:
            PatternsError: There is no room for temporary files.

        Cost: one pass over the rows; memory for those in memory, or for a bucket of all runs.
        """
        rows = None if self._runs else self._part.take()
        if rows is not None:
            yield rows
        else:
            yield from merged_runs(self._kind, [*self._runs, *self._part.runs()])


def merged_runs(kind: Kind, runs: Iterable[Path]) -> Iterator[pa.Table]:
    """
    Yield the rows of all runs, merged, in ascending order of their buckets.

    Cost: memory for some times the rows of a bucket of all runs, or of so many as stay below ROWS_TOGETHER.
    """
    files = [pa.ipc.open_file(pa.memory_map(str(run))) for run in runs]
    held: list[pa.RecordBatch] = []
    for bucket in range(BUCKETS):
        batches = [file.get_batch(bucket) for file in files]
        # Each merge takes some milliseconds, however few rows there are.
        if held and sum(batch.num_rows for batch in chain(held, batches)) > ROWS_TOGETHER:
            yield kind.merged(pa.Table.from_batches(held, kind.schema))
            held = []
        held += batches
    yield kind.merged(pa.Table.from_batches(held, kind.schema))


def by_bucket(kind: Kind, rows: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of each bucket, of the first to the last; each in one piece, as they come in `rows`."""
    buckets = kind.buckets(rows)
    order = np.argsort(buckets, kind="stable")
    bounds = np.searchsorted(buckets[order], np.arange(BUCKETS + 1))
    ordered = rows.take(pa.array(order)).combine_chunks()
    for begin, end in pairwise(bounds.tolist()):
        yield ordered.slice(begin, end - begin)


def _write(path: str, rows: pa.Table, kind: Kind) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, kind.schema, options=options) as writer:
        for some in by_bucket(kind, rows):
            batches = some.to_batches()
            writer.write(batches[0] if batches else pa.RecordBatch.from_pylist([], kind.schema))
