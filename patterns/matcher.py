"""
Scope and shape → verdict: the best match, or an outlier and what is nearest to it.

Exact, without trying every pattern (patterns/scope_index.py); what is nearest is counted by columns
(patterns/alike.py). Verdicts are remembered by scope and shape, bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from patterns.alike import USES_READ, Alike
from patterns.fitting import Difference, first_difference, gap_lengths
from patterns.language import NO_GAP
from patterns.pattern_set import PENDING, REJECTED, KnownPattern, PatternSet
from patterns.scope_index import ScopeIndex
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
_OTHER = "\n"
"""Stands for a word that no pattern has; no word has a line feed in it."""


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
    """
    A pattern set made ready for judging. Building it costs a pass over the patterns; it may be shared by threads.

    Shapes that differ only in words that no pattern has are judged alike: they are searched once.
    """

    def __init__(self, pattern_set: PatternSet) -> None:
        """Index the set."""
        self._patterns = pattern_set.patterns
        self._scopes = {scope: ScopeIndex(patterns) for scope, patterns in pattern_set.scopes.items()}
        self._remembered = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._verdict)
        self._matched = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._match)
        self._found = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._find)
        self._sought = lru_cache(maxsize=_REMEMBERED_SHAPES)(self._seek)

    def verdict(self, scope: str, shape: str) -> Verdict:
        """Judge a shape that has a constant (the caller keeps unjudged ones away)."""
        return (self._remembered if len(shape) <= _REMEMBERED_LENGTH else self._verdict)(scope, shape)

    def best(self, scope: str, shape: str) -> KnownPattern | None:
        """Return the best match as `verdict` does, without seeking what is nearest where there is none."""
        return (self._matched if len(shape) <= _REMEMBERED_LENGTH else self._match)(scope, shape)

    def reason(self, scope: str, known: KnownPattern | None) -> str | None:
        """Return why a shape of a scope is an outlier by its best match, as a verdict has it."""
        if known is not None:
            return known.state if known.state in OUTLIERS else None
        index = self._scopes.get(scope)
        return NO_PATTERN if index is not None and index.mined else NEW_PROGRAM

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
        words = shape.split(" ")
        wanted = set(words) - {CLASS_RUN}
        return [_near(each, scope, words) for _, each in self._among(scope).nearest(wanted, len(wanted), most, None)]

    def _verdict(self, scope: str, shape: str) -> Verdict:
        known = self.best(scope, shape)
        if known is not None:
            return Verdict(known, self.reason(scope, known), None)
        words = shape.split(" ")
        kept, size = self._kept(scope, words), len(set(words) - {CLASS_RUN})
        near = (self._sought if len(shape) <= _REMEMBERED_LENGTH else self._seek)(scope, kept, size)
        if near is not None and near.difference.found == _OTHER:
            near = Nearest(near.known, near.difference._replace(found=words[near.difference.word - 1]))
        return Verdict(None, self.reason(scope, None), near)

    def _match(self, scope: str, shape: str) -> KnownPattern | None:
        if scope not in self._scopes:
            return None
        kept = self._kept(scope, shape.split(" "))
        return (self._found if len(shape) <= _REMEMBERED_LENGTH else self._find)(scope, kept)

    def _kept(self, scope: str, words: Sequence[str]) -> str:
        """Return a shape with _OTHER for words that no pattern has."""
        known = self._among(scope).words
        return " ".join([word if word in known or word == CLASS_RUN else _OTHER for word in words])

    def _find(self, scope: str, kept: str) -> KnownPattern | None:
        return self._scopes[scope].best(kept, kept.split(" "))

    def _seek(self, scope: str, kept: str, size: int) -> Nearest | None:
        """Return what is nearest to a shape of `size` distinct words."""
        words = kept.split(" ")
        found = next(self._among(scope).nearest(set(words) - {CLASS_RUN, _OTHER}, size, 1, USES_READ), None)
        return _near(found[1], scope, words) if found else None

    def _among(self, scope: str) -> Alike:
        """Return the patterns among which the nearest one is sought."""
        index = self._scopes.get(scope)
        return index.alike if index is not None and index.mined else self._all

    @cached_property
    def _all(self) -> Alike:
        return Alike(self._patterns)


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


def _near(known: KnownPattern, scope: str, words: Sequence[str]) -> Nearest:
    # A pattern of another scope may fit: then the program is what differs.
    difference = first_difference(known.pattern, words) or Difference(0, known.scope or NONE, scope or NONE)
    return Nearest(known, difference)


def beside_classes(words: Sequence[str]) -> str | None:
    """
    Return what a gap's words of the shape say: their text where some of them are class words, and not all.

    None where the parameter as it stands says it: of other words alone, or of class words alone.
    """
    return " ".join(words) if CLASS_RUN in words and set(words) != {CLASS_RUN} else None
