"""
Tables of shapes made from parts, whoever counted them.

    rows ─► merged in memory ─► runs on disk ─► merged bucket by bucket ─► table

Rows of a part are merged in memory. What is too much for that is written as a *run*: an Arrow file of BUCKETS record
batches, of which the i-th has the rows of bucket i. In the end each bucket of all runs is merged by itself, so that
memory is for one bucket, however large the table is. Workers write their own runs and hand over the paths.
"""

import os
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from zlib import crc32

import numpy as np
import polars as pl
import pyarrow as pa

from patterns.shapes import BUCKETS, EXAMPLE_CHARACTERS, EXAMPLES, SCHEMA, ShapeTable, temporary_writes

MOST_BYTES: Final = 2**26
"""Rows in memory before they are merged, and written where that does not help; merging takes some times as much."""

_KEYS = ["scope", "shape", "day"]


def merged(rows: pa.Table) -> pa.Table:
    """
    Add up rows of SCHEMA that have the same key, and sort them as the file of a table has them.

    Args:
        rows: In any order, keys as often as it comes; examples in any order and of any number and length.

    Cost: some times the memory of `rows`.
    """
    summed = (
        pl.DataFrame(rows)
        .group_by(_KEYS)
        .agg(pl.col("count").sum(), pl.col("first").min(), pl.col("last").max(), pl.col("examples").explode())
    )
    ordered = _with_few_examples(summed).with_columns(bucket=_buckets(summed["shape"])).sort("bucket", *_KEYS)
    return ordered.select(SCHEMA.names).to_arrow().cast(SCHEMA)


def buckets_of(shapes: pa.ChunkedArray) -> list[int]:
    """Return the bucket of each shape; what `patterns.shapes.bucket_of` says, for many at once."""
    return _buckets(pl.Series(shapes)).to_list()


class PartialTable:
    """The rows of a part of a corpus: merged in memory, and past a limit on disk."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """
        Begin without rows.

        Args:
            folder: Where runs are written; who made it removes it.
            most_bytes: What rows in memory may take.
        """
        self._folder, self._most_bytes = folder, most_bytes
        self._rows: list[pa.Table] = []
        self._bytes = 0
        self._runs: list[Path] = []

    def add(self, rows: pa.Table) -> None:
        """
        Add rows of SCHEMA, as `merged` takes them.

        Raises:
            PatternsError: A run cannot be written.
        """
        self._rows.append(rows)
        self._bytes += rows.nbytes
        if self._bytes > self._most_bytes:
            self._rows = [self.in_memory()]
            self._bytes = self._rows[0].nbytes
            # Merging again and again what hardly gets less would cost more than the disk.
            if 2 * self._bytes > self._most_bytes:
                self._spill()

    def in_memory(self) -> pa.Table:
        """Return the rows that are not in runs, merged."""
        return merged(pa.concat_tables([SCHEMA.empty_table(), *self._rows]))

    def runs(self) -> list[Path]:
        """Write what is left in memory; return all runs."""
        if self._rows:
            self._rows = [self.in_memory()]
            self._spill()
        return self._runs

    @property
    def spilled(self) -> bool:
        """Whether there are runs."""
        return bool(self._runs)

    def _spill(self) -> None:
        (rows,) = self._rows
        with temporary_writes():
            number, path = tempfile.mkstemp(dir=self._folder)
            os.close(number)
            _write_run(path, rows)
        self._runs.append(Path(path))
        self._rows, self._bytes = [], 0


class TableBuilder:
    """
    Makes a table of what is added, in any order; to be used by `with`, at whose end temporary files go.

    Attributes:
        folder: A temporary folder, for runs of workers too.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """
        Begin without rows.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        with temporary_writes():
            self._temporary = tempfile.TemporaryDirectory(prefix="logwinnow-shapes-")
        self.folder = Path(self._temporary.name)
        self._part = PartialTable(self.folder, most_bytes)
        self._runs: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._temporary.cleanup()

    def add(self, rows: pa.Table) -> None:
        """
        Add rows of SCHEMA, as `merged` takes them.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        self._part.add(rows)

    def add_runs(self, runs: Iterable[Path]) -> None:
        """Add what the `PartialTable` of a worker has written."""
        self._runs += runs

    def finish(self) -> ShapeTable:
        """
        Return the table of all that was added.

        Raises:
            PatternsError: There is no room for temporary files.

        Cost: one pass over the rows; memory for those in memory, or for a bucket of all runs.
        """
        if not self._runs and not self._part.spilled:
            return ShapeTable.of_tables([self._part.in_memory()])
        runs = [*self._runs, *self._part.runs()]
        buckets = (_bucket_of_runs(runs, bucket) for bucket in range(BUCKETS))
        return ShapeTable.of_tables(merged(rows) for rows in buckets if rows.num_rows)


def add_up(tables: Iterable[ShapeTable]) -> ShapeTable:
    """
    Return the sum of tables.

    Raises:
        PatternsError: There is no room for temporary files.

    Cost: as TableBuilder.
    """
    with TableBuilder() as builder:
        for table in tables:
            for rows in table.tables():
                builder.add(rows)
        return builder.finish()


def _with_few_examples(summed: pl.DataFrame) -> pl.DataFrame:
    """Cut the examples and keep the first of them; what has but one needs no order."""
    cut = summed.with_columns(
        pl.col("examples").list.drop_nulls().list.eval(pl.element().str.slice(0, EXAMPLE_CHARACTERS))
    ).with_row_index("row")
    texts = cut.select("row", "examples").filter(pl.col("examples").list.len() > 1).explode("examples").unique()
    kept = (
        texts.with_columns(crc=_crc32(texts["examples"]))
        .sort("row", "crc", "examples")
        .group_by("row", maintain_order=True)
        .agg(kept=pl.col("examples").head(EXAMPLES))
    )
    return cut.join(kept, on="row", how="left", maintain_order="left").with_columns(
        examples=pl.coalesce("kept", "examples")
    )


def _crc32(texts: pl.Series) -> pl.Series:
    return pl.Series([crc32(text) for text in texts.cast(pl.Binary).to_list()], dtype=pl.UInt32)


def _buckets(shapes: pl.Series) -> pl.Series:
    return _crc32(shapes) % BUCKETS


def _write_run(path: str, rows: pa.Table) -> None:
    """Write rows that `merged` returned."""
    bounds = np.searchsorted(buckets_of(rows["shape"]), range(BUCKETS + 1)).tolist()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, SCHEMA, options=options) as writer:
        for start, end in pairwise(bounds):
            batches = rows.slice(start, end - start).combine_chunks().to_batches()
            writer.write(batches[0] if batches else pa.RecordBatch.from_pylist([], SCHEMA))


def _bucket_of_runs(runs: Iterable[Path], bucket: int) -> pa.Table:
    batches = []
    for run in runs:
        with pa.OSFile(str(run)) as file:
            batches.append(pa.ipc.open_file(file).get_batch(bucket))
    return pa.Table.from_batches(batches, SCHEMA)
