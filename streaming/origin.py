"""
Where a shipped line stands: headers of its record, from `logwinnow ship` to the source `kafka` with `trust_origin`.

    logwinnow-host      the shipper's host, which is the record's key too
    logwinnow-file      identity of the file; of standard input, of the run
    logwinnow-path      its path, ``-`` for standard input; a name that is no UTF-8 with marks in it
    logwinnow-offset    the byte at which the line begins
    logwinnow-time      when it was planned, in microseconds since 1970: the same when it is sent again
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from streaming.documents import shipped_event_id

_PREFIX: Final = "logwinnow-"

Headers = list[tuple[str, bytes]]


class Origin(NamedTuple):
    """Where a line stands, and when it was planned, in microseconds since 1970."""

    host: str
    file: str
    path: str
    offset: int
    time: int

    def headers(self) -> Headers:
        """Return the headers that say so."""
        return [(_PREFIX + name, str(value).encode()) for name, value in zip(self._fields, self, strict=True)]

    def event_id(self, source: str) -> str:
        """Return the id of the line's event: the same however often it is shipped."""
        return shipped_event_id(source, self.host, self.file, self.offset)


def origin_of(headers: Sequence[tuple[str, bytes | None]] | None) -> Origin | None:
    """Return what a record's headers say; None where another shipper wrote it, or they say nonsense."""
    given = {name.removeprefix(_PREFIX): value for name, value in headers or () if name.startswith(_PREFIX)}
    try:
        host, file, path, offset, time = (given[name] for name in Origin._fields)
        if host is None or file is None or path is None or offset is None or time is None:
            return None
        # A few digits: what is more is no offset, and no time that an index could be named by.
        return Origin(host.decode(), file.decode(), path.decode(), _number(offset), _number(time))
    except (KeyError, ValueError):
        return None


def _number(digits: bytes) -> int:
    if not (digits.isdigit() and len(digits) <= 18):
        msg = "no number"
        raise ValueError(msg)
    return int(digits)
