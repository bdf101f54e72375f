"""Which sets are not published, for they would lose too much of what the last one knew; which versions go."""

import time
from itertools import groupby
from typing import Final

from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.errors import BrokenPatternSet, NoPatternSet, PublishRefused
from patterns.matcher import OUTLIERS, Matcher
from patterns.pattern_set import KNOWN, PatternSet
from patterns.set_files import StoredSet
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.timestamps import DAY
from patterns.versions import published_at
from training.describe import NONE

_YOUNG: Final = 30 * DAY

_MEND: Final = "look at the corpus, lower $.publish.keep, or publish it all the same by --force"


def refuse(
    store: Store,
    patterns: PatternSet,
    table: ShapeTable,
    *,
    keep: float,
    whatever: bool,
    decisions: Decisions = NONE,
) -> None:
    """
    Refuse a set that is empty, or that would lose too much of what the last one knew.

    Args:
        store: Where the last set is.
        patterns: The set.
        table: What it was mined from.
        keep: Least share of the last set's lines that must be covered by patterns of support 2 or more, and least
            share of the last corpus's lines that this corpus must have.
        whatever: Refuse an empty one alone.
        decisions: What the operator decided: lines that are rejected need not be covered.

    Raises:
        PublishRefused: It is one.

    Cost: two passes over the last set's table.
    """
    refuse_empty(patterns, table)
    previous = None if whatever else _previous(store)
    if previous is not None:
        _refuse_losses(store, previous, patterns, table, keep, decisions)


def refuse_empty(patterns: PatternSet, table: ShapeTable) -> None:
    """
    Refuse a set by which every line would be an outlier.

    Raises:
        PublishRefused: It is one.
    """
    if not patterns.patterns:
        raise PublishRefused(
            f"no pattern was found in {table.lines} judged lines; give more lines, or a lower $.mining.support"
        )


def retire(store: Store, keep_versions: int) -> None:
    """
    Remove the oldest versions beyond `keep_versions`, 0 for none.

    Never the current one, that to which a rollback goes back, nor one of the last 30 days: a recorded batch of a stream
    may name a version.

    Raises:
        PatternsError: One cannot be removed.
    """
    versions = store.versions()[:-keep_versions] if keep_versions else []
    kept, now = {store.current(), store.previous() if versions else None}, time.time_ns() // 1_000
    for version in versions:
        published = published_at(version)
        if version not in kept and published is not None and published < now - _YOUNG:
            store.remove(version)


def _previous(store: Store) -> StoredSet | None:
    try:
        return store.read()
    except (NoPatternSet, BrokenPatternSet):
        # A damaged set must not stand in the way of a good one.
        return None


def _refuse_losses(
    store: Store, previous: StoredSet, patterns: PatternSet, table: ShapeTable, keep: float, decisions: Decisions
) -> None:
    before = store.read_shapes(previous.version)
    if table.lines < keep * before.lines:
        raise PublishRefused(
            f"the corpus has {table.lines} judged lines and that of {previous.version} had {before.lines}: "
            f"less than the share {keep:g} that $.publish.keep asks for; {_MEND}"
        )
    refuse_uncovered(previous, before, patterns, keep, decisions, least_support=2, uncovered_count=True)


def refuse_uncovered(
    previous: StoredSet,
    before: ShapeTable,
    patterns: PatternSet,
    keep: float,
    decisions: Decisions,
    *,
    least_support: int,
    uncovered_count: bool,
) -> None:
    """
    Refuse a set that does not know again what the last one knew.

    Args:
        previous: The last set.
        before: Its table.
        patterns: The set.
        keep: Least share of the table's lines that must be covered, without lines that were pending or are rejected.
        decisions: Which say what is rejected.
        least_support: Only patterns of so many lines count as covering.
        uncovered_count: Whether lines count, too, that the last set has no pattern for, as some pending ones.

    Raises:
        PublishRefused: It is one.

    Cost: two passes over the last set's table.
    """
    if previous.patterns.rules != patterns.rules:
        # Shapes taken apart by other rules cannot be compared.
        return
    kept = [known for known in patterns.patterns if known.support >= least_support and known.state == KNOWN]
    matcher = Matcher(PatternSet.of(patterns.rules, kept))
    judging = Matcher(decided(previous.patterns, decisions))
    covered = lines = 0
    for (scope, shape), days in groupby(before.rows(), key=lambda row: row[0][:2]):
        was = judging.match(scope, shape)
        if (was is None and uncovered_count) or (was is not None and was.state not in OUTLIERS):
            count = sum(row.count for _, row in days)
            lines += count
            covered += count if matcher.match(scope, shape) is not None else 0
    if covered < keep * lines:
        raise PublishRefused(
            f"patterns with {least_support} lines or more cover {covered} of the {lines} lines of {previous.version}: "
            f"less than the share {keep:g} that $.publish.keep asks for; {_MEND}"
        )
