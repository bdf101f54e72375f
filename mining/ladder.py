"""
The ladder: both algorithms at one support after the other, from coarse to fine, so that no support has to be guessed.

N lines of a scope are mined at supports N/10, N/20, N/40 … down to 2, and at last 1. Each level sees only the lines
that no pattern accepted before matches. A cluster is *accepted* if it has a constant and its constants are at least
seven tenths of its words that are no class words: a pattern that leaves more open than that would swallow kinds that
were never seen. At level 1 every shape that is left is accepted, as a kind *seen once*.

Lines that have words in a gap are mined apart from those that have class words alone there, or nothing: what only some
lines have at their end (``user= root``) makes another kind, and no gap that would hold anything. At last there are made
as many patterns as there are kinds (mining/merging.py). How grave lines are is taken off before, and put back after
(mining/severities.py).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from mining.clusters import Algorithm, Cluster, Method, mine
from mining.merging import merged, opened
from mining.severities import Severities
from mining.words import weighted, words_of
from patterns.language import Pattern
from patterns.matcher import Matcher
from patterns.pattern_set import KNOWN, PENDING, KnownPattern, PatternSet
from patterns.rules import Rules

# docs/accuracy.md shows what each of these is worth. None is an option: each was tried at other values on real logs and
# on simulated fleets, and no other value is better on both.
LEAST_CONSTANTS: Final = 70
"""Per cent of a pattern's words that are no class words. Steep: two words of three miss kinds on the logs, and without
five of seven known lines are flagged on fleets."""

FIRST: Final = 10
"""The first level is the lines of a scope divided by this. Nearly flat from 5 to 20; from 50 on kinds fall apart."""

RATIO: Final = 2
"""Each level is the one before divided by this. Finer ones flag less and miss more, coarser ones flag more."""

BOTTOM: Final = 2
"""The last level but that of what was seen once. At 3 the logs are better and the fleets worse; above, it is steep."""


class Accepted(NamedTuple):
    """A cluster that became a pattern, and the support at which it was mined."""

    cluster: Cluster
    level: int

    @property
    def state(self) -> str:
        """Whether its lines are KNOWN or PENDING."""
        return KNOWN


class AcceptedPending(Accepted):
    """One of lines that are pending."""

    __slots__ = ()

    @property
    def state(self) -> str:
        """PENDING."""
        return PENDING


def levels(lines: int) -> list[int]:
    """Return the supports for a scope of `lines` lines: max(2, lines // (10 · 2^k)) without repeats, then 1."""
    supports: list[int] = []
    divisor = FIRST
    while not supports or supports[-1] > BOTTOM:
        support = max(BOTTOM, lines // divisor)
        if not supports or support < supports[-1]:
            supports.append(support)
        divisor *= RATIO
    return [*supports, 1]


def accepted(cluster: Cluster) -> bool:
    """Tell whether a cluster's constants are at least seven tenths of its words that are no class words."""
    constants = len(cluster.pattern.constants)
    return constants > 0 and 100 * constants >= LEAST_CONSTANTS * (constants + cluster.plain)


def climb_down(
    shapes: Mapping[str, int], algorithm: Algorithm, *, seen_once: bool = True, held: Sequence[KnownPattern] = ()
) -> list[Accepted]:
    """
    Mine one scope level by level.

    Args:
        shapes: Shape → number of lines; by the default rules, so that ``<*>`` is a run of class words.
        algorithm: Which is run at each level.
        seen_once: Whether to take what is left at level 1.
        held: Patterns of the last set: one that is there still goes before new ones of its level.

    Returns:
        The accepted clusters, highest level first. With `seen_once` they match every shape.
    """
    apart = Severities(shapes, held)
    found = _climb(apart.shapes, Method(algorithm, apart=True), apart.held, seen_once=seen_once)
    return [Accepted(*each) for each in apart.put_back(found)]


def _climb(
    shapes: Mapping[str, int], method: Method, held: Sequence[KnownPattern], *, seen_once: bool
) -> list[tuple[Cluster, int]]:
    """Return the accepted clusters of shapes without severities."""
    found: list[Accepted] = []
    left, waiting = dict(shapes), [known for known in held if known.level > 1]
    kept: set[Pattern] = set()
    for level in levels(sum(shapes.values())):
        if not left or (level == 1 and not seen_once):
            break
        taken = [c for c in mine(weighted(left), level, method) if level == 1 or accepted(c)]
        if waiting and level > 1:
            # Words are as frequent as they are with the lines of these: else others would be mined of the rest.
            holds = _still_there(waiting, left, level)
            left = uncovered(left, holds)
            taken_now = {cluster.pattern for cluster in holds}
            waiting = [known for known in waiting if known.pattern not in taken_now]
            kept |= taken_now
            taken = holds + _stronger(taken, waiting, left, level)
        found += [Accepted(cluster, level) for cluster in taken]
        left = uncovered(left, taken)
    return merged(found, opened(found, accepted), kept)


def _still_there(held: Sequence[KnownPattern], left: Mapping[str, int], level: int) -> list[Cluster]:
    """
    Return the patterns of the last set that hold at a level.

    Levels are halves of each other, so a pattern of the last set is of the level that is at most √2 times its own. It
    holds with half of the level's lines: who is near a level is not mined one night, and something else the next.
    """
    of_level = [Cluster(known.pattern, known.support, 0) for known in held if RATIO * known.level**2 >= level**2]
    lines, plain = _lines_of(of_level, left)
    return [
        Cluster(cluster.pattern, cluster.support, plain[cluster.pattern])
        for cluster in of_level
        if 2 * lines[cluster.pattern] >= level
    ]


def _stronger(
    new: Sequence[Cluster], waiting: Sequence[KnownPattern], left: Mapping[str, int], level: int
) -> list[Cluster]:
    """
    Return the new clusters of a level that stand beside patterns of the last set, or take their place for good reason.

    One that would take lines of patterns of lower levels needs √2 times the level's lines, or comes a level later: what
    is near a level would else take the place of many patterns one night, and lose it the next.

    Args:
        new: The clusters.
        waiting: Patterns of the last set of lower levels.
        left: What those that hold at this level leave.
        level: The level.
    """
    all_lines, _ = _lines_of(new, left)
    free, _ = _lines_of(new, uncovered(left, [Cluster(known.pattern, known.support, 0) for known in waiting]))
    return [
        cluster
        for cluster in new
        if (lines := all_lines[cluster.pattern]) >= level
        and (lines == free[cluster.pattern] or lines**2 >= 2 * level**2)
    ]


def _lines_of(clusters: Sequence[Cluster], left: Mapping[str, int]) -> tuple[Counter[Pattern], dict[Pattern, int]]:
    """Return of how many lines each is the best match among them, and how many plain words its gaps take at most."""
    lines: Counter[Pattern] = Counter()
    plain: dict[Pattern, int] = defaultdict(int)
    if clusters:
        matcher = _matcher(clusters)
        for shape, number in left.items():
            known = matcher.match("", shape)
            if known is not None:
                lines[known.pattern] += number
                constants = sum(word is not None for word in words_of(shape))
                plain[known.pattern] = max(plain[known.pattern], constants - len(known.pattern.constants))
    return lines, plain


def uncovered(shapes: Mapping[str, int], taken: Iterable[Cluster]) -> dict[str, int]:
    """Return the shapes that no pattern matches: covered is what matches, not only what a cluster was made of."""
    matcher = _matcher(taken)
    return {shape: lines for shape, lines in shapes.items() if matcher.match("", shape) is None}


def _matcher(clusters: Iterable[Cluster]) -> Matcher:
    known = [KnownPattern("", cluster.pattern, 0, cluster.support, cluster.support) for cluster in clusters]
    return Matcher(PatternSet.of(Rules(), known))
