"""
Dead letters in files.

    <path>/<day>/<batch>-<stream>-<part>.ndjson     one letter a line; <day> is the UTC day of the batch's planning

A batch that is replayed replaces its own files. What is done with is taken out by a file that replaces the whole one,
or with the file: only of batches that are never judged again, so that no stream writes there.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec

from patterns.disk import sync_folder
from streaming.dead_letters import BUNDLE, Damaged, Failure
from streaming.dead_letters.letter import KeptLetter, Sender, kept, letter_of
from streaming.errors import StreamingError
from streaming.sink.files import Parts, PartWriter
from streaming.source import DeadLetter


@dataclass(frozen=True)
class FileLetters:
    """Keeps letters in files; see `streaming.dead_letters.DeadLetters`."""

    path: str
    sender: Sender

    @property
    def _parts(self) -> Parts:
        return _parts(self.path, self.sender.stream)

    def start(self) -> None:
        """Make the folder."""
        self._parts.start()

    def begin(self, batch: int) -> None:
        """Remove the letters of an earlier try."""
        self._parts.begin(batch)

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int) -> Iterator[Callable[[DeadLetter], None]]:
        """Open a part."""
        with self._parts.part(batch, part, planned_at) as writer:
            yield lambda letter: writer.write(kept(letter, self.sender, batch, planned_at))


@dataclass(frozen=True)
class LetterFolder:
    """The letters of all files of a folder; see `streaming.dead_letters.LetterBox`."""

    path: str

    def letters(self, damaged: Damaged) -> Iterator[KeptLetter]:
        """Yield all letters, by the planning of their batches. Holds their ids, and one letter."""
        seen = set[str]()
        for file in self._files():
            for letter in _letters(file, damaged):
                if letter.id not in seen:
                    seen.add(letter.id)
                    yield letter

    def bundles(self, wanted: Callable[[KeptLetter], bool], damaged: Damaged) -> Iterator["FileBundle"]:
        """Yield bundles of whole files, of BUNDLE letters or some more."""
        files = ((file, filter(wanted, _letters(file, damaged))) for file in self._files())
        for file, letters in files:
            for first in letters:
                yield FileBundle(self.path, chain([(file, chain([first], letters))], files))

    def _files(self) -> Iterator[Path]:
        """Yield the files, by day and planning of their batch: streams that share a folder number theirs alike."""
        for day in _entries(Path(self.path), "????-??-??"):
            yield from sorted(_entries(day, "[!.]*.ndjson"), key=lambda file: (_planned_at(file), file.name))


@dataclass
class FileBundle:
    """Letters of some files; see `streaming.dead_letters.Bundle`."""

    path: str
    found: Iterator[tuple[Path, Iterator[KeptLetter]]]
    _files: list[Path] = field(default_factory=list)

    def letters(self) -> Iterator[KeptLetter]:
        """Yield them."""
        number = 0
        # A file is written anew once, however many letters it has; many files of few letters are one request.
        while number < BUNDLE and (of_file := next(self.found, None)):
            file, letters = of_file
            self._files.append(file)
            for letter in letters:
                number += 1
                yield letter

    def settle(self, done: Collection[str], failed: Mapping[str, Failure], how: str) -> None:  # noqa: ARG002 (no trace)
        """Write the files anew with what stays, or remove them where nothing does; what is damaged stays as it is."""
        try:
            for file in self._files:
                self._settle(file, done, failed)
        except OSError as error:
            raise _parts(self.path, "").cannot_write(error) from None

    def _settle(self, file: Path, done: Collection[str], failed: Mapping[str, Failure]) -> None:
        for left in file.parent.glob(f".{file.name}.*"):
            # Of a replay that was killed.
            left.unlink(missing_ok=True)
        writer = PartWriter(file.parent, file.name)
        try:
            stays = sum(self._write(writer, row, done, failed) for row in _rows(file))
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
        if not stays:
            file.unlink()
            sync_folder(file.parent)

    def _write(self, writer: PartWriter, row: bytes, done: Collection[str], failed: Mapping[str, Failure]) -> bool:
        """Write a row if it stays; return whether it does."""
        with suppress(ValueError):
            letter = letter_of(row)
            if letter.id in failed:
                reason, detail = failed[letter.id]
                writer.write(msgspec.structs.replace(letter, reason=reason, detail=detail))
                return True
            if letter.id in done:
                return False
        writer.write(msgspec.Raw(row))
        return True


def _parts(path: str, stream: str) -> Parts:
    return Parts(path, stream, "dead_letters.path", path)


def _entries(folder: Path, pattern: str) -> list[Path]:
    # A glob would find nothing where it may not look.
    try:
        return sorted(path for path in folder.iterdir() if path.match(pattern))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _cannot_read(folder, error) from None


def _cannot_read(path: Path, error: OSError) -> StreamingError:
    why = error.strerror or error
    return StreamingError(
        f"dead letters cannot be read from {str(path)!r}: {why}; check dead_letters.path and its rights"
    )


def _rows(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        for line in lines:
            yield line.removesuffix(b"\n")


def _letters(file: Path, damaged: Damaged) -> Iterator[KeptLetter]:
    try:
        for number, row in enumerate(_rows(file), start=1):
            try:
                letter = letter_of(row)
            except ValueError as error:
                damaged(f"{file}:{number}", str(error))
                continue
            yield letter
    except FileNotFoundError:
        # A batch that is replayed removes its files.
        return
    except OSError as error:
        raise _cannot_read(file, error) from None


def _planned_at(file: Path) -> int:
    """Return when the batch of a file was planned, by its first row that is a letter."""
    return next((letter.planned_at for letter in _letters(file, lambda _place, _why: None)), 0)
