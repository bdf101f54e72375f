"""Tables of stored sets that are added to a corpus: yesterday's lines need not be read again."""

from collections.abc import Iterable
from dataclasses import fields

from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from training.errors import CorpusError

CURRENT = "current"


def stored_tables(store: Store, versions: Iterable[str], rules: Rules) -> dict[str, ShapeTable]:
    """
    Return the tables that stored sets were mined from, by version.

    Args:
        store: Where they are.
        versions: Their names; ``current`` is the newest.
        rules: How lines are read now.

    Raises:
        NoPatternSet: The store has no set yet.
        BrokenPatternSet: A version is damaged.
        CorpusError: There is no such version, it is named twice, or its lines were read by other rules.

    Cost: one pass over each table, all of which is checked.
    """
    tables: dict[str, ShapeTable] = {}
    for name in versions:
        version = _version(store, name)
        if version in tables:
            raise CorpusError(f"version {version!r} is to be added twice: its lines would count twice; name it once")
        _check_rules(version, store.read(version).patterns.rules, rules)
        tables[version] = store.read_shapes(version)
    return tables


def _version(store: Store, name: str) -> str:
    if name == CURRENT:
        return store.read().version
    versions = store.versions()
    if name not in versions:
        there = ", ".join(versions[-5:]) or "none yet"
        raise CorpusError(f"version {name!r} to be added is not in store {store.root!r}; there are: {there}")
    return name


def other_rules(before: Rules, now: Rules) -> list[str]:
    """Return the names of the rules that differ."""
    return [rule.name for rule in fields(now) if getattr(now, rule.name) != getattr(before, rule.name)]


def _check_rules(version: str, before: Rules, now: Rules) -> None:
    """Shapes that were taken apart by other rules are no shapes of these lines."""
    other = other_rules(before, now)
    if other:
        raise CorpusError(
            f"version {version!r} was mined by other rules ({', '.join(other)}), and what was read by different rules "
            "does not add up; mine its logs again, or use the configuration it was mined by"
        )
