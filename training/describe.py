"""Accepted clusters and the table of shapes → the pattern set: patterns merged, supports counted, examples chosen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from patterns.language import Pattern, join_gaps
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeTable
from patterns.timestamps import utc_day
from training.ladder import Accepted


def describe(found: Mapping[str, Iterable[Accepted]], table: ShapeTable, rules: Rules) -> PatternSet:
    """
    Make the set that is published.

    Args:
        found: Scope → its accepted clusters.
        table: What they were mined from; its lines are counted for the pattern that is their best match.
        rules: How lines were read; stored with the set.

    Cost: one pass over the table; memory for the patterns.
    """
    merged = [known for scope, clusters in found.items() for known in _merge(scope, clusters)]
    matcher = Matcher(PatternSet.of(rules, merged))
    seen: dict[str, ShapeCount] = defaultdict(ShapeCount)
    for known, row in best_matches(matcher, table):
        if known is not None:
            seen[known.id].add(row.count, row.first, row.last, row.texts())
    return PatternSet.of(rules, (_counted(known, seen.get(known.id)) for known in merged))


def best_matches(matcher: Matcher, table: ShapeTable) -> Iterator[tuple[KnownPattern | None, ShapeCount]]:
    """Yield each row of a table with its best match. Cost: one pass over the table; each shape is matched once."""
    for (scope, shape), days in groupby(table.rows(), key=lambda row: row[0][:2]):
        known = matcher.match(scope, shape)
        for _, row in days:
            yield known, row


def _merge(scope: str, clusters: Iterable[Accepted]) -> list[KnownPattern]:
    """Join clusters whose patterns have the same id: least and greatest gaps, supports added, highest level."""
    same: dict[str, list[Accepted]] = {}
    for found in clusters:
        same.setdefault(found.cluster.pattern.identity(scope), []).append(found)
    merged = []
    for group in same.values():
        first = group[0].cluster.pattern
        gaps = tuple(join_gaps(gaps) for gaps in zip(*(found.cluster.pattern.gaps for found in group), strict=True))
        support = sum(found.cluster.support for found in group)
        level = max(found.level for found in group)
        merged.append(KnownPattern(scope, Pattern(first.constants, gaps, first.positional), level, support, support))
    return merged


def _counted(known: KnownPattern, seen: ShapeCount | None) -> KnownPattern:
    return KnownPattern(
        known.scope,
        known.pattern,
        known.level,
        seen.count if seen else 0,
        known.mined_support,
        first_day=utc_day(seen.first) if seen else None,
        last_day=utc_day(seen.last) if seen else None,
        examples=tuple(seen.texts()) if seen else (),
    )
