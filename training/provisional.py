"""
Patterns that streams made of storms (patterns/provisional.py) → patterns that mining holds, where lines bear them out.

A pattern that is held keeps its words, and so its id, over what would be mined in its place: an alert that named it
then and events that have it from now on are of one history. Held is no privilege: lines must bear it out, it must be
one that the ladder would accept of these lines, and it takes none from a pattern of the last set.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mining.clusters import Cluster
from mining.condensed import LEAST_SHAPES
from mining.ladder import accepted, uncovered
from patterns.language import Pattern
from patterns.matcher import Matcher, gap_words
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.provisional import Provisional, after
from patterns.rules import Rules
from patterns.store import Store
from patterns.words import CLASS_RUN

ByScope = Mapping[str, Sequence[Pattern]]
"""Scope → provisional patterns."""


def by_scope(given: Iterable[Provisional]) -> ByScope:
    """Return the patterns of a file."""
    found: dict[str, list[Pattern]] = {}
    for each in given:
        found.setdefault(each.scope, []).append(each.parsed)
    return found


def borne_out(
    patterns: Sequence[Pattern], shapes: Mapping[str, int], held: Sequence[KnownPattern]
) -> list[KnownPattern]:
    """
    Return which provisional patterns of a scope the shapes to be mined bear out.

    Args:
        patterns: The provisional ones.
        shapes: Shape → lines.
        held: Patterns of the last set, before which these do not go.

    Cost: a pass over the shapes, where there is a pattern.
    """
    taken = {known.pattern.identity("") for known in held}
    new = [KnownPattern("", each, 0, 0, 0) for each in patterns if each.identity("") not in taken]
    if not new:
        return []
    matcher = Matcher(PatternSet.of(Rules(), new))
    lines, kinds = Counter[str](), Counter[str]()
    plain: dict[str, list[int]] = {}
    for shape, number in uncovered(shapes, (Cluster(known.pattern, 0, 0) for known in held)).items():
        known = matcher.match("", shape)
        if known is not None:
            lines[known.id] += number
            kinds[known.id] += 1
            here = _plain(known, shape.split(" "))
            plain[known.id] = list(map(max, plain.get(known.id, here), here))
    return [
        KnownPattern("", known.pattern, lines[known.id], lines[known.id], lines[known.id])
        for known in new
        if kinds[known.id] >= LEAST_SHAPES and accepted(Cluster(known.pattern, lines[known.id], sum(plain[known.id])))
    ]


def _plain(known: KnownPattern, words: Sequence[str]) -> list[int]:
    """Return for each gap how many words it takes that are no class words."""
    return [sum(word != CLASS_RUN for word in words[start:end]) for start, end in gap_words(known, words)]


def as_run(given: Sequence[Provisional], patterns: PatternSet) -> dict[str, Any]:
    """Return what the manifest says of provisional patterns; nothing where there were none."""
    return {"provisional": {"given": len(given), "adopted": sorted(_adopted(given, patterns))}} if given else {}


def settle(store: Store, given: Sequence[Provisional], patterns: PatternSet, until: int) -> None:
    """
    Take out of the store's file what a training has looked at.

    Args:
        store: The store.
        given: What the file held when the training began.
        patterns: The set that is current now.
        until: Up to which time the training has read, in microseconds since 1970.

    Raises:
        PatternsError: The file cannot be read or written.
    """
    if given:
        store.change_provisional(after(_adopted(given, patterns), until))


def _adopted(given: Sequence[Provisional], patterns: PatternSet) -> set[str]:
    return {each.id for each in given} & patterns.by_id.keys()
