"""
Events that come after their batch, from a replay of dead letters: each written once, beside a stream that runs.

Elasticsearch takes no id twice. A folder of files has no ids, so a replay notes the day that it writes in, before its
first event there, in a file of its own; one that ended in between is looked up by the next, in these days alone:

    {"days": ["2026-11-25"]}      removed when the replay has ended well

Its files go to the folder of the day of planning, like those of the stream: no earlier day than the last batch, and
none is compacted meanwhile. Their name has `replay` in it, so that no batch of the stream takes them for its own.
"""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
import pyarrow as pa

from patterns.disk import replace_file
from patterns.timestamps import DAY, utc_day
from streaming.errors import CheckpointError
from streaming.sink import EventWriter, Refuse, Sink
from streaming.sink.events import Events
from streaming.sink.files import COMPACTED, FilesSink


class LateEvents(Protocol):
    """Writes events that come after their batch."""

    def unfinished(self) -> bool:
        """Return whether an earlier replay ended in between, so that `look_up` is to be called first."""

    def look_up(self, ids: Collection[str]) -> None:
        """Find out which of these events are there already. Cost: reads the events of the days it wrote in."""

    def part(self, refuse: Refuse) -> AbstractContextManager[EventWriter]:
        """Open a part, as `Sink.part` does; what is there already is not written again."""

    def close(self) -> None:
        """Forget what was noted: all that was to be done with the events is done."""


def late_events(sink: Sink, note: Path, planned_last: Callable[[], int]) -> LateEvents:
    """
    Return what writes late events to a sink.

    Args:
        sink: Where to.
        note: The file for the days.
        planned_last: Returns when the last batch of the stream was planned, in microseconds since 1970.
    """
    return LateFiles(sink, note, planned_last) if isinstance(sink, FilesSink) else LateDocuments(sink)


@dataclass(frozen=True)
class LateDocuments:
    """Of a sink that takes no id twice; see `LateEvents`."""

    sink: Sink

    def unfinished(self) -> bool:
        """Return that nothing is to be looked up."""
        return False

    def look_up(self, ids: Collection[str]) -> None:
        """Nothing is to be looked up."""

    def part(self, refuse: Refuse) -> AbstractContextManager[EventWriter]:
        """Open a part."""
        return self.sink.part(0, 0, time.time_ns() // 1000, refuse)

    def close(self) -> None:
        """Nothing was noted."""


class LateFiles:
    """Of the sink `files`; see `LateEvents`."""

    def __init__(self, sink: FilesSink, note: Path, planned_last: Callable[[], int]) -> None:
        """
        Read the note of an earlier replay.

        Raises:
            CheckpointError: It is damaged.
        """
        # Each replay has its own names: to write a part again would replace what an earlier one wrote.
        self._sink = replace(sink, stream=f"replay-{secrets.token_hex(4)}")
        self._note = note
        self._planned_last = planned_last
        self._parts = 0
        self._there = set[str]()
        try:
            self._days = msgspec.json.decode(note.read_bytes(), type=_Note).days if note.exists() else []
        except msgspec.MsgspecError as error:
            raise CheckpointError(
                f"{str(note)!r} is damaged: {error}; it names the days in which a replay wrote that did not end: "
                "remove it if their events are not doubled"
            ) from None

    @property
    def _events(self) -> Path:
        return Path(self._sink.path) / "events"

    def unfinished(self) -> bool:
        """Return whether days were noted."""
        return bool(self._days)

    def look_up(self, ids: Collection[str]) -> None:
        """Look for the events of these ids in the noted days."""
        for day in self._days:
            self._there.update(identity for identity in _ids(self._events, day) if identity in ids)

    @contextmanager
    def part(self, refuse: Refuse) -> Iterator["_OnceWriter"]:
        """Open a part in the day of now, or of the stream's last batch."""
        with self._sink.held():
            planned_at = max(time.time_ns() // 1000, self._planned_last())
            while (self._events / f"{utc_day(planned_at)}{COMPACTED}").exists():
                # Closed already, by a stream with another clock.
                planned_at += DAY
            day = utc_day(planned_at)
            if day not in self._days:
                self._write_note([*self._days, day])
            with self._sink.part(0, self._parts, planned_at, refuse) as writer:
                self._parts += 1
                yield _OnceWriter(writer, self._there)

    def _write_note(self, days: list[str]) -> None:
        try:
            replace_file(self._note, msgspec.json.encode(_Note(days)) + b"\n")
        except OSError as error:
            raise CheckpointError(
                f"{str(self._note)!r} cannot be written: {error.strerror or error}; check its rights and the room on "
                "the disk"
            ) from None
        self._days = days

    def close(self) -> None:
        """Remove the note."""
        self._note.unlink(missing_ok=True)


class _Note(msgspec.Struct):
    days: list[Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d\Z")]]


class _EventId(msgspec.Struct):
    id: str


class _Event(msgspec.Struct):
    event: _EventId


@dataclass(frozen=True)
class _OnceWriter:
    """Writes what is not there yet."""

    writer: EventWriter
    there: Collection[str] = field(repr=False)

    def write(self, events: Events) -> None:
        """Add events, but those that are there."""
        self.writer.write(events.chosen([at for at, identity in enumerate(events.ids) if identity not in self.there]))


def _ids(events: Path, day: str) -> Iterator[str]:
    """Yield the ids of the events of a day that replays may have written."""
    decoder = msgspec.json.Decoder(_Event)
    compacted = events / f"{day}{COMPACTED}"
    # A compacted day has no names any more.
    for file in [compacted] if compacted.exists() else sorted((events / day).glob("[!.]*-replay-*.ndjson")):
        with pa.input_stream(str(file), compression="zstd" if file is compacted else None) as data:
            for row in _rows(data):
                yield decoder.decode(row).event.id


def _rows(data: Any) -> Iterator[bytes]:
    rest = b""
    while read := data.read(1_048_576):
        *rows, rest = (rest + read).split(b"\n")
        yield from rows
