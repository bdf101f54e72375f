"""
The sink `files` → figures. One pass over its events, of which each is read by its few fields that count.

A compacted day stands for its folder. While it is read the sink's lock is held, so that no stream compacts a day under
the reader; where that is not possible (no right to write there), a day that goes away is an error that says so.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa

from commands.progress import Report
from commands.reporting.figures import HOSTS_SHOWN, PatternDetail, ShapeDetail, pattern_detail, shape_detail
from commands.reporting.tally import Tally
from patterns.errors import LogwinnowError
from patterns.timestamps import DAY, iso, utc_day
from streaming.errors import SinkError
from streaming.sink.files import COMPACTED, FilesSink
from training.fetched.time_range import TimeRange

_AT_ONCE: Final = 4_194_304


class FilesReader:
    """What was read of the folder; see `commands.reporting.figures.Reader`."""

    def __init__(self, path: str, asked: TimeRange, report: Report) -> None:
        """
        Read all events of a time.

        Args:
            path: The folder.
            asked: Which lines, by their times. What was judged more than a day before the range began is not read:
                its lines would be of a clock that is a day ahead.
            report: Called now and then with lines, bytes read and bytes in all.

        Raises:
            LogwinnowError: The folder is not there, cannot be read, or holds no event of that time.

        Cost: some 4 seconds for a million events on one core; memory grows with kinds and their times, not with lines.
        """
        self._path, self._asked = Path(path), asked
        self._tally = Tally(asked)
        check(path)
        with held(path):
            self._read(report)
            alerts, held_back, unusual = self._alerts()
        if not self._tally.lines:
            raise LogwinnowError(f"{path!r} holds no event {asked}; `logwinnow stream` writes them")
        self.figures = self._tally.figures(f"the files below {path}", alerts, held_back, unusual)

    def pattern_details(self, ids: list[str]) -> dict[str, PatternDetail]:
        """Return what patterns look like."""
        return {each: pattern_detail(self._tally.patterns[each].event) for each in ids}

    def shape_details(self, ids: list[str]) -> dict[str, ShapeDetail]:
        """Return the earliest lines of outlier shapes."""
        found = {}
        for each in ids:
            seen = self._tally.shapes[each]
            hosts = sorted(seen.hosts.items(), key=lambda counted: (-counted[1], counted[0]))
            found[each] = shape_detail(seen.event, tuple(host for host, _ in hosts[:HOSTS_SHOWN]), len(hosts))
        return found

    def _read(self, report: Report) -> None:
        for lines, done, size in event_lines(self._path, self._asked):
            self._tally.add(lines)
            report(self._tally.lines, done, size)
        self._tally.flush()

    def _alerts(self) -> tuple[int, int, int]:
        """Return how many alerts were told, how many times further ones were held back, and how many were unusual."""
        told = held_back = unusual = 0
        for file in self._path.glob("alerts/*/[!.]*.json"):
            try:
                alert = msgspec.json.decode(file.read_bytes())
                if not _within(self._asked, alert["@timestamp"]):
                    continue
            except (OSError, msgspec.DecodeError, KeyError, TypeError):
                self._tally.damaged += 1
                continue
            if alert["logwinnow"].get("overflow"):
                held_back += 1
            else:
                told += 1
                unusual += "kind" in alert["logwinnow"]
        return told, held_back, unusual


def event_lines(path: Path, asked: TimeRange) -> Iterator[tuple[list[bytes], int, int]]:
    """
    Yield all events of a sink that may be of a time, a line each, some at a time; and bytes read, and bytes in all.

    Raises:
        LogwinnowError: A file cannot be read, or was compacted meanwhile.
    """
    file = path
    try:
        sizes = {file: file.stat().st_size for file in _files(path, asked)}
        size, done = sum(sizes.values()), 0
        for file, whole in sizes.items():
            with file.open("rb") as raw:
                for lines in _blocks(raw, packed=file.name.endswith(COMPACTED)):
                    # What is packed is closed by its reader at its end.
                    at = whole if raw.closed else raw.tell()
                    yield lines, min(done + at, size - 1), size
            done += whole
    except FileNotFoundError as error:
        raise LogwinnowError(f"{error.filename!r} was compacted while it was read: start again") from None
    except OSError as error:
        why = error.strerror or error
        raise LogwinnowError(
            f"{str(file)!r} cannot be read: {why}; check its rights, and whether it is whole"
        ) from None


def check(path: str) -> None:
    """Raise LogwinnowError where no sink is."""
    if not (Path(path) / "events").is_dir():
        raise LogwinnowError(f"sink.files.path is {path!r}: no stream has written events there; check the path")


@contextmanager
def held(path: str) -> Iterator[None]:
    """Hold a sink as far as it is possible, so that no stream compacts a day under the reader."""
    with ExitStack() as holding:
        with suppress(SinkError):
            holding.enter_context(FilesSink(path, stream="").held())
        yield


def _files(path: Path, asked: TimeRange) -> Iterator[Path]:
    events = path / "events"
    oldest = "" if asked.start is None else utc_day(asked.start - DAY)
    compacted = {file.name.removesuffix(COMPACTED): file for file in events.glob(f"[!.]*{COMPACTED}")}
    folders = {folder.name for folder in events.glob("[!.]*") if folder.is_dir()}
    for day in sorted(compacted.keys() | folders):
        if day < oldest:
            continue
        if day in compacted:
            yield compacted[day]
        else:
            yield from sorted((events / day).glob("[!.]*.ndjson"))


def _within(asked: TimeRange, time: str) -> bool:
    return (asked.start is None or time >= iso(asked.start)) and (asked.end is None or time < iso(asked.end))


def _blocks(raw: BinaryIO, *, packed: bool) -> Iterator[list[bytes]]:
    """Yield the lines of a file, some at a time."""
    data: Any = pa.CompressedInputStream(raw, "zstd") if packed else raw
    rest = b""
    while block := data.read(_AT_ONCE):
        *lines, rest = (rest + block).split(b"\n")
        yield lines
    if rest:
        yield [rest]
