"""
Where a shipped line stands: a header of its record, from `logwinnow ship` to the source `kafka` with `trust_origin`.

    logwinnow-origin    [host, file, path, offset, time], as JSON

The host is the record's key too. The file is its identity, of standard input that of the run; a path that is no UTF-8
has marks in it, and that of standard input is ``-``.
"""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from streaming.documents import shipped_event_id

HEADER: Final = "logwinnow-origin"

# What is more is no offset, and no time by which an index could be named.
_Number = Annotated[int, Meta(ge=0, lt=10**18)]
_Text = Annotated[str, Meta(max_length=8_191)]


class Origin(NamedTuple):
    """Where a line stands: the byte at which it begins; and when it was planned, in microseconds since 1970."""

    host: _Text
    file: _Text
    path: _Text
    offset: _Number
    time: _Number

    def header(self) -> tuple[str, bytes]:
        """Return the header that says so."""
        return HEADER, _ENCODER.encode(self)

    def event_id(self, source: str) -> str:
        """Return the id of the line's event: the same however often it is shipped."""
        return shipped_event_id(source, self.host, self.file, self.offset)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Origin)


def origin_of(headers: Sequence[tuple[str, bytes | None]] | None) -> Origin | None:
    """Return what a record's headers say; None where another shipper wrote it, or they say nonsense."""
    given = next((value for name, value in headers or () if name == HEADER), None)
    try:
        return None if given is None else _DECODER.decode(given)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
