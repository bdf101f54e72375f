"""
A dead letter as it is kept.

    in a file    a JSON object a line: the fields of `KeptLetter`, the bytes in base64
    in a topic   a record: key the id, value the bytes, headers the other fields as text
                 or the mark that a letter is done with: its key, no value, header `done`

What is read is checked, since others can write where letters are.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from streaming.source import DeadLetter

REASONS: Final = ("no_value", "no_line", "refused")

DONE: Final = "done"
"""Name of the header by which a record says that the letter of its key is done with."""

_YEAR_10000: Final = 253_402_300_800_000_000


class Sender(NamedTuple):
    """
    Who keeps a letter.

    Attributes:
        kind: Of the source.
        source: Its name.
        stream: Name of the stream: the same for as long as its checkpoint lives.
    """

    kind: str
    source: str
    stream: str


class KeptLetter(Struct, frozen=True):
    """
    A dead letter, who kept it, and in which batch.

    Attributes:
        id: What its event has.
        kind: As the sender's.
        source: As the sender's.
        stream: As the sender's.
        batch: Number of the batch.
        planned_at: When the batch was planned, in microseconds since 1970: with the record time it says which index
            the event goes to, whenever that is.
        place: As in `DeadLetter`, like all that follows.
        offset: See there.
        record_time: See there.
        reason: See there.
        detail: See there.
        raw: See there.
    """

    # \Z, since $ would let a line feed follow: ids go into requests.
    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{20}\Z")]
    kind: Literal["files", "kafka", "socket"]
    source: str
    stream: str
    batch: Annotated[int, Meta(ge=0)]
    planned_at: Annotated[int, Meta(ge=0, lt=_YEAR_10000)]
    place: str
    offset: Annotated[int, Meta(ge=0)]
    record_time: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    reason: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z")]
    detail: str
    raw: bytes | None

    @property
    def letter(self) -> DeadLetter:
        """The letter alone."""
        return DeadLetter(self.id, self.place, self.offset, self.record_time, self.reason, self.detail, self.raw)


_TEXTS: Final = tuple(name for name in KeptLetter.__struct_fields__ if name not in {"id", "raw"})


def kept(letter: DeadLetter, sender: Sender, batch: int, planned_at: int) -> KeptLetter:
    """Return a letter as it is kept."""
    fields: dict[str, Any] = letter._asdict() | sender._asdict()
    # A server's answer may have half a surrogate pair, which nothing can write.
    fields["detail"] = letter.detail.encode(errors="replace").decode()
    return KeptLetter(id=fields.pop("event_id"), batch=batch, planned_at=planned_at, **fields)


def row_of(letter: KeptLetter) -> bytes:
    """Return a letter as it is in a file, without the line's end."""
    return msgspec.json.encode(letter)


def letter_of(row: bytes) -> KeptLetter:
    """
    Return the letter that a line of a file is.

    Raises:
        ValueError: It is none.
    """
    try:
        return msgspec.json.decode(row, type=KeptLetter)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def record_of(letter: KeptLetter) -> dict[str, Any]:
    """Return a letter as it is in a topic: key, value and headers."""
    headers = [(name, str(getattr(letter, name)).encode()) for name in _TEXTS]
    return {"key": letter.id.encode(), "value": letter.raw, "headers": headers}


def letter_of_record(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> KeptLetter:
    """
    Return the letter that a record of the topic is.

    Raises:
        ValueError: It is none.
    """
    try:
        fields: dict[str, Any] = {name: content.decode() for name, content in headers if name in _TEXTS}
        fields |= {"id": (key or b"").decode(), "raw": value}
        return msgspec.convert(fields, KeptLetter, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError) as error:
        raise ValueError(str(error)) from None


def done_record(identity: str, how: str) -> dict[str, Any]:
    """Return the mark that a letter is done with; `how` is for people."""
    return {"key": identity.encode(), "value": None, "headers": [(DONE, how.encode())]}
