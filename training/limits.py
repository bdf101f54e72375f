"""
What a training leaves out so that it stays within memory: rare shapes before mining, kinds seen once after it.

Both follow from the table alone, so that every engine leaves out the same; nothing is sampled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mining.ladder import Accepted
from patterns.shapes import ShapeTable
from training.config import Mining

Found = Mapping[str, list[Accepted]]
"""Scope → its accepted clusters."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """
    What was left out.

    Attributes:
        shapes: Shapes that were not mined, for they have less than `least_count` lines.
        lines: Their lines.
        least_count: Lines of a shape that is mined; 1 where all are.
        patterns: Patterns seen once that were mined and not kept.
        scopes: Whose they were, the scope with most of them first.
    """

    shapes: int = 0
    lines: int = 0
    least_count: int = 1
    patterns: int = 0
    scopes: tuple[str, ...] = ()


def limited(found: Found, table: ShapeTable, mining: Mining) -> tuple[Found, LeftOut]:
    """
    Leave out patterns seen once, by whole scopes, until no more than `mining.max_patterns` remain.

    Args:
        found: What was mined. Patterns of higher levels stay, however many there are.
        table: What it was mined from.
        mining: The limits, that of shapes as well.

    Returns:
        What remains, and what was left out at both places. The scope with most patterns seen once goes first; of
        equals the one whose name comes first.
    """
    once = {scope: sum(accepted.level == 1 for accepted in clusters) for scope, clusters in found.items()}
    above = sum(len(clusters) for clusters in found.values()) - mining.max_patterns
    scopes: list[str] = []
    for scope in sorted(filter(once.get, once), key=lambda scope: (-once[scope], scope)):
        if above <= 0:
            break
        scopes.append(scope)
        above -= once[scope]
    kept = {**found, **{scope: [one for one in found[scope] if one.level > 1] for scope in scopes}}
    least_count = table.least_count(mining.max_shapes)
    shapes, lines = table.below(least_count)
    return kept, LeftOut(shapes, lines, least_count, sum(once[scope] for scope in scopes), tuple(scopes))
