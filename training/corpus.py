r"""
A corpus as it is when mining begins: files, standard input, what was fetched; to be read as often as the passes need.

A log that grows meanwhile stays the same: a file is read up to the size that it had. What cannot be read twice
(standard input, a pipe) is copied to a temporary file, which goes with the corpus. Packed files are unpacked as they
are read. A line ends at ``\n`` alone and loses a final ``\r``; an unfinished last line is no part of the next file's.
Where the rules join lines, a record stands for a line: patterns/records.py says which.
"""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

from patterns.judge import check_rules
from patterns.line import drop_carriage_return
from patterns.packing import MAGIC_BYTES, packing_of
from patterns.records import Records
from patterns.rules import OFF, Rules
from training.errors import CorpusError
from training.paths import STANDARD_INPUT, expand, is_uri, unreadable
from training.pieces import Piece, chunks_of, cut, opened

LONGEST_JUDGED: Final = 16 * 1024 * 1024
"""Bytes of a line that are read where lines are judged, which sees less than that anyway."""

_LINES_BETWEEN_REPORTS = 5_000
_READ_BYTES = 256 * 1024

Progress = Callable[[int, int, int], None]
"""Called now and then with (lines read, bytes read, bytes in all); the last is 0 where it is not known."""


class CorpusLine(NamedTuple):
    """A line or record without its end, and its record time in microseconds since 1970: when its file was written."""

    data: bytes
    record_time: int


