"""
Candidates with enough support are clusters; a cluster is described by a pattern.

`mine` is either algorithm whole, for one support: frequent words, candidates, clusters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from patterns.language import Gap, Pattern
from training.candidates import Candidate, logcluster_candidates, slct_candidates
from training.words import WeightedShape, frequent_positions, frequent_words

Algorithm = Literal["logcluster", "slct"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """
    A candidate with enough support.

    Attributes:
        pattern: What its lines look like.
        support: How many lines it was made of.
        plain: Sum over its gaps of the most words that are no class words: how much of its lines it leaves open.
    """

    pattern: Pattern
    support: int
    plain: int


def mine(
    shapes: Sequence[WeightedShape], support: int, algorithm: Algorithm, *, anchored: bool = True
) -> list[Cluster]:
    """
    Find the clusters of at least `support` lines, by classic LogCluster or SLCT.

    Args:
        shapes: The words of the lines with the number of lines.
        support: Least number of lines of a frequent word and of a cluster, 1 or more.
        algorithm: Which.
        anchored: For SLCT, whether a pattern fixes the number of words; the published algorithm does not.

    Returns:
        The clusters, in no particular order. Each line supports at most one of them.

    Cost: two passes over the shapes, a table of words and one of candidates in memory.
    """
    if algorithm == "logcluster":
        candidates = logcluster_candidates(shapes, frequent_words(shapes, support))
    else:
        candidates = slct_candidates(shapes, frequent_positions(shapes, support), anchored=anchored)
    return clusters(candidates, support, positional=algorithm == "slct", open_end=algorithm == "slct" and not anchored)


def clusters(candidates: Iterable[Candidate], support: int, *, positional: bool, open_end: bool) -> list[Cluster]:
    """
    Describe the candidates that have at least `support` lines.

    Args:
        candidates: What the second pass found.
        support: Least number of lines.
        positional: The constants stand at fixed positions, so that gaps are part of the pattern's identity.
        open_end: What follows the last constant is left open, as SLCT's published patterns do.
    """
    found = []
    for candidate in candidates:
        if candidate.support >= support:
            gaps: list[Gap] = list(zip(candidate.least, candidate.most, strict=True))
            if open_end:
                gaps[-1] = (0, None)
            pattern = Pattern(candidate.constants, tuple(gaps), positional)
            found.append(Cluster(pattern, candidate.support, sum(candidate.plain)))
    return found
