"""
Scope and shape → verdict: the best match, or an outlier and what is nearest to it.

Exact, without trying every pattern: a pattern without gaps is looked up by its text; any other is filed under its two
rarest constants, so a shape tries only the patterns of which it has both, in best-match order, until one fits.
Verdicts are remembered by scope and shape, bounded.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import islice
from typing import Final

from patterns.fitting import Difference, first_difference, fits, gap_lengths, places
from patterns.language import NO_GAP, Constant
from patterns.pattern_set import PENDING, REJECTED, KnownPattern, PatternSet
from patterns.words import CLASS_RUN, Slice, cut_out

NO_PATTERN: Final = "no_pattern"
"""Reason: the scope is known, but none of its patterns matches."""

NEW_PROGRAM: Final = "new_program"
"""Reason: the set has no pattern of this scope."""

OUTLIERS: Final = (PENDING, REJECTED)
"""Reasons: states of the best match whose lines are outliers all the same."""

NONE: Final = "none"
"""Stands for the program in a difference where a line or a pattern has none."""

_REMEMBERED_SHAPES = 100_000
_REMEMBERED_LENGTH = 1_024
_POSTINGS_READ = 4_096
_ALONE = ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The pattern that shares most words with an outlier, and where it first stops fitting."""

    known: KnownPattern
    difference: Difference


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What a set says of a shape.

    Attributes:
        known: The best match; None if no pattern matches.
        reason: Why it is an outlier: NO_PATTERN, NEW_PROGRAM, or the state of the best match, PENDING or REJECTED; None
            for a line that is none.
        nearest: Where no pattern matches the nearest one, of its scope or, where that is new, of all; None if no
            pattern shares a word with it.
    """

    known: KnownPattern | None
    reason: str | None
    nearest: Nearest | None

    @property
    def outlier(self) -> bool:
        """Whether no pattern matches, or only one that is no known kind."""
        return self.reason is not None


class Matcher:
    """A pattern set made ready for judging. Building it costs a pass over the patterns; it may be shared by threads."""

    def __init__(self, pattern_set: PatternSet) -> None:
        """Index the set."""
        self._scopes = {scope: _ScopeIndex(patterns) for scope, patterns in pattern_set.scopes.items()}
        self._remembered = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._search)

    def verdict(self, scope: str, shape: str) -> Verdict:
        """Judge a shape that has a constant (the caller keeps unjudged ones away)."""
        if len(shape) > _REMEMBERED_LENGTH:
            return self._search(scope, shape)
        return self._remembered(scope, shape)

    def match(self, scope: str, shape: str) -> KnownPattern | None:
        """Return the best match without seeking what is nearest; not remembered."""
        index = self._scopes.get(scope)
        return index.best(shape, shape.split(" ")) if index else None

    def nearest(self, scope: str, shape: str, most: int) -> list[Nearest]:
        """
        Return the patterns that share most words with a shape, nearest first, whether they match or not.

        They are of its scope or, where that is new, of all. This is exact, where a verdict's own nearest reads no more
        than is cheap. Cost: a pass over the patterns that share a word with it; not remembered.
        """
        index = self._scopes.get(scope)
        among = [index] if index is not None and index.mined else list(self._scopes.values())
        return _nearest(among, scope, shape.split(" "), most, None)

    def _search(self, scope: str, shape: str) -> Verdict:
        words = shape.split(" ")
        index = self._scopes.get(scope)
        known = index.best(shape, words) if index else None
        if known is not None:
            return Verdict(known, known.state if known.state in OUTLIERS else None, None)
        if index is None or not index.mined:
            return Verdict(None, NEW_PROGRAM, next(iter(_nearest(self._scopes.values(), scope, words)), None))
        return Verdict(None, NO_PATTERN, next(iter(_nearest([index], scope, words)), None))


def parameters(known: KnownPattern, slices: Sequence[Slice], message: str) -> list[str]:
    """
    Return what the gaps of a matching pattern took, as it stands in the message.

    Each parameter is the slice from its gap's first word to its last, separators included; ``""`` for an empty gap.

    Raises:
        ValueError: The pattern does not match.
    """
    return cut_out(gap_words(known, [part.text for part in slices]), slices, message)


def gap_words(known: KnownPattern, words: Sequence[str]) -> list[tuple[int, int]]:
    """
    Return for each gap of a matching pattern the words of the shape that it takes: the first's index, and one past.

    Raises:
        ValueError: The pattern does not match.
    """
    lengths = gap_lengths(known.pattern, words)
    if lengths is None:
        msg = f"pattern {known.id} does not match {' '.join(words)!r}"
        raise ValueError(msg)
    taken, at = [], 0
    for gap, length in zip(known.pattern.gaps, lengths, strict=True):
        if gap != NO_GAP:
            taken.append((at, at + length))
        at += length + 1
    return taken


def _nearest(
    indexes: Iterable["_ScopeIndex"], scope: str, words: Sequence[str], most: int = 1, read: int | None = _POSTINGS_READ
) -> list[Nearest]:
    """Return the patterns with the largest share of common words (Jaccard); of equals the first scope's best match."""
    wanted = set(words) - {CLASS_RUN}
    alike = (found for index in indexes for found in index.alike(wanted, most, read))
    # Of equals the first stays first.
    return [_near(known, scope, words) for _, known in nsmallest(most, alike, key=lambda found: -found[0])]


