r"""
Files and standard input → lines, as soon as they arrive and in bounded memory.

Lines are those of `patterns.line.split_lines`: one ends at ``\n`` alone, a final ``\r`` is dropped, an unfinished last
line counts. Of a line longer than 16 MiB the start is taken; judging sees less than that anyway.
"""

import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Final, NamedTuple, cast

from patterns.line import drop_carriage_return, split_lines
from patterns.packing import MAGIC_BYTES, UNPACK, packing_of
from patterns.timestamps import SECOND
from training.errors import CorpusError
from training.paths import STANDARD_INPUT, unreadable

READ_BYTES: Final = 256 * 1024
"""What is asked for at once: some thousand lines, so that what is done once a batch costs little."""

LONGEST_LINE: Final = 16 * 1024 * 1024


class Batch(NamedTuple):
    """Lines that arrived together: their file as named, record time in microseconds, number of the first from 1."""

    file: str
    record_time: int
    first: int
    lines: list[bytes]


def check(paths: Sequence[str]) -> None:
    """
    Look at the files before the first is judged.

    Raises:
        CorpusError: A path is missing, unreadable, a folder, or a packed file.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            continue
        try:
            mode = Path(path).stat().st_mode
            if stat.S_ISDIR(mode):
                raise CorpusError(f"{path!r} is a folder; name its files, for example {path.rstrip('/')}/*.log")
            if not stat.S_ISREG(mode):
                continue
            with Path(path).open("rb") as file:
                packing = packing_of(file.read(MAGIC_BYTES))
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from None
        if packing:
            raise CorpusError(
                f"{path!r} is packed by {packing}; unpack it, for example: {UNPACK[packing]} FILE | logwinnow match -"
            )


def batches(paths: Sequence[str]) -> Iterator[Batch]:
    """
    Yield the lines of all files in order.

    Args:
        paths: Paths of files, or ``-`` for standard input. The record time is when a file was last written; for
            standard input, when its reading began.

    Raises:
        CorpusError: A file cannot be read.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield from _batches(path, cast("BufferedIOBase", sys.stdin.buffer), time.time_ns() // 1000)
            continue
        try:
            with Path(path).open("rb") as file:
                yield from _batches(path, file, int(os.fstat(file.fileno()).st_mtime * SECOND))
        except OSError as error:
            raise unreadable(path, error) from None


def lines_of(file: BufferedIOBase) -> Iterator[list[bytes]]:
    """Yield the lines that each read completes; a read waits for the first byte alone, and takes what is there."""
    begun, unfinished = bytearray(), False
    while data := file.read1(READ_BYTES):
        head, end, rest = data.partition(b"\n")
        begun += head[: LONGEST_LINE - len(begun)]
        unfinished = True
        if end:
            whole, _, tail = rest.rpartition(b"\n")
            more = split_lines(whole + b"\n") if len(tail) < len(rest) else []
            yield [drop_carriage_return(bytes(begun)), *more]
            begun, unfinished = bytearray(tail), bool(tail)
    if unfinished:
        yield [drop_carriage_return(bytes(begun))]


def _batches(path: str, file: BufferedIOBase, record_time: int) -> Iterator[Batch]:
    first = 1
    for lines in lines_of(file):
        yield Batch(path, record_time, first, lines)
        first += len(lines)
