"""Events one by one, as tests write and read them; lines of a source one by one."""

from collections.abc import Iterable
from typing import Any

import msgspec

from streaming.sink.events import Events
from streaming.source import DeadLetter, SourceLine, SourceLines


def event_of(document: dict[str, Any], line: SourceLine, *, dated: bool = True) -> Events:
    """Return one event as a sink gets it."""
    return Events.of([msgspec.json.encode(document)], [line], dated=[dated])


def each_event(events: Events) -> list[tuple[dict[str, Any], SourceLine, bool]]:
    """Return the document, the line and whether it is dated, of each event."""
    return [
        (msgspec.json.decode(document), events.line(index), bool(events.dated[index]))
        for index, document in enumerate(events.documents.to_pylist())
    ]


def each_line(found: Iterable[SourceLines | DeadLetter]) -> list[SourceLine | DeadLetter]:
    """Return what a source yields, one by one."""
    return [
        each
        for lines in found
        for each in ([lines] if isinstance(lines, DeadLetter) else [lines.line(index) for index in range(len(lines))])
    ]
