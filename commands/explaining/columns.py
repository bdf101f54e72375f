"""A pattern above a line, column by column, with marks below what differs."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from commands.explaining.explained import Piece
from patterns.aligning import EXTRA, MISSING, SAME
from patterns.terminal import printable

_CELL: Final = 24
"""Columns of a word at most; one that differs may be told from its start."""

_PIECES: Final = 60
_LEAST_WIDTH: Final = 20


def side_by_side(pieces: Sequence[Piece], width: int) -> Iterator[tuple[Text, Text, Text]]:
    """Yield rows of pattern, line and marks, as many columns as fit into the width."""
    rows: list[tuple[Text, Text, Text]] = []
    at = 0
    for piece in _shortened(pieces):
        above, below = printable(piece.pattern, _CELL), printable(" ".join(piece.line.split()), _CELL)
        cells = max(cell_len(above), cell_len(below))
        if not rows or at + cells > max(width, _LEAST_WIDTH):
            rows.append((Text(), Text(), Text()))
            at = 0
        style = "bold red underline" if piece.differs else ""
        for row, cell, look in zip(
            rows[-1], (above, below, _mark(piece, above, below)), (style, style, "red"), strict=True
        ):
            row.append(cell, style=look)
            row.append(" " * (cells - cell_len(cell) + 1))
        at += cells + 1
    yield from rows


def _mark(piece: Piece, above: str, below: str) -> str:
    return "^" * max(cell_len(above), cell_len(below)) if piece.differs else ""


def _shortened(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, of very many those around the first difference."""
    pieces = _paired(pieces)
    if len(pieces) <= _PIECES:
        return list(pieces)
    first = next((at for at, piece in enumerate(pieces) if piece.differs), 0)
    start = max(0, first - _PIECES // 4)
    some = list(pieces[start : start + _PIECES])
    more = Piece(SAME, "…", "…")
    return [*([more] if start else []), *some, *([more] if start + _PIECES < len(pieces) else [])]


def _paired(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with words that no gap takes above the constant that is missing there: as replaced."""
    paired: list[Piece] = []
    for piece in pieces:
        before = paired[-1] if paired else None
        if before is not None and before.kind == EXTRA and not before.pattern and piece.kind == MISSING:
            paired[-1] = Piece(EXTRA, piece.pattern, before.line)
        else:
            paired.append(piece)
    return paired
