"""The example of an outlier shape and its nearest pattern, each with the word marked by which they differ."""

import re
from collections.abc import Sequence
from typing import Final

from commands.reporting.figures import ShapeDetail
from patterns.errors import PatternSyntaxError
from patterns.fitting import Difference, first_difference
from patterns.language import Pattern, parse
from patterns.terminal import printable, printable_rows
from patterns.words import Splitter, WordRules

SHOWN: Final = 400
"""Characters of a text that are shown; escapes of what cannot be shown count as they read."""

_BEFORE = 120
_GAPS: Final = re.compile(r"((?<!\S)\*\{[0-9]+,[0-9]*\}(?!\S))")
_GAP: Final = re.compile(r"\*\{[0-9]+,[0-9]*\}")

# The word rules of a site may be others: then an example has another shape by these, and no word of it is marked.
_SPLITTER: Final = Splitter(WordRules())


Rows = list[list[tuple[str, str]]]
"""A text in rows, whose parts each are plain (``""``), `MARKED`, or a `GAP` of a pattern."""

MARKED: Final = "marked"
GAP: Final = "gap"


def marked(detail: ShapeDetail) -> tuple[Rows, Rows]:
    """Return the example and the nearest pattern; without marks where their difference cannot be placed."""
    difference, pattern = _difference(detail)
    in_message = in_pattern = (0, 0)
    if difference is not None and pattern is not None:
        in_message = _place(detail, difference)
        in_pattern = _expected(detail.nearest, pattern, detail.shape.split(" "))
    return _rows(detail.message, *in_message), _of_pattern(detail.nearest, *in_pattern)


def of_pattern(text: str) -> Rows:
    """Return a pattern's text with its gaps told from its words."""
    return _of_pattern(text, 0, 0)


def of_line(text: str) -> Rows:
    """Return a line or record as it is shown."""
    return _rows(text, 0, 0)


def brief(text: str, most: int = SHOWN) -> str:
    """Return a text as it is shown, cut to so many characters."""
    shown = printable(text, most)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _difference(detail: ShapeDetail) -> tuple[Difference | None, Pattern | None]:
    """Return the difference as the stream found it; None where it cannot be found again."""
    try:
        pattern = parse(detail.nearest)
    except PatternSyntaxError:
        # There is none, or it was cut.
        return None, None
    found = first_difference(pattern, detail.shape.split(" "))
    return (found, pattern) if found is not None and str(found) == detail.difference else (None, None)


def _place(detail: ShapeDetail, difference: Difference) -> tuple[int, int]:
    """Return which characters of the example differ."""
    slices = _SPLITTER.slices(detail.message)
    if [part.text for part in slices] != detail.shape.split(" ") or not 1 <= difference.word <= len(slices):
        return 0, 0
    _, start, end = slices[difference.word - 1]
    return start, end


def _expected(text: str, pattern: Pattern, words: Sequence[str]) -> tuple[int, int]:
    """Return which characters of the pattern's text are the first constant that the words lack."""
    tokens = [found for found in re.finditer(r"\S+", text, re.ASCII) if not _GAP.fullmatch(found[0])]
    for number in range(len(pattern.constants)):
        begin = Pattern(pattern.constants[: number + 1], (*pattern.gaps[: number + 1], (0, None)))
        if first_difference(begin, words) is not None:
            return tokens[number].span()
    return 0, 0


def _of_pattern(text: str, start: int, end: int) -> Rows:
    return [
        [
            (piece, kind or (GAP if number % 2 else ""))
            for part, kind in row
            for number, piece in enumerate([part] if kind else _GAPS.split(part))
            if piece
        ]
        for row in _rows(text, start, end)
    ]


def _rows(text: str, start: int, end: int) -> Rows:
    """Return a text in rows with [start, end) marked; of a long one what is around that."""
    begin = max(0, start - _BEFORE) if len(text) > SHOWN else 0
    shown = ("…" if begin else "") + text[begin : begin + SHOWN] + ("…" if begin + SHOWN < len(text) else "")
    moved = begin - bool(begin)
    parts = [(shown[: start - moved], ""), (shown[start - moved : end - moved], MARKED), (shown[end - moved :], "")]
    rows: Rows = [[]]
    left = 2 * SHOWN
    for part, kind in parts:
        for number, row in enumerate(printable_rows(part)):
            if number:
                rows.append([])
            if row and left > 0:
                rows[-1].append((brief(row, left), kind))
                left -= len(row)
    return rows
