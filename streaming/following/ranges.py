"""
A file → how far a batch takes it, in whole lines; ranges of its bytes; a range → its lines.

Only whole lines are taken; what follows the last line feed waits for its rest, except with `take_unfinished`.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from patterns.line import drop_carriage_return
from streaming.following.content import Content, Damaged, open_content
from streaming.following.finding import open_found
from streaming.following.followed import Followed, begins_like, is_still

_STEP = 65_536
_HOLE = bytes(512)

SMALLEST_SPLIT: Final = 1_048_576
"""Bytes below which a range is not cut further: a task's start costs more than judging so few lines."""


LONGEST_LINE: Final = 16_777_216
"""Bytes after which a line is cut into several: a task holds one whole."""


class Range(NamedTuple):
    """Bytes [start, end) of a file, whole lines; `file` as it is once the batch is taken."""

    file: Followed
    start: int
    end: int


class FileLine(NamedTuple):
    """A line without its end, and the byte at which it begins."""

    data: bytes
    offset: int


def last_line_end(content: Content, start: int, limit: int) -> int:
    """Return the offset behind the last line feed in [start, limit); `start` if there is none."""
    at = limit
    while at > start:
        begin = max(start, at - _STEP)
        found = content.read(begin, at).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        at = begin
    return start


def next_line_end(content: Content, start: int, limit: int) -> int:
    """Return the offset behind the first line feed at or after `start`, at most `limit`."""
    while start < limit:
        data = content.read(start, min(start + _STEP, limit))
        found = data.find(b"\n")
        if found >= 0:
            return start + found + 1
        start += len(data)
        if not data:
            return start
    return limit


def take(file: Followed, limit: int, budget: int, *, take_unfinished: bool) -> Followed:
    """
    Return a file as it is once a batch took of it what it may: whole lines within the budget, but at least one line.

    Args:
        file: What was taken before; it is at `file.at`.
        limit: Up to which byte it may be taken; of a packed one it does not matter.
        budget: How many bytes the batch may still take.
        take_unfinished: Whether what follows the last line feed is a line; in a packed file it is.

    Raises:
        SourceError: It may not be read.
    """
    if budget <= 0:
        return file
    content = open_content(file.at)
    if content is None:
        # Renamed this very moment: the next look finds it.
        return file
    with content:
        try:
            end = (
                _end_in_packed(content, file.end, budget)
                if content.packed
                else _end(content, file.end, limit, budget, take_unfinished=take_unfinished)
            )
            taken = file.taken_to(content, end) if end > file.end else file
            # Asked last: one that was cut or replaced while it was read shows it.
            is_same = (content.status.st_dev, content.status.st_ino) == file.place and is_still(content, file)
        except Damaged:
            return file
    return taken if is_same else file


def _end(content: Content, start: int, limit: int, budget: int, *, take_unfinished: bool) -> int:
    size = min(content.size(), limit)
    if size <= start:
        return start
    within = min(size, start + budget)
    if within == size and take_unfinished:
        return size
    end = last_line_end(content, start, within)
    if end > start:
        return end
    longest = min(size, start + max(budget, LONGEST_LINE))
    end = next_line_end(content, within, longest)
    return end if end < size or take_unfinished or content.read(end - 1, end) == b"\n" else start


def _end_in_packed(content: Content, start: int, budget: int) -> int:
    """Return the same, reading forward alone."""
    data = content.read(start, start + budget)
    if len(data) < budget:
        return start + len(data)
    end = start + data.rfind(b"\n") + 1
    return end if end > start else next_line_end(content, start + budget, start + max(budget, LONGEST_LINE))


def split(whole: Range, pieces: int) -> Iterator[Range]:
    """
    Yield a range in about so many pieces of whole lines, none smaller than SMALLEST_SPLIT but the last.

    What is packed stays whole: each piece would unpack it from its start.

    Raises:
        SourceError: It may not be read.
    """
    step = max(SMALLEST_SPLIT, -(-(whole.end - whole.start) // pieces))
    start = whole.start
    content = open_found(whole.file) if whole.end - start > step else None
    if content is None or content.packed:
        # The task that reads it says, and counts, what is gone.
        yield whole
        return
    with content:
        while start < whole.end:
            end = next_line_end(content, start + step - 1, whole.end) if start + step < whole.end else whole.end
            yield Range(whole.file, start, end)
            start = end


def read_lines(part: Range) -> Iterator[FileLine] | None:
    """
    Return the lines of a range; None where its bytes are gone.

    Raises:
        SourceError: The file is there but may not be read.
    """
    # Twice: it may be renamed, packed or cut while it is read, and its copy is whole.
    data = _read(part) or _read(part)
    return None if data is None else _lines(data, part.start)


def _read(part: Range) -> bytes | None:
    content = open_found(part.file)
    if content is None:
        return None
    with content:
        try:
            begins = begins_like(content, part.file)
            data = content.read(part.start, part.end)
            if not begins or len(data) < part.end - part.start:
                return None
            # Asked last: a file that is cut while it is read shows it.
            return data if content.packed or is_still(content, part.file) else None
        except Damaged:
            return None


def _lines(data: bytes, offset: int) -> Iterator[FileLine]:
    start = 0
    while start < len(data):
        found = data.find(b"\n", start)
        end = found if found >= 0 else len(data)
        if data.startswith(_HOLE, start):
            # Where a file was cut in place, a program that does not append goes on far behind its start.
            start = end - len(data[start:end].lstrip(b"\0"))
        if start < end or found >= 0:
            yield FileLine(drop_carriage_return(data[start:end]), offset + start)
        start = end + 1
