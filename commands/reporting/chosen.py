"""Which patterns and shapes a page lists: a bounded number of each, by rules that the page says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from commands.reporting.figures import Figures, Kind
from patterns.timestamps import SECOND

EACH: Final = 100
"""Patterns of each standing that are listed at most."""

SHAPES_BY_LINES: Final = 200
SHAPES_BY_AGE: Final = 100
"""Outlier shapes that are listed at most: those with the most lines, and of the others those that came last."""

PROGRAMS: Final = 200

USUAL: Final = 10
"""So many lines make a pattern usual: fewer can be missing for a while by chance."""

MOST, RAREST, NEW, VANISHED = STANDINGS = ("most", "rarest", "new", "vanished")


@dataclass(frozen=True, slots=True)
class Chosen:
    """
    What is listed.

    Attributes:
        patterns: With their standings, those with the most lines first.
        standings: Standing → how many patterns have it, listed or not.
        shapes: Those with the most lines first.
        recent: When the last quarter of the time begins, for which a pattern is new or vanished.
    """

    patterns: list[tuple[Kind, tuple[str, ...]]]
    standings: dict[str, int]
    shapes: list[Kind]
    recent: int


def choose(figures: Figures) -> Chosen:
    """Choose what is listed, the same for the same figures."""
    recent = _recent(figures)
    of_standing: dict[str, list[Kind]] = {
        MOST: _sorted(figures.patterns, lambda kind: -kind.lines),
        RAREST: _sorted(figures.patterns, lambda kind: kind.lines),
        NEW: _sorted((kind for kind in figures.patterns if kind.first >= recent), lambda kind: -kind.lines),
        VANISHED: _sorted(
            (kind for kind in figures.patterns if kind.last < recent and kind.lines >= USUAL), lambda kind: -kind.lines
        ),
    }
    listed: dict[str, list[str]] = {}
    for standing in STANDINGS:
        for kind in of_standing[standing][:EACH]:
            listed.setdefault(kind.id, []).append(standing)
    patterns = [(kind, tuple(listed[kind.id])) for kind in of_standing[MOST] if kind.id in listed]
    counts = {standing: len(kinds) for standing, kinds in of_standing.items()}
    return Chosen(patterns, counts, _shapes(figures), recent)


def _recent(figures: Figures) -> int:
    """Return when the last quarter begins of the time from the first line that is drawn to the end of the chart."""
    end = figures.chart.end * SECOND
    begin = max(figures.first, figures.chart.start * SECOND)
    return end - (end - begin) // 4


def _shapes(figures: Figures) -> list[Kind]:
    by_lines = _sorted(figures.shapes, lambda kind: -kind.lines)
    latest = _sorted(by_lines[SHAPES_BY_LINES:], lambda kind: -kind.first)[:SHAPES_BY_AGE]
    return _sorted([*by_lines[:SHAPES_BY_LINES], *latest], lambda kind: -kind.lines)


def _sorted(kinds: Iterable[Kind], key: Callable[[Kind], int]) -> list[Kind]:
    return sorted(kinds, key=lambda kind: (key(kind), kind.id))
