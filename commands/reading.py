r"""
Files and standard input → lines, as soon as they arrive and in bounded memory.

Lines are those of `patterns.line.split_lines`: one ends at ``\n`` alone, a final ``\r`` is dropped, an unfinished last
line counts. Of a line longer than 16 MiB the start is taken; judging sees less than that anyway. Where they are joined
(patterns/records.py), a record stands for a line; it is there when the next one begins.
"""

import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Final, NamedTuple, cast

from patterns.line import drop_carriage_return
from patterns.packing import MAGIC_BYTES, UNPACK, packing_of
from patterns.records import Joiner, Records
from patterns.timestamps import SECOND
from training.errors import CorpusError
from training.paths import STANDARD_INPUT, unreadable

READ_BYTES: Final = 1024 * 1024
"""What is asked for at once: some thousand lines, so that what is done once a batch costs little."""

LONGEST_LINE: Final = 16 * 1024 * 1024


class Batch(NamedTuple):
    """
    Lines or records that arrived together.

    Attributes:
        file: Their file as named.
        record_time: In microseconds since 1970.
        first: Number of the first line, from 1.
        lines: Each without its end.
    """

    file: str
    record_time: int
    first: int
    lines: list[bytes]

    def numbers(self) -> Iterator[int]:
        """Yield the number of each line; of a record that of its first line."""
        number = self.first
        for line in self.lines:
            yield number
            number += 1 + line.count(b"\n")


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


def batches(paths: Sequence[str], records: Records) -> Iterator[Batch]:
    """
    Yield the lines of all files in order.

    Args:
        paths: Paths of files, or ``-`` for standard input. The record time is when a file was last written; for
            standard input, when its reading began.
        records: What joins lines; its offsets count from where a file is read first.

    Raises:
        CorpusError: A file cannot be read.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield from _batches(path, cast("BufferedIOBase", sys.stdin.buffer), time.time_ns() // 1000, records)
            continue
        try:
            with Path(path).open("rb") as file:
                yield from _batches(path, file, int(os.fstat(file.fileno()).st_mtime * SECOND), records)
        except OSError as error:
            raise unreadable(path, error) from None


def lines_of(file: BufferedIOBase) -> Iterator[list[bytes]]:
    """Yield the lines that each read completes; a read waits for the first byte alone, and takes what is there."""
    for read in _reads(file):
        yield [drop_carriage_return(line) for line in read.lines]


def records_of(file: BufferedIOBase, records: Records) -> Iterator[list[bytes]]:
    """Yield the records that each read completes; the last one at the end, also if the user ends it."""
    joiner = Joiner(records)
    try:
        for read in _reads(file):
            ended = []
            offset, left_out, lines = read
            for line in lines:
                ended.append(joiner.add(line, offset))
                offset += len(line) + left_out + 1
                left_out = 0
            if some := [record for record, _ in filter(None, ended)]:
                yield some
    except KeyboardInterrupt:
        # This is how `tail -f | logwinnow match -` ends, and nobody else shows what is held.
        if last := joiner.rest():
            yield [last[0]]
        raise
    if last := joiner.rest():
        yield [last[0]]


class _Read(NamedTuple):
    """Lines with what stands before their line feed; offset of the first, and how much of it is left out."""

    offset: int
    left_out: int
    lines: list[bytes]


def _reads(file: BufferedIOBase) -> Iterator[_Read]:
    begun, unfinished, offset, left_out = bytearray(), False, 0, 0
    while data := file.read1(READ_BYTES):
        head, end, rest = data.partition(b"\n")
        kept = head[: LONGEST_LINE - len(begun)]
        begun += kept
        left_out += len(head) - len(kept)
        unfinished = True
        if end:
            whole, more, tail = rest.rpartition(b"\n")
            yield _Read(offset, left_out, [bytes(begun), *(whole.split(b"\n") if more else [])])
            offset += len(begun) + left_out + len(end) + len(whole) + len(more)
            begun, unfinished, left_out = bytearray(tail), bool(tail), 0
    if unfinished:
        yield _Read(offset, left_out, [bytes(begun)])


def _batches(path: str, file: BufferedIOBase, record_time: int, records: Records) -> Iterator[Batch]:
    first = 1
    for lines in records_of(file, records) if records.joins else lines_of(file):
        yield Batch(path, record_time, first, lines)
        first += len(lines)
        if records.joins:
            first += sum(record.count(b"\n") for record in lines)
