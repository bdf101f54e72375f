"""
Writes the spool: messages → blocks → segments, no more bytes than it may have.

What was added waits in memory until `flush`, a megabyte at most beyond what was under way; while the spool or its disk
is full it goes on waiting, and who adds has to stop (`is_full`).
"""

import errno
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from patterns.disk import sync_folder
from streaming.receiver.blocks import Block, cannot_write, encode, make_id, segment_path, segments

FLUSH_BYTES: Final = 1_048_576
"""Bytes that wait in memory at most before they are written, beyond those of one read of a connection."""

_SEGMENTS: Final = 16
"""Segments of a full spool: so much of it is free as soon as the oldest is read."""
_LARGEST_SEGMENT: Final = 67_108_864

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(slots=True)
class _Group:
    """Messages of a peer that wait, and when the first of them came."""

    peer: str
    transport: str
    arrival: int
    messages: list[bytes]


class SpoolWriter:
    """
    The one writer of a spool.

    Attributes:
        lost: What is to be counted beside messages, by a name of `blocks.LOSSES`: it goes into the next block.
        waiting: Bytes that wait to be.
    """

    def __init__(self, spool: Path, max_bytes: int) -> None:
        """
        Open a spool, whose lock is held: the first block begins a new segment.

        Raises:
            ReceiverError: It cannot be read or written.
        """
        make_id(spool)
        self.lost: Counter[str] = Counter()
        self.waiting = 0
        self._spool, self._max_bytes = spool, max_bytes
        self._segment_bytes = min(max_bytes // _SEGMENTS, _LARGEST_SEGMENT)
        self._groups: dict[tuple[str, str], _Group] = {}
        self._disk_is_full = False
        self._sizes: dict[int, int] = {}
        self.look()
        # Of the segment that is written: its number, its end, and its messages.
        self._number = max(self._sizes, default=0)
        self._descriptor = -1
        self._size = self._messages = 0
        self._finished: list[int] = []
        self._is_synced = True
        try:
            self._begin_segment()
        except OSError as error:
            raise cannot_write(spool, error) from None

    @property
    def is_full(self) -> bool:
        """Whether there is no room for what waits, in the spool or on its disk."""
        return self._disk_is_full or self.size + self.waiting >= self._max_bytes

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(self._sizes.values())

    def look(self) -> None:
        """
        See which segments the stream has removed.

        Raises:
            ReceiverError: The folder cannot be read.
        """
        try:
            self._sizes = segments(self._spool)
        except OSError as error:
            raise cannot_write(self._spool, error) from None

    def add(self, messages: list[bytes], peer: str, transport: str, arrival: int) -> None:
        """
        Add messages of a peer. What it says between two flushes has one arrival, that of its first.

        Raises:
            ReceiverError: As `flush`.
        """
        group = self._groups.get((peer, transport))
        if group is None:
            self._groups[peer, transport] = _Group(peer, transport, arrival, messages)
        else:
            group.messages += messages
        self.waiting += sum(map(len, messages))
        if self.waiting >= FLUSH_BYTES:
            self.flush()

    def flush(self, *, whatever: bool = False) -> None:
        """
        Write what waits, unless the spool or its disk is full.

        Args:
            whatever: Also over the bound: for the end.

        Raises:
            ReceiverError: The disk refuses for another reason than that it is full.
        """
        if not (self._groups or self.lost) or (self.size >= self._max_bytes and not whatever):
            return
        try:
            if self._size >= self._segment_bytes:
                self._begin_segment()
            self._write()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise cannot_write(self._spool, error) from None
            self._disk_is_full = True
        else:
            self._disk_is_full = False

    def _write(self) -> None:
        groups = list(self._groups.values()) or [_Group("", "", 0, [])]
        blocks, number, lost = [], self._messages, dict(self.lost)
        for group in groups:
            block = Block(number, group.arrival, group.peer, group.transport, group.messages, lost)
            blocks.append(encode(block))
            number += len(group.messages)
            lost = {}
        try:
            self._append(b"".join(blocks))
        except OSError:
            # A full disk may have taken some of them, and a part of one.
            self._note(groups, blocks, up_to=os.fstat(self._descriptor).st_size)
            os.ftruncate(self._descriptor, self._size)
            raise
        self._note(groups, blocks, up_to=self._size + sum(map(len, blocks)))

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _note(self, groups: list[_Group], blocks: list[bytes], *, up_to: int) -> None:
        """Forget what waited of the groups whose blocks are in the segment, which has so many bytes."""
        for group, block in zip(groups, blocks, strict=True):
            if self._size + len(block) > up_to:
                return
            self._size += len(block)
            self._sizes[self._number] = self._size
            self._messages += len(group.messages)
            self.waiting -= sum(map(len, group.messages))
            self._groups.pop((group.peer, group.transport), None)
            self.lost.clear()
            self._is_synced = False

    def _begin_segment(self) -> None:
        # One that is empty is as good as new. Of others the end may be broken.
        number = self._number + (self._sizes.get(self._number) != 0)
        descriptor = os.open(segment_path(self._spool, number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if self._descriptor >= 0:
            self._finished.append(self._descriptor)
        self._descriptor = descriptor
        self._number = number
        self._size = self._messages = 0
        self._sizes[number] = 0
        self._is_synced = False

    def sync(self) -> None:
        """
        Wait until the disk has what was written; may run in a thread beside the others' calls.

        Raises:
            ReceiverError: It could not write it.
        """
        if self._is_synced:
            return
        self._is_synced = True
        finished, self._finished = self._finished, []
        try:
            for descriptor in [*finished, self._descriptor]:
                os.fsync(descriptor)
            sync_folder(self._spool)
        except OSError as error:
            raise cannot_write(self._spool, error) from None
        finally:
            for descriptor in finished:
                os.close(descriptor)

    def close(self) -> int:
        """
        Write all that waits, over the bound if need be; return how many messages could not be, for the disk is full.

        Raises:
            ReceiverError: The disk refuses for another reason.
        """
        self.flush(whatever=True)
        self.sync()
        os.close(self._descriptor)
        return sum(len(group.messages) for group in self._groups.values())
