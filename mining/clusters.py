"""
Candidates with enough support are clusters; a cluster is described by a pattern.

    shapes ─► frequent words ─► candidates ─► aggregate supports? ─► support reached ─► joined by word weights?

`mine` is either algorithm whole, at one support. What follows the candidates needs their table alone: `cluster` is the
same for whoever made it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from mining.aggregate import Aggregated, aggregate
from mining.candidates import Candidate, CandidateTable, Key, Keys, PositionKeys, WordKeys, candidates
from mining.join import WEIGHT_FUNCTIONS, join
from mining.support import Support, in_lines
from mining.words import WeightedShape, frequent_positions, frequent_words
from patterns.language import Gap, Pattern

Algorithm = Literal["logcluster", "slct"]


@dataclass(frozen=True, slots=True)
class Method:
    """
    How clusters are found at one support.

    Attributes:
        algorithm: Which.
        aggregate_supports: Whether a candidate also counts the lines of more specific ones.
        word_weight: Least weight of a word that does not become a hole, above 0 and up to 1; None for no holes.
            LogCluster alone.
        weight_function: How words are weighed, 1 to 4.
        wildcard: Whether a hole is one more word of a gap, and not one of several words.
        anchored: For SLCT, whether a pattern fixes the number of words; the published algorithm does not.
        apart: For LogCluster, whether lines with words in a gap are other candidates than those with class words alone
            there, or none; the published algorithm has no classes.
    """

    algorithm: Algorithm = "logcluster"
    aggregate_supports: bool = False
    word_weight: float | None = None
    weight_function: int = 1
    wildcard: bool = False
    anchored: bool = True
    apart: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for what does not go together."""
        if self.word_weight is None:
            if self.wildcard:
                msg = "wildcard says how holes are written, and without word_weight there are none; set a word weight"
                raise ValueError(msg)
            return
        if self.algorithm != "logcluster":
            msg = f"word_weight is {self.word_weight:g}: {self.algorithm} has no word weights; use logcluster"
            raise ValueError(msg)
        if not 0 < self.word_weight <= 1:
            msg = f"word_weight is {self.word_weight:g}: weights are shares; set a number above 0 and up to 1"
            raise ValueError(msg)
        if self.weight_function not in WEIGHT_FUNCTIONS:
            msg = f"weight_function is {self.weight_function}: there are four; set 1, 2, 3 or 4"
            raise ValueError(msg)

    @property
    def needs_all(self) -> bool:
        """Whether clusters depend on candidates below the support, too."""
        return self.aggregate_supports or self.word_weight is not None

    def keys(self, shapes: Iterable[WeightedShape], support: Support) -> Keys:
        """Find the frequent words, which say to which candidate a line belongs. Cost: one pass over the shapes."""
        if self.algorithm == "logcluster":
            return WordKeys(frequent_words(shapes, support), self.apart)
        return PositionKeys(frequent_positions(shapes, support), self.anchored)


@dataclass(frozen=True, slots=True)
class Cluster:
    """
    A candidate with enough support, or several that were joined.

    Attributes:
        pattern: What its lines look like.
        support: How many lines it was made of; with aggregate supports and joins, a line may count twice.
        plain: Sum over its gaps of the most words that are no class words: how much of its lines it leaves open.
    """

    pattern: Pattern
    support: int
    plain: int


@dataclass(frozen=True, slots=True)
class Clustering:
    """
    What mining at one support found.

    Attributes:
        clusters: In no particular order.
        covered: The keys of the lines that belong to a cluster; a line of another key, or of none, is an outlier.
    """

    clusters: list[Cluster]
    covered: Collection[Key]


def mine(shapes: Iterable[WeightedShape], support: Support, method: Method) -> list[Cluster]:
    """
    Find the clusters of at least `support` lines.

    Args:
        shapes: The words of the lines with the number of lines; gone through twice.
        support: Least number of lines of a frequent word and of a cluster; a share is one of all lines.
        method: How.

    Returns:
        The clusters, in no particular order. Without aggregate supports each line supports at most one of them.

    Cost: two passes over the shapes, a table of words and one of candidates in memory.
    """
    keys = method.keys(shapes, support)
    return cluster(candidates(shapes, keys), keys, support, method).clusters


def cluster(table: CandidateTable, keys: Keys, support: Support, method: Method) -> Clustering:
    """
    Find the clusters of a table of candidates.

    Args:
        table: All candidates, also those below the support.
        keys: What made its keys.
        support: Least number of lines; a share is one of all lines that made the table.
        method: How.

    Cost: no pass over lines. See `aggregate` and `join` for what they add.
    """
    least = in_lines(support, table.lines)
    if method.aggregate_supports:
        found = aggregate(table.candidates, least, keys)
    else:
        enough = {key: each.support for key, each in table.candidates.items() if each.support >= least}
        found = Aggregated(enough, set(enough))
    selected = [_supported(table.candidates[key], lines) for key, lines in found.supports.items()]
    if method.word_weight is not None:
        joined = join(
            selected,
            table.candidates.values(),
            method.word_weight,
            method.weight_function,
            wildcard=method.wildcard,
        )
        return Clustering([Cluster(each.pattern, each.support, sum(each.plain)) for each in joined], found.covered)
    return Clustering([_described(each, method) for each in selected], found.covered)


def _supported(candidate: Candidate, lines: int) -> Candidate:
    """Return a candidate with its aggregate support; the table keeps its own."""
    return Candidate(candidate.constants, lines, candidate.least, candidate.most, candidate.plain)


def _described(candidate: Candidate, method: Method) -> Cluster:
    positional = method.algorithm == "slct"
    gaps: list[Gap] = list(zip(candidate.least, candidate.most, strict=True))
    if positional and not method.anchored:
        # What follows the last constant is open in SLCT's published patterns.
        gaps[-1] = (0, None)
    return Cluster(Pattern(candidate.constants, tuple(gaps), positional), candidate.support, sum(candidate.plain))
