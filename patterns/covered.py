"""
Two stored tables → the shapes of both, each once, and what covers them in an old and in a new set.

    table of the old set ─┐
                          ├─► shapes ─► best match in each set ─► flows: old pattern → new pattern
    table of the new set ─┘

Shapes of sets that were mined by other rules are other shapes, even of the same lines. There each shape stands for its
first example, which is read anew by the rules of the other set: what is told then is true of the examples.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from heapq import merge
from itertools import chain, groupby, zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

from patterns.judge import Shaper
from patterns.matcher import OUTLIERS, Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import EXAMPLES, ShapeTable, bucket_of

NOTHING: Final = ""
"""Stands for the id of a pattern where none matches."""

_OLD, _NEW = 0, 1
_ANY_TIME: Final = 1_000_000_000_000_000
"""As record time: neither scope nor shape depends on it."""


class Side(NamedTuple):
    """A set as its lines are judged (patterns/decided.py), and the table that it was mined from."""

    patterns: PatternSet
    table: ShapeTable


@dataclass(slots=True)
class Amount:
    """
    Shapes and their lines.

    Attributes:
        shapes: How many.
        old_lines: Lines by the table of the old set.
        new_lines: Lines by that of the new one.
        examples: Up to three lines, of the first shapes by turns.
    """

    shapes: int = 0
    old_lines: int = 0
    new_lines: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Lines by the table that has more of them: the tables may well have lines in common."""
        return max(self.old_lines, self.new_lines)

    def add(self, other: "Amount") -> None:
        """Add further ones."""
        if self.shapes < EXAMPLES:
            turns = chain.from_iterable(zip_longest(self.examples, other.examples))
            self.examples = list(dict.fromkeys(text for text in turns if text is not None))[:EXAMPLES]
        self.shapes += other.shapes
        self.old_lines += other.old_lines
        self.new_lines += other.new_lines


@dataclass(slots=True)
class Covered:
    """
    What covers the shapes of two tables.

    Attributes:
        flows: Id in the old set, and in the new one, NOTHING where no pattern matches → what both cover.
        silenced: Outliers of the old set that are none of the new one.
        flagged: Outliers of the new set that are none of the old one.
        left_out: Shapes that could not be compared: without an example, or not judged by the rules of one set.
    """

    flows: dict[tuple[str, str], Amount] = field(default_factory=dict)
    silenced: Amount = field(default_factory=Amount)
    flagged: Amount = field(default_factory=Amount)
    left_out: int = 0


class _Shape(NamedTuple):
    """A shape of the tables as each of the sets reads it: scope and shape; None where its rules do not judge it."""

    old: tuple[str, str] | None
    new: tuple[str, str] | None
    amount: Amount


def covered(old: Side, new: Side) -> Covered:
    """
    Return what covers the shapes of both tables.

    Cost: a pass over each table, each shape matched once by each set; memory for the patterns and which of them share a
    shape, not for the shapes.
    """
    found = Covered()
    matchers = Matcher(old.patterns), Matcher(new.patterns)
    same = old.patterns.rules == new.patterns.rules
    for shape in _of_both(old.table, new.table) if same else _of_examples(old, new):
        if shape.old is None or shape.new is None:
            found.left_out += 1
            continue
        before, now = matchers[_OLD].match(*shape.old), matchers[_NEW].match(*shape.new)
        flow = (before.id if before else NOTHING, now.id if now else NOTHING)
        found.flows.setdefault(flow, Amount()).add(shape.amount)
        if is_outlier(before) != is_outlier(now):
            (found.silenced if is_outlier(before) else found.flagged).add(shape.amount)
    return found


def is_outlier(known: KnownPattern | None) -> bool:
    """Tell whether lines with this best match, or none, are outliers."""
    return known is None or known.state in OUTLIERS


def other_rules(old: Rules, new: Rules) -> list[str]:
    """Return the names of the rules that differ."""
    return [rule.name for rule in fields(old) if getattr(old, rule.name) != getattr(new, rule.name)]


def _of_both(old: ShapeTable, new: ShapeTable) -> Iterator[_Shape]:
    """Yield the shapes of both tables, each once; both are in one order, so neither is held."""
    rows = merge(_rows(old, _OLD), _rows(new, _NEW), key=itemgetter(0))
    for (_, scope, shape), of_shape in groupby(rows, key=itemgetter(0)):
        yield _Shape((scope, shape), (scope, shape), _amount(of_shape))


def _of_examples(old: Side, new: Side) -> Iterator[_Shape]:
    """Yield the shapes of each table, read by their set and, in an example, by the other one."""
    for which, side, other in ((_OLD, old, new), (_NEW, new, old)):
        shaper = Shaper(other.patterns.rules)
        for (_, scope, shape), of_shape in groupby(_rows(side.table, which), key=itemgetter(0)):
            amount = _amount(of_shape)
            found = shaper.shape(amount.examples[0].encode(), _ANY_TIME) if amount.examples else None
            read = None if found is None or found.unjudged else (found.scope, found.shape)
            yield _Shape((scope, shape), read, amount) if which == _OLD else _Shape(read, (scope, shape), amount)


_Row = tuple[tuple[int, str, str], int, int, list[str]]
"""Bucket, scope and shape; which table; count; examples."""


def _rows(table: ShapeTable, which: int) -> Iterator[_Row]:
    for rows in table.tables():
        columns = (rows[name].to_pylist() for name in ("scope", "shape", "count", "examples"))
        for scope, shape, count, examples in zip(*columns, strict=True):
            yield (bucket_of(shape), scope, shape), which, count, examples


def _amount(rows: Iterable[_Row]) -> Amount:
    """Return what the rows of one shape amount to."""
    lines, texts = [0, 0], dict[str, None]()
    for _, which, count, examples in rows:
        lines[which] += count
        if len(texts) < EXAMPLES:
            texts.update(dict.fromkeys(examples))
    return Amount(1, lines[_OLD], lines[_NEW], list(texts)[:EXAMPLES])
