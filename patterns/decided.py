"""
Pattern set and the operator's decisions → the set by which lines are judged.

An accepted shape or pattern and a rejected pattern stand before all that was mined, the last decision first; a named
one carries its name; a pinned one is known, also in a set that lacks it. Decisions are read again under the rules of
the set, since words may be other ones now: a shape by its message, if the entry has one, and a program by its name; a
pattern must have no word that is a class word now.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from patterns.decisions import Decision, Decisions
from patterns.errors import DecisionsError
from patterns.language import NO_GAP, Pattern, alternatives
from patterns.pattern_set import ACCEPTED, KNOWN, REJECTED, KnownPattern, PatternSet
from patterns.words import CLASS_RUN, Splitter, WordRules

_MOST_SHOWN = 120


def decided(patterns: PatternSet, decisions: Decisions) -> PatternSet:
    """
    Return the set with the decisions applied.

    Args:
        patterns: What was mined.
        decisions: Those that count now.

    Raises:
        DecisionsError: An entry means nothing under the rules of the set.

    Cost: a pass over the patterns where there is any decision.
    """
    if not decisions.entries:
        return patterns
    splitter = Splitter(patterns.rules.words)
    read = [_read(number, entry, splitter) for number, entry in enumerate(decisions.entries, start=1)]
    names = {each.known.id: each.entry for each in read if each.entry.do == "name"}
    pinned = {each.known.id: each.known for each in read if each.entry.do == "pin"}
    said = [each for each in read if each.entry.do in {"accept", "reject"}]
    # An accepted shape without class words may have the id of a wider pattern, of which it says nothing.
    stated = {each.known.id: each.known for each in said if each.entry.shape is None}
    mined = [_judged_anew(known, stated.get(known.id), pinned=known.id in pinned) for known in patterns.patterns]
    for known in mined:
        pinned.pop(known.id, None)
    every = [*(each.known for each in said), *mined, *pinned.values()]
    return PatternSet.of(patterns.rules, (_named(known, names.get(known.id)) for known in every))


def check(decisions: Decisions, rules: WordRules) -> None:
    """Raise DecisionsError for the first entry that means nothing under these rules. Cost: a pass over the entries."""
    splitter = Splitter(rules)
    for entry in decisions.entries:
        pattern_of(entry, splitter)


def scope_of(entry: Decision, splitter: Splitter) -> str:
    """Return the scope of an entry by the rules of `splitter`: what they mask of its program's name."""
    return splitter.scope(entry.scope) if entry.scope else ""


def pattern_of(entry: Decision, splitter: Splitter) -> Pattern:
    """
    Return the pattern that an entry is about, by the rules of `splitter`; of a shape the one that only it has.

    Raises:
        DecisionsError: There is none by these rules.
    """
    if entry.shape is not None:
        # A gap would take any word: accepted is "user <*> left", and not "user root left".
        words = shape_of(entry, splitter).split(" ")
        return Pattern(tuple(words), (NO_GAP,) * (len(words) + 1))
    pattern = entry.parsed
    for words in _readings(pattern):
        lost = set(words) - set(splitter.take_apart(" ".join(words)).shape.split(" ")) - {CLASS_RUN}
        if lost:
            raise DecisionsError(
                f"{_said(entry)}: {min(lost)!r} is no constant by the rules of today, so that no line has this "
                "pattern; withdraw the entry, and decide about the pattern that its lines have now"
            )
    return pattern


def shape_of(entry: Decision, splitter: Splitter) -> str:
    """
    Return the shape of an entry about a shape, as the rules of `splitter` read it.

    Raises:
        DecisionsError: It has no constant by these rules, so that its lines are not judged.
    """
    shape = splitter.take_apart(entry.message if entry.message is not None else entry.shape or "").shape
    if splitter.unjudged(shape):
        raise DecisionsError(
            f"{_said(entry)}: by the rules of today it has no constant, so that its lines are not judged at all; "
            "withdraw the entry"
        )
    return shape


def accepted_shapes(decisions: Decisions, rules: WordRules) -> Iterator[tuple[str, str]]:
    """Yield scope and shape of each accepted shape; raises DecisionsError as `decided` does."""
    splitter = Splitter(rules)
    for entry in decisions.entries:
        if entry.do == "accept" and entry.shape is not None:
            yield scope_of(entry, splitter), shape_of(entry, splitter)


class _Read(NamedTuple):
    """An entry, and the pattern that it is about."""

    entry: Decision
    known: KnownPattern


def _read(number: int, entry: Decision, splitter: Splitter) -> _Read:
    """Read the entry of a number: it stands as its pattern where it says a state, as a mined one where it pins."""
    states = {"accept": ACCEPTED, "reject": REJECTED}
    known = KnownPattern(
        scope_of(entry, splitter),
        pattern_of(entry, splitter),
        level=(entry.level or 1) if entry.do == "pin" else 0,
        support=0,
        mined_support=0,
        state=states.get(entry.do, KNOWN),
        decided=number if entry.do in states else 0,
    )
    return _Read(entry, known)


def _judged_anew(known: KnownPattern, said: KnownPattern | None, *, pinned: bool) -> KnownPattern:
    """Return a mined pattern in the state that the operator says, if any: its gaps may be wider by now."""
    if said is not None:
        return replace(known, state=said.state, decided=said.decided)
    return replace(known, state=KNOWN) if pinned else known


def _named(known: KnownPattern, entry: Decision | None) -> KnownPattern:
    if entry is None:
        return known
    return replace(known, name=entry.name, severity=entry.severity, runbook=entry.runbook)


def _readings(pattern: Pattern) -> Iterator[list[str]]:
    """Yield words that the pattern matches, with a class word in each gap: as many as have each alternative once."""
    constants = [alternatives(constant) for constant in pattern.constants]
    for number in range(max(map(len, constants), default=0)):
        words = []
        for (_, most), options in zip(pattern.gaps, [*constants, ()], strict=True):
            words += [CLASS_RUN] if most != 0 else []
            words += [options[min(number, len(options) - 1)]] if options else []
        yield words


def _said(entry: Decision) -> str:
    """Name an entry in an error."""
    text = entry.shape if entry.shape is not None else entry.pattern or ""
    text = text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
    return f"the operator's entry {entry.id} ({entry.do} {entry.scope or 'no program'}: {text!r})"