def _near(known: KnownPattern, scope: str, words: Sequence[str]) -> Nearest:
    # A pattern of another scope may fit: then the program is what differs.
    difference = first_difference(known.pattern, words) or Difference(0, known.scope or NONE, scope or NONE)
    return Nearest(known, difference)


class _ScopeIndex:
    """The patterns of one scope, by text where they have no gap, else by their two rarest constants."""

    def __init__(self, patterns: Sequence[KnownPattern]) -> None:
        self.mined = any(not known.decided or known.level for known in patterns)
        self._patterns = patterns
        self._words = [frozenset(_all_words(known)) for known in patterns]
        self._lengths = [_lengths(known) for known in patterns]
        self._postings: dict[str, list[int]] = {}
        for rank, words in enumerate(self._words):
            for word in words:
                self._postings.setdefault(word, []).append(rank)
        self._by_text: dict[str, int] = {}
        self._by_anchors: dict[str, dict[str, list[int]]] = {}
        self._without_anchor: list[int] = []
        for rank, known in enumerate(patterns):
            self._file(rank, known)

    def best(self, shape: str, words: Sequence[str]) -> KnownPattern | None:
        """Return the first pattern in best-match order that matches."""
        distinct = set(words)
        limit = self._by_text.get(shape, len(self._patterns))
        ranks = {rank for found in self._filed(distinct) for rank in found if rank < limit}
        ranks.update(rank for rank in self._without_anchor if rank < limit)
        if ranks:
            where = places(words)
            for rank in sorted(ranks):
                if self._may_fit(rank, distinct, len(words)) and fits(self._patterns[rank].pattern, where, len(words)):
                    return self._patterns[rank]
        return self._patterns[limit] if limit < len(self._patterns) else None

    def alike(self, wanted: set[str], most: int, read: int | None) -> Iterator[tuple[float, KnownPattern]]:
        """
        Yield up to `most` patterns with most words in common and how alike each is; none that has no word in common.

        Read are the first `read` uses of the wanted words, rarest words first, None for all: a word that thousands of
        patterns have says little of which is near, and an outlier must not cost a pass over the set.
        """
        common = [self._postings[word] for word in sorted(wanted) if word in self._postings]
        common.sort(key=len)
        shared = Counter(islice((rank for ranks in common for rank in ranks), read))
        for rank in nsmallest(most, shared, key=lambda rank: (-self._share(rank, shared[rank], len(wanted)), rank)):
            yield self._share(rank, shared[rank], len(wanted)), self._patterns[rank]

    def _share(self, rank: int, shared: int, wanted: int) -> float:
        return shared / (len(self._words[rank]) + wanted - shared)

    def _may_fit(self, rank: int, distinct: set[str], length: int) -> bool:
        """Refuse cheaply most of what cannot fit: a length out of bounds, a constant that is not there."""
        least, most = self._lengths[rank]
        if length < least or (most is not None and length > most):
            return False
        return all(
            constant in distinct if isinstance(constant, str) else not distinct.isdisjoint(constant)
            for constant in self._patterns[rank].pattern.constants
        )

    def _file(self, rank: int, known: KnownPattern) -> None:
        constants = known.pattern.constants
        if not constants:
            self._without_anchor.append(rank)
        elif all(gap == NO_GAP for gap in known.pattern.gaps) and all(isinstance(c, str) for c in constants):
            self._by_text.setdefault(" ".join(map(str, constants)), rank)
        else:
            rarest = sorted({_words(constant) for constant in constants}, key=lambda words: (self._uses(words), words))
            for first in rarest[0]:
                seconds = self._by_anchors.setdefault(first, {})
                for second in rarest[1] if len(rarest) > 1 else [_ALONE]:
                    seconds.setdefault(second, []).append(rank)

    def _filed(self, distinct: set[str]) -> Iterator[list[int]]:
        """Yield the ranks that are filed under two of the words, or under one alone."""
        for word in distinct:
            seconds = self._by_anchors.get(word)
            if seconds:
                for second in seconds.keys() & distinct:
                    yield seconds[second]
                yield seconds.get(_ALONE, [])

    def _uses(self, words: Sequence[str]) -> int:
        return sum(len(self._postings[word]) for word in words)


def _words(constant: Constant) -> tuple[str, ...]:
    return (constant,) if isinstance(constant, str) else constant


def _all_words(known: KnownPattern) -> Iterator[str]:
    return (word for constant in known.pattern.constants for word in _words(constant))


def _lengths(known: KnownPattern) -> tuple[int, int | None]:
    """Return the fewest and the most words of a shape that the pattern can match."""
    constants = len(known.pattern.constants)
    mosts: list[int] = [most for _, most in known.pattern.gaps if most is not None]
    bounded = len(mosts) == len(known.pattern.gaps)
    return constants + sum(least for least, _ in known.pattern.gaps), constants + sum(mosts) if bounded else None
