"""What a user asks about → lines: a line itself, standard input, or an event or alert by its id."""

import base64
import binascii
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC
from io import BufferedIOBase
from typing import Any, Final, NamedTuple, cast

from commands.explaining.unusual import Unusual, is_about_no_line, of_document
from commands.finding import Finder
from patterns.errors import LogwinnowError
from patterns.records import Records
from patterns.rules import Rules
from patterns.timestamps import iso_reader
from training.paths import STANDARD_INPUT

ID: Final = re.compile(r"[0-9a-f]{20}")
"""How the id of an event or alert looks."""

OpenFinder = Callable[[], AbstractContextManager[Finder]]
"""Opens the sink; for as long as it is read, how far that is is shown."""

_read_time = iso_reader(UTC)


class Asked(NamedTuple):
    """
    A line to explain.

    Attributes:
        data: Its bytes, without its end.
        record_time: In microseconds since 1970.
        document: The event or alert that it is of; None for a line that was given.
    """

    data: bytes
    record_time: int
    document: dict[str, Any] | None = None


def asked(what: str, rules: Rules, finder: OpenFinder) -> Iterator[Asked | Unusual]:
    """
    Yield the lines that are asked about, or the alert, where it is about no single line.

    Args:
        what: A line, the id of an event or alert, or ``-`` for the lines of standard input.
        rules: By which lines of standard input are joined to records.
        finder: Opens the sink, if an id is asked for.

    Raises:
        LogwinnowError: The sink has nothing of the id, cannot be read, or the alert says that others were held back.
    """
    now = time.time_ns() // 1_000
    if what == STANDARD_INPUT:
        yield from (Asked(data, now) for data in _standard_input(rules))
    elif ID.fullmatch(what):
        with finder() as opened:
            yield _of(what, opened)
    else:
        # A byte that is no text came as a surrogate.
        yield Asked(what.encode(errors="surrogateescape"), now)


def _standard_input(rules: Rules) -> Iterator[bytes]:
    from commands.reading import lines_of, records_of

    records = Records(rules)
    file = cast("BufferedIOBase", sys.stdin.buffer)
    for lines in records_of(file, records) if records.joins else lines_of(file):
        yield from lines


def _of(identity: str, finder: Finder) -> Asked | Unusual:
    document = finder.document(identity)
    if document is None:
        raise LogwinnowError(
            f"{identity!r} is the id of no event and no alert in {finder.place}; check $.sink of conf/streaming.toml, "
            "or give the line itself (one that looks like an id by standard input, with -)"
        )
    try:
        if document["logwinnow"].get("overflow"):
            raise LogwinnowError(
                f"{identity!r} is the alert that further ones were held back: it is about no line; see: "
                f"{document['logwinnow'].get('find')}"
            )
        if is_about_no_line(document):
            return of_document(document)
        whole = document
        first = document["event"].get("first_event_id")
        if first is not None and _is_cut(document):
            whole = finder.document(first) or document
        return Asked(_line(whole), _read_time(str(document["event"]["created"]), 0) or 0, document)
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise LogwinnowError(f"the document {identity!r} in {finder.place} is damaged: it holds no line") from None


def _is_cut(alert: dict[str, Any]) -> bool:
    """Tell whether an alert may hold less than the whole line, or not its bytes."""
    original = alert["event"]["original"]
    return original.endswith("…") or "\ufffd" in original


def _line(document: dict[str, Any]) -> bytes:
    encoded = document["logwinnow"].get("original_base64")
    return base64.b64decode(encoded) if encoded is not None else str(document["event"]["original"]).encode()
