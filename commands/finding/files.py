"""
Looks things up in the sink `files`.

Events have no index: files are searched for the id as bytes, and only lines that have it are decoded. While they are
read the sink's lock is held where it can be, so that no stream compacts a day under the reader.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec

from commands.finding import HOSTS, Seen
from commands.progress import Report
from commands.sink_files import blocks, event_files
from patterns.errors import LogwinnowError
from patterns.timestamps import iso
from streaming.errors import SinkError
from streaming.sink.files import FilesSink


class FilesFinder:
    """See `commands.finding.Finder`."""

    def __init__(self, path: str, since: int | None, report: Report) -> None:
        """Take the folder, from when on events of shapes are counted, and what is told how far the reading is."""
        self.place = f"the files below {path}"
        self._path, self._since, self._report = Path(path), since, report

    def document(self, identity: str) -> dict[str, Any] | None:
        """Return an event or alert. Cost: an alert is a file of its own; events are read from the latest day back."""
        for file in self._path.glob(f"alerts/*/{identity}.json"):
            with suppress(msgspec.DecodeError, OSError):
                return dict(msgspec.json.decode(file.read_bytes(), type=dict[str, Any]))
        for event in self._having(identity, list(event_files(self._path, None))[::-1]):
            if event["event"]["id"] == identity:
                return event
        return None

    def shape(self, identity: str) -> Seen:
        """Count the events of a shape. Cost: one pass over the files since then, about a second for a gigabyte."""
        seen = Seen()
        since = "" if self._since is None else iso(self._since)
        for event in self._having(identity, list(event_files(self._path, self._since))):
            time, ours = event["@timestamp"], event["logwinnow"]
            if ours.get("shape", {}).get("id") != identity or time < since:
                continue
            seen.lines += 1
            seen.outliers += ours["outlier"]
            seen.hosts[event.get("host", {}).get("name", "")] += 1
            if seen.first is None or time < seen.first:
                seen.first, seen.event = time, event
            seen.last = time if seen.last is None else max(seen.last, time)
        seen.host_count = len(seen.hosts)
        seen.hosts = type(seen.hosts)(dict(sorted(seen.hosts.items(), key=lambda host: (-host[1], host[0]))[:HOSTS]))
        return seen

    def _having(self, identity: str, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        """Yield the events that have an id somewhere as a whole value, file by file."""
        # Within the text of a line a quote has a backslash before it.
        needle = f'"{identity}"'.encode()
        file, lines, done = self._path, 0, 0
        with ExitStack() as held:
            if (self._path / "events").is_dir():
                with suppress(SinkError):
                    held.enter_context(FilesSink(str(self._path), stream="").held())
            try:
                size = sum(file.stat().st_size for file in files)
                for file in files:
                    with file.open("rb") as raw:
                        for block in blocks(file, raw):
                            lines += len(block)
                            yield from _decoded(line for line in block if needle in line)
                    done += file.stat().st_size
                    self._report(lines, min(done, size - 1), size)
            except FileNotFoundError as error:
                raise LogwinnowError(f"{error.filename!r} was compacted while it was read: start again") from None
            except OSError as error:
                raise LogwinnowError(
                    f"{str(file)!r} cannot be read: {error.strerror or error}; check its rights, and whether it is "
                    "whole"
                ) from None


def _decoded(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Yield those that are events; a damaged one is passed over, as `report` counts it."""
    for line in lines:
        try:
            event = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(event.get("event"), dict) and isinstance(event.get("logwinnow"), dict) and "@timestamp" in event:
            yield event
