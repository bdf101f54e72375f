"""
The table of shapes: all of a corpus that mining needs.

    (scope, shape, day) → count, first and last time, up to three examples

Lines of one scope and shape are judged alike, so one pass over the lines, one aggregation, and every level of every
algorithm runs on this table. Tables add up: the table of two corpora is the sum of theirs, in any order. As a file it
is `shapes.parquet` beside a pattern set, one row a key in ascending order:

    scope string, shape string, day string (UTC, YYYY-MM-DD), count int64,
    first timestamp[us, UTC], last timestamp[us, UTC], examples list<string>
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from patterns.language import short_hash

EXAMPLES: Final = 3
"""Lines that stand for a shape of a day: those whose text has the smallest hash, so that any order gives the same."""

EXAMPLE_CHARACTERS: Final = 2_000
"""A longer line is kept as an example by its start alone."""

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


class ShapeKey(NamedTuple):
    """What the lines of a row have in common; `day` is a UTC day, ``YYYY-MM-DD``."""

    scope: str
    shape: str
    day: str


@dataclass(slots=True)
class ShapeCount:
    """What is counted of a row's lines; times in microseconds since 1970; examples as hash → text."""

    count: int = 0
    first: int = 0
    last: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, count: int, first: int, last: int, examples: Iterable[str]) -> None:
        """Add lines: their count, their first and last time, and examples of them."""
        self.first = min(self.first, first) if self.count else first
        self.last = max(self.last, last) if self.count else last
        self.count += count
        for example in examples:
            text = example[:EXAMPLE_CHARACTERS]
            self.examples[short_hash(text.encode(errors="surrogatepass"), 8)] = text
        for dropped in sorted(self.examples)[EXAMPLES:]:
            del self.examples[dropped]

    def texts(self) -> list[str]:
        """Return the examples in the order of their hashes."""
        return [self.examples[key] for key in sorted(self.examples)]


class ShapeTable:
    """The rows of a corpus by key."""

    def __init__(self) -> None:
        """Begin without rows."""
        self.rows: dict[ShapeKey, ShapeCount] = {}

    def add(self, key: ShapeKey, count: int, first: int, last: int, examples: Iterable[str]) -> None:
        """Add lines of one key."""
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = ShapeCount()
        row.add(count, first, last, examples)

    def merge(self, other: "ShapeTable") -> None:
        """Add all rows of another table."""
        for key, row in other.rows.items():
            self.add(key, row.count, row.first, row.last, row.texts())

    @property
    def lines(self) -> int:
        """How many judged lines the table stands for."""
        return sum(row.count for row in self.rows.values())

    def scopes(self) -> dict[str, dict[str, int]]:
        """Return scope → shape → count over all days, in ascending order of both."""
        counts: dict[str, dict[str, int]] = {}
        for key in sorted(self.rows):
            shapes = counts.setdefault(key.scope, {})
            shapes[key.shape] = shapes.get(key.shape, 0) + self.rows[key].count
        return counts

    def write(self, file: BinaryIO) -> None:
        """Write the table as Parquet; the same rows give the same bytes."""
        ordered: list[tuple[ShapeKey, ShapeCount]] = sorted(self.rows.items(), key=lambda item: item[0])
        columns = {
            "scope": [key.scope for key, _ in ordered],
            "shape": [key.shape for key, _ in ordered],
            "day": [key.day for key, _ in ordered],
            "count": [row.count for _, row in ordered],
            "first": [row.first for _, row in ordered],
            "last": [row.last for _, row in ordered],
            "examples": [row.texts() for _, row in ordered],
        }
        pq.write_table(pa.table(columns, schema=SCHEMA), file, compression="zstd")

    @classmethod
    def read(cls, file: BinaryIO) -> "ShapeTable":
        """
        Read a table.

        Raises:
            pyarrow.ArrowException: The file is no Parquet file, or lacks a column.
        """
        table, stored = cls(), pq.read_table(file, schema=SCHEMA)
        lacking = [name for name in SCHEMA.names if stored[name].null_count]
        if lacking:
            msg = f"column {lacking[0]!r} is missing or has missing values"
            raise pa.ArrowInvalid(msg)
        for key, row in _rows(stored):
            table.rows[key] = row
        return table


def _rows(stored: pa.Table) -> Iterator[tuple[ShapeKey, ShapeCount]]:
    numbers = {name: stored[name].cast(pa.int64()).to_pylist() for name in ("count", "first", "last")}
    texts = {name: stored[name].to_pylist() for name in ("scope", "shape", "day", "examples")}
    for index in range(stored.num_rows):
        row = ShapeCount()
        count, first, last = (numbers[name][index] for name in ("count", "first", "last"))
        row.add(count, first, last, texts["examples"][index])
        yield ShapeKey(*(texts[name][index] for name in ("scope", "shape", "day"))), row
