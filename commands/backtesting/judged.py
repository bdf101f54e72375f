"""A table of shapes, judged by a set: what a stream would have said of its lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import msgspec

from commands.backtesting.alerts import ShapeOfDay, Told, told
from commands.backtesting.sides import Log
from patterns.judge import shape_id
from patterns.matcher import OUTLIERS, Matcher, Verdict
from patterns.pattern_set import PatternSet
from patterns.shapes import ShapeCount
from streaming.config import AlertsConfig

Key = tuple[str, str]
"""Scope and shape."""

TOP = 10
"""Kinds of outliers that are shown with an example."""


class Kind(msgspec.Struct):
    """A shape that is an outlier: its id, program, text, lines, the days on which it was seen, and one line of it."""

    shape: str
    scope: str
    text: str
    lines: int
    first_day: str
    last_day: str
    example: str
    reason: str | None = None
    nearest: str | None = None


class Program(msgspec.Struct):
    """The judged lines of a program, and how many are outliers."""

    scope: str
    lines: int
    outliers: int


class Result(msgspec.Struct):
    """
    What a set says of a log.

    Attributes:
        set: Its version, ``none`` for no set; and what was tried on top.
        lines: All of them.
        unjudged: Why lines are not judged → how many.
        matched: Lines that are of a known kind.
        outliers: Lines that are not.
        shapes: Distinct shapes of these.
        alerts: UTC day → alerts that would have been told.
        held_back: How often one more was held back by `alerts.per_hour`.
        programs: Most outliers first.
        top: The kinds of outliers with most lines.
    """

    set: str
    lines: int
    unjudged: dict[str, int]
    matched: int
    outliers: int
    shapes: int
    alerts: dict[str, int]
    held_back: int
    programs: list[Program]
    top: list[Kind]


class Outlier(NamedTuple):
    """Lines of an outlier shape: their days in order, with what is counted of each."""

    days: list[tuple[str, ShapeCount]]

    @property
    def lines(self) -> int:
        """How many there are."""
        return sum(row.count for _, row in self.days)


@dataclass
class Judged:
    """A result, and all that is needed to set it beside another one of the same table."""

    result: Result
    outliers: dict[Key, Outlier]


def judged(name: str, patterns: PatternSet, log: Log, config: AlertsConfig) -> Judged:
    """
    Judge the shapes of a log.

    Args:
        name: Of the set.
        patterns: The set, with decisions.
        log: The log, as the rules of the set read it.
        config: How alerts are told.

    Cost: one pass over the table, each shape matched once; memory for the outlier shapes and their days.
    """
    matcher = Matcher(patterns)
    outliers: dict[Key, Outlier] = {}
    programs: dict[str, Program] = {}
    lines = 0
    for (scope, shape), group in groupby(log.table.rows(), key=lambda row: row[0][:2]):
        days = [(key.day, row) for key, row in group]
        count = sum(row.count for _, row in days)
        lines += count
        program = programs.setdefault(scope, Program(scope, 0, 0))
        program.lines += count
        known = matcher.match(scope, shape)
        if known is None or known.state in OUTLIERS:
            outliers[scope, shape] = Outlier(days)
            program.outliers += count
    found = sum(program.outliers for program in programs.values())
    alerts: Told = told(_by_days(outliers), config)
    result = Result(
        set=name,
        lines=log.counts.lines,
        unjudged=dict(sorted(log.counts.unjudged.items())),
        matched=lines - found,
        outliers=found,
        shapes=len(outliers),
        alerts=alerts.days,
        held_back=alerts.held_back,
        programs=sorted(programs.values(), key=lambda each: (-each.outliers, -each.lines, each.scope)),
        top=[_explained(key, outliers[key], matcher.verdict(*key)) for key in _largest(outliers)[:TOP]],
    )
    return Judged(result, outliers)


class Difference(msgspec.Struct):
    """Of two sets, by their places in the list of results from 0: the kinds that only one flags, and their lines."""

    only: int
    beside: int
    shapes: int
    lines: int
    kinds: list[Kind]


def differences(every: Sequence[Judged], comparable: Sequence[int]) -> list[Difference]:
    """
    Return what only one of two sets flags, and then what only the other.

    Args:
        every: The results.
        comparable: Of which result and the next one the shapes are the same ones.
    """
    pairs = [pair for at in comparable for pair in ((at, at + 1), (at + 1, at))]
    found = []
    for one, other in pairs:
        kinds = only(every[one], every[other])
        found.append(Difference(one, other, len(kinds), sum(each.lines for each in kinds), kinds))
    return found


def only(one: Judged, other: Judged) -> list[Kind]:
    """Return the kinds that one set flags and the other does not, most lines first; of one table."""
    left = {key: outlier for key, outlier in one.outliers.items() if key not in other.outliers}
    return [kind(key, left[key]) for key in _largest(left)]


def kind(key: Key, outlier: Outlier) -> Kind:
    """Return an outlier shape as it is shown."""
    scope, shape = key
    (first_day, first), (last_day, _) = outlier.days[0], outlier.days[-1]
    example = next(iter(first.texts()), shape)
    return Kind(shape_id(scope, shape), scope, shape, outlier.lines, first_day, last_day, example)


def _explained(key: Key, outlier: Outlier, verdict: Verdict) -> Kind:
    found = kind(key, outlier)
    found.reason = verdict.reason
    if verdict.nearest is not None:
        found.nearest = f"{verdict.nearest.known.id}, {verdict.nearest.difference}"
    return found


def _largest(outliers: dict[Key, Outlier]) -> list[Key]:
    return sorted(outliers, key=lambda key: (-outliers[key].lines, key))


def _by_days(outliers: dict[Key, Outlier]) -> Iterator[ShapeOfDay]:
    for (scope, shape), outlier in outliers.items():
        for _, row in outlier.days:
            yield ShapeOfDay(scope, shape, row.count, row.first)
