"""
Second pass: lines with the same frequent words are one candidate.

    LogCluster   the line's frequent words in order, repetitions kept; between them gaps of the other words.
                 "Interface eth0 down at 10:01" with {Interface, down, at} frequent: (Interface, down, at), gaps 0 1 0 1
    SLCT         the line's frequent words with their positions; every other position is a hole.

What the lines of a candidate have in common is its *key*: `WordKeys` makes LogCluster's, `PositionKeys` SLCT's. A
line has one key or none, so whoever knows the frequent words can tell later to which candidate a line belongs.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import compress

from mining.words import Position, WeightedShape, Words

_REMEMBERED_GAPS = 100_000

Key = Hashable
"""What makes two lines the same candidate."""


@dataclass(slots=True)
class Candidate:
    """
    Lines that have the same frequent words.

    Attributes:
        constants: The frequent words in order.
        support: How many lines.
        least: For each gap (one more than constants) the fewest words that a line has there.
        most: The most words that a line has there.
        plain: The most words there that are no class words: what the pattern would leave open although it reads
            like a constant.
    """

    constants: tuple[str, ...]
    support: int
    least: list[int]
    most: list[int]
    plain: list[int]

    def join(self, lines: int, gaps: list[int], plain: list[int]) -> None:
        """Add lines of one shape."""
        self.support += lines
        # Gaps that are the least or the most so far change nothing, and that is seen ten times as fast.
        if gaps not in (self.least, self.most):
            self.least = list(map(min, self.least, gaps))
            self.most = list(map(max, self.most, gaps))
        if plain != self.plain:
            self.plain = list(map(max, self.plain, plain))


@dataclass(slots=True)
class CandidateTable:
    """
    What the second pass found; all that is left to do depends on this alone, and no more on lines.

    Attributes:
        candidates: Key → candidate, in the order in which they were met.
        lines: How many lines were read, with those that belong to no candidate.
        too_few: How many candidates were left where they are, because they have less than the support and none of
            the later stages asks for them.
    """

    candidates: dict[Key, Candidate] = field(default_factory=dict)
    lines: int = 0
    too_few: int = 0


@dataclass(frozen=True, slots=True)
class WordKeys:
    """
    LogCluster: lines are alike if their frequent words are the same, in the same order.

    With `apart` it must also be the same gaps that have words which are no class words: ``user= root`` at the end of
    some lines is then no optional part of the others. It is not in the published algorithm.
    """

    frequent: frozenset[str]
    apart: bool = False

    def fixed(self, words: Words) -> list[bool]:
        """Tell for each word whether it is frequent."""
        return [word in self.frequent for word in words]

    def key(self, words: Words, fixed: list[bool]) -> Key | None:
        """Return the key of a line; None where no word is frequent."""
        constants = tuple(compress(words, fixed))
        if not constants or not self.apart:
            return constants or None
        return constants, tuple(map(bool, _gaps(words, fixed)[1]))


@dataclass(frozen=True, slots=True)
class PositionKeys:
    """
    SLCT: lines are alike if they have the same frequent words at the same positions.

    With `anchored` the number of words must be the same too, and the end is part of the pattern. It is not in the
    published algorithm, where what follows the last constant is left open.
    """

    frequent: frozenset[Position]
    anchored: bool

    def fixed(self, words: Words) -> list[bool]:
        """Tell for each word whether it is frequent at its position."""
        return [pair in self.frequent for pair in enumerate(words)]

    def key(self, words: Words, fixed: list[bool]) -> Key | None:
        """Return the key of a line: where it ends, and its words with None for a hole; None where no word is fixed."""
        if True not in fixed:
            return None
        last = len(fixed) - fixed[::-1].index(True)
        place = [word if is_fixed else None for word, is_fixed in zip(words[:last], fixed, strict=False)]
        return len(words) if self.anchored else last, tuple(place)


Keys = WordKeys | PositionKeys
"""Lines → keys, by either algorithm."""


def key_of(words: Words, keys: Keys) -> Key | None:
    """Return the key of a line's words; None where it belongs to no candidate."""
    return keys.key(words, keys.fixed(words))


def candidates(shapes: Iterable[WeightedShape], keys: Keys) -> CandidateTable:
    """
    Group lines by their keys; a line without a frequent word belongs to no candidate.

    Cost: one pass over the shapes; the table grows with the distinct keys.

    Source: Vaarandi & Pihelgas, CNSM 2015, section III: the second pass; a candidate's wildcards are the least and
    greatest number of words that its lines have between two frequent words. Vaarandi, IPOM 2003, section 3: cluster
    candidates are the regions of a line's fixed attributes.
    """
    table = CandidateTable()
    # Most lines have the gaps of many others, and to count them takes longer than all else.
    known: dict[bytes, tuple[list[int], list[int]]] = {}
    for words, lines in shapes:
        table.lines += lines
        fixed = keys.fixed(words)
        key = keys.key(words, fixed)
        if key is None:
            continue
        kinds = bytes(fixed) if None not in words else bytes(map(_kind, words, fixed))
        found = known.get(kinds)
        if found is None:
            if len(known) >= _REMEMBERED_GAPS:
                known.clear()
            found = known[kinds] = _gaps(words, fixed)
        gaps, plain = found
        candidate = table.candidates.get(key)
        if candidate:
            candidate.join(lines, gaps, plain)
        else:
            constants = tuple(word for word in compress(words, fixed) if word is not None)
            table.candidates[key] = Candidate(constants, lines, gaps, gaps, plain)
    return table


def _kind(word: str | None, is_fixed: bool) -> int:  # noqa: FBT001 (for map)
    return 2 if word is None else is_fixed


def _gaps(words: Words, fixed: list[bool]) -> tuple[list[int], list[int]]:
    """Return how many words, and how many that are no class words, stand before, between and behind fixed ones."""
    gaps, plain = [0], [0]
    for word, is_fixed in zip(words, fixed, strict=True):
        if is_fixed:
            gaps.append(0)
            plain.append(0)
        else:
            gaps[-1] += 1
            plain[-1] += word is not None
    return gaps, plain
