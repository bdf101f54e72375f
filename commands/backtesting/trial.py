"""What an accept or a reject would make of a set: decisions that are tried, and written nowhere."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from commands.backtesting.judged import Key
from commands.explaining.sets import JudgedBy
from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.errors import LogwinnowError
from patterns.judge import shape_id
from patterns.pattern_set import KnownPattern, PatternSet


def tried(by: JudgedBy, accept: Sequence[str], reject: Sequence[str], shapes: Collection[Key]) -> PatternSet:
    """
    Return a set with decisions on top of those that count now.

    Args:
        by: The set.
        accept: Ids of shapes that are outliers of it in the log, or of patterns of it.
        reject: Ids of patterns of it.
        shapes: The outlier shapes of the log.

    Raises:
        LogwinnowError: There is no such shape or pattern.
        DecisionsError: A decision means nothing under the rules of the set.
    """
    by_id = {shape_id(*key): key for key in shapes} if accept else {}
    entries: list[Decision] = []
    for given in accept:
        if given in by_id:
            scope, shape = by_id[given]
            entries.append(Decision(do="accept", scope=scope, shape=shape))
        else:
            known = _pattern(by.patterns, given, "--accept", "outlier shape of the log, and of no pattern of the set")
            entries.append(_about("accept", known))
    for given in reject:
        known = _pattern(by.patterns, given, "--reject", "pattern of the set")
        entries.append(_about("reject", known))
    return decided(by.stored.patterns, Decisions((*by.decisions.entries, *entries)))


def named(accept: Iterable[str], reject: Iterable[str]) -> str:
    """Return what is tried, in words."""
    return ", ".join([*(f"accept {each}" for each in accept), *(f"reject {each}" for each in reject)])


def _pattern(patterns: PatternSet, given: str, option: str, what: str) -> KnownPattern:
    known = patterns.by_id.get(given)
    if known is None:
        raise LogwinnowError(
            f"{option} is {given!r}: that is the id of no {what}; give one of 12 digits, as backtest, `patterns list` "
            "and `match --json` show them"
        )
    return known


def _about(do: Literal["accept", "reject"], known: KnownPattern) -> Decision:
    return Decision(do=do, scope=known.scope, pattern=known.pattern.text, positional=known.pattern.positional)
