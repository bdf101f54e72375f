"""
Looks things up in the sink `files`.

Events have no index: files are searched for the id as bytes, and only lines that have it are decoded.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from commands.finding import HOSTS, Seen
from commands.progress import Report
from commands.reporting.read_files import event_lines, held
from patterns.timestamps import DAY, iso
from training.fetched.time_range import TimeRange


class FilesFinder:
    """See `commands.finding.Finder`."""

    def __init__(self, path: str, since: int | None, report: Report) -> None:
        """Take the folder, from when on events of shapes are counted, and what is told how far the reading is."""
        self.place = f"the files below {path}"
        self._path, self._since, self._report = Path(path), since, report

    def document(self, identity: str) -> dict[str, Any] | None:
        """Return an event or alert. Cost: an alert is a file of its own; of events a pass, over the last days first."""
        for file in self._path.glob(f"alerts/*/{identity}.json"):
            with suppress(msgspec.DecodeError, OSError):
                return dict(msgspec.json.decode(file.read_bytes(), type=dict[str, Any]))
        # Who asks about an event asks about a late one.
        for since in (time.time_ns() // 1_000 - DAY, None):
            for event in self._having(identity, since):
                if event["event"]["id"] == identity:
                    return event
        return None

    def shape(self, identity: str) -> Seen:
        """Count the events of a shape. Cost: one pass over the files since then, about a second for a gigabyte."""
        seen = Seen()
        since = "" if self._since is None else iso(self._since)
        for event in self._having(identity, self._since):
            moment, ours = event["@timestamp"], event["logwinnow"]
            if ours.get("shape", {}).get("id") != identity or moment < since:
                continue
            seen.lines += 1
            seen.outliers += ours["outlier"]
            seen.hosts[event.get("host", {}).get("name", "")] += 1
            if seen.first is None or moment < seen.first:
                seen.first, seen.event = moment, event
            seen.last = moment if seen.last is None else max(seen.last, moment)
        seen.host_count = len(seen.hosts)
        seen.hosts = type(seen.hosts)(dict(sorted(seen.hosts.items(), key=lambda host: (-host[1], host[0]))[:HOSTS]))
        return seen

    def outliers(self, beginning: str) -> Iterator[dict[str, Any]]:
        """Yield one of each shape whose id begins so. Cost: a pass over the alerts; without one, over all events."""
        found: set[str] = set()
        for documents in (self._alerts(), self._searched(f'"shape":{{"id":"{beginning}', None)):
            for document in documents:
                ours = document["logwinnow"]
                identity = ours.get("shape", {}).get("id", "")
                if ours.get("outlier") and identity.startswith(beginning) and identity not in found:
                    found.add(identity)
                    yield document
            if found:
                return

    def _alerts(self) -> Iterator[dict[str, Any]]:
        for file in self._path.glob("alerts/*/[!.]*.json"):
            # One may be removed by its age meanwhile.
            with suppress(OSError):
                yield from _decoded(iter([file.read_bytes()]))

    def _having(self, identity: str, since: int | None) -> Iterator[dict[str, Any]]:
        """Yield the events since a time that have an id somewhere as a whole value."""
        # Within the text of a line a quote has a backslash before it.
        return self._searched(f'"{identity}"', since)

    def _searched(self, text: str, since: int | None) -> Iterator[dict[str, Any]]:
        """Yield the events since a time that have a text in their JSON as the sink writes it."""
        if not (self._path / "events").is_dir():
            return
        needle, lines = text.encode(), 0
        with held(str(self._path)):
            for block, done, size in event_lines(self._path, TimeRange(since, None)):
                lines += len(block)
                yield from _decoded(line for line in block if needle in line)
                self._report(lines, done, size)


def _decoded(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Yield those that are events; a damaged one is passed over, as `report` counts it."""
    for line in lines:
        try:
            event = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if isinstance(event.get("event"), dict) and isinstance(event.get("logwinnow"), dict) and "@timestamp" in event:
            yield event
