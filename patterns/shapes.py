"""
The table of shapes: all of a corpus that mining needs.

    (scope, shape, day) → count, first and last time, up to three examples

Lines of one scope and shape are judged alike, so one pass over the lines, one aggregation, and every level of every
algorithm runs on this table. Tables add up: the table of two corpora is the sum of theirs, in any order. It may be
larger than memory, so it is a Parquet file that is read piece by piece: a temporary one, and then `shapes.parquet`
beside a pattern set. One row a key:

    scope string, shape string, day string (UTC, YYYY-MM-DD), count int64,
    first timestamp[us, UTC], last timestamp[us, UTC], examples list<string>

Rows ascend by bucket, scope, shape and day, texts by their UTF-8 bytes. A *bucket* is a share of the shapes that fits
into memory, so that a table is sorted bucket by bucket. The same rows give the same bytes, whoever made them.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Final, NamedTuple
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from patterns.row_files import RowFile

EXAMPLES: Final = 3
"""Lines that stand for a shape of a day: the first by (CRC-32 of the text, text), so that any order gives the same."""

EXAMPLE_CHARACTERS: Final = 2_000
"""A longer line is kept as an example by its start alone."""

BUCKETS: Final = 64

SCHEMA: Final = pa.schema(
    [
        ("scope", pa.string()),
        ("shape", pa.string()),
        ("day", pa.string()),
        ("count", pa.int64()),
        ("first", pa.timestamp("us", tz="UTC")),
        ("last", pa.timestamp("us", tz="UTC")),
        ("examples", pa.list_(pa.string())),
    ]
)

ROWS: Final = 2**15
"""Rows of a row group, the piece that is read at a time: some 15 MB as a rule, less than 2 GiB at the very worst."""


class ShapeKey(NamedTuple):
    """What the lines of a row have in common; `day` is a UTC day, ``YYYY-MM-DD``."""

    scope: str
    shape: str
    day: str


@dataclass(slots=True)
class ShapeCount:
    """What is counted of a row's lines; times in microseconds since 1970; examples as (CRC-32, text), ascending."""

    count: int = 0
    first: int = 0
    last: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, count: int, first: int, last: int, examples: Iterable[str]) -> None:
        """Add lines: their count, their first and last time, and examples of them."""
        self.first = first if not self.count or first < self.first else self.first
        self.last = last if not self.count or last > self.last else self.last
        self.count += count
        kept = self.examples
        for example in examples:
            text = example[:EXAMPLE_CHARACTERS]
            number = crc32(text.encode())
            # Once there are enough, nearly all are refused here.
            if len(kept) == EXAMPLES and number > kept[-1][0]:
                continue
            if (number, text) not in kept:
                insort(kept, (number, text))
                del kept[EXAMPLES:]

    def texts(self) -> list[str]:
        """Return the examples in their order."""
        return [text for _, text in self.examples]


def bucket_of(shape: str) -> int:
    """Return the bucket of a shape, from 0 to BUCKETS - 1: all rows of a shape are in one."""
    return crc32(shape.encode()) % BUCKETS


