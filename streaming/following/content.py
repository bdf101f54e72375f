"""
The bytes of a file, unpacked where its name says that it is packed.

A packed file is read from its start each time: what was left of a rotated file is read of it once, and then it is done.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

from patterns.packing import MAGIC_BYTES, packing_of, unpacked
from streaming.errors import SourceError

PACKED: Final = (".gz", ".bz2", ".xz", ".zst")
"""Endings of the names of packed files."""

HEAD: Final = 1_024
"""Bytes of a file's start, and of what is before a place in it, by which a content is known."""

_STEP: Final = 262_144


class Damaged(Exception):
    """A packed file that is not whole, perhaps not yet."""


class Content:
    """
    An open file, a context manager.

    Attributes:
        path: Where it was opened.
        status: What it was then.
        packed: Whether it is unpacked as it is read.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        """Take an open file."""
        self.path = path
        self.packed = path.endswith(PACKED)
        self.status = os.fstat(file.fileno())
        self._file = file
        self._head: bytes | None = None
        self._unpacked: Iterator[bytes] = iter(())
        self._data = b""
        # Beyond all, so that the first reading begins anew.
        self._at = 2**63

    @property
    def place(self) -> tuple[int, int]:
        """Device and inode."""
        return self.status.st_dev, self.status.st_ino

    def read(self, start: int, end: int) -> bytes:
        """
        Return bytes [start, end), fewer where it is shorter.

        Raises:
            Damaged: It is packed, and not whole.
            SourceError: It cannot be read.
        """
        try:
            if not self.packed:
                return os.pread(self._file.fileno(), end - start, start) if end > start else b""
            if end > HEAD:
                return self._read_unpacked(start, end)
            if self._head is None:
                # Compared with the start of each file that it may be.
                self._head = self._read_unpacked(0, HEAD)
            return self._head[start:end]
        except OSError as error:
            if self.packed and error.errno is None:
                raise Damaged(str(error)) from None
            raise unreadable(self.path, error) from None

    def size(self) -> int:
        """Return how long it is now; of a packed file, how long it is packed."""
        return os.fstat(self._file.fileno()).st_size

    def check(self) -> None:
        """
        See that all of it can be read: what packs it may still be writing. Cost: unpacks it, if it is packed.

        Raises:
            Damaged: It is packed, and not whole.
            SourceError: It cannot be read.
        """
        at = 0
        while self.packed and (data := self.read(at, at + _STEP)):
            at += len(data)

    def as_file(self) -> BinaryIO:
        """Return it as a file whose place is its own."""
        return cast("BinaryIO", _Reading(self))

    def _read_unpacked(self, start: int, end: int) -> bytes:
        if start < self._at:
            self._begin_unpacking()
        taken = []
        while self._at < end:
            data = self._data or next(self._unpacked, None)
            if data is None:
                break
            skipped, wanted = max(0, start - self._at), end - self._at
            taken.append(data[skipped:wanted])
            # What a reading of more in order goes on with.
            self._data = data[wanted:]
            self._at += min(len(data), wanted)
        return b"".join(taken)

    def _begin_unpacking(self) -> None:
        # One of its own: what unpacks closes what it is given.
        file = os.fdopen(os.dup(self._file.fileno()), "rb")
        file.seek(0)
        packing = packing_of(file.read(MAGIC_BYTES))
        file.seek(0)
        self._unpacked, self._data, self._at = unpacked(file, packing, _STEP), b"", 0
        if not packing:
            file.close()
            raise Damaged(f"{self.path!r} is not packed")

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()


@dataclass
class _Reading:
    content: Content
    at: int = 0

    def seek(self, at: int) -> int:
        self.at = at
        return at

    def read(self, size: int) -> bytes:
        data = self.content.read(self.at, self.at + size)
        self.at += len(data)
        return data


def is_regular(path: str) -> bool:
    """Tell whether there is a regular file at a path: nothing else has lines to follow."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def open_content(path: str) -> Content | None:
    """
    Open a regular file; return None where there is none.

    Raises:
        SourceError: It may not be read.
    """
    if not is_regular(path):
        return None
    try:
        # Whatever took the name meanwhile: nobody may write to the other end of a pipe.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None
    content = Content(path, file)
    if stat.S_ISREG(content.status.st_mode):
        return content
    content.close()
    return None


def is_binary(content: Content) -> bool:
    """
    Tell whether a content cannot be text by its start.

    Raises:
        Damaged: See `Content.read`.
    """
    return b"\0" in content.read(0, HEAD)


def not_text(path: str) -> str:
    """Say that a file that only its folder names is passed over."""
    return f"{path!r} is no text: name it, and not its folder alone, if it has lines all the same"


def unreadable(path: str, error: OSError) -> SourceError:
    """Return the error of a file that may not be read."""
    mend = "check its rights (logs: group adm), or narrow the paths"
    return SourceError(f"{path!r} cannot be read: {error.strerror or error}; {mend}")
