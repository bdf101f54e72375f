"""Ids of patterns as people give them: whole, or the beginning."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from commands.console import counted
from patterns.errors import LogwinnowError

if TYPE_CHECKING:
    from patterns.language import Pattern
    from patterns.pattern_set import KnownPattern, PatternSet

LEAST_PREFIX: Final = 4
ALIKE: Final = 5


def find_pattern(patterns: "PatternSet", given: str) -> "KnownPattern":
    """
    Return the pattern of an id, or of its beginning.

    Raises:
        LogwinnowError: There is none, or more than one.
    """
    if given in patterns.by_id:
        return patterns.by_id[given]
    begin_so = sorted(known_id for known_id in patterns.by_id if given and known_id.startswith(given))
    if len(begin_so) == 1 and len(given) >= LEAST_PREFIX:
        return patterns.by_id[begin_so[0]]
    if begin_so:
        raise ambiguous(given, begin_so, "pattern")
    raise LogwinnowError(f"no pattern has the id {given!r}{_alike(patterns, given)}; see: logwinnow patterns list")


def provisional(scope: str, pattern: "Pattern") -> "KnownPattern":
    """Return a pattern that a stream made of a storm, and that no set has: its lines are outliers."""
    from patterns.pattern_set import PENDING, KnownPattern

    return KnownPattern(scope, pattern, level=2, support=0, mined_support=0, state=PENDING)


def ambiguous(given: str, ids: Iterable[str], noun: str) -> LogwinnowError:
    """Return the error of a beginning that several ids have, or that is too short."""
    begin_so = sorted(ids)
    why = f"{counted(len(begin_so), 'id begins', 'ids begin')} so"
    more = f"give {LEAST_PREFIX} digits or more, as many as tell it from the others"
    return LogwinnowError(f"{given!r} names no single {noun}: {why}, {', '.join(begin_so[:ALIKE])}; {more}")


def _alike(patterns: "PatternSet", given: str) -> str:
    """Name the ids that share most digits with the beginning of the given one."""
    for length in range(len(given) - 1, 0, -1):
        alike = sorted(known_id for known_id in patterns.by_id if known_id.startswith(given[:length]))
        if alike:
            return f"; alike begin {', '.join(alike[:ALIKE])}"
    return ""
