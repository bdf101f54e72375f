"""
The ladder: both algorithms at one support after the other, from coarse to fine, so that no support has to be guessed.

N lines of a scope are mined at supports N/10, N/20, N/40 … down to 2, and at last 1. Each level sees only the lines
that no pattern accepted before matches. A cluster is *accepted* if it has a constant and its constants are at least
seven tenths of its words that are no class words: a pattern that leaves more open than that would swallow kinds that
were never seen. At level 1 every shape that is left is accepted, as a kind *seen once*.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from patterns.matcher import Matcher
from patterns.pattern_set import KNOWN, KnownPattern, PatternSet
from patterns.rules import Rules
from training.clusters import Algorithm, Cluster, Method, mine
from training.words import weighted


class Accepted(NamedTuple):
    """A cluster that became a pattern, the support at which it was mined, and its state: KNOWN or PENDING."""

    cluster: Cluster
    level: int
    state: str = KNOWN


def levels(lines: int) -> list[int]:
    """Return the supports for a scope of `lines` lines: max(2, lines // (10 · 2^k)) without repeats, then 1."""
    supports: list[int] = []
    divisor = 10
    while not supports or supports[-1] > 2:
        support = max(2, lines // divisor)
        if not supports or support < supports[-1]:
            supports.append(support)
        divisor *= 2
    return [*supports, 1]


def accepted(cluster: Cluster) -> bool:
    """Tell whether a cluster's constants are at least seven tenths of its words that are no class words."""
    constants = len(cluster.pattern.constants)
    return constants > 0 and 10 * constants >= 7 * (constants + cluster.plain)


def climb_down(shapes: Mapping[str, int], algorithm: Algorithm, *, seen_once: bool = True) -> list[Accepted]:
    """
    Mine one scope level by level.

    Args:
        shapes: Shape → number of lines; by the default rules, so that ``<*>`` is a run of class words.
        algorithm: Which is run at each level.
        seen_once: Whether to take what is left at level 1.

    Returns:
        The accepted clusters, highest level first. With `seen_once` they match every shape.
    """
    found: list[Accepted] = []
    left, method = dict(shapes), Method(algorithm)
    for level in levels(sum(shapes.values())):
        if not left or (level == 1 and not seen_once):
            break
        taken = [c for c in mine(weighted(left), level, method) if level == 1 or accepted(c)]
        found += [Accepted(cluster, level) for cluster in taken]
        left = uncovered(left, taken)
    return found


def uncovered(shapes: Mapping[str, int], taken: Iterable[Cluster]) -> dict[str, int]:
    """Return the shapes that no pattern matches: covered is what matches, not only what a cluster was made of."""
    known = [KnownPattern("", cluster.pattern, 0, cluster.support, cluster.support) for cluster in taken]
    matcher = Matcher(PatternSet.of(Rules(), known))
    return {shape: lines for shape, lines in shapes.items() if matcher.match("", shape) is None}
