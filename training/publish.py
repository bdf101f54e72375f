"""Pattern set → store, unless it would lose too much of what the last one knew."""

from collections.abc import Mapping
from typing import Any

from patterns.errors import BrokenPatternSet, NoPatternSet, PublishRefused
from patterns.matcher import Matcher
from patterns.pattern_set import PatternSet
from patterns.set_files import StoredSet
from patterns.shapes import ShapeTable
from patterns.store import Store
from training.describe import best_matches


def publish(
    store: Store,
    patterns: PatternSet,
    table: ShapeTable,
    run: Mapping[str, Any],
    *,
    keep: float,
    force: bool,
    propose: bool = False,
) -> str:
    """
    Publish a set and return its version.

    Args:
        store: Where to.
        patterns: The set.
        table: What it was mined from.
        run: What the manifest says of the training.
        keep: Least share of the last set's lines that must be covered by patterns of support 2 or more, and least
            share of the last corpus's lines that this corpus must have.
        force: Publish whatever is lost; an empty set is refused all the same.
        propose: Publish it beside the current version, whatever is lost: that is what is looked at then.

    Raises:
        PublishRefused: The set is empty or loses too much.

    Cost: two passes over the last set's table.
    """
    if not patterns.patterns:
        raise PublishRefused(
            f"no pattern was found in {table.lines} judged lines; give more lines, or a lower $.mining.support"
        )
    previous = None if force or propose else _previous(store)
    if previous is not None:
        _refuse_losses(store, previous, patterns, table, keep)
    return store.publish(patterns, table, run, propose=propose)


def _previous(store: Store) -> StoredSet | None:
    try:
        return store.read()
    except (NoPatternSet, BrokenPatternSet):
        # A damaged set must not stand in the way of a good one.
        return None


def _refuse_losses(store: Store, previous: StoredSet, patterns: PatternSet, table: ShapeTable, keep: float) -> None:
    mend = "look at the corpus, lower $.publish.keep, or publish it all the same by --force"
    before = store.read_shapes(previous.version)
    if table.lines < keep * before.lines:
        raise PublishRefused(
            f"the corpus has {table.lines} judged lines and that of {previous.version} had {before.lines}: "
            f"less than the share {keep:g} that $.publish.keep asks for; {mend}"
        )
    if previous.patterns.rules != patterns.rules:
        # Shapes taken apart by other rules cannot be compared.
        return
    matcher = Matcher(PatternSet.of(patterns.rules, (known for known in patterns.patterns if known.support >= 2)))
    covered = sum(row.count for known, row in best_matches(matcher, before) if known)
    if covered < keep * before.lines:
        raise PublishRefused(
            f"patterns with 2 lines or more cover {covered} of the {before.lines} lines of {previous.version}: "
            f"less than the share {keep:g} that $.publish.keep asks for; {mend}"
        )
