"""Two versions of a store, compared, and tried on lines: all that is told of them as text, JSON or page."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commands.comparing.versions import version_named
from commands.options import published
from patterns.comparison import Comparison, compare
from patterns.covered import Side
from patterns.decided import decided
from patterns.errors import LogwinnowError

if TYPE_CHECKING:
    from commands.comparing.effect import Effect, TwoJudges
    from patterns.decisions import Decisions
    from patterns.store import Store

Measure = Callable[["TwoJudges"], "Effect"]
"""Tries two sets on lines."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two: its name, whether it is the current one, its patterns, and the lines that it was mined from."""

    name: str
    current: bool
    patterns: int
    lines: int


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What is told of two versions.

    Attributes:
        store: Where they are.
        old: The one that is compared with.
        new: The one that would come after it.
        decisions: How many decisions of the operator were counted in both.
        comparison: What the new one has other.
        effect: What it would have made of lines; None where that was not measured.
        not_measured: Why not.
    """

    store: str
    old: Version
    new: Version
    decisions: int
    comparison: Comparison
    effect: "Effect | None"
    not_measured: str | None


def two_versions(store: "Store", old: str, new: str | None) -> tuple[str, str]:
    """
    Return the versions that a user names.

    Args:
        store: Where they are.
        old: A version, its beginning, ``current`` or ``previous``.
        new: The same; None for the current one or, where `old` is that, the newest.

    Raises:
        LogwinnowError: There is no such version, or both are the same.
    """
    first, current = version_named(store, old), store.current()
    newest = published(store)[-1]
    otherwise = newest if current is None or current == first else current
    second = otherwise if new is None else version_named(store, new)
    if first == second:
        why = "" if new is not None else ", and there is no newer one"
        raise LogwinnowError(
            f"both are version {first!r}{why}; name two: logwinnow patterns versions lists those of {store.root!r}"
        )
    return first, second


def difference(store: "Store", names: tuple[str, str], measure: Measure | None) -> Difference:
    """
    Compare two versions with what the operator decided, as it counts now, and try both on lines.

    Args:
        store: Where they are.
        names: The old one and the new one.
        measure: Tries them; what it cannot read is told in place of the effect. None for not.

    Raises:
        BrokenPatternSet: One of them is damaged.
        DecisionsError: A decision means nothing under the rules of one of them.

    Cost: as `compare`, and what `measure` takes.
    """
    from commands.comparing.effect import TwoJudges

    decisions = store.decisions().active(time.time_ns() // 1_000)
    (old, before), (new, now) = (_read(store, name, decisions) for name in names)
    effect, why = None, None
    if measure is not None:
        try:
            effect = measure(TwoJudges(old.patterns, new.patterns))
        except LogwinnowError as error:
            why = str(error)
    return Difference(store.root, before, now, len(decisions.entries), compare(old, new), effect, why)


def _read(store: "Store", name: str, decisions: "Decisions") -> tuple[Side, Version]:
    stored, table = store.read(name), store.read_shapes(name)
    version = Version(name, name == store.current(), len(stored.patterns.patterns), table.lines)
    return Side(decided(stored.patterns, decisions), table), version
