"""
What a new set would have made of lines: each judged by the old set and by the new one.

Of the lines of a shape one verdict is enough, so what is known by scope and shape is judged once and counted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from patterns.judge import Shaper
from patterns.matcher import Matcher, Verdict
from patterns.pattern_set import KnownPattern, PatternSet

MOST_KINDS: Final = 100_000
"""Shapes that are told one by one; lines of further ones are counted together."""

_REMEMBERED: Final = 200_000
_EXAMPLE: Final = 2_000
"""Characters kept of an example."""

_ANY_TIME: Final = 1_000_000_000_000_000
"""As record time: neither scope nor shape depends on it."""

NEITHER, BOTH, SILENCED, FLAGGED = range(4)
"""What the two sets hold a line to be: no outlier, an outlier, one of the old set alone, one of the new set alone."""


class Found(NamedTuple):
    """
    What the two sets say of a line.

    Attributes:
        what: NEITHER, BOTH, SILENCED or FLAGGED.
        scope: Its program, and `shape` its shape, as the old set reads it; where that judges nothing, as the new one.
        old: The pattern of the old set that it is of, None for none.
        new: Of the new one.
        reason: Why the one set that does holds it to be an outlier.
    """

    what: int
    scope: str
    shape: str
    old: KnownPattern | None
    new: KnownPattern | None
    reason: str | None


@dataclass(slots=True)
class Kind:
    """Lines of one shape, of which the sets say other things; `example` is one of them."""

    found: Found
    lines: int = 0
    example: str = ""


@dataclass(slots=True)
class Effect:
    """
    What the new set would have made of some lines.

    Attributes:
        place: Where they are from, in words.
        lines: How many.
        told: How many of them were outliers when they were judged; None for lines that never were.
        outliers: How many the old set holds to be outliers, and how many the new set.
        silenced: Scope and shape → outliers of the old set alone.
        flagged: Those of the new set alone.
        further: Lines of further shapes of either.
        damaged: What could not be read as an event.
        by_examples: Lines of which one of a shape stood for all, for they are not read by the rules of the sets.
    """

    place: str
    lines: int = 0
    told: int | None = None
    outliers: list[int] = field(default_factory=lambda: [0, 0])
    silenced: dict[tuple[str, str], Kind] = field(default_factory=dict)
    flagged: dict[tuple[str, str], Kind] = field(default_factory=dict)
    further: int = 0
    damaged: int = 0
    by_examples: int = 0

    def count(self, found: Found | None, lines: int, example: Callable[[], str]) -> None:
        """Count lines; `found` is None for such as neither set judges, `example` returns one of them."""
        self.lines += lines
        if found is None or found.what == NEITHER:
            return
        self.outliers[0] += lines * (found.what != FLAGGED)
        self.outliers[1] += lines * (found.what != SILENCED)
        if found.what == BOTH:
            return
        kinds = self.silenced if found.what == SILENCED else self.flagged
        key = found.scope, found.shape
        kind = kinds.get(key)
        if kind is None:
            if len(kinds) >= MOST_KINDS:
                self.further += lines
                return
            kind = kinds[key] = Kind(found, example=example()[:_EXAMPLE])
        kind.lines += lines


def most_lines(kinds: dict[tuple[str, str], Kind], most: int) -> list[Kind]:
    """Return those with the most lines, at most so many."""
    ordered = sorted(kinds.values(), key=lambda kind: (-kind.lines, kind.found.scope, kind.found.shape))
    return ordered[:most]


class TwoJudges:
    """Judges lines and shapes by both sets, as they are with what the operator decided. Not thread-safe."""

    def __init__(self, old: PatternSet, new: PatternSet) -> None:
        """Make both ready. Raises RulesError for a set whose rules cannot be used."""
        self.same_rules = old.rules == new.rules
        self.rules = old.rules
        self._old_matcher, self._new_matcher = Matcher(old), Matcher(new)
        self._old_shaper = Shaper(old.rules)
        self._new_shaper = self._old_shaper if self.same_rules else Shaper(new.rules)
        self._remembered: dict[tuple[str, str], Found] = {}

    def shape(self, scope: str, shape: str) -> Found:
        """Judge a shape that has a constant, where both sets read lines alike."""
        key = scope, shape
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            old, new = self._old_matcher.verdict(scope, shape), self._new_matcher.verdict(scope, shape)
            found = self._remembered[key] = _found(scope, shape, old, new)
        return found

    def line(self, data: bytes) -> Found | None:
        """Judge a line without its end; None for one that neither set judges."""
        before = self._old_shaper.shape(data, _ANY_TIME)
        if self.same_rules:
            return None if before.unjudged else self.shape(before.scope, before.shape)
        now = self._new_shaper.shape(data, _ANY_TIME)
        old = None if before.unjudged else self._old_matcher.verdict(before.scope, before.shape)
        new = None if now.unjudged else self._new_matcher.verdict(now.scope, now.shape)
        if old is None and new is None:
            return None
        read = now if before.unjudged else before
        return _found(read.scope, read.shape, old, new)


def _found(scope: str, shape: str, old: Verdict | None, new: Verdict | None) -> Found:
    was, is_one = old is not None and old.outlier, new is not None and new.outlier
    what = BOTH if was and is_one else SILENCED if was else FLAGGED if is_one else NEITHER
    reason = (new.reason if new and is_one else None) or (old.reason if old and was else None)
    return Found(what, scope, shape, old.known if old else None, new.known if new else None, reason)
