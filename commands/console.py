"""
What is printed: text of logs made harmless, tables, JSON.

A log line is written by strangers, so whatever comes from one goes through `patterns.terminal.printable` into a
`rich.text.Text`, and never through rich's markup. NO_COLOR is honoured, by rich. Where the output is no terminal,
nothing is wrapped, coloured or cut to a width.
"""

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from patterns.terminal import printable

_WIDEST_COLUMN = 40


class Column(NamedTuple):
    """A column of a table: its heading, whether it stands right, its share of what width is left (0: what it needs)."""

    heading: str
    right: bool = False
    ratio: int = 0


def prepare_streams() -> None:
    """Make the standard streams take any text; one that is closed reads and writes nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (until the end)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def stdout() -> Console:
    """Return the console of standard output."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    """Return the console of standard error."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def shown(text: str, style: str = "", most: int | None = None) -> Text:
    """Return any text, a log's too, as rich shows it without harm; cut to `most` characters."""
    return Text(printable(text, most), style=style)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return ``1 line``, ``1,200 lines``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def print_table(console: Console, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of any text: on a terminal fitted to its width, else one line a row, the last column as it is."""
    if not console.is_terminal:
        _print_plain(console, columns, [[printable(cell) for cell in row] for row in rows])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.right else "left",
            ratio=column.ratio or None,
            no_wrap=not column.ratio,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(shown(cell) for cell in row))
    console.print(table)


def print_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Print names and what is to say of each, any text; on a terminal fitted to its width."""
    facts = list(facts)
    if not console.is_terminal:
        width = max(len(name) for name, _ in facts)
        for name, what in facts:
            print(f"{name:<{width}}  {printable(what)}".rstrip(), file=console.file)
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, what in facts:
        table.add_row(name, shown(what))
    console.print(table)


def write_json(objects: Iterable[Any]) -> None:
    """
    Write one JSON object a line to standard output, and flush it.

    JSON leaves some characters as they are that would steer a terminal; on one, all but ASCII is escaped.
    """
    write_json_lines(msgspec.json.Encoder().encode_lines(objects))


def write_json_lines(lines: bytes) -> None:
    """Write lines of JSON, as `write_json` does."""
    if sys.stdout.isatty():
        safe = (json.dumps(json.loads(line), separators=(",", ":")) for line in lines.splitlines())
        lines = "".join(f"{line}\n" for line in safe).replace("\x7f", "\\u007f").encode()
    sys.stdout.flush()
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()


def _print_plain(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    every = [[column.heading for column in columns], *rows]
    widths = [min(max(cell_len(row[at]) for row in every), _WIDEST_COLUMN) for at in range(len(columns) - 1)]
    for row in every:
        cells = [
            " " * (width - cell_len(cell)) + cell if column.right else cell + " " * (width - cell_len(cell))
            for column, cell, width in zip(columns, row, widths, strict=False)
        ]
        print("  ".join([*cells, row[-1]]), file=console.file)
