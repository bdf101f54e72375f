"""
The spool's format, as its writer and its reader share it.

    <spool>/id                        16 hexadecimal digits, new where there is no segment; part of each event's id
    <spool>/<number, 12 digits>.blocks    a segment: blocks, one behind the other; numbers rise and are never used again
    <spool>/receiver.lock             held by the receiver that writes; says who started it
    <spool>/stream.lock               held by the stream that reads and removes

A block is its head (magic ``LWB1``, length of the body, CRC-32 of the body; little endian) and the body, a `Block` as
MessagePack. What a crash left of a block at the end of a segment is never written over: a receiver that starts begins
the next segment. A segment is finished when there is a later one. The last is never removed, if it is empty: by it the
numbers go on rising.
"""

import contextlib
import os
import secrets
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from patterns.disk import replace_file, try_lock
from streaming.errors import ReceiverError

SUFFIX: Final = ".blocks"
ID: Final = "id"
LOCK: Final = "receiver.lock"

HEAD: Final = struct.Struct("<4sII")
_MAGIC: Final = b"LWB1"

LOSSES: Final = {
    "udp_dropped_full": "datagrams that came while the spool was full",
    "udp_dropped_kernel": "datagrams that the kernel dropped, for we did not read as fast as they came",
    "connections_refused": "connections over max_connections",
    "connections_idle": "connections that said nothing for idle_seconds, and were closed",
    "tls_failures": "connections that came to no TLS session",
    "framing_errors": "connections that were closed, for a frame was none or was far too long",
    "lines_cut": "lines over max_line_bytes, of which the start is kept",
    "lines_unfinished": "lines whose connection ended before they did; what came of them is kept",
}
"""What a block can count beside its messages; the names are those in a batch's log line."""


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What came in one go from one peer.

    Attributes:
        number: Of the first message in its segment, from 0.
        arrival: In microseconds since 1970.
        peer: IP address without a port; empty where there are no messages.
        transport: ``tcp``, ``tls`` or ``udp``.
        messages: Without what framed them; a message may hold line feeds.
        lost: What was lost, cut or refused since the block before, by a name of LOSSES.
    """

    number: int
    arrival: int
    peer: str
    transport: str
    messages: list[bytes]
    lost: dict[str, int]


class Damaged(NamedTuple):
    """Bytes of a segment that are no block: what a crash left, or the disk spoiled."""

    length: int


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Block)


def encode(block: Block) -> bytes:
    """Return a block as it is in a segment."""
    body = _ENCODER.encode(block)
    return HEAD.pack(_MAGIC, len(body), zlib.crc32(body)) + body


def segment_path(spool: Path, number: int) -> Path:
    """Return the path of a segment."""
    return spool / f"{number:012}{SUFFIX}"


def segments(spool: Path) -> dict[int, int]:
    """
    Return the segments that are there, by rising number, each with its size in bytes.

    A size is asked for after the listing: of each but the last it is final.
    """
    numbers = sorted(int(path.stem) for path in spool.iterdir() if path.suffix == SUFFIX and path.stem.isdecimal())
    sizes = {}
    for number in numbers:
        # The stream may have removed it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            sizes[number] = segment_path(spool, number).stat().st_size
    return sizes


def block_ends(segment: IO[bytes], begin: int, size: int) -> Iterator[int]:
    """
    Yield where each whole block between `begin`, a block's start, and `size` ends; stop at what is no whole block.

    Cost: a read of 12 bytes a block; bodies are not looked at.
    """
    descriptor = segment.fileno()
    while begin + HEAD.size <= size:
        head = os.pread(descriptor, HEAD.size, begin)
        if len(head) < HEAD.size:
            return
        magic, length, _ = HEAD.unpack(head)
        begin += HEAD.size + length
        if magic != _MAGIC or begin > size:
            return
        yield begin


def read_blocks(segment: IO[bytes], begin: int, end: int) -> Iterator[Block | Damaged]:
    """Yield the blocks in the bytes [begin, end) of a segment; `begin` is a block's start."""
    descriptor = segment.fileno()
    while begin < end:
        head = os.pread(descriptor, HEAD.size, begin)
        magic, length, checksum = HEAD.unpack(head) if len(head) == HEAD.size else (b"", 0, 0)
        after = begin + HEAD.size + length
        if magic != _MAGIC or after > end:
            yield Damaged(end - begin)
            return
        body = os.pread(descriptor, length, begin + HEAD.size)
        yield _decode(body) if zlib.crc32(body) == checksum else Damaged(after - begin)
        begin = after


def _decode(body: bytes) -> Block | Damaged:
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError:
        return Damaged(HEAD.size + len(body))


def make_folder(spool: Path) -> None:
    """
    Make the folder of a spool, if it is not there.

    Raises:
        ReceiverError: It cannot be made.
    """
    try:
        spool.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(spool, error) from None


def make_id(spool: Path) -> None:
    """
    Give a spool its id: a new one where it holds no segment, so that their numbers may begin anew.

    Raises:
        ReceiverError: It cannot be written.
    """
    try:
        if not (spool / ID).exists() or not segments(spool):
            replace_file(spool / ID, secrets.token_hex(8).encode())
    except OSError as error:
        raise cannot_write(spool, error) from None


def spool_id(spool: Path) -> str:
    """
    Return the id of a spool.

    Raises:
        ReceiverError: It has none, or it cannot be read.
    """
    try:
        found = (spool / ID).read_text("ascii", "replace")
    except OSError as error:
        raise cannot_write(spool, error) from None
    if len(found) != 16 or not set(found) <= set("0123456789abcdef"):
        raise ReceiverError(f"{str(spool / ID)!r} is damaged: it holds no id; restore it, or begin with another spool")
    return found


def cannot_write(spool: Path, error: OSError) -> ReceiverError:
    """Return the error for a spool that cannot be read or written."""
    return ReceiverError(
        f"source.socket.spool is {str(spool)!r}: {error.strerror}; check the path, its rights and the room on its disk"
    )


@contextlib.contextmanager
def locked(path: Path, who: str) -> Iterator[bool]:
    """
    Try to hold a lock of the spool; yield whether it is ours. While it is, the file says `who` holds it.

    It is the process's: when that ends in whatever way, it is free.

    Raises:
        ReceiverError: The spool cannot be written.
    """
    try:
        lock = try_lock(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from None
    if lock is None:
        yield False
        return
    with lock:
        lock.truncate(0)
        lock.write(who)
        lock.flush()
        yield True


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a lock of the spool now."""
    try:
        lock = try_lock(path) if path.exists() else None
    except OSError:
        return False
    if lock is not None:
        lock.close()
    return lock is None and path.exists()
