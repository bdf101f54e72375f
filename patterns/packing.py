"""
Packed files → the bytes that were packed: gzip, bzip2, zstd and xz, known by their first bytes, whatever the name says.

Members one after the other in a file are read as one. Nothing is given up silently: what is broken, ends too early or
is followed by something else is an error.
"""

import bz2
import lzma
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

GZIP: Final = "gzip"
BZIP2: Final = "bzip2"
ZSTD: Final = "zstd"
XZ: Final = "xz"

MAGIC_BYTES: Final = 10
"""How many of a file's first bytes tell how it is packed."""

_MAGIC = {
    GZIP: rb"\x1f\x8b\x08",
    # With the start of its first block, or of its end: a line of text may begin with BZh9.
    BZIP2: rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)",
    # The second one, a frame to be passed over, is what pzstd begins with.
    ZSTD: rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18",
    XZ: rb"\xfd7zXZ\x00",
}
UNPACK: Final = {GZIP: "zcat", BZIP2: "bzcat", ZSTD: "zstdcat", XZ: "xzcat"}
"""The program that unpacks to standard output."""

_Member = bz2.BZ2Decompressor | lzma.LZMADecompressor

_READ_BYTES = 256 * 1024
# What `xz -9` needs four times over: a file can ask for gigabytes.
_MOST_MEMORY = 256 * 1024 * 1024


def packing_of(start: bytes) -> str:
    """Return how a file is packed that begins so: GZIP, BZIP2, ZSTD or XZ; ``""`` where it is not."""
    for packing, magic in _MAGIC.items():
        if re.match(magic, start, re.DOTALL):
            return packing
    return ""


def unpacked(file: BinaryIO, packing: str, size: int) -> Iterator[bytes]:
    """
    Yield what is packed in a file, from where it stands to its end, at most `size` bytes at once.

    Raises:
        OSError: The file is broken or ends too early. What came before was right as far as that can be known.

    Cost: memory for `size`, and for what the packing looks back on: 256 MiB at most.
    """
    if packing == XZ:
        yield from _unpacked_members(file, size, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY))
    elif packing == BZIP2:
        # By Arrow it is no quicker, and fails where a member is empty.
        yield from _unpacked_members(file, size, bz2.BZ2Decompressor)
    else:
        yield from _unpacked_by_arrow(file, packing, size)


def _unpacked_members(file: BinaryIO, size: int, member: Callable[[], _Member]) -> Iterator[bytes]:
    """Do what BZ2File and LZMAFile do, which take a broken member that is not the first for the file's end."""
    data = b""
    while True:
        # Zeros may stand between the members of xz, and behind the last.
        while not (data := data.lstrip(b"\0")):
            if not (data := file.read(_READ_BYTES)):
                return
        opened = member()
        while not opened.eof:
            if opened.needs_input:
                data = data or file.read(_READ_BYTES)
                if not data:
                    raise OSError("it ends too early")
            try:
                yield opened.decompress(data, size)
            except lzma.LZMAError as error:
                raise OSError(str(error)) from None
            data = b""
        data = opened.unused_data


def _unpacked_by_arrow(file: BinaryIO, codec: str, size: int) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.PythonFile(file, mode="r") as packed, pa.CompressedInputStream(packed, codec) as stream:
        try:
            while data := stream.read(size):
                yield data
        except pa.ArrowException as error:
            raise OSError(str(error)) from None
