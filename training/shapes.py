"""Lines → table of shapes, with the counts of what was read: the one pass over the corpus."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from patterns.judge import Shaped, Shaper
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.timestamps import DAY, utc_day
from training.corpus import CorpusLine
from training.fetched.time_range import ALL_TIMES, Times


@dataclass(slots=True)
class CorpusCounts:
    """
    What was read, by lines.

    Attributes:
        lines: All of them.
        judged: Those with a constant, from which patterns are mined.
        unjudged: Reason → lines without one; ``blank`` or ``no_constant``.
        formats: Header format → lines.
        cut: Lines longer than max_line_bytes.
        not_utf8: Lines that are not UTF-8.
        outside: Lines of times that are not learned from; they are neither judged nor unjudged.
    """

    lines: int = 0
    judged: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    not_utf8: int = 0
    outside: int = 0

    def add(self, other: "CorpusCounts") -> None:
        """Add what was read elsewhere."""
        self.lines += other.lines
        self.judged += other.judged
        self.unjudged += other.unjudged
        self.formats += other.formats
        self.cut += other.cut
        self.not_utf8 += other.not_utf8
        self.outside += other.outside

    @classmethod
    def of_run(cls, run: Mapping[str, Any]) -> "CorpusCounts":
        """Return the counts that `as_run` returned."""
        return cls(**{**run, "unjudged": Counter(run["unjudged"]), "formats": Counter(run["formats"])})

    def as_run(self) -> dict[str, Any]:
        """Return the counts as the manifest has them, in a fixed order."""
        return {
            "lines": self.lines,
            "judged": self.judged,
            "unjudged": dict(sorted(self.unjudged.items())),
            "formats": dict(sorted(self.formats.items())),
            "cut": self.cut,
            "not_utf8": self.not_utf8,
            **({"outside": self.outside} if self.outside else {}),
        }


def tabulate(lines: Iterable[CorpusLine], rules: Rules, times: Times = ALL_TIMES) -> tuple[ShapeTable, CorpusCounts]:
    """
    Read lines into a table of shapes; lines of other times than `times` are counted alone.

    Raises:
        RulesError: The rules cannot be used.
        PatternsError: No temporary file can be written.

    Cost: one pass. Memory for all rows, which grows with the distinct shapes a day, not with the lines.
    """
    counts = CorpusCounts()
    rows: dict[ShapeKey, ShapeCount] = {}
    day_of = lru_cache(maxsize=1024)(lambda days: utc_day(days * DAY))
    for line, scope, shape, *_ in _judged(lines, Shaper(rules), counts, times):
        key = ShapeKey(scope, shape, day_of(line.time // DAY))
        row = rows.get(key)
        if row is None:
            row = rows[key] = ShapeCount()
        row.add(1, line.time, line.time, (line.text,))
    return ShapeTable.of(rows), counts


def count_shapes(lines: Iterable[CorpusLine], rules: Rules) -> tuple[dict[str, dict[str, int]], CorpusCounts]:
    """
    Count the lines of each shape, and nothing else of them.

    Returns:
        Scope → shape → lines, in ascending order of both; and the counts.

    Raises:
        RulesError: The rules cannot be used.

    Cost: one pass, memory for the shapes.
    """
    counts = CorpusCounts()
    scopes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for shaped in _judged(lines, Shaper(rules), counts):
        scopes[shaped.scope][shaped.shape] += 1
    return {scope: dict(sorted(shapes.items())) for scope, shapes in sorted(scopes.items())}, counts


def _judged(
    lines: Iterable[CorpusLine], shaper: Shaper, counts: CorpusCounts, times: Times = ALL_TIMES
) -> Iterator[Shaped]:
    """Yield the lines of these times that have a constant, and count all."""
    for data, record_time in lines:
        shaped = shaper.shape(data, record_time)
        line = shaped.line
        counts.lines += 1
        counts.formats[line.format] += 1
        counts.cut += line.cut
        counts.not_utf8 += line.original is not None
        if not times.holds(line.time):
            counts.outside += 1
        elif shaped.unjudged:
            counts.unjudged[shaped.unjudged] += 1
        else:
            counts.judged += 1
            yield shaped
