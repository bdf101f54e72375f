"""
How long two sets are compared, and in how much memory, beside how many shapes there are.

    python benchmarks/comparing.py [--patterns 10000] [--shapes 100000,500000]

Made tables: shapes of half as many kinds as there are patterns, two patterns a kind, of which a tenth differ between
the sets; nine in ten shapes are in both tables.
"""

import argparse
import random
import resource
import time
from collections.abc import Iterator

import pyarrow as pa

from patterns.comparison import compare
from patterns.covered import Side
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import SCHEMA, ShapeTable, bucket_of

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def main() -> None:
    """Print a row for each number of shapes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patterns", type=int, default=10_000, help="of each set")
    parser.add_argument("--shapes", default="100000,500000", help="of each table, with commas between")
    arguments = parser.parse_args()
    print("  shapes  patterns  CPU s  shapes/s  more MiB  changes")
    for shapes in map(int, arguments.shapes.split(",")):
        old, new = (
            Side(a_set(arguments.patterns, which), a_table(shapes, arguments.patterns, which)) for which in (0, 1)
        )
        before, began = _peak(), time.process_time()
        found = compare(old, new)
        seconds = time.process_time() - began
        more = _peak() - before
        print(
            f"{shapes:>8}  {arguments.patterns:>8}  {seconds:>5.1f}  {shapes / seconds:>8,.0f}  {more:>8,.0f}  "
            f"{len(found.changes):>7}",
            flush=True,
        )


def _peak() -> float:
    """Return how much memory this process has ever had, in MiB: the tables are made in it too."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def a_set(patterns: int, which: int) -> PatternSet:
    """Return a set; `which` is 0 for the old one and 1 for the new one."""
    known = []
    for number in range(patterns // 2):
        wide = 3 if number % 10 == which else 2
        for text, level in ((f"*{{1,{wide}}}", 5), ("by root", 2)):
            known.append(KnownPattern("", parse(f"{_kind(number)} {text}"), level, 1, 1))
    return PatternSet.of(Rules(), known)


def a_table(shapes: int, patterns: int, which: int) -> ShapeTable:
    """Return a table; a tenth of its shapes only it has."""
    chance = random.Random(1)
    rows = []
    for number in range(shapes):
        own = f"own{which}" if number % 10 == 0 else "both"
        kind, words = _kind(chance.randrange(patterns // 2)), 1 + number % 3
        shape = " ".join([kind, *([f"{own}{_word(number)}", "to", "<*>"][:words])])
        rows.append(("", shape))
    return ShapeTable.of_tables(_tables(sorted(set(rows), key=lambda row: (bucket_of(row[1]), row))))


def _tables(rows: list[tuple[str, str]]) -> Iterator[pa.Table]:
    for start in range(0, len(rows), 30_000):
        some = rows[start : start + 30_000]
        size = len(some)
        columns = {
            "scope": [scope for scope, _ in some],
            "shape": [shape for _, shape in some],
            "day": ["2026-11-29"] * size,
            "count": [3] * size,
            "first": [0] * size,
            "last": [1] * size,
            "examples": [[f"Nov 29 04:05:06 web1 {shape} {number}" for number in range(3)] for _, shape in some],
        }
        yield pa.table(columns, schema=SCHEMA)


def _kind(number: int) -> str:
    return f"unit {_word(number)} of {_word(number % 97)} ended"


def _word(number: int) -> str:
    word = ""
    while number or not word:
        number, letter = divmod(number, 26)
        word += _LETTERS[letter]
    return word


if __name__ == "__main__":
    main()