class Corpus:
    """
    The lines of some files; a context manager, which removes the copies that were made.

    Attributes:
        size: Bytes on disk in all.
        uris: Paths with a scheme, which engine spark reads; no piece has anything of them.
    """

    def __init__(self, paths: Sequence[str], fetched: Sequence[Piece] = (), rules: Rules | None = None) -> None:
        """
        Look at the files, and copy what can be read once alone.

        Args:
            paths: As `training.paths.expand` takes them.
            fetched: Whole files of lines that are part of it too, as `training.fetched.spool` has them. Each line is
                a record.
            rules: How lines of the other files are joined; None for not at all.

        Raises:
            CorpusError: A path cannot be read, or there is no room for a copy; or lines of URIs were to be joined.
            RulesError: The rules join lines, and cannot be used.
        """
        joined_by = None if rules is None or rules.multiline == OFF else rules
        if joined_by is not None:
            check_rules(joined_by)
        files = expand(paths)
        self.uris = [path for path in files if is_uri(path)]
        if self.uris and joined_by is not None:
            raise CorpusError(
                f"{self.uris[0]!r} is a URI, which Spark reads line by line and in no order, and multiline is "
                f"{joined_by.multiline!r}; copy the file here, or set multiline to 'off'"
            )
        local = [path for path in files if not is_uri(path)]
        with ExitStack() as copies:
            # Nothing is copied before all were looked at: standard input cannot be had again.
            kept = [_kept(path) for path in local]
            whole = [piece or _copied(path, copies) for path, piece in zip(local, kept, strict=True)]
            self._copies = copies.pop_all()
        self._files = [*(piece._replace(joined_by=joined_by) for piece in whole), *fetched]
        self.size = sum(piece.end for piece in self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._copies.close()

    def refuse_uris(self, engine: str) -> None:
        """
        Refuse URIs on behalf of an engine that cannot read them.

        Raises:
            CorpusError: There are some.
        """
        if self.uris:
            raise CorpusError(
                f"{self.uris[0]!r} is a URI, which engine {engine} does not read; choose engine spark, or copy the "
                "file here"
            )

    def pieces(self, most_bytes: int | None = None) -> list[Piece]:
        """
        Return the pieces of all files in order, those that have bytes.

        Args:
            most_bytes: Of an unpacked file a piece is about as long at most, and longer only by the rest of its last
                line or record. None: a file is a piece.

        Raises:
            CorpusError: A file that is to be cut was replaced, cut short, or cannot be read any more.

        Cost: one small read for each piece; where lines are joined, of some MiB at worst.
        """
        return [piece for whole in self._files if whole.end for piece in cut(whole, most_bytes)]

    def lines(self, progress: Progress, longest: int | None = None) -> Iterator[CorpusLine]:
        """
        Yield all lines or records in order, as often as called.

        Args:
            progress: Called every few thousand lines, and at the end; of packed files the packed bytes count.
            longest: Of a longer line only so many bytes are given. None: all are.

        Raises:
            CorpusError: A file was replaced, cut, or cannot be read any more; a packed one is broken; there are URIs.
        """
        for record_time, lines in self._read(progress, longest):
            yield from map(CorpusLine, lines, repeat(record_time))

    def data(self, progress: Progress) -> Iterator[bytes]:
        """Do what `lines` does for who wants no times, in half the time; each line is whole."""
        for _, lines in self._read(progress, None):
            yield from lines

    def _read(self, progress: Progress, longest: int | None) -> Iterator[tuple[int, list[bytes]]]:
        """Yield record times, and lines or records that have them."""
        self.refuse_uris("python")
        number = told = done = 0
        for piece in self._files:
            with opened(piece) as file:
                chunks = chunks_of(file, piece, _READ_BYTES, longest)
                for lines in map(_lines, chunks) if piece.joined_by is None else _joined(chunks, piece.joined_by):
                    yield piece.record_time, lines
                    number += len(lines)
                    if number - told >= _LINES_BETWEEN_REPORTS:
                        told = number
                        progress(number, done + file.tell(), self.size)
            done += piece.end
        progress(number, self.size, self.size)


def _joined(chunks: Iterable[tuple[int, bytes]], rules: Rules) -> Iterator[list[bytes]]:
    """Yield records, each by itself: a few may take as much memory as a chunk."""
    lines = (line for offset, chunk in chunks for line in _with_offsets(offset, chunk))
    for record, _ in Records(rules).joined(lines):
        yield [record]


def _with_offsets(offset: int, chunk: bytes) -> Iterator[tuple[bytes, int]]:
    for line in chunk.removesuffix(b"\n").split(b"\n"):
        yield line, offset
        offset += len(line) + 1


def _lines(located: tuple[int, bytes]) -> list[bytes]:
    _, chunk = located
    lines = chunk.replace(b"\r\n", b"\n").split(b"\n")
    last = drop_carriage_return(lines.pop())
    return [*lines, last] if chunk[-1:] != b"\n" else lines


def _kept(path: str) -> Piece | None:
    """Return a file that can be read again as one piece; None for what must be copied."""
    if path == STANDARD_INPUT:
        return None
    try:
        # A pipe is not opened to be closed again: its writer would be cut off.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return None
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # What the kernel makes up as it is read, below /proc, says that it has no bytes.
            if not size and file.peek(1):
                return None
            # Resolved, for /dev/stdin is another file in another process.
            return _piece(str(Path(path).resolve()), file, size)
    except OSError as error:
        raise unreadable(path, error) from None


def _copied(path: str, copies: ExitStack) -> Piece:
    what = "standard-input" if path == STANDARD_INPUT else "pipe"
    try:
        copy = tempfile.NamedTemporaryFile(prefix=f"logwinnow-{what}-")  # noqa: SIM115 (the corpus closes it)
        copies.push(copy)
        # Standard input stays open: it is not ours.
        with nullcontext(sys.stdin.buffer) if path == STANDARD_INPUT else Path(path).open("rb") as file:
            shutil.copyfileobj(file, copy)
        copy.flush()
        size = copy.tell()
        copy.seek(0)
        return _piece(copy.name, copy, size)
    except OSError as error:
        raise CorpusError(
            f"{path!r} cannot be copied to a temporary file: {error.strerror or error}; make room there, name another "
            "folder for it by TMPDIR, or write it to a file and name that"
        ) from None


def _piece(path: str, file: IO[bytes], size: int) -> Piece:
    status = os.fstat(file.fileno())
    record_time = status.st_mtime_ns // 1_000_000 * 1_000
    return Piece(path, packing_of(file.read(MAGIC_BYTES)), 0, size, record_time, status.st_ino)
