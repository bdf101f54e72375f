"""Accepted clusters and the table of shapes → the pattern set: patterns merged, supports counted, examples chosen."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Final

from mining.ladder import Accepted
from patterns.decided import decided, pattern_of
from patterns.decisions import Decision, Decisions
from patterns.language import Pattern, join_gaps
from patterns.matcher import Matcher
from patterns.pattern_set import ACCEPTED, KNOWN, PENDING, REJECTED, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeTable
from patterns.timestamps import utc_day
from patterns.words import Splitter

NONE: Final = Decisions()
"""Nothing decided."""


def describe(
    found: Mapping[str, Iterable[Accepted]], table: ShapeTable, rules: Rules, decisions: Decisions = NONE
) -> PatternSet:
    """
    Make the set that is published.

    Args:
        found: Scope → its accepted clusters.
        table: What they were mined from; its lines are counted for the pattern that is their best match. Lines of
            patterns that the operator rejected are counted for none but these.
        rules: How lines were read; stored with the set.
        decisions: What the operator decided: a pattern whose id is rejected is REJECTED, and a pinned one is there.

    Raises:
        DecisionsError: An entry means nothing under these rules.

    Cost: one pass over the table; memory for the patterns.
    """
    merged = [known for scope, clusters in found.items() for known in _merge(scope, clusters)]
    settled = PatternSet.of(rules, settle(merged, decisions, rules))
    best = _best_match(settled, decisions)
    seen: dict[str, ShapeCount] = defaultdict(ShapeCount)
    for known, row in best_matches(best, table):
        if known is not None:
            seen[known.id].add(row.count, row.first, row.last, row.texts())
    return PatternSet.of(rules, (_counted(known, seen.get(known.id)) for known in settled.patterns))


def best_matches(
    match: Callable[[str, str], KnownPattern | None], table: ShapeTable
) -> Iterator[tuple[KnownPattern | None, ShapeCount]]:
    """Yield each row of a table with its best match. Cost: one pass over the table; each shape is matched once."""
    for (scope, shape), days in groupby(table.rows(), key=lambda row: row[0][:2]):
        known = match(scope, shape)
        for _, row in days:
            yield known, row


def settle(mined: Iterable[KnownPattern], decisions: Decisions, rules: Rules) -> list[KnownPattern]:
    """
    Return mined patterns as the operator has them: a rejected id is REJECTED, a pinned one KNOWN, seen or not.

    Raises:
        DecisionsError: An entry means nothing under these rules.
    """
    splitter = Splitter(rules.words)
    settled = {known.id: known for known in mined}
    for entry in decisions.entries:
        if entry.do == "pin":
            pinned = pattern_of(entry, splitter)
            known = settled.get(pinned.identity(entry.scope))
            settled[pinned.identity(entry.scope)] = _pinned(entry, pinned, known)
    last = {
        pattern_of(entry, splitter).identity(entry.scope): entry.do
        for entry in decisions.entries
        if entry.do in {"accept", "reject"} and entry.shape is None
    }
    rejected = {identity for identity, do in last.items() if do == "reject"}
    return [replace(known, state=REJECTED) if known.id in rejected else known for known in settled.values()]


def _pinned(entry: Decision, pinned: Pattern, known: KnownPattern | None) -> KnownPattern:
    """Return a pinned pattern, with gaps as wide as pinned and as mined: two patterns of one id cannot be."""
    if known is None:
        return KnownPattern(entry.scope, pinned, entry.level or 1, 0, 0)
    gaps = tuple(map(join_gaps, zip(known.pattern.gaps, pinned.gaps, strict=True)))
    pattern = Pattern(pinned.constants, gaps, pinned.positional)
    return replace(known, pattern=pattern, level=entry.level or known.level, state=KNOWN)


def _best_match(settled: PatternSet, decisions: Decisions) -> Callable[[str, str], KnownPattern | None]:
    """Return what finds the pattern for which a shape's lines count."""
    mined = Matcher(settled)
    if not decisions.entries:
        return mined.match
    judging = Matcher(decided(settled, decisions))

    def match(scope: str, shape: str) -> KnownPattern | None:
        known = judging.match(scope, shape)
        # What an accepted shape's lines look like is what was mined of them.
        return mined.match(scope, shape) if known is not None and known.state == ACCEPTED else known

    return match


def _merge(scope: str, clusters: Iterable[Accepted]) -> list[KnownPattern]:
    """
    Join clusters whose patterns have the same id: least and greatest gaps, supports added, highest level.

    A pending one is left out beside a known one of its id: it would widen what is known.
    """
    same: dict[str, list[Accepted]] = {}
    for found in clusters:
        same.setdefault(found.cluster.pattern.identity(scope), []).append(found)
    merged = []
    for everything in same.values():
        state = KNOWN if any(found.state == KNOWN for found in everything) else PENDING
        group = [found for found in everything if found.state == state]
        first = group[0].cluster.pattern
        gaps = tuple(join_gaps(gaps) for gaps in zip(*(found.cluster.pattern.gaps for found in group), strict=True))
        support = sum(found.cluster.support for found in group)
        level = max(found.level for found in group)
        pattern = Pattern(first.constants, gaps, first.positional)
        merged.append(KnownPattern(scope, pattern, level, support, support, state))
    return merged


def _counted(known: KnownPattern, seen: ShapeCount | None) -> KnownPattern:
    return KnownPattern(
        known.scope,
        known.pattern,
        known.level,
        seen.count if seen else 0,
        known.mined_support,
        known.state,
        first_day=utc_day(seen.first) if seen else None,
        last_day=utc_day(seen.last) if seen else None,
        examples=tuple(seen.texts()) if seen else (),
    )
