"""
Which file is it: what is known of each file that is followed, and how its content is told again.

*Identity*: a name that a file gets when it is seen first, a hash of device, inode, first line, and where there was one
of these before, a number, its generation. It stays with the content: when the file is renamed, compressed, copied and
cut in place, or moved to another device. Identity and byte offset name a line for good; they are in the id of its
event.

*Content*: the first line, and what stands before the place up to which the file was taken. A file that has both is the
one that was read so far; one that lacks them was replaced or cut in place, and what is there now is another generation.
"""

import os
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any

from patterns.language import short_hash
from streaming.following.content import HEAD, PACKED, Content


@dataclass(frozen=True, slots=True)
class Followed:
    """
    What is known of a file: one entry of the source's offset.

    Attributes:
        identity: Its name for good, 16 hexadecimal digits.
        path: As it was named; its events say so.
        home: The same without symbolic links: where it was before it was rotated.
        at: Where it was seen last.
        device: Its device.
        inode: Its inode.
        first: Hash of its first `first_bytes` bytes, its first line or the start of it.
        first_bytes: How many bytes that hash is of.
        end: How many of its bytes were taken; where it is packed, of what was packed.
        known: Up to which byte it was read: `end`, unless what was before that was gone.
        last: Hash of up to HEAD bytes before `known`; ``""`` with none.
        size: How long it was when it was seen last, so that what is gone can be counted.
        changed: When it was written last, by its status, in microseconds since 1970.
    """

    identity: str
    path: str
    home: str
    at: str
    device: int
    inode: int
    first: str
    first_bytes: int
    end: int
    known: int
    last: str
    size: int
    changed: int

    @property
    def place(self) -> tuple[int, int]:
        """Device and inode."""
        return self.device, self.inode

    @property
    def is_packed(self) -> bool:
        """Whether it is packed now."""
        return self.at.endswith(PACKED)

    def moved_to(self, path: str, status: os.stat_result) -> "Followed":
        """Return the same file where it is now."""
        size = self.size if path.endswith(PACKED) else status.st_size
        changed = status.st_mtime_ns // 1000
        return replace(self, at=path, device=status.st_dev, inode=status.st_ino, size=size, changed=changed)

    def taken_to(self, content: Content, end: int) -> "Followed":
        """
        Return the same file, taken up to a byte.

        Raises:
            Damaged: See `Content.read`.
        """
        return replace(self, end=end, known=end, last=last_of(content, end), size=max(self.size, end))


def as_offset(files: Iterable[Followed]) -> dict[str, dict[str, Any]]:
    """Return entries of the source's offset by identity."""
    return {file.identity: asdict(file) for file in files}


def begun(path: str, home: str, content: Content, known: Container[str], *, take_unfinished: bool) -> Followed | None:
    """
    Return a file that was not known yet; None where it has no line to be known by yet.

    Args:
        path: As it is named.
        home: Where it was before it was rotated.
        content: Its content.
        known: Identities that are others'.
        take_unfinished: Whether what follows the last line feed is a line.

    Raises:
        Damaged: See `Content.read`.
    """
    start = content.read(0, HEAD)
    size = start.find(b"\n") + 1 or (len(start) if take_unfinished or len(start) == HEAD else 0)
    if not size:
        return None
    status, first = content.status, short_hash(start[:size], 8)
    place = content.place
    names = (short_hash(f"{place[0]}:{place[1]}:{generation}:{first}".encode(), 8) for generation in count())
    identity = next(name for name in names if name not in known)
    new = Followed(identity, path, home, content.path, *place, first, size, 0, 0, "", 0, 0)
    return new.moved_to(content.path, status)


def last_of(content: Content, end: int) -> str:
    """Return the hash of up to HEAD bytes before a byte; ``""`` where there are none."""
    tail = content.read(max(0, end - HEAD), end)
    return short_hash(tail, 8) if tail else ""


def begins_like(content: Content, file: Followed) -> bool:
    """Tell whether a content has the first line of a file."""
    return short_hash(content.read(0, file.first_bytes), 8) == file.first


def is_still(content: Content, file: Followed) -> bool:
    """
    Tell whether a content is what was read of a file so far, or that and more.

    A packed one that is the very file is not unpacked for that: it is not written to.

    Raises:
        Damaged: It is packed, and not whole.
    """
    if not begins_like(content, file):
        return False
    if content.packed and content.place == file.place:
        return True
    if not content.packed and content.size() < file.known:
        return False
    return not file.last or last_of(content, file.known) == file.last
