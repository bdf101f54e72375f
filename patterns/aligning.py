"""
A pattern and a shape side by side: which words are in both, which lack, and which gap is too short or too long.

Of all ways to lay the pattern over the shape one with the least cost is taken: a constant that is missing costs two, a
word that no gap may take, and one that a gap still wants, cost one each. Where the pattern matches nothing is to pay,
and the gaps take what `fitting.gap_lengths` says: as few words as possible, left to right.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from patterns.language import Constant, Gap, Pattern

SAME: Final = "same"
"""A constant, and the word of the shape that it is."""

MISSING: Final = "missing"
"""A constant of which the shape has no word there."""

GAP: Final = "gap"
"""A gap, and the words that it takes."""

SHORT: Final = "short"
"""A gap, and the words that it takes: less than it wants."""

EXTRA: Final = "extra"
"""Words of the shape that neither a constant nor a gap takes."""

_MISSING_COSTS: Final = 2
_NEVER: Final = 1 << 40

_MOST_STEPS: Final = 200_000


class Part(NamedTuple):
    """
    A piece of both.

    Attributes:
        kind: One of SAME, MISSING, GAP, SHORT, EXTRA.
        place: Number of the constant, or of the gap, from 0; of EXTRA that of the gap behind which the words stand.
        start: Index of the first word of the shape.
        end: One past the last; `start` where there is none.
    """

    kind: str
    place: int
    start: int
    end: int


def align(pattern: Pattern, words: Sequence[str]) -> list[Part] | None:
    """
    Lay a pattern over the words of a shape.

    Returns:
        The parts from left to right; every constant, every gap that takes or wants a word, and every word of the shape
        is in one. None where pattern and shape are so long (200,000 pairs of words) that it would take seconds.

    Cost: time and memory grow as constants × words.
    """
    if (len(pattern.constants) + 1) * (len(words) + 1) > _MOST_STEPS:
        return None
    before_gap, behind_gap = _costs(pattern, words)
    parts: list[Part] = []
    at = 0
    for place, gap in enumerate(pattern.gaps):
        end = _gap_end(gap, at, before_gap[place][at], behind_gap[place])
        short = end - at < gap[0]
        if short or end > at:
            parts.append(Part(SHORT if short else GAP, place, at, end))
        at = end
        kind = EXTRA
        while kind == EXTRA:
            kind = _next(pattern, words, place, at, before_gap, behind_gap)
            taken = 1 if kind in (SAME, EXTRA) else 0
            if kind == EXTRA and parts and parts[-1].kind == EXTRA:
                parts[-1] = parts[-1]._replace(end=at + 1)
            elif kind:
                parts.append(Part(kind, place, at, at + taken))
            at += taken
    return parts


_Costs = list[list[int]]
"""For each gap, for each number of words of the shape that are taken by then: what the rest costs."""


def _costs(pattern: Pattern, words: Sequence[str]) -> tuple[_Costs, _Costs]:
    """Return what is to pay from before each gap on, and from behind it."""
    length = len(words)
    # Behind the last gap every word is one too many.
    behind = list(range(length, -1, -1))
    before_gap, behind_gap = [_before(pattern.gaps[-1], behind)], [behind]
    for gap, constant in zip(reversed(pattern.gaps[:-1]), reversed(pattern.constants), strict=True):
        before = before_gap[-1]
        behind = [cost + _MISSING_COSTS for cost in before]
        for at in range(length - 1, -1, -1):
            behind[at] = min(behind[at], behind[at + 1] + 1)
            if _is(constant, words[at]):
                behind[at] = min(behind[at], before[at + 1])
        behind_gap.append(behind)
        before_gap.append(_before(gap, behind))
    return before_gap[::-1], behind_gap[::-1]


def _before(gap: Gap, behind: Sequence[int]) -> list[int]:
    """
    Return what a gap and all that follows cost.

    No gap gains by taking more words than it may: what is too much is paid for behind it, at the same price.
    """
    least, most = gap
    length = len(behind) - 1
    enough = _cheapest(behind, length + 1 if most is None else most - least + 1)
    costs = [*enough[least:], *[_NEVER] * min(least, length + 1)]
    if least:
        # Of the words that it wants so many lack as are not between its start and its end.
        short = _cheapest([cost - end for end, cost in enumerate(behind)], least)
        costs = [min(cost, least + at + each) for at, (cost, each) in enumerate(zip(costs, short, strict=True))]
    return costs


def _cheapest(costs: Sequence[int], width: int) -> list[int]:
    """Return for each place the least of the costs there and at the next ones, `width` in all."""
    found, seen = list(costs), 1
    while seen < min(width, len(costs)):
        step = min(seen, width - seen)
        found = [min(pair) for pair in zip(found, found[step:], strict=False)] + found[-step:]
        seen += step
    return found


def _gap_end(gap: Gap, at: int, cost: int, behind: Sequence[int]) -> int:
    """Return where a gap ends so that it and the rest have this cost: the nearest such place."""
    least, _ = gap
    return next(end for end in range(at, len(behind)) if max(least - (end - at), 0) + behind[end] == cost)


def _next(pattern: Pattern, words: Sequence[str], place: int, at: int, before_gap: _Costs, behind_gap: _Costs) -> str:
    """Return what stands next behind a gap: a constant, a missing one, or a word too many; ``""`` for the end."""
    cost = behind_gap[place][at]
    if place == len(pattern.constants):
        return EXTRA if at < len(words) else ""
    before = before_gap[place + 1]
    if at < len(words) and _is(pattern.constants[place], words[at]) and before[at + 1] == cost:
        return SAME
    return EXTRA if at < len(words) and behind_gap[place][at + 1] + 1 == cost else MISSING


def _is(constant: Constant, word: str) -> bool:
    return word == constant if isinstance(constant, str) else word in constant
