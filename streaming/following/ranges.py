"""
A file → how far a batch takes it, in whole records; ranges of its bytes; a range → its records.

A record is a line, or lines that are joined (`patterns.records`). What follows the last line feed waits for its rest,
and where lines are joined the last record for one that begins another.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from kernels.spans import Positions, lines_of, slices
from patterns.line import drop_carriage_return
from patterns.records import Records
from streaming.following.content import Content, Damaged, open_content
from streaming.following.finding import open_found
from streaming.following.followed import Followed, is_still

_STEP = 65_536
_HOLE = bytes(512)
_ANYWHERE = 2**62
_LINE_FEED = 10
_TRIES = 10
_PAUSE_SECONDS = 0.2

SMALLEST_SPLIT: Final = 1_048_576
"""Bytes below which a range is not cut further: a task's start costs more than judging so few lines."""


LONGEST_LINE: Final = 16_777_216
"""Bytes after which a line is cut into several: a task holds one whole."""


class Range(NamedTuple):
    """Bytes [start, end) of a file, whole records; `file` as it is once the batch is taken."""

    file: Followed
    start: int
    end: int


FileLine = tuple[bytes, int]
"""A line, or record, without its end, and the byte at which it begins."""


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


class Bounds(NamedTuple):
    """
    What a batch may take of a file.

    Attributes:
        limit: Up to which byte; of a packed one it does not matter.
        budget: How many bytes; one line, or record, may be more.
        unfinished: Whether what follows the last line feed is a line; in a packed file it is.
        settled: Whether the last record is whole, since no line comes that could belong to it.
    """

    limit: int
    budget: int
    unfinished: bool = False
    settled: bool = True


def take(file: Followed, bounds: Bounds, records: Records) -> Followed:
    """
    Return a file as it is once a batch took of it what it may, whole records, one at least.

    Args:
        file: What was taken before; it is at `file.at`.
        bounds: What the batch may take.
        records: Which lines belong together.

    Raises:
        SourceError: It may not be read.
    """
    if bounds.budget <= 0:
        return file
    content = open_content(file.at)
    if content is None:
        # Renamed this very moment: the next look finds it.
        return file
    with content:
        try:
            end = (_end_in_packed if content.packed else _end)(content, file.end, bounds, records)
            taken = file.taken_to(content, end) if end > file.end else file
            # Asked last: one that was cut or replaced while it was read shows it.
            is_same = content.place == file.place and is_still(content, file)
        except Damaged:
            return file
    return taken if is_same else file


def _end(content: Content, start: int, bounds: Bounds, records: Records) -> int:
    size = min(content.size(), bounds.limit)
    lines_end = size if bounds.unfinished else last_line_end(content, start, size)
    if lines_end <= start:
        return start + LONGEST_LINE if size - start >= LONGEST_LINE else start
    whole = lines_end
    if records.joins and not bounds.settled:
        whole = max(start, records.last_start(content.as_file(), lines_end - 1, lines_end))
    if whole - start <= bounds.budget:
        return whole
    return _cut(content, start, whole, bounds.budget, records)


def _end_in_packed(content: Content, start: int, bounds: Bounds, records: Records) -> int:
    # Forward alone: each step back unpacks it from its start.
    data = content.read(start, start + bounds.budget)
    if len(data) < bounds.budget:
        return start + len(data)
    if records.joins:
        return _cut(content, start, _ANYWHERE, bounds.budget, records)
    end = start + data.rfind(b"\n") + 1
    return end if end > start else next_line_end(content, start + len(data), start + max(bounds.budget, LONGEST_LINE))


def _cut(content: Content, start: int, whole: int, budget: int, records: Records) -> int:
    """Return where a batch ends that cannot take all of [start, whole): within its budget, or behind one record."""
    within = start + budget
    if records.joins:
        file = content.as_file()
        end = records.last_start(file, within, whole)
        return end if end > start else min(records.next_start(file, within, whole), whole)
    end = last_line_end(content, start, within)
    return end if end > start else next_line_end(content, within, min(whole, start + max(budget, LONGEST_LINE)))


def split(whole: Range, pieces: int, records: Records) -> Iterator[Range]:
    """
    Yield a range in about so many pieces of whole records, none smaller than SMALLEST_SPLIT but the last.

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
            end = whole.end
            if start + step < end and records.joins:
                end = records.next_start(content.as_file(), start + step, end)
            elif start + step < end:
                end = next_line_end(content, start + step - 1, end)
            yield Range(whole.file, start, end)
            start = end


def read_records(part: Range, records: Records) -> Iterator[FileLine] | None:
    """
    Return the records of a range, each a line where none are joined; None where its bytes are gone.

    Cost: two seconds where they are gone and were not when the range was planned.

    Raises:
        SourceError: The file is there but may not be read.
    """
    data = _read_patiently(part)
    return None if data is None else _records(data, part.start, records)


def read_columns(part: Range, records: Records, most: int) -> Iterator[tuple[pa.Array, Positions]] | None:
    """Return the records of a range as `read_records` does, so many at a time: their bytes, and where they begin."""
    data = _read_patiently(part)
    if data is None:
        return None
    if records.joins or _HOLE in data:
        return _columns(_records(data, part.start, records), most)
    lines = lines_of(data)
    return (
        (slices(data, lines.at(slice(at, at + most))), lines.starts[at : at + most] + part.start)
        for at in range(0, len(lines.starts), most)
    )


def _columns(records: Iterable[FileLine], most: int) -> Iterator[tuple[pa.Array, Positions]]:
    left = iter(records)
    while taken := list(islice(left, most)):
        lines, offsets = zip(*taken, strict=True)
        yield pa.array(lines, pa.binary()), np.array(offsets, np.int64)


def _read_patiently(part: Range) -> bytes | None:
    data = _read(part)
    tries = _TRIES if part.end <= part.file.known else 1
    while data is None and tries:
        # It was there when the batch was planned, and may be renamed, packed, or cut and its copy whole, this moment.
        time.sleep(_PAUSE_SECONDS)
        data, tries = _read(part), tries - 1
    return data


def _records(data: bytes, start: int, records: Records) -> Iterator[FileLine]:
    lines = _lines(data, start)
    if records.joins:
        return records.joined(lines)
    return ((drop_carriage_return(line), offset) for line, offset in lines) if b"\r" in data else lines


def _read(part: Range) -> bytes | None:
    content = open_found(part.file)
    if content is None:
        return None
    with content:
        try:
            data = content.read(part.start, part.end)
            if len(data) < part.end - part.start:
                return None
            # Asked last: a file that is cut while it is read shows it.
            return data if content.packed or is_still(content, part.file) else None
        except Damaged:
            return None


def _lines(data: bytes, offset: int) -> Iterator[FileLine]:
    lines = data.split(b"\n")
    feeds = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_FEED) + (offset + 1)
    starts = [offset, *feeds.tolist()]
    if len(lines[-1]) == _hole_end(lines[-1]):
        # Nothing, or nothing but a hole: no line.
        lines.pop()
        starts.pop()
    # All in C: half of the time of a loop.
    found: Iterator[FileLine] = zip(lines, starts, strict=True)
    return map(_without_hole, found) if _HOLE in data else found


def _without_hole(line: FileLine) -> FileLine:
    data, offset = line
    end = _hole_end(data)
    return data[end:], offset + end


def _hole_end(line: bytes) -> int:
    """Return where a line begins that follows a hole: a program that does not append writes far behind a cut."""
    return len(line) - len(line.lstrip(b"\0")) if line.startswith(_HOLE) else 0
