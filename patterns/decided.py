"""
Pattern set and the operator's decisions → the set by which lines are judged.

An accepted shape or pattern and a rejected pattern stand before all that was mined, the last decision first; a named
one carries its name. Decisions are read again under the rules of the set, since words may be other ones now: a shape by
its message, if the entry has one; a pattern must have no word that is a class word now.
"""

from collections.abc import Iterator
from dataclasses import replace

from patterns.decisions import Decision, Decisions
from patterns.errors import DecisionsError
from patterns.language import Pattern, of_words
from patterns.pattern_set import ACCEPTED, REJECTED, KnownPattern, PatternSet
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
    read = [(number, entry, pattern_of(entry, splitter)) for number, entry in enumerate(decisions.entries, start=1)]
    names = {pattern.identity(entry.scope): entry for _, entry, pattern in read if entry.do == "name"}
    # An accepted shape says nothing of wider patterns, whose id may be the same.
    stated = {
        pattern.identity(entry.scope): number
        for number, entry, pattern in read
        if entry.do in {"accept", "reject"} and entry.shape is None
    }
    mined = [_judged_anew(known, decisions, stated.get(known.id, 0)) for known in patterns.patterns]
    added = [
        KnownPattern(
            entry.scope,
            pattern,
            level=0,
            support=0,
            mined_support=0,
            state=ACCEPTED if entry.do == "accept" else REJECTED,
            decided=number,
        )
        for number, entry, pattern in read
        if entry.do in {"accept", "reject"}
    ]
    return PatternSet.of(patterns.rules, (_named(known, names.get(known.id)) for known in [*added, *mined]))


def pattern_of(entry: Decision, splitter: Splitter) -> Pattern:
    """
    Return the pattern that an entry is about, by the rules of `splitter`; of a shape the one that only it has.

    Raises:
        DecisionsError: There is none by these rules.
    """
    if entry.shape is not None:
        shape = shape_of(entry, splitter)
        return of_words(None if word == CLASS_RUN else word for word in shape.split(" "))
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
            yield entry.scope, shape_of(entry, splitter)


def _judged_anew(known: KnownPattern, decisions: Decisions, number: int) -> KnownPattern:
    """Return a mined pattern as the decision of this number has it, 0 for none: its gaps may be wider by now."""
    if not number:
        return known
    state = ACCEPTED if decisions.entries[number - 1].do == "accept" else REJECTED
    return replace(known, state=state, decided=number)


def _named(known: KnownPattern, entry: Decision | None) -> KnownPattern:
    if entry is None:
        return known
    return replace(known, name=entry.name, severity=entry.severity, runbook=entry.runbook)


def _readings(pattern: Pattern) -> Iterator[list[str]]:
    """Yield words that the pattern matches, with a class word in each gap: as many as have each alternative once."""
    constants = [(constant,) if isinstance(constant, str) else constant for constant in pattern.constants]
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
