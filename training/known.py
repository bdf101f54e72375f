"""
Which shapes of a table are known, pending or rejected, before they are mined.

    rejected   the operator rejected a pattern that matches it: nothing is mined from its lines, which stay in the table
    known      accepted or pinned by the operator; or known to the last set; or seen on enough days
    pending    anything else: mined by itself, so that it can widen no known pattern

Who names files for a training says by it that their lines are normal: all of them are known, but what is rejected.
"""

from collections.abc import Callable, Collection
from typing import Final

from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.matcher import Matcher
from patterns.pattern_set import ACCEPTED, KNOWN, PENDING, REJECTED, PatternSet
from patterns.rules import Rules
from training.describe import settle

StateOf = Callable[[str, str], str]
"""(scope, shape) → KNOWN, PENDING or REJECTED."""

NOTHING: Final[Collection[tuple[str, str]]] = frozenset()


def all_known(_scope: str, _shape: str) -> str:
    """Return KNOWN, whatever it is."""
    return KNOWN


class States:
    """Says of shapes which state they have. Each call matches a shape."""

    def __init__(self, last: PatternSet | None, decisions: Decisions, rules: Rules) -> None:
        """
        Make ready.

        Args:
            last: What the last training knew; None where nothing is known yet.
            decisions: Those of the operator that count now.
            rules: How lines are read.

        Raises:
            DecisionsError: An entry means nothing under these rules.
        """
        pinned = settle(last.patterns if last is not None else (), decisions, rules)
        self._matcher = Matcher(decided(PatternSet.of(rules, pinned), decisions))

    def known_otherwise(self, unless: Collection[tuple[str, str]] = NOTHING) -> StateOf:
        """Return what takes a shape for known that nothing is said of, but for those of `unless`, as (scope, shape)."""
        return lambda scope, shape: self(scope, shape) or (PENDING if (scope, shape) in unless else KNOWN)

    def pending_otherwise(self, unless: Collection[tuple[str, str]]) -> StateOf:
        """Return what takes a shape for pending that nothing is said of, but for those of `unless`."""
        return lambda scope, shape: self(scope, shape) or (KNOWN if (scope, shape) in unless else PENDING)

    def __call__(self, scope: str, shape: str) -> str | None:
        """Return KNOWN or REJECTED where operator or last set say so; None where they do not."""
        known = self._matcher.match(scope, shape)
        if known is None or known.state == PENDING:
            return None
        if known.state == REJECTED:
            # A rejection that was withdrawn is still in the last set, as what was mined then.
            return REJECTED if known.decided else None
        return KNOWN if known.state in {KNOWN, ACCEPTED} else None
