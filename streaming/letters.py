"""
How a dead letter is kept, and read again: a row of a file, or a record of a topic.

    row       {"id", "place", "offset", "record_time", "reason", "detail", "planned_at", "raw": base64, or null}
    record    key: the id; value: the bytes, or null; headers: the others
"""

import base64
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from streaming.source import DeadLetter

_FIELDS: Final = ("place", "offset", "record_time", "reason", "detail")


class Kept(NamedTuple):
    """A letter, and when its batch was planned, in microseconds since 1970: by that its event's index is chosen."""

    letter: DeadLetter
    planned_at: int


def row_of(letter: DeadLetter, planned_at: int) -> dict[str, Any]:
    """Return a letter as it is in a file."""
    raw = None if letter.raw is None else base64.b64encode(letter.raw).decode()
    fields = {name: getattr(letter, name) for name in _FIELDS}
    return {"id": letter.event_id, **fields, "planned_at": planned_at, "raw": raw}


def kept_row(row: dict[str, Any]) -> Kept:
    """
    Return the letter that a row of a file is.

    Raises:
        ValueError: It is none.
    """
    raw = row.get("raw")
    return _kept(row.get("id"), row, None if raw is None else base64.b64decode(raw, validate=True))


def record_of(letter: DeadLetter, planned_at: int) -> dict[str, Any]:
    """Return a letter as it is in a topic: key, value and headers, as kafka-python takes them."""
    fields = {name: getattr(letter, name) for name in _FIELDS}
    headers = [(name, str(value).encode()) for name, value in (fields | {"planned_at": planned_at}).items()]
    return {"key": letter.event_id.encode(), "value": letter.raw, "headers": headers}


def kept_record(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Kept:
    """
    Return the letter that a record of the topic is.

    Raises:
        ValueError: It is none.
    """
    return _kept((key or b"").decode(), {name: content.decode() for name, content in headers}, value)


def _kept(identity: Any, fields: dict[str, Any], raw: bytes | None) -> Kept:
    try:
        place, reason, detail = (fields[name] for name in ("place", "reason", "detail"))
        offset, record_time, planned_at = (int(fields[name]) for name in ("offset", "record_time", "planned_at"))
    except (KeyError, TypeError) as error:
        msg = f"it has no {error}"
        raise ValueError(msg) from None
    if not all(isinstance(each, str) for each in (identity, place, reason, detail)) or not identity:
        msg = "id, place, reason and detail are no texts"
        raise ValueError(msg)
    return Kept(DeadLetter(identity, place, offset, record_time, reason, detail, raw), planned_at)
