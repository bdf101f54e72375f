"""
The sink `files`, the embedded default: no server, plain files.

    <path>/events/<day>/<batch>-<stream>-<part>.ndjson    one event a line; <day> is the UTC day of the batch's planning
    <path>/events/<day>.ndjson.zst                       a closed day, compacted: stands for its folder
    <path>/alerts/<day>/<id>.json                        one alert a file, created once; <day> is that of its bucket

A batch that is replayed replaces its own files. A file is written under a hidden name, synced and renamed. When a
day's compacted file is there its folder is only what was not removed yet, and a reader passes over it. Who writes
beside the stream (streaming/sink/late.py) holds <path>/.lock shared meanwhile: no day is compacted then.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from kernels.documents import bounds, joined
from patterns.disk import create_file, sync_folder
from patterns.timestamps import utc_day
from streaming.errors import SinkError
from streaming.sink import Refuse
from streaming.sink.events import Events

COMPACTED: Final = ".ndjson.zst"

_COPIED_AT_ONCE = 1_048_576


@dataclass(frozen=True, slots=True)
class Parts:
    """
    Rows of JSON by day and part of a batch: a part that is written again replaces itself.

    Attributes:
        folder: Where the days' folders are; the tasks must see the same one as the driver.
        stream: Which stream writes: the same for as long as its checkpoint lives.
        key: What the configuration calls the place, for errors.
        place: What it says there.
    """

    folder: str
    stream: str
    key: str
    place: str

    def start(self) -> None:
        """
        Make the folder.

        Raises:
            SinkError: It cannot be made.
        """
        try:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.cannot_write(error) from None

    def begin(self, batch: int) -> None:
        """Remove what an earlier try of the batch left: it may have been cut into other parts."""
        for file in Path(self.folder).glob(f"*/*{self._name(batch)}-*"):
            file.unlink(missing_ok=True)

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int) -> Iterator["PartWriter"]:
        """Open a part; its file appears when the block ends well, if it has a row, else it is removed."""
        writer = PartWriter(Path(self.folder) / utc_day(planned_at), f"{self._name(batch)}-{part:05}.ndjson")
        try:
            yield writer
            writer.finish()
        except OSError as error:
            writer.abandon()
            raise self.cannot_write(error) from None
        except BaseException:
            writer.abandon()
            raise

    def cannot_write(self, error: OSError) -> SinkError:
        """Return what the disk's refusal means for the user."""
        why = error.strerror or error
        return SinkError(f"{self.key} is {self.place!r}: {why}; check its rights and the room on the disk")

    def _name(self, batch: int) -> str:
        return f"{batch:08}-{self.stream}"


