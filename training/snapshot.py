r"""
A corpus as it is when mining begins, to be read as often as the passes need: a log that grows meanwhile stays the same.

Files are read up to the size that they had. What cannot be read twice (standard input, a pipe) is copied to a
temporary file, which goes when the snapshot is closed. Lines are whole, however long; one ends at ``\n`` alone and
loses a final ``\r``.
"""

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from patterns.line import drop_carriage_return
from training import corpus
from training.corpus import STANDARD_INPUT, Progress
from training.errors import CorpusError

_LINES_BETWEEN_REPORTS = 5_000


class _Kept(NamedTuple):
    """A file by its path, with what it was; or the copy of what could be read once alone."""

    path: str
    size: int
    identity: tuple[int, int]
    copy: BinaryIO | None = None


class Snapshot:
    """
    The lines of some files; a context manager.

    Attributes:
        size: Bytes in all.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        """
        Look at the files, and copy what can be read once alone.

        Args:
            paths: Paths of files, or ``-`` for standard input.

        Raises:
            CorpusError: A path is missing, unreadable, a folder, or a compressed file.
        """
        corpus.check(paths)
        self._copies = ExitStack()
        with ExitStack() as copies:
            self._files = [_keep(path, copies) for path in paths]
            self._copies = copies.pop_all()
        self.size = sum(kept.size for kept in self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._copies.close()

    def lines(self, progress: Progress) -> Iterator[bytes]:
        """
        Yield all lines in order, as often as called.

        Args:
            progress: Called every few thousand lines, and at the end.

        Raises:
            CorpusError: A file was replaced, cut, or cannot be read any more.
        """
        number = done = 0
        for kept in self._files:
            for line in _lines(kept):
                number += 1
                done += len(line)
                if number % _LINES_BETWEEN_REPORTS == 0:
                    progress(number, done, self.size)
                yield drop_carriage_return(line.removesuffix(b"\n"))
        progress(number, self.size, self.size)


def _keep(path: str, copies: ExitStack) -> _Kept:
    if path == STANDARD_INPUT:
        return _copied(path, sys.stdin.buffer, copies)
    with _opened(path) as file:
        status = os.fstat(file.fileno())
        # What the kernel makes up as it is read, below /proc, says that it has no bytes.
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return _copied(path, file, copies)
        return _Kept(path, status.st_size, (status.st_dev, status.st_ino))


def _copied(path: str, file: BinaryIO, copies: ExitStack) -> _Kept:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (the snapshot closes it)
    copies.push(copy)
    shutil.copyfileobj(file, copy)
    return _Kept(path, copy.tell(), (0, 0), copy)


def _lines(kept: _Kept) -> Iterator[bytes]:
    if kept.copy:
        kept.copy.seek(0)
        yield from kept.copy
        return
    with _opened(kept.path) as file:
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != kept.identity or status.st_size < kept.size:
            raise _changed(kept.path)
        left = kept.size
        for line in file:
            yield line[:left]
            left -= len(line)
            if left <= 0:
                return
    # It was cut after it was opened.
    raise _changed(kept.path)


def _changed(path: str) -> CorpusError:
    return CorpusError(
        f"{path!r} was replaced or cut while it was mined; mine a copy, or a file that is rotated already"
    )


def _opened(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise CorpusError(f"{path!r} cannot be read: {error.strerror}; check the path and its rights") from None
