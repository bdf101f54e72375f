"""
Second pass: lines with the same frequent words are one candidate.

    LogCluster   the line's frequent words in order, repetitions kept; between them gaps of the other words.
                 "Interface eth0 down at 10:01" with {Interface, down, at} frequent: (Interface, down, at), gaps 0 1 0 1
    SLCT         the line's frequent words with their positions; every other position is a hole.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from training.words import WeightedShape, Words

Key = TypeVar("Key", bound=Hashable)
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
        self.least = list(map(min, self.least, gaps))
        self.most = list(map(max, self.most, gaps))
        self.plain = list(map(max, self.plain, plain))


def logcluster_candidates(shapes: Iterable[WeightedShape], frequent: frozenset[str]) -> list[Candidate]:
    """
    Group lines by the ordered tuple of their frequent words; a line without one belongs to no candidate.

    Source: Vaarandi & Pihelgas, CNSM 2015, section III: the second pass; a candidate's wildcards are the least and
    greatest number of words that its lines have between two frequent words.
    """
    candidates: dict[tuple[str, ...], Candidate] = {}
    for words, lines in shapes:
        constants = tuple(word for word in words if word is not None and word in frequent)
        if constants:
            gaps, plain = _gaps(words, [word is not None and word in frequent for word in words])
            _join(candidates, constants, constants, lines, gaps, plain)
    return list(candidates.values())


def slct_candidates(
    shapes: Iterable[WeightedShape], frequent: frozenset[tuple[int, str]], *, anchored: bool
) -> list[Candidate]:
    """
    Group lines by their frequent (position, word) pairs; a line without one belongs to no candidate.

    Args:
        shapes: The words of the lines.
        frequent: What `frequent_positions` found.
        anchored: Lines of different numbers of words are different candidates, and the end is part of the pattern.
            Not in the published algorithm, where what follows the last constant is left open.

    Source: Vaarandi, IPOM 2003, section 3: cluster candidates are the regions of a line's fixed attributes.
    """
    candidates: dict[tuple[int, Words], Candidate] = {}
    for words, lines in shapes:
        fixed = [word is not None and (position, word) in frequent for position, word in enumerate(words)]
        constants = tuple(word for word, is_fixed in zip(words, fixed, strict=True) if is_fixed and word is not None)
        if constants:
            gaps, plain = _gaps(words, fixed)
            key = tuple(word if is_fixed else None for word, is_fixed in zip(words, fixed, strict=True))
            last = len(key) - fixed[::-1].index(True)
            _join(candidates, (len(key) if anchored else last, key[:last]), constants, lines, gaps, plain)
    return list(candidates.values())


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


def _join(
    candidates: dict[Key, Candidate],
    key: Key,
    constants: tuple[str, ...],
    lines: int,
    gaps: list[int],
    plain: list[int],
) -> None:
    if key in candidates:
        candidates[key].join(lines, gaps, plain)
    else:
        candidates[key] = Candidate(constants, lines, gaps, gaps, plain)
