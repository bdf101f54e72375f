"""
Paths → files; files → ranges of whole lines; a range → its lines.

Only whole lines are taken; what follows the last line feed waits for the rest, except with `take_unfinished`.
"""

import glob
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from patterns.line import drop_carriage_return
from streaming.errors import SourceError
from streaming.source.following import Followed, is_still, is_text, open_followed, open_same, stat_file

_STEP = 65_536
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")

SMALLEST_SPLIT: Final = 1_048_576
"""Bytes below which a range is not cut further: a task's start costs more than judging so few lines."""


class Range(NamedTuple):
    """Bytes [start, end) of a file, whole lines; `file` with its `end` at the range's end."""

    file: Followed
    start: int
    end: int


class FileLine(NamedTuple):
    """A line without its end, and the byte at which it begins."""

    data: bytes
    offset: int


def expand(paths: Sequence[str]) -> list[str]:
    """
    Return the files that paths and globs name, each once, in order of their paths.

    A glob such as ``syslog*`` passes over compressed files: what they hold was read when it was written.

    Raises:
        SourceError: A path that is no glob names a folder or a compressed file, or the name of a file is no UTF-8.
    """
    found: set[str] = set()
    for path in paths:
        if glob.has_magic(path):
            matches = [match for match in glob.glob(path, recursive=True) if not match.endswith(_COMPRESSED)]
        elif path.endswith(_COMPRESSED):
            raise SourceError(f"{path!r} is compressed; unpack it, and name the file that comes out")
        else:
            matches = [path]
        found.update(match for match in matches if stat_file(match, must_be_file=match == path))
    for path in found:
        if not is_text(path):
            raise SourceError(f"{path!r}: the name of a file must be UTF-8; rename it or narrow $.source.files.paths")
    return sorted(found)


def last_line_end(file: BinaryIO, start: int, limit: int) -> int:
    """Return the offset behind the last line feed in [start, limit); `start` if there is none."""
    at = limit
    while at > start:
        begin = max(start, at - _STEP)
        file.seek(begin)
        found = file.read(at - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return start


def next_line_end(file: BinaryIO, start: int, limit: int) -> int:
    """Return the offset behind the first line feed at or after `start`, at most `limit`."""
    file.seek(start)
    while start < limit:
        data = file.read(min(_STEP, limit - start))
        found = data.find(b"\n")
        if found >= 0:
            return start + found + 1
        if not data:
            break
        start += len(data)
    return limit


def take(file: Followed, size: int, budget: int, *, take_unfinished: bool) -> int:
    """
    Return up to which byte a batch takes a file: whole lines within the budget, but at least one line.

    Args:
        file: What was taken before.
        size: How long the file is.
        budget: How many bytes the batch may still take.
        take_unfinished: Whether what follows the last line feed is a line.
    """
    if budget <= 0 or size <= file.end:
        return file.end
    opened = open_same(file)
    if opened is None:
        # Renamed this very moment: the next batch looks anew.
        return file.end
    with opened as data:
        within = min(size, file.end + budget)
        if within == size and take_unfinished:
            return size
        end = last_line_end(data, file.end, within)
        if end > file.end:
            return end
        end = next_line_end(data, within, size)
        data.seek(end - 1)
        return end if take_unfinished or data.read(1) == b"\n" else file.end


def split(whole: Range, pieces: int) -> Iterator[Range]:
    """Yield a range in about so many pieces of whole lines, none smaller than SMALLEST_SPLIT but the last."""
    step = max(SMALLEST_SPLIT, -(-(whole.end - whole.start) // pieces))
    start = whole.start
    opened = open_followed(whole.file)
    if opened is None:
        # The task that reads it says, and counts, what is gone.
        yield whole
        return
    with opened as data:
        while start < whole.end:
            end = next_line_end(data, start + step - 1, whole.end) if start + step < whole.end else whole.end
            yield Range(whole.file, start, end)
            start = end


def read_lines(part: Range) -> Iterator[FileLine] | None:
    """
    Return the lines of a range; None where the file is no longer what it was, so that its bytes are gone.

    Raises:
        SourceError: The file is there but cannot be read.
    """
    opened = open_followed(part.file)
    if opened is None:
        return None
    with opened as file:
        file.seek(part.start)
        data = file.read(part.end - part.start)
        # Asked last: a file that is emptied while it is read shows it.
        if len(data) < part.end - part.start or not is_still(file, part.file):
            return None
    return _lines(data, part.start)


def _lines(data: bytes, offset: int) -> Iterator[FileLine]:
    start = 0
    while start < len(data):
        found = data.find(b"\n", start)
        end = found if found >= 0 else len(data)
        yield FileLine(drop_carriage_return(data[start:end]), offset + start)
        start = end + 1
