"""
What a training knew of a shape, and what it would have made of more such lines.

The table that a set was mined from says on which days the shape was seen. What would have taken it in is not guessed:
the lines of its program are mined once more, by the real miner, with so many lines of the shape more.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import pyarrow.compute as pc

from mining.clusters import Algorithm, Method, mine
from mining.ladder import climb_down, levels
from mining.words import weighted
from patterns.fitting import fits, places
from patterns.language import Pattern
from patterns.shapes import ShapeTable
from patterns.timestamps import iso, microseconds

MOST_SHAPES: Final = 5_000
"""Shapes of a program that is mined anew: some seconds; who asks at night does not wait for minutes."""

_MOST_LINES: Final = 1_024


class Known(msgspec.Struct):
    """
    What the table of a set has of a shape.

    Attributes:
        scope_lines: Lines of its program.
        scope_shapes: Shapes of its program.
        lines: Lines of the shape itself; 0 if it is not in the table.
        first: The earliest of their times, RFC 3339; None without any.
        last: The latest.
        days: UTC day → lines.
    """

    scope_lines: int
    scope_shapes: int
    lines: int
    first: str | None
    last: str | None
    days: dict[str, int]


class TakenIn(msgspec.Struct):
    """A pattern that would match the shape, if its program had so many lines of it more; mined at a support."""

    lines: int
    level: int
    pattern: str


class Mined(msgspec.Struct):
    """
    The program mined anew.

    Attributes:
        once: With one line more, by the ladder; None if it would take none in.
        ladder: With the fewest lines more of which the ladder makes more than a kind seen once; None if even 1,024
            would not do, or `once` does already.
        classic: With one line more, mined at one support: the highest of the ladder's at which a pattern matches; None
            for none. It may be as wide as it likes.
        seconds: How long it took.
    """

    once: TakenIn | None
    ladder: TakenIn | None
    classic: TakenIn | None
    seconds: float


def of_table(table: ShapeTable, scope: str, shape: str) -> tuple[Known, dict[str, int]]:
    """
    Return what a table has of a shape, and the shapes of its scope with their lines.

    Cost: one pass over the table; memory for the shapes of the scope.
    """
    shapes: dict[str, int] = {}
    days: dict[str, int] = {}
    times: list[int] = []
    for rows in table.tables():
        of_scope = rows.filter(pc.equal(rows["scope"], scope))
        for text, count in zip(of_scope["shape"].to_pylist(), of_scope["count"].to_pylist(), strict=True):
            shapes[text] = shapes.get(text, 0) + count
        for row in of_scope.filter(pc.equal(of_scope["shape"], shape)).to_pylist():
            days[row["day"]] = days.get(row["day"], 0) + row["count"]
            times += [microseconds(row["first"]), microseconds(row["last"])]
    known = Known(
        scope_lines=sum(shapes.values()),
        scope_shapes=len(shapes),
        lines=shapes.get(shape, 0),
        first=iso(min(times)) if times else None,
        last=iso(max(times)) if times else None,
        days=dict(sorted(days.items())),
    )
    return known, dict(sorted(shapes.items()))


def why_left(run: Mapping[str, Any], scope: str, lines: int) -> str:
    """
    Say why no pattern covers a shape that a training saw.

    Args:
        run: What the manifest says of the training.
        scope: The program.
        lines: How many lines the training had of the shape.
    """
    left_out = run.get("left_out") or {}
    if lines < left_out.get("least_count", 1):
        return (
            f"it was not mined: shapes of less than {left_out['least_count']:,} lines were left out "
            "($.mining.max_shapes)"
        )
    if scope in left_out.get("scopes", ()):
        return "kinds seen once of this program were left out ($.mining.max_patterns)"
    if run.get("support") is not None:
        return f"it was mined at a support of {run['support']} lines alone, and no cluster of as many matches it"
    return "the levels above 1 took it into no pattern, and kinds seen once are not learned ($.mining.seen_once)"


def mined_anew(shapes: Mapping[str, int], shape: str, algorithm: Algorithm, *, seen_once: bool) -> Mined:
    """
    Mine a program with more lines of a shape, to see what would take it in.

    Args:
        shapes: Shape → lines, of its scope.
        shape: The shape.
        algorithm: Which.
        seen_once: Whether the ladder takes kinds seen once.

    Cost: the program is mined by the ladder some times (three as a rule), and at each of its supports at most once.
    """
    began = time.monotonic()

    def ladder(lines: int) -> TakenIn | None:
        found = climb_down(_with(shapes, shape, lines), algorithm, seen_once=seen_once)
        return next(
            (
                TakenIn(lines, each.level, each.cluster.pattern.text)
                for each in found
                if _matches(each.cluster.pattern, shape)
            ),
            None,
        )

    def more(lines: int) -> TakenIn | None:
        found = ladder(lines)
        return found if found is not None and found.level > 1 else None

    once = ladder(1)
    least = None if once is not None and once.level > 1 else _fewest(more)
    return Mined(once, least, _classic(_with(shapes, shape, 1), shape, algorithm), round(time.monotonic() - began, 3))


def _fewest(found_with: Callable[[int], TakenIn | None]) -> TakenIn | None:
    """Return what the fewest lines give: found by doubling, and then by halving what is between."""
    below, lines = 1, 2
    while (found := found_with(lines)) is None:
        if lines >= _MOST_LINES:
            return None
        below, lines = lines, lines * 2
    while lines - below > 1:
        between = (below + lines) // 2
        fewer = found_with(between)
        if fewer is None:
            below = between
        else:
            lines, found = between, fewer
    return found


def _classic(shapes: Mapping[str, int], shape: str, algorithm: Algorithm) -> TakenIn | None:
    rows = weighted(shapes)
    for support in levels(sum(shapes.values())):
        for cluster in mine(rows, support, Method(algorithm)):
            if cluster.pattern.constants and _matches(cluster.pattern, shape):
                return TakenIn(1, support, cluster.pattern.text)
    return None


def _with(shapes: Mapping[str, int], shape: str, lines: int) -> dict[str, int]:
    return {**shapes, shape: shapes.get(shape, 0) + lines}


def _matches(pattern: Pattern, shape: str) -> bool:
    words = shape.split(" ")
    return fits(pattern, places(words), len(words))
