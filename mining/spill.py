"""
Counts of more words than memory should hold: a temporary file that adds them up a part at a time.

    counter full ─► run: part 0 | part 1 | … | part 255 ─┐
    counter full ─► run: part 0 | part 1 | … | part 255 ─┴─► part 0 of all runs added up, then part 1, …

A word's part follows from its hash, so it is the same in every run: when one part of all runs has been added up, its
words have their whole counts. Sorted runs that are merged take four times as long.
"""

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self

from mining.errors import SpillError
from patterns.line import exact_bytes, exact_text

_PARTS: Final = 256
_COUNT: Final = "Q"


class _Piece(NamedTuple):
    """One part of one run: where it begins, the bytes of its words, and how many they are; counts stand behind."""

    start: int
    size: int
    words: int


class Spill:
    """
    Counts by word, on disk; a context manager that leaves no file behind, even if the process is killed.

    Words are texts of `patterns.line.exact_text` without line feeds. Disk: a word's bytes and 9 more, once a run.
    """

    def __init__(self) -> None:
        """Use no disk yet."""
        self._file: BinaryIO | None = None
        self._parts: list[list[_Piece]] = [[] for _ in range(_PARTS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            # On a full disk closing fails too, as it writes what is still in the buffer.
            with suppress(OSError):
                self._file.close()

    @property
    def used(self) -> bool:
        """Whether a run was written."""
        return self._file is not None

    def add(self, counts: Iterable[tuple[str, int]]) -> None:
        """
        Write a run.

        Args:
            counts: Words, each once, and their counts.

        Raises:
            SpillError: The temporary file cannot be written.
        """
        words: list[list[str]] = [[] for _ in range(_PARTS)]
        numbers = [array(_COUNT) for _ in range(_PARTS)]
        for word, number in counts:
            part = hash(word) % _PARTS
            words[part].append(word)
            numbers[part].append(number)
        with _disk():
            file = self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115 (closed when the block is left)
            for pieces, some, their in zip(self._parts, words, numbers, strict=True):
                text = exact_bytes("\n".join(some))
                pieces.append(_Piece(file.tell(), len(text), len(some)))
                file.write(text)
                file.write(their)

    def reaching(self, least: int) -> Iterator[str]:
        """
        Yield the words whose counts in all runs add up to `least` or more, in no order.

        Cost: one pass over the file, and memory for a 256th of the distinct words.

        Raises:
            SpillError: The temporary file cannot be read, or what was left to write of it cannot be written.
        """
        for pieces in self._parts:
            counts: dict[str, int] = {}
            for piece in pieces:
                for word, number in self._read(piece):
                    counts[word] = counts.get(word, 0) + number
            yield from (word for word, number in counts.items() if number >= least)

    def _read(self, piece: _Piece) -> Iterable[tuple[str, int]]:
        if not self._file or not piece.words:
            return ()
        numbers = array(_COUNT)
        with _disk():
            self._file.seek(piece.start)
            text = self._file.read(piece.size)
            numbers.frombytes(self._file.read(numbers.itemsize * piece.words))
        return zip(exact_text(text).split("\n"), numbers, strict=True)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = f" in {tempfile.tempdir!r}" if tempfile.tempdir else ""
        raise SpillError(
            f"the distinct words are too many to be counted in memory, and a temporary file{folder} cannot take them: "
            f"{error.strerror}; set TMPDIR to a folder with room, or mine by the default rules, which leave fewer words"
        ) from None
