"""
New shapes of a storm → few patterns: what an upgrade of a program makes, thousands of shapes that differ in names.

It is LogCluster at falling supports as in the ladder (mining/ladder.py), with three differences. Each shape counts
once, however many lines it has: it is shapes that make alerts. Supports begin at a fifth of the shapes, and end at
three: two shapes are told as two. And what it costs is bounded: see `condense`.

What is left by the ladder's bar may be most of a storm all the same: of "Started web.service" one word of two is a
name, and no such pattern may ever be learned. So where many shapes are left they are mined once more, by a bar of one
constant in three words, and a pattern must then stand for many. Such a *wide* pattern is good for one alert, which says
what it is, and for nothing else.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from mining.clusters import Cluster, Method, mine
from mining.ladder import accepted, uncovered
from mining.words import weighted
from patterns.language import Pattern

LEAST_SHAPES: Final = 3
"""Distinct shapes that a pattern stands for at the least."""

MOST_SHAPES: Final = 10_000
"""Shapes that are mined at once, of all scopes."""

MOST_CHARACTERS: Final = 1_000_000
"""Of all of them together."""

_MOST_CLUSTERS: Final = 100
_LONGEST: Final = 2_048
_METHOD: Final = Method("logcluster")


class Condensed(NamedTuple):
    """A pattern of several shapes; `wide` if the ladder would not accept it."""

    pattern: Pattern
    wide: bool


def condense(shapes: Collection[str], most_alone: int) -> list[Condensed]:
    """
    Mine shapes of one scope.

    Args:
        shapes: Distinct; MOST_SHAPES and MOST_CHARACTERS are for the caller to keep.
        most_alone: So many are no storm: a wide pattern has more, and is sought where more are left.

    Returns:
        The patterns, in no particular order; the same for any order of the shapes.

    Cost: .1 s for 10,000 shapes of ten words. A support is mined only where no more than a hundred clusters can come of
    the shapes that are left, so that hostile ones, each of which many patterns nearly match, take some seconds at most.
    """
    strict, left = _mined(dict.fromkeys(shapes, 1), LEAST_SHAPES, accepted)
    wide: list[Cluster] = []
    if len(left) > most_alone:
        wide, _ = _mined(left, max(most_alone + 1, LEAST_SHAPES), _has_a_third)
    found = [Condensed(each.pattern, wide=number >= len(strict)) for number, each in enumerate([*strict, *wide])]
    return [each for each in found if len(each.pattern.text) <= _LONGEST]


def _mined(
    shapes: Mapping[str, int], least: int, bar: Callable[[Cluster], bool]
) -> tuple[list[Cluster], Mapping[str, int]]:
    """Return the clusters that the bar lets pass, and the shapes that none matches."""
    found: list[Cluster] = []
    left = shapes
    for support in _supports(len(shapes), least):
        if not left or len(left) > _MOST_CLUSTERS * support:
            break
        taken = [cluster for cluster in mine(weighted(left), support, _METHOD) if bar(cluster)]
        if taken:
            found += taken
            left = uncovered(left, taken)
    return found, left


def _supports(shapes: int, least: int) -> Iterable[int]:
    """Yield a fifth of the shapes, its half, and so on down to the least, which comes last."""
    support = shapes // 5
    while support > least:
        yield support
        support //= 2
    yield least


def _has_a_third(cluster: Cluster) -> bool:
    """Tell whether a cluster's constants are at least a third of its words that are no class words."""
    constants = len(cluster.pattern.constants)
    return constants > 0 and 3 * constants >= constants + cluster.plain
