r"""
The bytes of a connection → messages (RFC 6587), decided for each frame, as rsyslog does.

    octet counting   <digits> SP <so many bytes>      where a frame begins with a digit 1 to 9
    newline          <bytes> LF                       else

Where digits are no count, since no space follows or since so long a frame cannot be, a frame is a line: many send
lines that begin with a time. Behind an octet-counted frame, though, there must be another one or a ``<``, and a far
too long count before ``<`` begins no line: such a *framing error* says that the sender counts wrongly, and that its
frames cannot be told apart any more. What it sent since then is taken as lines.

A message over the limit is cut, the rest of its frame skipped. NUL, CR and LF are taken off its end, NUL off its start;
an empty one is none. What is found does not depend on how the bytes were cut into chunks.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

FAR: Final = 16
"""A frame of more than so many times the limit is a framing error: skipping it would take the sender's word for it."""

_DIGITS: Final = 19
_COUNT: Final = re.compile(rb"([1-9][0-9]{0,18}) ")
_NO_COUNT: Final = re.compile(rb"[1-9](?:[0-9]{0,18}[^0-9 ]|[0-9]{19})")
_NEXT_COUNT: Final = re.compile(rb"\n(?=[1-9][0-9]{0,18} )")
_NO_LENGTH: Final = 0
_HEAD: Final = _DIGITS + 2
"""Bytes of a frame by which its kind can be told: digits, a space, and what follows."""


class Framer:
    """
    Finds the messages of one connection.

    Attributes:
        error: What is wrong with its frames, in words for the log; empty until something is.
    """

    def __init__(self, limit: int, counts: Counter[str]) -> None:
        """
        Begin.

        Args:
            limit: Bytes of a message at most.
            counts: Where lines_cut, lines_unfinished and framing_errors are counted.
        """
        self.error = ""
        self._limit = limit
        self._counts = counts
        # Of the frame that has begun: what is kept of it, and whether some of it is not.
        self._kept = bytearray()
        self._is_cut = False
        self._step: Callable[[bytes, int, list[bytes]], int] = self._begin
        self._missing = 0
        self._has_counted = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole now. Cost: linear, whatever the chunks are."""
        found: list[bytes] = []
        at = 0
        while at < len(data):
            at = self._step(data, at, found)
        return found

    def end(self) -> list[bytes]:
        """Return what there is of a message that the connection's end cut off."""
        found: list[bytes] = []
        if self._step != self._begin:
            before = len(found)
            self._take(found)
            self._counts["lines_unfinished"] += self._missing > 0 or len(found) > before
        return found

    def _begin(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take whole frames at once, as long as they are of a kind; else begin one."""
        if self.error:
            return self._lines(data, at, data.rfind(b"\n", at), found)
        begins_with_digit = data[at] in b"123456789"
        if not self._has_counted and (not begins_with_digit or _NO_COUNT.match(data, at)):
            upcoming = _NEXT_COUNT.search(data, at)
            return self._lines(data, at, upcoming.start() if upcoming else data.rfind(b"\n", at), found)
        if begins_with_digit:
            return self._counted(data, at, found)
        if data[at] in b"<":
            self._step = self._line
            return at
        if data[at] in b"\r\n\0":
            # Some end counted frames as they end lines.
            return at + 1
        return self._wrong(
            at, f"a frame begins with {data[at : at + 1]!r} and not with its length, as those before it did"
        )

    def _lines(self, data: bytes, at: int, last: int, found: list[bytes]) -> int:
        """Take the lines up to the line feed at `last`, or begin one where there is none."""
        if last < at:
            self._step = self._line
            return at
        lines = data[at:last].split(b"\n")
        if max(map(len, lines)) > self._limit:
            self._counts["lines_cut"] += sum(len(line) > self._limit for line in lines)
            lines = [line[: self._limit] for line in lines]
        found += filter(None, map(_bare, lines))
        return last + 1

    def _counted(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Take counted frames that are whole, then begin what follows them."""
        while head := _COUNT.match(data, at):
            start, length = head.end(), int(head[1])
            if length > self._limit or start + length > len(data):
                break
            self._has_counted = True
            if message := _bare(data[start : start + length]):
                found.append(message)
            at = start + length
        if at < len(data) and data[at] in b"123456789":
            self._step = self._head
        return at

    def _head(self, data: bytes, at: int, _found: list[bytes]) -> int:
        """Tell the kind of a frame that begins with a digit, as soon as there is enough of it."""
        known = len(self._kept)
        head = bytes(self._kept + data[at : at + _HEAD - known])
        length = self._length(head)
        if length is None:
            self._kept[:] = head
            return len(data)
        if isinstance(length, str):
            return self._wrong(at, length)
        if length == _NO_LENGTH:
            self._step = self._line
            return at
        self._has_counted = True
        self._kept.clear()
        self._missing = length
        self._step = self._octets
        return at + head.index(b" ") + 1 - known

    def _length(self, head: bytes) -> int | str | None:
        """Return the length that a frame says, _NO_LENGTH for a line, what is wrong with it, None if more must come."""
        count = _COUNT.match(head)
        if count is None:
            if head.isdigit() and len(head) <= _DIGITS:
                return None
            return f"a frame begins with {head!r}, which is no length" if self._has_counted else _NO_LENGTH
        length = int(count[1])
        if length <= FAR * self._limit:
            return length
        following = head[count.end() :]
        if self._has_counted or following.startswith(b"<"):
            return f"a frame says that it has {length} bytes, and a line may have {self._limit}"
        return _NO_LENGTH if following else None

    def _octets(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Go on with a counted frame."""
        end = min(at + self._missing, len(data))
        self._missing -= end - at
        self._keep(data, at, end)
        if not self._missing:
            self._take(found)
        return end

    def _line(self, data: bytes, at: int, found: list[bytes]) -> int:
        """Go on with a line."""
        end = data.find(b"\n", at)
        if end < 0:
            self._keep(data, at, len(data))
            return len(data)
        self._keep(data, at, end)
        self._take(found)
        return end + 1

    def _wrong(self, at: int, error: str) -> int:
        self.error = error
        self._counts["framing_errors"] += 1
        self._step = self._line
        return at

    def _keep(self, data: bytes, at: int, end: int) -> None:
        room = self._limit - len(self._kept)
        self._is_cut |= end - at > room
        self._kept += data[at : min(end, at + max(room, 0))]

    def _take(self, found: list[bytes]) -> None:
        if message := _bare(bytes(self._kept)):
            found.append(message)
        self._counts["lines_cut"] += self._is_cut
        self._kept.clear()
        self._is_cut = False
        self._step = self._begin


def _bare(message: bytes) -> bytes:
    return message.rstrip(b"\0\r\n").lstrip(b"\0")