class PartWriter:
    """Writes the rows of one task."""

    def __init__(self, folder: Path, name: str) -> None:
        """Write a file of this name in a folder; both are made with the first row."""
        self._folder = folder
        self._name = name
        # A task that outlived its driver may still write the same part.
        self._hidden = folder / f".{name}.{secrets.token_hex(4)}"
        self._encoder = msgspec.json.Encoder()
        self._file: BinaryIO | None = None

    def write(self, row: Any) -> None:
        """Add a row: what msgspec writes as JSON, or `msgspec.Raw` of JSON."""
        self.write_lines(self._encoder.encode(row) + b"\n")

    def write_lines(self, rows: bytes | memoryview) -> None:
        """Add rows that are JSON already, each with a line feed behind it."""
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._hidden.open("wb", buffering=_COPIED_AT_ONCE)
        self._file.write(rows)

    def finish(self) -> None:
        """Put the file in its place."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._hidden.replace(self._folder / self._name)
            sync_folder(self._folder)

    def abandon(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
            self._hidden.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FilesSink:
    """
    The sink's folder; see `streaming.sink.Sink`.

    Attributes:
        path: The folder; the tasks must see the same one as the driver.
        stream: Which stream writes: the same for as long as its checkpoint lives.
        keep_days: How many days are kept; None for all.
        bucket_hours: How long a bucket of alerts is: alerts lie in the day on which it began.
    """

    path: str
    stream: str
    keep_days: int | None = None
    bucket_hours: int = 24

    @property
    def _parts(self) -> Parts:
        return self._in("events")

    def _in(self, what: str) -> Parts:
        return Parts(str(Path(self.path) / what), self.stream, "sink.files.path", self.path)

    def start(self) -> None:
        """Make the folders."""
        self._parts.start()
        self._in("alerts").start()

    def begin(self, batch: int) -> None:
        """Remove the events of an earlier try."""
        self._parts.begin(batch)

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int, refuse: Refuse) -> Iterator["FilesWriter"]:  # noqa: ARG002
        """Open a part; nothing is refused."""
        with self._parts.part(batch, part, planned_at) as writer:
            yield FilesWriter(writer)

    def write_alerts(self, alerts: Iterable[tuple[dict[str, Any], int]]) -> int:
        """Write alerts as files, each under its id."""
        return sum(self._write_alert(document, bucket_start) for document, bucket_start in alerts)

    def _write_alert(self, document: dict[str, Any], bucket_start: int) -> bool:
        folder = Path(self.path) / "alerts" / utc_day(bucket_start)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return create_file(folder / f"{document['event']['id']}.json", msgspec.json.encode(document) + b"\n")
        except OSError as error:
            raise self._parts.cannot_write(error) from None

    def done(self, planned_at: int) -> None:
        """
        Compact the event folders of days before that of a batch, and remove those that are older than `keep_days`.

        No later batch, and no replay of one, writes into an earlier day: batches are planned one after the other.
        """
        today, events = utc_day(planned_at), Path(self.path) / "events"
        try:
            closed = [day for day in sorted(events.glob("????-??-??")) if day.name < today and day.is_dir()]
            if closed:
                self._compact(closed)
            if self.keep_days is not None:
                oldest = datetime.fromisoformat(today).replace(tzinfo=UTC) - timedelta(days=self.keep_days)
                self._remove_before("events", f"{oldest:%Y-%m-%d}")
                self._remove_before("alerts", f"{oldest - timedelta(hours=self.bucket_hours):%Y-%m-%d}")
        except OSError as error:
            raise self._parts.cannot_write(error) from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """
        Keep all days from being compacted until the block ends; wait where one is just compacted.

        Raises:
            SinkError: The folder knows no locks.
        """
        try:
            lock = self._lock.open("w")
        except OSError as error:
            raise self._parts.cannot_write(error) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH)
            except OSError as error:
                raise self._parts.cannot_write(error) from None
            yield

    @property
    def _lock(self) -> Path:
        return Path(self.path) / ".lock"

    def _compact(self, days: Iterable[Path]) -> None:
        """Compact days, unless one writes beside the stream: the next batch comes soon."""
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            except OSError:
                # Where there are no locks, `held` says so, and none writes beside the stream.
                pass
            for day in days:
                _compact(day)

    def _remove_before(self, what: str, day: str) -> None:
        for path in (Path(self.path) / what).glob("????-??-??*"):
            if path.name < day:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


class FilesWriter:
    """Writes events to a part; see `streaming.sink.EventWriter`."""

    def __init__(self, part: PartWriter) -> None:
        """Write to this part."""
        self._part = part

    def write(self, events: Events) -> None:
        """Add events."""
        if events.ids:
            self._part.write_lines(bounds(joined(events.documents, b"\n"))[1])


def _compact(folder: Path) -> None:
    target = folder.with_name(folder.name + COMPACTED)
    if not target.exists():
        hidden = folder.with_name(f".{target.name}")
        with pa.CompressedOutputStream(str(hidden), "zstd") as compressed:
            for part in sorted(folder.glob("[!.]*.ndjson")):
                with part.open("rb") as file:
                    while data := file.read(_COPIED_AT_ONCE):
                        compressed.write(data)
        with hidden.open("rb+") as file:
            os.fsync(file.fileno())
        hidden.replace(target)
        sync_folder(folder.parent)
    shutil.rmtree(folder)
