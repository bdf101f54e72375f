"""
Tables of shapes made from parts, whoever counted them: rows ─► parts and runs ─► merged bucket by bucket ─► table.

Buckets are those of the table's file (patterns/shapes.py), so that it is written in its order.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from zlib import crc32

import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from patterns.shapes import BUCKETS, EXAMPLE_CHARACTERS, EXAMPLES, SCHEMA, ShapeTable, temporary_writes
from training.runs import MOST_BYTES, Kind, Part, merged_runs

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
        self._part = Part(SHAPE_ROWS, self.folder, most_bytes)
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
        """Add what a worker's `Part` of SHAPE_ROWS has written."""
        self._runs += runs

    def finish(self) -> ShapeTable:
        """
        Return the table of all that was added.

        Raises:
            PatternsError: There is no room for temporary files.

        Cost: one pass over the rows; memory for those in memory, or for a bucket of all runs.
        """
        rows = None if self._runs else self._part.take()
        if rows is not None:
            return ShapeTable.of_tables([rows])
        return ShapeTable.of_tables(merged_runs(SHAPE_ROWS, [*self._runs, *self._part.runs()]))


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


def _buckets_of_rows(rows: pa.Table) -> NDArray[Any]:
    return _buckets(pl.Series(rows["shape"])).to_numpy()


SHAPE_ROWS: Final = Kind(SCHEMA, merged, _buckets_of_rows)