class ShapeTable(RowFile):
    """The rows of a corpus, in a file."""

    of_what = "shapes"
    schema = SCHEMA
    group = ROWS

    @classmethod
    def of(cls, rows: Mapping[ShapeKey, ShapeCount]) -> "ShapeTable":
        """
        Write rows that are in memory.

        Raises:
            PatternsError: No temporary file can be written.
        """
        ordered = iter(sorted(rows.items(), key=lambda item: (bucket_of(item[0].shape), item[0])))
        return cls.of_tables(map(_columns, iter(lambda: list(islice(ordered, cls.group)), [])))

    @classmethod
    def wrong(cls, rows: pa.Table) -> str | None:
        """Return what is wrong with rows, None for nothing."""
        lacking = [name for name in SCHEMA.names if rows[name].null_count]
        if lacking or pc.list_flatten(rows["examples"]).null_count:
            return f"column {lacking[0] if lacking else 'examples'!r} has missing values"
        return "a row has a count below 1" if pc.any(pc.less(rows["count"], 1)).as_py() else None

    @property
    def lines(self) -> int:
        """How many judged lines the table stands for. Cost: one pass for the first of these numbers."""
        return sum(count * shapes for count, shapes in self._sizes.items())

    @property
    def shapes(self) -> int:
        """How many distinct shapes the scopes have, each counted by itself."""
        return self._sizes.total()

    def days(self) -> set[str]:
        """Return the days of its rows. Cost: one pass over one column."""
        return {day for table in self.tables(["day"]) for day in pc.unique(table["day"]).to_pylist()}

    def newest(self, until: int) -> int | None:
        """
        Return the time of the newest line, in microseconds since 1970, of rows whose lines are all older than `until`.

        None where there is no such row. Cost: one pass over one column.
        """
        times = (table["last"].cast(pa.int64()) for table in self.tables(["last"]))
        newest = (pc.max(last.filter(pc.less(last, until))).as_py() for last in times)
        return max((time for time in newest if time is not None), default=None)

    def least_count(self, most_shapes: int) -> int:
        """Return the least number of lines that no more than `most_shapes` shapes have; 1 where there are no more."""
        least, kept = 1, self.shapes
        for count in sorted(self._sizes):
            if kept <= most_shapes:
                break
            least, kept = count + 1, kept - self._sizes[count]
        return least

    def below(self, least_count: int) -> tuple[int, int]:
        """Return how many shapes have less than `least_count` lines, and how many lines these are."""
        few = {count: shapes for count, shapes in self._sizes.items() if count < least_count}
        return sum(few.values()), sum(count * shapes for count, shapes in few.items())

    def scopes(self, least_count: int = 1) -> dict[str, dict[str, int]]:
        """
        Return scope → shape → count over all days, in ascending order of both.

        Args:
            least_count: Shapes with less lines are left out. Memory is for the others.
        """
        counts: dict[str, dict[str, int]] = {}
        for scope, shape, count in self._whole_shapes():
            if count >= least_count:
                counts.setdefault(scope, {})[shape] = count
        return {scope: dict(sorted(shapes.items())) for scope, shapes in sorted(counts.items())}

    def rows(self) -> Iterator[tuple[ShapeKey, ShapeCount]]:
        """Yield row by row; the days of a shape come one after the other. Cost: as `tables`."""
        for table in self.tables():
            yield from _rows(table)

    @cached_property
    def _sizes(self) -> Counter[int]:
        """Lines of a shape → how many shapes have as many."""
        return Counter(count for _, _, count in self._whole_shapes())

    def _whole_shapes(self) -> Iterator[tuple[str, str, int]]:
        tables = self.tables(["scope", "shape", "count"])
        rows = chain.from_iterable(
            zip(*(column.to_pylist() for column in table.columns), strict=True) for table in tables
        )
        for (scope, shape), days in groupby(rows, key=itemgetter(0, 1)):
            yield scope, shape, sum(count for _, _, count in days)


def _columns(rows: list[tuple[ShapeKey, ShapeCount]]) -> pa.Table:
    columns = {
        "scope": [key.scope for key, _ in rows],
        "shape": [key.shape for key, _ in rows],
        "day": [key.day for key, _ in rows],
        "count": [row.count for _, row in rows],
        "first": [row.first for _, row in rows],
        "last": [row.last for _, row in rows],
        "examples": [row.texts() for _, row in rows],
    }
    return pa.table(columns, schema=SCHEMA)


def _rows(table: pa.Table) -> Iterator[tuple[ShapeKey, ShapeCount]]:
    keys = zip(*(table[name].to_pylist() for name in ("scope", "shape", "day")), strict=True)
    numbers = zip(*(table[name].cast(pa.int64()).to_pylist() for name in ("count", "first", "last")), strict=True)
    for key, (count, first, last), examples in zip(keys, numbers, table["examples"].to_pylist(), strict=True):
        row = ShapeCount()
        row.add(count, first, last, examples)
        yield ShapeKey(*key), row
