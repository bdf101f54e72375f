"""
The sink `files`, the embedded default: no server, plain files.

    <path>/events/<day>/<batch>-<stream>-<part>.ndjson    one event a line; <day> is the UTC day of the record time
    <path>/events/<day>.ndjson.zst                       a closed day, compacted: stands for its folder
    <path>/alerts/<day>/<id>.json                        one alert a file, created once; <day> is that of its bucket

A batch that is replayed replaces its own files. A file is written under a hidden name, synced and renamed. When a
day's compacted file is there its folder is only what was not removed yet, and a reader passes over it.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from patterns.disk import create_file, sync_folder
from patterns.timestamps import utc_day
from streaming.errors import SinkError

COMPACTED: Final = ".ndjson.zst"

_COPIED_AT_ONCE = 1_048_576


@dataclass(frozen=True, slots=True)
class FilesSink:
    """
    The sink's folder; it is small and pickles, so that tasks have it.

    Attributes:
        path: The folder; the tasks must see the same one as the driver.
        stream: Which stream writes: the same for as long as its checkpoint lives.
    """

    path: str
    stream: str

    @property
    def _events(self) -> Path:
        return Path(self.path) / "events"

    def start(self) -> None:
        """
        Make the folders.

        Raises:
            SinkError: They cannot be made.
        """
        try:
            for folder in (self._events, Path(self.path) / "alerts"):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def begin(self, batch: int) -> None:
        """Remove what an earlier try of the batch left: it may have been cut into other parts."""
        for file in self._events.glob(f"*/*{self._name(batch)}-*"):
            file.unlink(missing_ok=True)

    @contextmanager
    def part(self, batch: int, part: int) -> Iterator["EventWriter"]:
        """Open a task's part of a batch; its files appear when the block ends well, else they are removed."""
        writer = EventWriter(self._events, f"{self._name(batch)}-{part:05}.ndjson")
        try:
            yield writer
            writer.finish()
        except OSError as error:
            writer.abandon()
            raise _cannot_write(self.path, error) from None
        except BaseException:
            writer.abandon()
            raise

    def write_alert(self, document: dict[str, Any], bucket_start: int) -> bool:
        """
        Write an alert unless it is there; return whether it was new.

        Args:
            document: Its ``event.id`` names the file.
            bucket_start: Of its bucket, in microseconds since 1970.

        Raises:
            SinkError: The disk refuses.
        """
        folder = Path(self.path) / "alerts" / utc_day(bucket_start)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return create_file(folder / f"{document['event']['id']}.json", msgspec.json.encode(document) + b"\n")
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def close_days(self, today: str, keep_days: int | None, bucket_hours: int = 24) -> None:
        """
        Compact the event folders of days before `today`, and remove days that are older than `keep_days`.

        Args:
            today: The day of the record time of a batch that is done: no later batch, and no replay, writes into an
                earlier one.
            keep_days: How many days are kept; None for all.
            bucket_hours: How long a bucket of alerts is: alerts lie in the day on which it began.

        Raises:
            SinkError: The disk refuses.
        """
        try:
            for folder in sorted(self._events.glob("????-??-??")):
                if folder.name < today and folder.is_dir():
                    _compact(folder)
            if keep_days is not None:
                oldest = datetime.fromisoformat(today).replace(tzinfo=UTC) - timedelta(days=keep_days)
                self._remove_before("events", f"{oldest:%Y-%m-%d}")
                self._remove_before("alerts", f"{oldest - timedelta(hours=bucket_hours):%Y-%m-%d}")
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def _remove_before(self, what: str, day: str) -> None:
        for path in (Path(self.path) / what).glob("????-??-??*"):
            if path.name < day:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _name(self, batch: int) -> str:
        return f"{batch:08}-{self.stream}"


class EventWriter:
    """Writes the events of one task, by the day of their record time."""

    def __init__(self, folder: Path, name: str) -> None:
        """Write files of this name in the days' folders of `folder`."""
        self._folder = folder
        self._name = name
        # A task that outlived its driver may still write the same part.
        self._mine = secrets.token_hex(4)
        self._encoder = msgspec.json.Encoder()
        self._files: dict[str, BinaryIO] = {}

    def write(self, document: dict[str, Any], record_time: int) -> None:
        """Add an event; record time in microseconds since 1970."""
        day = utc_day(record_time)
        file = self._files.get(day)
        if file is None:
            (self._folder / day).mkdir(parents=True, exist_ok=True)
            file = self._files[day] = self._hidden(day).open("wb", buffering=_COPIED_AT_ONCE)
        file.write(self._encoder.encode(document))
        file.write(b"\n")

    def finish(self) -> None:
        """Put the files in their places."""
        for day, file in self._files.items():
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._hidden(day).replace(self._folder / day / self._name)
            sync_folder(self._folder / day)

    def abandon(self) -> None:
        """Remove the files."""
        for day, file in self._files.items():
            file.close()
            self._hidden(day).unlink(missing_ok=True)

    def _hidden(self, day: str) -> Path:
        return self._folder / day / f".{self._name}.{self._mine}"


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


def _cannot_write(path: str, error: OSError) -> SinkError:
    why = error.strerror or error
    return SinkError(f"sink.files.path is {path!r}: {why}; check its rights and the room on the disk")
