"""
All patterns of one training, in the order in which a line looks for its best match.

*Best match* is total, so that a line always gets the same pattern: what the operator decided last; then what is known
before what is pending; then the highest level at which it was mined; then the most constants; then the smallest total
of gap maxima, unbounded last; then the highest support when it was mined (the lines whose best match it is depend on
this order, so they cannot decide it); then the text's bytes, ascending.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from types import MappingProxyType
from typing import Final

from patterns.language import Pattern, hash_of
from patterns.rules import Rules, as_stored

KNOWN: Final = "known"
"""State: its lines are of a kind that is known."""

PENDING: Final = "pending"
"""State: learned, but not long enough; its lines are outliers."""

ACCEPTED: Final = "accepted"
"""State: the operator says that it is known."""

REJECTED: Final = "rejected"
"""State: the operator says that its lines are outliers."""

PROVISIONAL: Final = "provisional"
"""What alerts say of a pattern that a stream made of a storm, and that no set has yet."""


@dataclass(frozen=True)
class KnownPattern:
    """
    A pattern of a set, with what its training saw of it.

    Attributes:
        scope: The program that the pattern belongs to; ``""`` for lines without one.
        pattern: What its lines look like.
        level: The support at which it was mined; 1 for a kind seen once at the bottom of the ladder.
        support: Lines of the training whose best match it is, so that supports add up to the covered lines.
        mined_support: Lines of its cluster when it was mined, before other patterns took their share.
        state: KNOWN or PENDING; in a set with the operator's decisions applied also ACCEPTED or REJECTED.
        first_day: First UTC day, ``YYYY-MM-DD``, of its lines; None while no line has it as best match.
        last_day: Last such day.
        examples: Up to three of its lines.
        decided: The number of the operator's entry that says its state, from 1; 0 for what was mined. Neither this nor
            what follows is stored with a set (patterns/decided.py).
        name: What the operator calls it.
        severity: What the operator says of its lines: one of decisions.SEVERITIES.
        runbook: What to do about them.
    """

    scope: str
    pattern: Pattern
    level: int
    support: int
    mined_support: int
    state: str = KNOWN
    first_day: str | None = None
    last_day: str | None = None
    examples: tuple[str, ...] = ()
    decided: int = 0
    name: str | None = None
    severity: str | None = None
    runbook: str | None = None

    @cached_property
    def id(self) -> str:
        """The id that stays while scope and words stay."""
        return self.pattern.identity(self.scope)

    @cached_property
    def label(self) -> str:
        """The id's start and the start of the name, or else of the text: short enough for a chart's legend."""
        text = self.name or self.pattern.text
        return f"{self.id[:6]} {text if len(text) <= 60 else text[:59] + '…'}"

    @property
    def is_quiet(self) -> bool:
        """Whether its lines are no outliers."""
        return self.state not in (PENDING, REJECTED)

    @property
    def seen_once(self) -> bool:
        """Whether it comes from the bottom of the ladder, where every shape that is left is taken."""
        return self.level == 1


def best_match_order(known: KnownPattern) -> tuple[int, bool, int, int, bool, int, int, bytes]:
    """Return the key by which patterns of a scope are tried: the best match is the first that matches."""
    mosts = [most for _, most in known.pattern.gaps]
    return (
        -known.decided,
        known.state == PENDING,
        -known.level,
        -len(known.pattern.constants),
        None in mosts,
        sum(most for most in mosts if most is not None),
        -known.mined_support,
        known.pattern.text.encode(),
    )


@dataclass(frozen=True)
class PatternSet:
    """
    The patterns and the rules they were mined with; matching must read and split lines by the same rules.

    An empty set is allowed in memory: every judged line is an outlier of it. The store refuses to publish one.
    """

    rules: Rules
    patterns: tuple[KnownPattern, ...]

    @classmethod
    def of(cls, rules: Rules, patterns: Iterable[KnownPattern]) -> "PatternSet":
        """Return the set with its patterns by scope (UTF-8 bytes) and, within one, in best-match order."""
        return cls(rules, tuple(sorted(patterns, key=lambda known: (known.scope.encode(), best_match_order(known)))))

    @cached_property
    def scopes(self) -> Mapping[str, tuple[KnownPattern, ...]]:
        """Scope → its patterns in best-match order."""
        grouped = groupby(self.patterns, key=lambda known: known.scope)
        return MappingProxyType({scope: tuple(patterns) for scope, patterns in grouped})

    @cached_property
    def by_id(self) -> Mapping[str, KnownPattern]:
        """Id → pattern."""
        return MappingProxyType({known.id: known for known in self.patterns})

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over all that judging depends on: rules, and patterns in their order."""
        judged = [
            [known.scope, known.pattern.text, known.pattern.positional, known.level, known.state]
            for known in self.patterns
        ]
        return hash_of([as_stored(self.rules), judged], 8)
