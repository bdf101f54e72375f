"""What an accept or a reject would make of a set: decisions that are tried, and written nowhere."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeVar

from commands.backtesting.judged import Key
from commands.explaining.sets import JudgedBy
from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.errors import LogwinnowError
from patterns.judge import shape_id
from patterns.pattern_set import KnownPattern, PatternSet

Named = TypeVar("Named")

_LEAST_PREFIX: Final = 4


def tried(by: JudgedBy, accept: Sequence[str], reject: Sequence[str], shapes: Collection[Key]) -> PatternSet:
    """
    Return a set with decisions on top of those that count now.

    Args:
        by: The set.
        accept: Ids, or their first 4 digits or more: of shapes that are outliers of it in the log, or of its patterns.
        reject: Likewise, of its patterns.
        shapes: The outlier shapes of the log.

    Raises:
        LogwinnowError: There is no such shape or pattern.
        DecisionsError: A decision means nothing under the rules of the set.
    """
    patterns = {known.id: known for known in by.patterns.patterns}
    entries = []
    if accept:
        found: dict[str, Key | KnownPattern] = {**patterns, **{shape_id(*key): key for key in shapes}}
        entries += [_accepted(_named(given, found, "--accept", "outlier shape or pattern")) for given in accept]
    for given in reject:
        known = _named(given, patterns, "--reject", "pattern")
        entries.append(_about("reject", known))
    return decided(by.stored.patterns, Decisions((*by.decisions.entries, *entries)))


def named(accept: Iterable[str], reject: Iterable[str]) -> str:
    """Return what is tried, in words."""
    return ", ".join([*(f"accept {each}" for each in accept), *(f"reject {each}" for each in reject)])


def _accepted(what: Key | KnownPattern) -> Decision:
    if isinstance(what, KnownPattern):
        return _about("accept", what)
    scope, shape = what
    return Decision(do="accept", scope=scope, shape=shape)


def _named(given: str, among: Mapping[str, Named], option: str, noun: str) -> Named:
    """Return what has an id, or the beginning of one."""
    if given in among:
        return among[given]
    begin_so = [identity for identity in among if identity.startswith(given)] if len(given) >= _LEAST_PREFIX else []
    if len(begin_so) == 1:
        return among[begin_so[0]]
    why = f"{len(begin_so)} ids begin so" if begin_so else f"that is the id of no {noun} of this log and set"
    raise LogwinnowError(
        f"{option} is {given!r}: {why}; give 12 digits, or the first 4 or more, as backtest, `patterns list` and "
        "`match --json` show them"
    )


def _about(do: Literal["accept", "reject"], known: KnownPattern) -> Decision:
    return Decision(do=do, scope=known.scope, pattern=known.pattern.text, positional=known.pattern.positional)
