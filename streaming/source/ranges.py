"""
Files → ranges of whole lines; a range → its lines.

*Identity*: a file is known by device and inode; its generation rises when it is shorter than what was read of it or
its first line changed, so that a file that was emptied and filled anew is another one. Identity and byte offset name a
line for good: they are in the id of its event. A file that was renamed in its folder, as logrotate does, is found there
and read to its end.

Only whole lines are taken; what follows the last line feed waits for the rest, except with `take_unfinished`.
"""

import contextlib
import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from patterns.language import short_hash
from patterns.line import drop_carriage_return
from streaming.errors import SourceError

_FINGERPRINT_BYTES = 1_024
_STEP = 65_536

SMALLEST_SPLIT: Final = 1_048_576
"""Bytes below which a range is not cut further: a task's start costs more than judging so few lines."""


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What is known of a file: one entry of the source's offset.

    Attributes:
        path: Where it was seen last.
        device: Its device.
        inode: Its inode.
        generation: How often it was replaced in place.
        first: Hash of its first `first_bytes` bytes, its first line or the start of it.
        first_bytes: How many bytes that hash is of.
        end: How many of its bytes were taken.
    """

    path: str
    device: int
    inode: int
    generation: int
    first: str
    first_bytes: int
    end: int

    @property
    def key(self) -> str:
        """Device and inode: what the file is known by in the offset."""
        return f"{self.device}:{self.inode}"

    @property
    def identity(self) -> str:
        """Name of this file and generation, 16 hexadecimal digits."""
        return short_hash(f"{self.device}:{self.inode}:{self.generation}:{self.first}".encode(), 8)


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

    Raises:
        SourceError: A path that is no glob names a folder, or the name of a file is no UTF-8.
    """
    found: set[str] = set()
    for path in paths:
        matches = glob.glob(path, recursive=True) if glob.has_magic(path) else [path]
        found.update(match for match in matches if stat_file(match, must_be_file=match == path))
    for path in found:
        if not _is_text(path):
            raise SourceError(f"{path!r}: the name of a file must be UTF-8; rename it or narrow $.source.files.paths")
    return sorted(found)


def stat_file(path: str, *, must_be_file: bool = False) -> os.stat_result | None:
    """
    Return the status of a regular file, None for what is not there or no regular file.

    Raises:
        SourceError: With `must_be_file`, it is a folder or another thing that has no lines to follow.
    """
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(status.st_mode):
        return status
    if must_be_file:
        raise SourceError(f"{path!r} is no regular file; name its files, for example {path.rstrip('/')}/*.log")
    return None


def look(path: str, known: dict[str, Followed], *, take_unfinished: bool) -> Followed | None:
    """
    Return what is known of the file at `path`, its generation up to date; None where there is no line to take yet.

    Raises:
        SourceError: The file cannot be read.
    """
    opened = _open(path)
    if opened is None:
        return None
    with opened as file:
        status = os.fstat(file.fileno())
        before = known.get(f"{status.st_dev}:{status.st_ino}")
        if before is not None and status.st_size and _is_still(file, before):
            return replace(before, path=path)
        file.seek(0)
        start = file.read(_FINGERPRINT_BYTES)
        size = start.find(b"\n") + 1 or (len(start) if take_unfinished or len(start) == _FINGERPRINT_BYTES else 0)
        if not size:
            return None
        generation = before.generation + 1 if before else 0
        return Followed(path, status.st_dev, status.st_ino, generation, _fingerprint(file, size), size, 0)


def find_renamed(files: Iterable[Followed]) -> Iterator[Followed]:
    """Yield those of these files that are no longer where they were seen, but in the same folder, by their new path."""
    folders: dict[Path, dict[int, Followed]] = {}
    for file in files:
        status = stat_file(file.path)
        if status is None or (status.st_dev, status.st_ino) != (file.device, file.inode):
            folders.setdefault(Path(file.path).parent, {})[file.inode] = file
    for folder, sought in folders.items():
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(folder) as entries:
            for entry in entries:
                before = sought.get(entry.inode())
                if before is None or not _is_text(entry.path):
                    continue
                opened = _open_same(renamed := replace(before, path=entry.path))
                if opened is not None:
                    with opened:
                        if _is_still(opened, renamed):
                            yield renamed


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
    opened = _open_same(file)
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
    opened = _open_followed(whole.file)
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
    opened = _open_followed(part.file)
    if opened is None:
        return None
    with opened as file:
        file.seek(part.start)
        data = file.read(part.end - part.start)
        # Asked last: a file that is emptied while it is read shows it.
        if len(data) < part.end - part.start or not _is_still(file, part.file):
            return None
    return _lines(data, part.start)


def as_offset(files: Iterable[Followed]) -> dict[str, Any]:
    """Return entries of the source's offset by key."""
    return {file.key: asdict(file) for file in files}


def _lines(data: bytes, offset: int) -> Iterator[FileLine]:
    start = 0
    while start < len(data):
        found = data.find(b"\n", start)
        end = found if found >= 0 else len(data)
        yield FileLine(drop_carriage_return(data[start:end]), offset + start)
        start = end + 1


def _fingerprint(file: BinaryIO, size: int) -> str:
    file.seek(0)
    return short_hash(file.read(size), 8)


def _is_still(file: BinaryIO, followed: Followed) -> bool:
    """Tell whether an open file is the one that was read so far: as long, and with the same beginning."""
    same = _fingerprint(file, followed.first_bytes) == followed.first
    return same and os.fstat(file.fileno()).st_size >= followed.end


def _is_text(path: str) -> bool:
    return path.isprintable() or path == path.encode(errors="replace").decode()


def _open_followed(file: Followed) -> BinaryIO | None:
    """Open a file where it was seen last or by its new name in that folder; None where it is gone."""
    return _open_same(file) or next((o for renamed in find_renamed([file]) if (o := _open_same(renamed))), None)


def _open_same(file: Followed) -> BinaryIO | None:
    """Open a file where it was seen last; None where there is another one or none."""
    opened = _open(file.path)
    if opened is not None:
        status = os.fstat(opened.fileno())
        if (status.st_dev, status.st_ino) == (file.device, file.inode):
            return opened
        opened.close()
    return None


def _open(path: str) -> BinaryIO | None:
    """Open a regular file; None where there is none."""
    if stat_file(path) is None:
        return None
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        mend = "check its rights (logs: group adm), or narrow $.source.files.paths"
        raise SourceError(f"{path!r} cannot be read: {error.strerror}; {mend}") from None
