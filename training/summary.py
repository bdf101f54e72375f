"""What a training found, in numbers for people and programs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from patterns.pattern_set import KNOWN, PENDING, REJECTED, KnownPattern, PatternSet
from patterns.shapes import ShapeTable

WIDEST: Final = 5
"""How many of the widest patterns are shown: those to look at first when reviewing a set."""


def summarise(version: str, patterns: PatternSet, table: ShapeTable, run: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the summary of a training.

    Args:
        version: Where the set was published.
        patterns: The set.
        table: What it was mined from.
        run: What the manifest says of the training.

    Returns:
        ``version``, ``scopes``, ``patterns``, ``shapes`` (distinct, by scope); ``corpus``, ``fetched``, ``added`` and
        ``left_out`` of the run; ``covered`` lines and ``coverage`` as a share of the table's; ``levels``: support at
        which patterns were mined → how many; ``seen_once``: patterns of level 1, their lines and share of the table's;
        ``widest``: the patterns that leave most words open; ``states``: state → patterns; where they were learned
        ``baselines``; of a night ``night``; and ``provisional``, where streams had patterns of storms: how many, and
        the ids of those that the set has.
        Covered is by what is known, and seen once likewise.
    """
    known_ones = [known for known in patterns.patterns if known.state == KNOWN]
    covered = sum(known.support for known in known_ones)
    once = [known for known in known_ones if known.seen_once]
    once_lines = sum(known.support for known in once)
    states = Counter(known.state for known in patterns.patterns)
    levels = Counter(known.level for known in patterns.patterns)
    judged = table.lines or 1
    return {
        "version": version,
        "scopes": len(patterns.scopes),
        "patterns": len(patterns.patterns),
        "shapes": table.shapes,
        "corpus": run["corpus"],
        "fetched": run["fetched"],
        "added": run["added"],
        "left_out": run["left_out"],
        "covered": covered,
        "coverage": covered / judged,
        "levels": {str(level): levels[level] for level in sorted(levels, reverse=True)},
        "seen_once": {"patterns": len(once), "lines": once_lines, "share": once_lines / judged},
        "widest": [
            {"id": known.id, "scope": known.scope, "pattern": known.pattern.text, "support": known.support}
            for known in sorted(patterns.patterns, key=_openness)[:WIDEST]
            if _open_words(known) > 0
        ],
        "states": {state: states[state] for state in (KNOWN, PENDING, REJECTED)},
        **{name: run[name] for name in ("baselines", "night", "provisional") if name in run},
    }


def _open_words(known: KnownPattern) -> float:
    """Return how many words its gaps may take beyond one each, which is what a class run takes."""
    return sum(float("inf") if most is None else max(most - 1, 0) for _, most in known.pattern.gaps)


def _openness(known: KnownPattern) -> tuple[float, str]:
    """Order by the words left open for each constant, most first."""
    return -_open_words(known) / max(len(known.pattern.constants), 1), known.id
