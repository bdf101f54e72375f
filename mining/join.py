"""
Word weights: words that go badly with the rest of their cluster become holes, and clusters that then are alike one.

    Interface eth0 unstable   4 lines, eth0 weighs little   ┐
    Interface eth1 unstable   4 lines, eth1 weighs little   ┴► Interface (eth0|eth1) unstable, 8 lines

*dep(a, b)*, how much b depends on a, is the share of the lines with a that have b, taken over all candidates. A word's
weight in a cluster is one of four means over dependencies with the cluster's words W1..Wk, or U1..Up without repeats:

    1   mean of dep(Wj, Wi)                          2   the same over U, without the word itself
    3   mean of dep(Wj, Wi) and dep(Wi, Wj)          4   the same over U, without the word itself

Source: logcluster.pl 0.10 --wweight, --weightf and --wildcard (docs/COMPARISON.md). Sums are made in the order of the
words, in floating point as there, so that a weight that lies on the threshold falls to the same side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Final

from mining.candidates import Candidate
from patterns.language import Constant, Gap, Pattern


class Dependencies:
    """
    In how many lines two words occur together.

    Args:
        candidates: All of them: words that lines have in common count below the support too.
        words: The words that will be asked for.

    Cost: for each candidate the square of its words that are asked for, in time; memory for each pair that occurs.
    """

    def __init__(self, candidates: Iterable[Candidate], words: set[str]) -> None:
        """Count pairs."""
        self._together: dict[str, dict[str, int]] = {word: {} for word in words}
        for candidate in candidates:
            present = words.intersection(candidate.constants)
            for one in present:
                row = self._together[one]
                for other in present:
                    row[other] = row.get(other, 0) + candidate.support

    def among(self, words: Sequence[str]) -> list[list[float]]:
        """Return for each word a row with dep(it, other) for each of the words."""
        rows = [self._together[word] for word in words]
        return [
            [row.get(other, 0) / lines for other in words]
            for row, lines in ((row, row[word]) for row, word in zip(rows, words, strict=True))
        ]


def weigh(words: Sequence[str], dependencies: Dependencies, function: int) -> list[float]:
    """
    Return the weight of each word of a cluster.

    Args:
        words: The cluster's words in order.
        dependencies: With all of these words.
        function: Number of the weight function, one of WEIGHT_FUNCTIONS.
    """
    of_others, mutual = function in (2, 4), function in (3, 4)
    taken = list(dict.fromkeys(words)) if of_others else list(words)
    means = len(taken) - 1 if of_others else len(taken)
    if not means:
        return [1.0] * len(words)
    shares = dependencies.among(taken)
    weights: dict[str, float] = {}
    for word, on_others, of_it in zip(taken, shares, zip(*shares, strict=True), strict=True):
        both = map(add, of_it, on_others) if mutual else of_it
        # From left to right; Python's own sum rounds otherwise from 3.12 on. A word's share of itself is 1.
        total = reduce(add, both, 0.0) - (1 + mutual if of_others else 0)
        weights[word] = total / (means * (1 + mutual))
    return [weights[word] for word in words]


WEIGHT_FUNCTIONS: Final = (1, 2, 3, 4)
"""The weight functions, as logcluster.pl numbers them."""


@dataclass(slots=True)
class Joined:
    """
    Clusters that are alike but for the words in their holes.

    Attributes:
        constants: For each place the words that occur there.
        support: Their supports, added.
        least: For each gap the fewest words.
        most: The most words.
        plain: The most words that are no class words.
    """

    constants: list[set[str]]
    support: int
    least: list[int]
    most: list[int]
    plain: list[int]

    @property
    def pattern(self) -> Pattern:
        """The pattern; a place with one word is a constant."""
        constants: list[Constant] = [
            tuple(sorted(words)) if len(words) > 1 else next(iter(words)) for words in self.constants
        ]
        gaps: list[Gap] = list(zip(self.least, self.most, strict=True))
        return Pattern(tuple(constants), tuple(gaps))

    def add(self, other: "Joined") -> None:
        """Join another cluster with as many places."""
        for words, more in zip(self.constants, other.constants, strict=True):
            words.update(more)
        self.support += other.support
        self.least = list(map(min, self.least, other.least))
        self.most = list(map(max, self.most, other.most))
        self.plain = list(map(max, self.plain, other.plain))


def join(
    clusters: Sequence[Candidate], candidates: Iterable[Candidate], threshold: float, function: int, *, wildcard: bool
) -> list[Joined]:
    """
    Join clusters that are alike but for words that weigh less than `threshold`.

    Args:
        clusters: Candidates with enough support.
        candidates: All candidates, with the supports of their own lines.
        threshold: Least weight, 0 to 1, of a word that stays.
        function: Number of the weight function, 1 to 4.
        wildcard: Whether a hole becomes one more word of the gap around it, whatever the word; so that clusters of
            different length can be one, and one of holes alone has no constant left.

    Returns:
        The joined clusters, and those that are like no other, in the order of `clusters`.
    """
    dependencies = Dependencies(candidates, {word for cluster in clusters for word in cluster.constants})
    alike: dict[tuple[str | None, ...], Joined] = {}
    for cluster in clusters:
        weights = weigh(cluster.constants, dependencies, function)
        kept = [weight >= threshold for weight in weights]
        joined = _with_wildcards(cluster, kept) if wildcard else _with_holes(cluster)
        words = tuple(word if stays else None for word, stays in zip(cluster.constants, kept, strict=True))
        key = tuple(word for word in words if word is not None) if wildcard else words
        if key in alike:
            alike[key].add(joined)
        else:
            alike[key] = joined
    return list(alike.values())


def _with_holes(cluster: Candidate) -> Joined:
    places = [{word} for word in cluster.constants]
    return Joined(places, cluster.support, cluster.least, cluster.most, cluster.plain)


def _with_wildcards(cluster: Candidate, kept: list[bool]) -> Joined:
    joined = Joined([], cluster.support, cluster.least[:1], cluster.most[:1], cluster.plain[:1])
    for number, (word, stays) in enumerate(zip(cluster.constants, kept, strict=True), start=1):
        after = (cluster.least[number], cluster.most[number], cluster.plain[number])
        for gaps, words in zip((joined.least, joined.most, joined.plain), after, strict=True):
            if stays:
                gaps.append(words)
            else:
                gaps[-1] += 1 + words
        if stays:
            joined.constants.append({word})
    return joined
