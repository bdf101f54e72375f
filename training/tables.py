"""
Tables of shapes made from parts, whoever counted them: rows ─► parts and runs ─► merged bucket by bucket ─► table.

Buckets are those of the table's file (patterns/shapes.py), so that it is written in its order.
"""

from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from patterns.shapes import BUCKETS, EXAMPLE_CHARACTERS, EXAMPLES, SCHEMA, ShapeTable
from training.runs import MOST_BYTES, Kind, RowsBuilder

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


class TableBuilder(RowsBuilder):
    """Makes a table of rows of SCHEMA that are added, in any order."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """
        Begin without rows.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        super().__init__(SHAPE_ROWS, most_bytes)

    def finish(self) -> ShapeTable:
        """
        Return the table of all that was added. Cost: as `merged`.

        Raises:
            PatternsError: There is no room for temporary files.
        """
        return ShapeTable.of_tables(self.merged())


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
