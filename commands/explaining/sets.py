"""A version of the store as lines are judged by it today: with the operator's decisions that count now."""

import time
from typing import NamedTuple

from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.errors import PatternsError
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.set_files import StoredSet
from patterns.store import Store


class JudgedBy(NamedTuple):
    """
    A set as lines are judged by it.

    Attributes:
        stored: As it was published.
        patterns: With the decisions applied.
        decisions: Those that count now.
    """

    stored: StoredSet
    patterns: PatternSet
    decisions: Decisions

    @property
    def version(self) -> str:
        """The name of the version."""
        return self.stored.version

    def entry(self, known: KnownPattern) -> Decision | None:
        """Return the operator's entry that says a pattern's state; None for what was mined."""
        return self.decisions.entries[known.decided - 1] if known.decided else None


def judged_by(store: Store, version: str | None) -> JudgedBy:
    """
    Return a version of a store, by default the current one.

    Raises:
        PatternsError: There is no such version, or it is damaged; or an entry of the operator's file cannot be used.
    """
    if version is not None and version not in store.versions():
        there = ", ".join(store.versions()[-5:]) or "none yet"
        raise PatternsError(f"version {version!r} is not in store {store.root!r}; there are: {there}")
    stored = store.read(version)
    decisions = store.decisions().active(time.time_ns() // 1_000)
    return JudgedBy(stored, decided(stored.patterns, decisions), decisions)
