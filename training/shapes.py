"""Lines → table of shapes, with the counts of what was read: the one pass over the corpus."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from patterns.judge import Shaper
from patterns.rules import Rules
from patterns.shapes import ShapeKey, ShapeTable
from patterns.timestamps import DAY, utc_day
from training.corpus import CorpusLine, Progress

_LINES_BETWEEN_REPORTS = 5_000


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
    """

    lines: int = 0
    judged: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    not_utf8: int = 0

    def as_run(self) -> dict[str, Any]:
        """Return the counts as the manifest has them, in a fixed order."""
        return {
            "lines": self.lines,
            "judged": self.judged,
            "unjudged": dict(sorted(self.unjudged.items())),
            "formats": dict(sorted(self.formats.items())),
            "cut": self.cut,
            "not_utf8": self.not_utf8,
        }


def tabulate(
    lines: Iterable[CorpusLine], rules: Rules, size: int, progress: Progress
) -> tuple[ShapeTable, CorpusCounts]:
    """
    Read lines into a table of shapes.

    Args:
        lines: The corpus.
        rules: How lines are read and taken apart.
        size: Bytes of the corpus for `progress`, 0 where not known.
        progress: Called every few thousand lines and at the end.

    Returns:
        The table, in memory: it grows with the distinct shapes a day, not with the lines; and the counts.
    """
    shaper, table, counts, read = Shaper(rules), ShapeTable(), CorpusCounts(), 0
    day_of = lru_cache(maxsize=1024)(lambda days: utc_day(days * DAY))
    for data, record_time in lines:
        shaped = shaper.shape(data, record_time)
        line = shaped.line
        counts.lines += 1
        read += len(data) + 1
        counts.formats[line.format] += 1
        counts.cut += line.cut
        counts.not_utf8 += line.original is not None
        if shaped.unjudged:
            counts.unjudged[shaped.unjudged] += 1
        else:
            counts.judged += 1
            key = ShapeKey(shaped.scope, shaped.shape, day_of(line.time // DAY))
            table.add(key, 1, line.time, line.time, (line.text,))
        if counts.lines % _LINES_BETWEEN_REPORTS == 0:
            progress(counts.lines, min(read, size), size)
    progress(counts.lines, size, size)
    return table, counts
