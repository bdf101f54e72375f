"""The example of an outlier shape and its nearest pattern, each with the word marked by which they differ."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from commands.reporting.figures import ShapeDetail
from patterns.errors import PatternSyntaxError
from patterns.fitting import Difference, first_difference
from patterns.language import Pattern, parse
from patterns.terminal import printable, printable_rows
from patterns.words import Splitter, WordRules

SHOWN: Final = 400
"""Characters of a text that are shown; escapes of what cannot be shown count as they read."""

_BEFORE = 120
_GAP: Final = re.compile(r"\*\{[0-9]+,[0-9]*\}")

# The word rules of a site may be others: then an example has another shape by these, and no word of it is marked.
_SPLITTER: Final = Splitter(WordRules())


class Marked(NamedTuple):
    """A text in rows, whose parts are each marked or not."""

    rows: list[list[tuple[str, bool]]]


def marked(detail: ShapeDetail) -> tuple[Marked, Marked]:
    """Return the example and the nearest pattern; without marks where their difference cannot be placed."""
    difference, pattern = _difference(detail)
    in_message = in_pattern = (0, 0)
    if difference is not None and pattern is not None:
        in_message = _place(detail, difference)
        in_pattern = _expected(detail.nearest, pattern, detail.shape.split(" "))
    return _rows(detail.message, *in_message), _rows(detail.nearest, *in_pattern)


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


def _rows(text: str, start: int, end: int) -> Marked:
    """Return a text in rows with [start, end) marked; of a long one what is around that."""
    begin = max(0, start - _BEFORE) if len(text) > SHOWN else 0
    shown = ("…" if begin else "") + text[begin : begin + SHOWN] + ("…" if begin + SHOWN < len(text) else "")
    moved = begin - bool(begin)
    parts = [(shown[: start - moved], False), (shown[start - moved : end - moved], True), (shown[end - moved :], False)]
    rows: list[list[tuple[str, bool]]] = [[]]
    left = 4 * SHOWN
    for part, is_marked in parts:
        for number, row in enumerate(printable_rows(part)):
            if number:
                rows.append([])
            if row and left > 0:
                rows[-1].append((brief(row, left), is_marked))
                left -= len(row)
    return Marked(rows)
