r"""
Files and standard input → lines as bytes.

A line ends at ``\n`` alone. Of a line longer than 16 MiB the start is given and the rest passed over: judging sees
less than that anyway.
"""

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from patterns.line import drop_carriage_return
from patterns.timestamps import SECOND
from training.errors import CorpusError

STANDARD_INPUT: Final = "-"

_LONGEST_LINE = 16 * 1024 * 1024
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "zcat"),
    b"BZh": ("bzip2", "bzcat"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstdcat"),
    b"\xfd7zXZ": ("xz", "xzcat"),
}

Progress = Callable[[int, int, int], None]
"""Called now and then with (lines read, bytes read, bytes in all); the last is 0 where it is not known."""


class CorpusLine(NamedTuple):
    """A line without its end, and its record time in microseconds since 1970: when its file was last written."""

    data: bytes
    record_time: int


def check(paths: Sequence[str]) -> int:
    """
    Return how many bytes the corpus has; 0 where that cannot be known.

    Raises:
        CorpusError: A path is missing, unreadable, a folder, or a compressed file.
    """
    sizes = [_size(path) for path in paths]
    return 0 if None in sizes else sum(size for size in sizes if size)


def lines(paths: Sequence[str]) -> Iterator[CorpusLine]:
    """
    Yield the lines of all files in order.

    Args:
        paths: Paths of files, or ``-`` for standard input.

    Raises:
        CorpusError: A file cannot be read.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield from _lines(sys.stdin.buffer, time.time_ns() // 1000)
            continue
        try:
            with Path(path).open("rb") as file:
                yield from _lines(file, int(os.fstat(file.fileno()).st_mtime * SECOND))
        except OSError as error:
            raise CorpusError(f"{path!r} cannot be read: {error.strerror}; check the path and its rights") from None


def _lines(file: BinaryIO, record_time: int) -> Iterator[CorpusLine]:
    while line := file.readline(_LONGEST_LINE):
        if not line.endswith(b"\n"):
            rest = line
            while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
                rest = file.readline(_LONGEST_LINE)
        yield CorpusLine(drop_carriage_return(line.removesuffix(b"\n")), record_time)


def _size(path: str) -> int | None:
    if path == STANDARD_INPUT:
        return None
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise CorpusError(f"{path!r} is a folder; name its files, for example {path.rstrip('/')}/*.log")
        if not stat.S_ISREG(status.st_mode):
            return None
        with Path(path).open("rb") as file:
            start = file.read(8)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise CorpusError(f"{path!r} cannot be read: {why}; check the path and its rights (logs: group adm)") from None
    for magic, (kind, unpack) in _COMPRESSED.items():
        if start.startswith(magic):
            raise CorpusError(
                f"{path!r} is compressed by {kind}; unpack it, for example: {unpack} FILE | logwinnow VERB -"
            )
    return status.st_size
