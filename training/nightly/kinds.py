"""
Kinds that became known, though none of their shapes did: pending patterns whose shapes together came on enough days.

Where a line names a project, a branch and a user, each day brings combinations that never were, and none of them comes
twice. What they are combinations of was there on all these days. So that this makes nothing known of a kind of which
nothing was, such a pattern is one that a known shape has, too, but for one word: a new project, a new share. The
program is such a word: one that is renamed says what it said. A ransom note in ever new folders stays what it is.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mining.clusters import Cluster
from mining.ladder import LEAST_CONSTANTS, Accepted, uncovered
from patterns.language import Pattern
from patterns.matcher import Matcher
from patterns.pattern_set import KNOWN, PENDING, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from training.fetched.time_range import TimeRange
from training.known import StateOf
from training.limits import Found
from training.nightly.window import days_of

LEAST_SHAPES: Final = 3
"""Of fewer shapes, what differs between them may be a word that means something; the ladder's bar is for the rest."""


class Kinds(NamedTuple):
    """
    What the days say of kinds.

    Attributes:
        found: Scope → its accepted clusters; those that became known are so.
        shapes: The pending shapes, by scope, that are of these.
    """

    found: Found
    shapes: set[tuple[str, str]]


@dataclass(slots=True)
class _Seen:
    shapes: set[tuple[str, str]] = field(default_factory=set)
    days: set[str | None] = field(default_factory=set)


def known_kinds(
    found: Mapping[str, Sequence[Accepted]],
    table: ShapeTable,
    state_of: StateOf,
    learn_days: int,
    excluded: tuple[TimeRange, ...] = (),
) -> Kinds:
    """
    Take for known which pending patterns have LEAST_SHAPES shapes or more, that together came on enough days.

    A known shape must be like it but for one of its words, or but for its program. A pattern of the ladder's end is of
    one shape, and left to that. One with the id of a known pattern stays pending, since it would widen that; and so
    does whatever the operator rejected.

    Args:
        found: What was mined.
        table: All that was seen, also what leaves.
        state_of: The state of a shape: of others than pending ones no day counts.
        learn_days: On how many days.
        excluded: Times of which nothing is learned: a row that one touches makes no day, and is no shape of a kind.

    Cost: where something is pending that was not seen once, one pass over the table, in which each shape of such a
    scope is matched once; memory for the shapes that are of these patterns. Where such have come on enough days, one
    more, and memory for the known shapes of their scopes; and one in which each known shape is matched, where such are
    like none of these.
    """
    scopes = {scope for scope, clusters in found.items() if any(map(_may_be_known, clusters))}
    if not scopes:
        return Kinds({scope: list(clusters) for scope, clusters in found.items()}, set())
    match = Matcher(PatternSet.of(Rules(), [_as_known(scope, one) for scope in scopes for one in found[scope]])).match
    seen: dict[tuple[str, Pattern], _Seen] = defaultdict(_Seen)
    for shape, days in days_of(table, excluded):
        scope, text = shape
        best = match(scope, text) if scope in scopes else None
        if best is None or best.state != PENDING or best.seen_once or state_of(scope, text) != PENDING:
            continue
        if on := set(days) - {None}:
            of_kind = seen[scope, best.pattern]
            of_kind.shapes.add(shape)
            of_kind.days |= on
    enough = {
        key: of_kind.shapes
        for key, of_kind in seen.items()
        if len(of_kind.shapes) >= LEAST_SHAPES and len(of_kind.days) >= learn_days
    }
    known = _known_shapes({scope for scope, _ in enough}, table, state_of)
    known_ids = {one.cluster.pattern.identity(scope) for scope in scopes for one in found[scope] if one.state == KNOWN}
    wanted = {key: shapes for key, shapes in enough.items() if key[1].identity(key[0]) not in known_ids}
    proved = {key: shapes for key, shapes in wanted.items() if _varies(key[1], known[key[0]])}
    elsewhere = _said_elsewhere(wanted.keys() - proved.keys(), table, state_of)
    proved |= {key: wanted[key] for key in elsewhere}
    settled = {
        scope: [Accepted(*one) if (scope, one.cluster.pattern) in proved else one for one in clusters]
        for scope, clusters in found.items()
    }
    return Kinds(settled, set().union(*proved.values()))


def _known_shapes(scopes: set[str], table: ShapeTable, state_of: StateOf) -> dict[str, dict[str, int]]:
    """Return the known shapes of some scopes. One pass, where there are scopes."""
    known: dict[str, dict[str, int]] = {scope: {} for scope in scopes}
    if scopes:
        for (scope, text), _ in days_of(table):
            if scope in scopes and state_of(scope, text) == KNOWN:
                known[scope][text] = 1
    return known


def _varies(pattern: Pattern, known: Mapping[str, int]) -> bool:
    """
    Tell whether a known shape is like a pattern but for one of its constants.

    The others are seven tenths of them at least, as the ladder has it: of three constants none can be another.
    """
    words = pattern.constants
    if 100 * (len(words) - 1) < LEAST_CONSTANTS * len(words):
        return False
    others = [Cluster(_without(pattern, number), 0, 0) for number in range(len(words))]
    return len(uncovered(known, others)) < len(known)


def _said_elsewhere(
    keys: Collection[tuple[str, Pattern]], table: ShapeTable, state_of: StateOf
) -> set[tuple[str, Pattern]]:
    """
    Return which patterns, by scope, match a known shape of another scope: of all their words the program alone is new.

    One pass, where there are patterns. Of several that match a shape the best match alone is found by it.
    """
    scopes: dict[Pattern, set[str]] = defaultdict(set)
    for scope, pattern in keys:
        scopes[pattern].add(scope)
    found: set[tuple[str, Pattern]] = set()
    if not scopes:
        return found
    # What the ladder accepts has words enough to be known again.
    match = Matcher(PatternSet.of(Rules(), [_as_known("", Accepted(Cluster(one, 0, 0), 0)) for one in scopes])).match
    for (scope, text), _ in days_of(table):
        best = match("", text)
        if best is not None and state_of(scope, text) == KNOWN:
            found |= {(other, best.pattern) for other in scopes[best.pattern] - {scope}}
    return found


def _without(pattern: Pattern, number: int) -> Pattern:
    """Return a pattern with one word that is left open in a constant's place."""
    (least, most), (least_after, most_after) = pattern.gaps[number : number + 2]
    both = None if most is None or most_after is None else most + 1 + most_after
    constants = pattern.constants[:number] + pattern.constants[number + 1 :]
    gaps = (*pattern.gaps[:number], (least + 1 + least_after, both), *pattern.gaps[number + 2 :])
    return Pattern(constants, gaps, pattern.positional)


def _may_be_known(one: Accepted) -> bool:
    return one.state == PENDING and one.level > 1


def _as_known(scope: str, one: Accepted) -> KnownPattern:
    return KnownPattern(scope, one.cluster.pattern, one.level, one.cluster.support, one.cluster.support, one.state)
