"""
Which file is it: files that grow, are emptied, renamed or replaced while they are followed.

*Identity*: a file is known by device and inode; its generation rises when it is shorter than what was read of it or
its first line changed, so that a file that was emptied and filled anew is another one. Identity and byte offset name a
line for good: they are in the id of its event. A file that was renamed in its folder, as logrotate does, is found there
and read to its end.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from patterns.language import short_hash
from streaming.errors import SourceError

_FINGERPRINT_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What is known of a file: one entry of the source's offset.

    Attributes:
        path: Where it was seen last; a renamed file keeps its old path.
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


def as_offset(files: Iterable[Followed]) -> dict[str, Any]:
    """Return entries of the source's offset by key."""
    return {file.key: asdict(file) for file in files}


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
        if before is not None and status.st_size and is_still(file, before):
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
                if before is None or not is_text(entry.path):
                    continue
                opened = open_same(renamed := replace(before, path=entry.path))
                if opened is not None:
                    with opened:
                        if is_still(opened, renamed):
                            yield renamed


def _fingerprint(file: BinaryIO, size: int) -> str:
    file.seek(0)
    return short_hash(file.read(size), 8)


def is_still(file: BinaryIO, followed: Followed) -> bool:
    """Tell whether an open file is the one that was read so far: as long, and with the same beginning."""
    same = _fingerprint(file, followed.first_bytes) == followed.first
    return same and os.fstat(file.fileno()).st_size >= followed.end


def is_text(path: str) -> bool:
    """Tell whether a path can be written as UTF-8."""
    return path.isprintable() or path == path.encode(errors="replace").decode()


def open_followed(file: Followed) -> BinaryIO | None:
    """Open a file where it was seen last or by its new name in that folder; None where it is gone."""
    return open_same(file) or next((o for renamed in find_renamed([file]) if (o := open_same(renamed))), None)


def open_same(file: Followed) -> BinaryIO | None:
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
