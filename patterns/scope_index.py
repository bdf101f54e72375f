"""
The patterns of one scope, filed so that a shape meets few of them however many there are.

A pattern without gaps is found by its text. Any other is filed under its two rarest constants, so a shape tries only
those of which it has both, in best-match order. Where every gap but the last takes a fixed number of words, the
constants stand at fixed places, and one look at these decides; else patterns/fitting.py does.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from patterns.alike import Alike
from patterns.fitting import fits, places
from patterns.language import NO_GAP, Pattern, alternatives
from patterns.pattern_set import KnownPattern

_ALONE = ""


class ScopeIndex:
    """
    The patterns of one scope. It may be shared by threads.

    Attributes:
        mined: Whether any of them comes from a training.
        alike: Tells which of them share most words with a shape.
    """

    def __init__(self, patterns: Sequence[KnownPattern]) -> None:
        """Index patterns that are in best-match order. Cost: a pass over them."""
        self.mined = any(not known.decided or known.level for known in patterns)
        self._patterns = patterns
        self.alike = Alike(patterns)
        self._tests = [_Test.of(known.pattern) for known in patterns]
        self._by_text: dict[str, int] = {}
        self._by_anchors: dict[str, dict[str, list[int]]] = {}
        self._without_anchor: list[int] = []
        for rank, known in enumerate(patterns):
            self._file(rank, known.pattern)

    def best(self, shape: str, words: Sequence[str]) -> KnownPattern | None:
        """Return the first pattern in best-match order that matches; `words` are those of the shape."""
        limit = self._by_text.get(shape, len(self._patterns))
        distinct = set(words)
        ranks = [rank for rank in self._filed(distinct) if rank < limit]
        ranks.sort()
        length, where = len(words), None
        for rank in ranks:
            test = self._tests[rank]
            if length < test.least or length > test.most:
                continue
            if test.read is not None:
                if test.read(words) == test.wanted:
                    return self._patterns[rank]
            elif test.has_all(distinct):
                where = where or places(words)
                if fits(self._patterns[rank].pattern, where, length):
                    return self._patterns[rank]
        return self._patterns[limit] if limit < len(self._patterns) else None

    def _filed(self, distinct: set[str]) -> Iterator[int]:
        """Yield the ranks that are filed under two of the words or under one alone, and those without a constant."""
        yield from self._without_anchor
        for first in self._by_anchors.keys() & distinct:
            seconds = self._by_anchors[first]
            for second in seconds.keys() & distinct:
                yield from seconds[second]
            yield from seconds.get(_ALONE, ())

    def _file(self, rank: int, pattern: Pattern) -> None:
        if not pattern.constants:
            self._without_anchor.append(rank)
        elif all(gap == NO_GAP for gap in pattern.gaps) and all(isinstance(c, str) for c in pattern.constants):
            self._by_text.setdefault(" ".join(map(str, pattern.constants)), rank)
        else:
            constants = {alternatives(constant) for constant in pattern.constants}
            rarest = sorted(constants, key=lambda words: (sum(map(self.alike.uses, words)), words))
            for first in rarest[0]:
                seconds = self._by_anchors.setdefault(first, {})
                for second in rarest[1] if len(rarest) > 1 else [_ALONE]:
                    filed = seconds.setdefault(second, [])
                    # Alternatives that share words would file it twice.
                    if not filed or filed[-1] != rank:
                        filed.append(rank)


class _Test(NamedTuple):
    """
    What a shape must have before a pattern's gaps are looked at.

    Attributes:
        least: Words at least.
        most: Words at most; infinity for no bound.
        read: Takes from a shape's words those that stand where the constants must; None where that is not fixed.
        wanted: What `read` must return for the pattern to match.
        words: Constants without alternatives.
        options: The alternatives of each other constant.
    """

    least: int
    most: float
    read: Any
    wanted: str | tuple[str, ...]
    words: frozenset[str]
    options: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, pattern: Pattern) -> "_Test":
        constants, gaps = pattern.constants, pattern.gaps
        most = sum(float("inf") if most is None else most for _, most in gaps)
        least, most = len(constants) + sum(least for least, _ in gaps), len(constants) + most
        words = tuple(constant for constant in constants if isinstance(constant, str))
        if len(words) == len(constants) > 0 and all(least == most for least, most in gaps[:-1]):
            at, where = -1, []
            for gap, _ in gaps[:-1]:
                at += gap + 1
                where.append(at)
            return cls(least, most, itemgetter(*where), words if len(words) > 1 else words[0], frozenset(), ())
        options = tuple(constant for constant in constants if not isinstance(constant, str))
        return cls(least, most, None, "", frozenset(words), options)

    def has_all(self, distinct: set[str]) -> bool:
        """Tell whether each constant is among the distinct words of a shape."""
        return self.words <= distinct and not any(map(distinct.isdisjoint, self.options))
