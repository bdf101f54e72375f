"""Rows of observations of parts of a corpus → one table: they add up like those of the table of shapes."""

from collections.abc import Iterable
from typing import Any, Final
from zlib import crc32

import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from patterns.baselines import MOST_VALUES
from patterns.observed import MOST_SECONDS, SCHEMA, ObservedTable
from patterns.shapes import BUCKETS
from training.runs import MOST_BYTES, Kind, RowsBuilder

_KEYS: Final = ["pattern", "gap", "host", "hour"]


def merged(rows: pa.Table) -> pa.Table:
    """
    Add up rows of SCHEMA that have the same key, and sort them as the file has them.

    Args:
        rows: In any order, keys as often as it comes; seconds and values in any order, and of any number.

    Cost: some times the memory of `rows`.
    """
    frame = pl.DataFrame(rows)
    summed = frame.group_by(_KEYS).agg(
        pl.col("lines").sum(),
        *(
            expression
            for name in ("seconds", "values")
            for expression in (
                pl.col(name).is_null().any().alias(f"{name} many"),
                pl.col(name).explode().drop_nulls().unique().sort(),
            )
        ),
    )
    kept = summed.with_columns(_kept("seconds", MOST_SECONDS), _kept("values", MOST_VALUES))
    ordered = kept.with_columns(bucket=_buckets(kept["pattern"])).sort("bucket", *_KEYS)
    return ordered.select(SCHEMA.names).to_arrow().cast(SCHEMA)


def add_up(tables: Iterable[ObservedTable]) -> ObservedTable:
    """
    Return the sum of tables. Cost: a pass over them, and memory as RowsBuilder needs it.

    Raises:
        PatternsError: There is no room for temporary files.
    """
    with RowsBuilder(OBSERVED_ROWS, MOST_BYTES) as builder:
        for table in tables:
            for rows in table.tables():
                builder.add(rows)
        return ObservedTable.of_tables(builder.merged())


def _kept(name: str, most: int) -> pl.Expr:
    """Return a list as it is, or null where it has too many or a part of it had."""
    return pl.when(~pl.col(f"{name} many") & (pl.col(name).list.len() <= most)).then(pl.col(name)).alias(name)


def _buckets(patterns: pl.Series) -> pl.Series:
    # There are many rows of few patterns.
    distinct = patterns.unique()
    codes = [crc32(pattern.encode()) % BUCKETS for pattern in distinct.to_list()]
    return patterns.replace_strict(distinct, pl.Series(codes, dtype=pl.UInt32), return_dtype=pl.UInt32)


def _buckets_of_rows(rows: pa.Table) -> NDArray[Any]:
    return _buckets(pl.Series(rows["pattern"])).to_numpy()


OBSERVED_ROWS: Final = Kind(SCHEMA, merged, _buckets_of_rows)
"""What adds up to a table of observations."""
