"""
How a pattern's words lie in a shape: exact, for any bounds of its gaps, in one pass from the right.

A set of places is an integer whose bit j says "j words are taken". `_ends` goes through the pattern from right to
left and keeps, for each constant, the places at which it can stand so that all that follows it still fits. The
pattern fits iff the start is among what is left, and going left to right through those places, always taking the
first, gives each gap as few words as possible.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patterns.language import Constant, Gap, Pattern

END = "end of line"
"""Stands for a word in a difference where the shape, or the pattern, has none."""


class Difference(NamedTuple):
    """Where a pattern first stops fitting: the shape's word by number from 1 (0: the program), and what was wanted."""

    word: int
    expected: str
    found: str

    def __str__(self) -> str:
        """Say it in words."""
        where = f"word {self.word}" if self.word else "program"
        return f"{where}: expected {self.expected}, found {self.found}"


def places(words: Sequence[str]) -> dict[str, int]:
    """Return for each distinct word of a shape the set of its places, as the bits of an integer."""
    found: dict[str, int] = {}
    for index, word in enumerate(words):
        found[word] = found.get(word, 0) | 1 << index
    return found


def fits(pattern: Pattern, where: Mapping[str, int], length: int) -> bool:
    """Tell whether the pattern matches a shape of `length` words that lie at `where`."""
    return _ends(pattern, where, length) is not None


def gap_lengths(pattern: Pattern, words: Sequence[str]) -> list[int] | None:
    """
    Return how many words each gap takes, as few as possible, left to right; None where the pattern does not match.

    Cost: time grows as constants × words / 64.
    """
    ends = _ends(pattern, places(words), len(words))
    if ends is None:
        return None
    lengths, taken = [], 0
    for (least, _), end in zip(pattern.gaps, reversed(ends), strict=False):
        possible = end >> (taken + least)
        length = least + (possible & -possible).bit_length() - 1
        lengths.append(length)
        taken += length + 1
    return [*lengths, len(words) - taken]


def first_difference(pattern: Pattern, words: Sequence[str]) -> Difference | None:
    """Return where the pattern first stops fitting, read from the left; None where it matches."""
    where = places(words)
    reached = 1
    for gap, constant in zip(pattern.gaps, pattern.constants, strict=False):
        open_places = _after_gap(reached, gap, len(words))
        reached = (open_places & _places_of(constant, where)) << 1
        if not reached:
            # The lowest open place is where the constant would stand if the gap took as little as it may.
            at = (open_places & -open_places).bit_length() - 1 if open_places else len(words)
            expected = constant if isinstance(constant, str) else "(" + "|".join(constant) + ")"
            return Difference(at + 1, expected, words[at] if at < len(words) else END)
    least, most = pattern.gaps[-1]
    if _after_gap(reached, pattern.gaps[-1], len(words)) >> len(words) & 1:
        return None
    nearest_end = reached.bit_length() - 1
    if len(words) - nearest_end < least:
        return Difference(len(words) + 1, f"{least} words or more behind word {nearest_end}", END)
    at = nearest_end + (most or 0)
    return Difference(at + 1, END, words[at])


def _ends(pattern: Pattern, where: Mapping[str, int], length: int) -> list[int] | None:
    """Return, from the last constant to the first, the places from which all that follows fits."""
    fitting: list[int] = []
    open_places = _before_gap(1 << length, pattern.gaps[-1])
    for gap, constant in zip(reversed(pattern.gaps[:-1]), reversed(pattern.constants), strict=True):
        end = _places_of(constant, where) & open_places >> 1
        if not end:
            return None
        fitting.append(end)
        open_places = _before_gap(end, gap)
    return fitting if open_places & 1 else None


def _places_of(constant: Constant, where: Mapping[str, int]) -> int:
    if isinstance(constant, str):
        return where.get(constant, 0)
    found = 0
    for word in constant:
        found |= where.get(word, 0)
    return found


def _before_gap(ends: int, gap: Gap) -> int:
    """Return the places from which a gap of allowed length leads to one of `ends`."""
    least, most = gap
    ends >>= least
    if most is None:
        return (1 << ends.bit_length()) - 1
    width, more = 1, most - least
    while more > 0:
        step = min(width, more)
        ends |= ends >> step
        width, more = width + step, more - step
    return ends


def _after_gap(starts: int, gap: Gap, length: int) -> int:
    """Return the places, up to `length`, to which a gap of allowed length leads from one of `starts`."""
    least, most = gap
    if least > length:
        return 0
    everywhere = (1 << length + 1) - 1
    starts = starts << least & everywhere
    if most is None:
        return everywhere & -(starts & -starts) if starts else 0
    width, more = 1, min(most - least, length)
    while more > 0:
        step = min(width, more)
        starts |= starts << step & everywhere
        width, more = width + step, more - step
    return starts
