r"""
A piece of a corpus: whole lines of a file, to be read anywhere and as often as needed; chunks of them.

Where lines are joined (patterns/records.py) a piece has whole records. Chunks have lines in any case: what joins them
is training/kernels/records.py, and in engine python training/corpus.py.

A file is what it was when the corpus was opened, or reading it is an error. A packed file is unpacked as it is read.
"""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from patterns.packing import unpacked
from patterns.records import Records
from patterns.rules import Rules
from training.errors import CorpusError
from training.paths import unreadable

CHUNK_BYTES: Final = 2 * 1024 * 1024
"""What is read at once where a chunk is worked on as a whole."""

_SEARCH_BYTES = 64 * 1024


class Piece(NamedTuple):
    """
    Whole lines or records of a file; it pickles.

    Attributes:
        path: The file's, absolute; that of the copy for what can be read once alone.
        packing: As `packing_of` has it; ``""`` for a file that is not packed. A packed file is one piece.
        start: Offset of the first byte; a line begins there, or a record.
        end: Offset behind the last byte: behind a line's or record's end, or the size that the file had.
        record_time: When the file was last written, in microseconds since 1970, floored to milliseconds: Spark has no
            more of it. Of a copy, when it was made.
        inode: The file's own. Not the device too: on a file system that machines share, its number differs among them.
        joined_by: The rules by which its lines are joined to records; None where each line is one.
    """

    path: str
    packing: str
    start: int
    end: int
    record_time: int
    inode: int
    joined_by: Rules | None = None


def chunks(piece: Piece, wanted: int = CHUNK_BYTES, longest: int | None = None) -> Iterator[bytes]:
    r"""
    Yield a piece's lines in chunks of whole lines.

    Args:
        piece: Of a corpus that is not closed yet.
        wanted: About how many bytes a chunk has; a longer line is a chunk with all that ends with it.
        longest: Of a longer line only so many bytes are given. None: all are.

    Returns:
        Each line ends with ``\n``, but perhaps the file's last; a ``\r`` stays.

    Raises:
        CorpusError: The file was replaced, cut, or cannot be read any more; a packed one is broken.

    Cost: memory for some chunks, and for `longest` or the longest line.
    """
    with opened(piece) as file:
        for _, chunk in chunks_of(file, piece, wanted, longest):
            yield chunk


def chunks_of(file: BinaryIO, piece: Piece, wanted: int, longest: int | None) -> Iterator[tuple[int, bytes]]:
    """
    Do what `chunks` does by a file that `opened` returned: its position says how much was read.

    Returns:
        With each chunk the offset of its first byte, in a packed file as it is unpacked. A line that is not given
        whole is the last of its chunk, so that the offset of each line follows.
    """
    begun: list[bytes] = []
    at, held, left_out = piece.start, 0, 0
    for block in _blocks(file, piece, wanted):
        end = block.rfind(b"\n") + 1
        if end:
            yield from _shortened(at, b"".join((*begun, block[:end])), left_out, longest)
            at += held + left_out + end
            begun, held, left_out = [], 0, 0
        rest = block[end:] if longest is None else block[end : end + longest - held]
        begun.append(rest)
        held += len(rest)
        left_out += len(block) - end - len(rest)
    if held:
        yield from _shortened(at, b"".join(begun), left_out, longest)


def _shortened(at: int, chunk: bytes, left_out: int, longest: int | None) -> Iterator[tuple[int, bytes]]:
    """Yield a chunk, cut behind each line that is too long; of the first one so many bytes are left out already."""
    while longest is not None and (left_out or len(chunk) > longest):
        line, end, chunk = chunk.partition(b"\n")
        yield at, line[:longest] + end
        at += len(line) + left_out + len(end)
        left_out = 0
    if chunk:
        yield at, chunk


def _blocks(file: BinaryIO, piece: Piece, wanted: int) -> Iterator[bytes]:
    """Yield a piece's bytes, unpacked, as they come."""
    source = _Bytes(file, piece)
    if not piece.packing:
        while block := source.read(wanted):
            yield block
        return
    try:
        yield from unpacked(cast("BinaryIO", source), piece.packing, wanted)
    except OSError as error:
        raise CorpusError(
            f"{piece.path!r} is no whole {piece.packing} file: {error}; wait until it is written, fetch it anew, or "
            "unpack what can be had of it, and name that"
        ) from None


class _Bytes(io.RawIOBase):
    """The bytes of a piece: those and no others, though the file has grown; an error if there are fewer by now."""

    def __init__(self, file: BinaryIO, piece: Piece) -> None:
        """Go to the piece's start."""
        self._file, self._piece, self._left = file, piece, piece.end - piece.start
        file.seek(piece.start)

    def readable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; none at the piece's end alone."""
        wanted = self._left if size < 0 else min(size, self._left)
        try:
            data = self._file.read(wanted)
        except OSError as error:
            raise unreadable(self._piece.path, error) from None
        if wanted and not data:
            raise _changed(self._piece.path)
        self._left -= len(data)
        return data


def cut(whole: Piece, most_bytes: int | None) -> Iterator[Piece]:
    """
    Yield pieces of a whole file, each about as long at most; a packed file stays whole, and all do for None.

    Raises:
        CorpusError: The file was replaced, cut short, or cannot be read any more.
    """
    if most_bytes is None or whole.packing or whole.end <= most_bytes:
        yield whole
        return
    # As many as are needed, and all of one size.
    step = -(-whole.end // -(-whole.end // most_bytes))
    start = 0
    with opened(whole) as file:
        while start < whole.end:
            end = _next_start(file, whole, min(start + step, whole.end))
            yield whole._replace(start=start, end=end)
            start = end


def together(pieces: Iterable[Piece], most_bytes: int) -> list[list[Piece]]:
    """Return pieces in their order, put together up to so many bytes; a longer one stays by itself."""
    parts: list[list[Piece]] = []
    held = 0
    for piece in pieces:
        size = piece.end - piece.start
        if not parts or held + size > most_bytes:
            parts.append([])
            held = 0
        parts[-1].append(piece)
        held += size
    return parts


def _next_start(file: BinaryIO, whole: Piece, position: int) -> int:
    """Return where the first line or record of a whole file starts at or after a position, or its end."""
    if whole.joined_by is None:
        return _next_line(file, whole._replace(start=position - 1))
    try:
        return Records(whole.joined_by).next_start(file, position, whole.end)
    except OSError as error:
        raise unreadable(whole.path, error) from None


def _next_line(file: BinaryIO, rest: Piece) -> int:
    """Return the offset behind the first line end of what is left of a file, or behind all of it."""
    source, at = _Bytes(file, rest), rest.start
    while block := source.read(_SEARCH_BYTES):
        found = block.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(block)
    return rest.end


def opened(piece: Piece) -> BinaryIO:
    """
    Open a piece's file, without a buffer: chunks are larger.

    Raises:
        CorpusError: It was replaced, cut short, or cannot be read any more.
    """
    try:
        file = Path(piece.path).open("rb", buffering=0)  # noqa: SIM115 (the caller closes it)
    except OSError as error:
        raise unreadable(piece.path, error) from None
    status = os.fstat(file.fileno())
    if status.st_ino != piece.inode or status.st_size < piece.end:
        file.close()
        raise _changed(piece.path)
    return cast("BinaryIO", file)


def _changed(path: str) -> CorpusError:
    return CorpusError(
        f"{path!r} was replaced or cut while it was mined; mine a copy, or a file that is rotated already"
    )
