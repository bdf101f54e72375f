r"""
Lines → records: the lines of one message joined, as stack traces want it.

    off         each line is a record
    indented    a line that begins with a space or a tab belongs to the record before it
    no_header   so does a blank line, and one that none of the header formats fits

A line that is none of these *begins* a record by its looks. Any other belongs to the record before it if a line that
begins one starts in the same block of the file, or in the block before: blocks have BLOCK_BYTES, counted from the
file's first byte, of a packed file as it is unpacked. So a record is whole if it is no longer than a block; a file
without any header comes out line by line and not as one record; and where a record starts follows from what stands
near by, never from where a reader began.

    block     0                   1                   2                   3
              head ↵ ⇥a ↵ ⇥b ↵ …  ⇥c ↵ ⇥d ↵ …         ⇥e ↵ ⇥f ↵ head ↵ …  ⇥g ↵ …
    record    └───────────────────────────────────┘   └──┘ └──┘ └────────────────…

A record's bytes are its lines with the line feeds between them, as they stand in the file; only the final ``\r`` is
dropped. Its header is that of its first line.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from patterns.line import LineReader, drop_carriage_return
from patterns.rules import INDENTED, OFF, Rules

BLOCK_BYTES: Final = 1024 * 1024
"""How near a line that begins a record must be: no stack trace that people read is longer."""

NOWHERE: Final = -2 * BLOCK_BYTES
"""Stands for the start of a record where no line has begun one yet: it reaches no line."""

_STEP = 65_536
_WIDER = 8


def reaches(begun: int, offset: int) -> bool:
    """
    Tell whether the record before a line may go on with it.

    Args:
        begun: Offset of the last line, before the one in question, that begins a record by its looks; or NOWHERE.
        offset: Of the line.
    """
    return begun >= (offset // BLOCK_BYTES - 1) * BLOCK_BYTES


class Records:
    r"""
    Joins lines by `rules`. Not thread-safe.

    Lines are given without their line feed, and with the ``\r`` that may stand before it. Offsets are those of a line's
    first byte in its file, of a packed file as it is unpacked.

    Attributes:
        joins: Whether a record may have more than one line.
        enough: How many bytes of a line tell as much as all of it.
    """

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for a header format that cannot be compiled."""
        self.joins = rules.multiline != OFF
        # One more than is judged shows that it is cut, and the last one may be a carriage return.
        self.enough = rules.max_line_bytes + 2
        self._reader = None if rules.multiline in (OFF, INDENTED) else LineReader(rules)

    def begins(self, line: bytes) -> bool:
        """Tell whether a line begins a record by its looks. Cost: it looks at `enough` bytes at most."""
        if not self.joins:
            return True
        if line[:1] in (b" ", b"\t"):
            return False
        if self._reader is None:
            return True
        line = drop_carriage_return(line if len(line) <= self.enough else line[: self.enough])
        return bool(line.strip()) and self._reader.has_header(line)

    def joined(self, lines: Iterable[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
        """
        Yield records and their offsets, each when the next one begins.

        Args:
            lines: Lines and their offsets, one after the other, from where any record starts to where any ends.

        Cost: memory for a record: the longest line, and twice BLOCK_BYTES.
        """
        joiner = Joiner(self)
        for line, offset in lines:
            ended = joiner.add(line, offset)
            if ended is not None:
                yield ended
        last = joiner.rest()
        if last is not None:
            yield last

    def last_start(self, file: BinaryIO, position: int, end: int) -> int:
        """
        Return where the record starts that the byte at `position` is part of; a line feed is part of its line.

        Args:
            file: An unpacked file.
            position: An offset in it; one behind the last byte means that byte.
            end: The offset behind the last byte that counts: the file may be longer.

        Cost: reads about twice BLOCK_BYTES at most, and the line at `position`.
        """
        at = _line_start(file, min(position, end - 1))
        if not self.joins:
            return at
        line = next(self._lines(file, at, end), None)
        if line is None or self.begins(line[0]):
            return at
        begun = self._last_begun(file, at)
        return begun if reaches(begun, at) else at

    def next_start(self, file: BinaryIO, position: int, end: int) -> int:
        """
        Return where the first record starts at or after `position`; `end` where none does before it.

        Args:
            file: An unpacked file.
            position: An offset in it.
            end: The offset behind the last byte that counts: the file may be longer.

        Cost: reads about three times BLOCK_BYTES at most, and the line at `position`.
        """
        if position <= 0 or position >= end:
            return max(0, min(position, end))
        begun: int | None = None
        # From the byte before: a line may begin at `position` itself.
        lines = self._lines(file, position - 1, end)
        next(lines, None)
        for line, offset in lines:
            if self.begins(line):
                return offset
            if begun is None:
                begun = self._last_begun(file, offset)
            if not reaches(begun, offset):
                return offset
        return end

    def _last_begun(self, file: BinaryIO, at: int) -> int:
        """Return where the last line starts that begins a record and reaches the line at `at`; or NOWHERE."""
        least = max(0, (at // BLOCK_BYTES - 1) * BLOCK_BYTES)
        first, width = at, _STEP
        while first > least:
            first = max(least, at - width)
            # With the byte before: a line may begin at `first` itself.
            before = max(0, first - 1)
            data = _read(file, before, at)
            end = len(data) - 1
            while end >= 0:
                start = data.rfind(b"\n", 0, end) + 1
                if (start or not before) and self.begins(data[start:end]):
                    return before + start
                end = start - 1
            width *= _WIDER
        return NOWHERE

    def _lines(self, file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int]]:
        """Yield the lines in [at, end), `enough` bytes of each, and their offsets."""
        begun, offset = bytearray(), at
        while at < end:
            data = _read(file, at, min(at + _STEP, end))
            if not data:
                break
            start = 0
            while (found := data.find(b"\n", start)) >= 0:
                begun += data[start : min(found, start + self.enough - len(begun))]
                yield bytes(begun), offset
                begun.clear()
                start = found + 1
                offset = at + start
            begun += data[start : start + self.enough - len(begun)]
            at += len(data)
        if begun:
            yield bytes(begun), offset


class Joiner:
    """Joins lines as they come: what `Records.joined` does, for who cannot wait for the next line."""

    def __init__(self, records: Records) -> None:
        """Begin where any record starts."""
        self._begins = records.begins
        self._held: list[bytes] = []
        self._start, self._begun = 0, NOWHERE

    def add(self, line: bytes, offset: int) -> tuple[bytes, int] | None:
        """Take the next line; return the record that ends before it, and its offset, or None where none does."""
        begins = self._begins(line)
        if not begins and reaches(self._begun, offset):
            self._held.append(line)
            return None
        ended = self.rest()
        self._held, self._start = [line], offset
        if begins:
            self._begun = offset
        return ended

    def rest(self) -> tuple[bytes, int] | None:
        """Return the record of the lines that were taken since the last one ended; None where there are none."""
        if not self._held:
            return None
        record = drop_carriage_return(b"\n".join(self._held))
        self._held = []
        return record, self._start


def _line_start(file: BinaryIO, position: int) -> int:
    """Return where the line starts that the byte at `position` is part of."""
    at = max(0, position)
    while at > 0:
        before = max(0, at - _STEP)
        found = _read(file, before, at).rfind(b"\n")
        if found >= 0:
            return before + found + 1
        at = before
    return 0


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    """Return the bytes in [start, end), fewer only at the file's end."""
    file.seek(start)
    parts: list[bytes] = []
    while start < end and (data := file.read(end - start)):
        parts.append(data)
        start += len(data)
    return b"".join(parts)
