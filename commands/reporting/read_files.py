"""
The sink `files` → figures. One pass over its events, of which each is read by its few fields that count.

A compacted day stands for its folder. While it is read the sink's lock is held, so that no stream compacts a day under
the reader; where that is not possible (no right to write there), a day that goes away is an error that says so.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np
import pyarrow as pa

from commands.progress import Report
from commands.reporting.figures import (
    CHART_BINS,
    MOST_KINDS,
    SPARK_BINS,
    Bins,
    Figures,
    Kind,
    PatternDetail,
    Program,
    ShapeDetail,
    drawn,
    pattern_detail,
    shape_detail,
)
from commands.reporting.timeline import Integers, Timeline
from patterns.errors import LogwinnowError
from patterns.timestamps import DAY, SECOND, iso, utc_day
from streaming.errors import SinkError
from streaming.sink.files import COMPACTED, FilesSink
from training.fetched.time_range import TimeRange

MOST_HOSTS: Final = 100_000
"""Hosts, and pairs of shape and host, that are told apart."""

HOSTS_SHOWN: Final = 3

_AT_ONCE: Final = 4_194_304
_KEPT: Final = 2_000
"""Characters kept of a text of an example."""

_MATCHED, _OUTLIER, _UNJUDGED = range(3)
_OTHERS: Final = "\x00"
"""Stands for the id of all kinds over the limit; no id reads so."""


class _Id(msgspec.Struct):
    id: str


class _Host(msgspec.Struct):
    name: str


class _Ours(msgspec.Struct):
    outlier: bool
    set: str = ""
    scope: str = ""
    unjudged: str | None = None
    pattern: _Id | None = None
    shape: _Id | None = None


class _Event(msgspec.Struct):
    time: str = msgspec.field(name="@timestamp")
    logwinnow: _Ours
    host: _Host | None = None


_decode = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class _Seen:
    """A kind while it is counted: number, program, and of an outlier shape the earliest line and the hosts."""

    number: int
    what: int
    scope: str
    time: str = ""
    event_id: str = ""
    event: dict[str, Any] = field(default_factory=dict)
    hosts: Counter[str] = field(default_factory=Counter)


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
        self._tally = _Tally(asked)
        if not (self._path / "events").is_dir():
            raise LogwinnowError(f"sink.files.path is {path!r}: no stream has written events there; check the path")
        with ExitStack() as held:
            with suppress(SinkError):
                held.enter_context(FilesSink(path, stream="").held())
            self._read(report)
            alerts, held_back = self._alerts()
        if not self._tally.lines:
            raise LogwinnowError(f"{path!r} holds no event {asked}; `logwinnow stream` writes them")
        self.figures = self._tally.figures(f"the files below {path}", alerts, held_back)

    def pattern_details(self, ids: list[str]) -> dict[str, PatternDetail]:
        """Return what patterns look like."""
        return {each: pattern_detail(self._tally.patterns[each].event) for each in ids}

    def shape_details(self, ids: list[str]) -> dict[str, ShapeDetail]:
        """Return the earliest lines of outlier shapes."""
        found = {}
        for each in ids:
            seen = self._tally.shapes[each]
            hosts = sorted(seen.hosts, key=lambda host, seen=seen: (-seen.hosts[host], host))  # type: ignore[misc]
            found[each] = shape_detail(seen.event, tuple(hosts[:HOSTS_SHOWN]), len(hosts))
        return found

    def _read(self, report: Report) -> None:
        files = list(self._files())
        size, done = sum(file.stat().st_size for file in files), 0
        for file in files:
            try:
                with file.open("rb") as raw:
                    for lines in _blocks(raw, packed=file.name.endswith(COMPACTED)):
                        self._tally.add(lines)
                        report(self._tally.lines, min(done + raw.tell(), size - 1), size)
                    done += raw.tell()
            except FileNotFoundError:
                raise LogwinnowError(f"{str(file)!r} was compacted while it was read: start again") from None
            except OSError as error:
                why = error.strerror or error
                raise LogwinnowError(f"{str(file)!r} cannot be read: {why}; check its rights") from None
        self._tally.flush()

    def _files(self) -> Iterator[Path]:
        events = self._path / "events"
        oldest = "" if self._asked.start is None else utc_day(self._asked.start - DAY)
        compacted = {file.name.removesuffix(COMPACTED): file for file in events.glob(f"[!.]*{COMPACTED}")}
        folders = {folder.name for folder in events.glob("[!.]*") if folder.is_dir()}
        for day in sorted(compacted.keys() | folders):
            if day < oldest:
                continue
            if day in compacted:
                yield compacted[day]
            else:
                yield from sorted((events / day).glob("[!.]*.ndjson"))

    def _alerts(self) -> tuple[int, int]:
        """Return how many alerts were told, and how many times further ones were held back."""
        told = held_back = 0
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
        return told, held_back


class _Tally:
    """Counts events."""

    def __init__(self, asked: TimeRange) -> None:
        self._from, self._to = (None if time is None else iso(time) for time in asked)
        self._asked = asked
        self._timeline = Timeline()
        self._numbers, self._times = array("q"), list[str]()
        self._firsts = self._lasts = np.empty(0, np.int64)
        self._hosts: set[str] = set()
        self._pairs = 0
        self._at_least = False
        self._sets: Counter[str] = Counter()
        self._unjudged: dict[tuple[str, str], _Seen] = {}
        self._kinds: list[_Seen] = []
        self.patterns: dict[str, _Seen] = {}
        self.shapes: dict[str, _Seen] = {}
        self.lines = self.damaged = 0

    def add(self, block: list[bytes]) -> None:
        """Count events, a line each."""
        begin, end, patterns, numbers, times = self._from, self._to, self.patterns, self._numbers, self._times
        versions, hosts = [], self._hosts
        for line in block:
            try:
                event = _decode.decode(line)
                ours, time = event.logwinnow, event.time
                if not _is_time(time):
                    self.damaged += 1
                    continue
                if (begin is not None and time < begin) or (end is not None and time >= end):
                    continue
                # RFC 3339 with milliseconds, in UTC: as texts in the order of the times.
                if ours.pattern is not None:
                    seen = patterns.get(ours.pattern.id) or self._pattern(ours, line)
                elif ours.outlier:
                    seen = self._outlier(event, line)
                else:
                    seen = self._not_judged(ours)
            except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
                self.damaged += 1
                continue
            numbers.append(seen.number)
            times.append(time)
            versions.append(ours.set)
            if event.host is not None:
                hosts.add(event.host.name)
        self._sets.update(versions)
        self.lines += len(versions)
        if len(hosts) > MOST_HOSTS:
            self._hosts, self._at_least = set(sorted(hosts)[:MOST_HOSTS]), True
        if len(numbers) > MOST_KINDS:
            self.flush()

    def _new(self, what: int, scope: str) -> _Seen:
        seen = _Seen(len(self._kinds), what, scope)
        self._kinds.append(seen)
        return seen

    def _pattern(self, ours: _Ours, line: bytes) -> _Seen:
        assert ours.pattern is not None
        identity = ours.pattern.id if len(self.patterns) < MOST_KINDS else _OTHERS
        seen = self.patterns.get(identity)
        if seen is None:
            event = _cut(msgspec.json.decode(line))
            seen = self.patterns[identity] = self._new(_MATCHED, ours.scope if identity != _OTHERS else "")
            seen.event = event
        return seen

    def _outlier(self, event: _Event, line: bytes) -> _Seen:
        assert event.logwinnow.shape is not None
        identity = event.logwinnow.shape.id
        if identity not in self.shapes and len(self.shapes) >= MOST_KINDS:
            identity = _OTHERS
        seen = self.shapes.get(identity)
        if seen is None or event.time <= seen.time:
            whole = msgspec.json.decode(line)
            event_id = whole["event"]["id"]
            kept = _cut(whole)
            if seen is None:
                seen = self.shapes[identity] = self._new(_OUTLIER, event.logwinnow.scope if identity != _OTHERS else "")
            if not seen.event or (event.time, event_id) < (seen.time, seen.event_id):
                seen.time, seen.event_id, seen.event = event.time, event_id, kept
        if event.host is not None:
            if event.host.name in seen.hosts or self._pairs < MOST_HOSTS:
                self._pairs += event.host.name not in seen.hosts
                seen.hosts[event.host.name] += 1
            else:
                self._at_least = True
        return seen

    def _not_judged(self, ours: _Ours) -> _Seen:
        key = (ours.scope if len(self._unjudged) < MOST_KINDS else "", ours.unjudged or "")
        seen = self._unjudged.get(key)
        if seen is None:
            seen = self._unjudged[key] = self._new(_UNJUDGED, key[0])
        return seen

    def flush(self) -> None:
        """Take what was counted since into the timeline."""
        if not self._times:
            return
        numbers, times = np.array(self._numbers, np.int64), _microseconds(self._times)
        more = len(self._kinds) - len(self._firsts)
        self._firsts = np.append(self._firsts, np.full(more, np.iinfo(np.int64).max))
        self._lasts = np.append(self._lasts, np.full(more, np.iinfo(np.int64).min))
        np.minimum.at(self._firsts, numbers, times)
        np.maximum.at(self._lasts, numbers, times)
        self._timeline.add(numbers, times // SECOND)
        self._numbers, self._times = array("q"), []

    def figures(self, place: str, alerts: int, held_back: int) -> Figures:
        """Return the figures of all that was counted."""
        number = len(self._kinds)
        lines = self._timeline.lines(number)
        first, last = int(self._firsts.min()), int(self._lasts.max())
        span = drawn(self._asked, self._timeline.days(), first, last)
        chart, small = Bins.of(span, CHART_BINS), Bins.of(span, SPARK_BINS)
        series = self._timeline.series(np.arange(number), small)
        outliers = [seen.number for seen in self.shapes.values()]
        # One kind more, which has no lines: there are two rows then without an outlier too.
        by_outlier = self._timeline.series(np.array([seen.what == _OUTLIER for seen in self._kinds] + [1]), chart)

        def kinds(found: dict[str, _Seen]) -> list[Kind]:
            return [
                Kind(
                    identity,
                    lines[seen.number],
                    int(self._firsts[seen.number]),
                    int(self._lasts[seen.number]),
                    series[seen.number].tolist(),
                )
                for identity, seen in found.items()
                if identity != _OTHERS
            ]

        unjudged: Counter[str] = Counter()
        for (_, reason), seen in self._unjudged.items():
            unjudged[reason] += lines[seen.number]
        others = [found[_OTHERS].number for found in (self.patterns, self.shapes) if _OTHERS in found]
        return Figures(
            place=place,
            asked=self._asked,
            lines=self.lines,
            outliers=sum(lines[number] for number in outliers),
            unjudged=unjudged,
            first=first,
            last=last,
            hosts=len(self._hosts),
            sets=self._sets,
            alerts=alerts,
            held_back=held_back,
            chart=chart,
            chart_lines=by_outlier.sum(axis=0).tolist(),
            chart_outliers=by_outlier[1].tolist(),
            small=small,
            patterns=kinds(self.patterns),
            shapes=kinds(self.shapes),
            programs=self._programs(lines),
            further=sum(lines[number] for number in others),
            damaged=self.damaged,
            at_least=self._at_least,
        )

    def _programs(self, lines: list[int]) -> list[Program]:
        programs: dict[str, Program] = {}
        for seen in self._kinds:
            program = programs.setdefault(seen.scope, Program(seen.scope))
            program.lines += lines[seen.number]
            program.outliers += lines[seen.number] * (seen.what == _OUTLIER)
            program.unjudged += lines[seen.number] * (seen.what == _UNJUDGED)
        return list(programs.values())


@lru_cache(maxsize=4096)
def _is_second(text: str) -> bool:
    try:
        return len(text) == len("2026-11-24T18:30:00") and datetime.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    """Tell whether a text is a time as `patterns.timestamps.iso` writes it."""
    fraction = text[19:]
    return (
        _is_second(text[:19])
        and len(fraction) == len(".000Z")
        and fraction[0] == "."
        and fraction[1:4].isdigit()
        and fraction[4] == "Z"
    )


def _microseconds(times: list[str]) -> Integers:
    found: Integers = pa.array(times).cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    return found


def _within(asked: TimeRange, time: str) -> bool:
    return (asked.start is None or time >= iso(asked.start)) and (asked.end is None or time < iso(asked.end))


def _cut(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a detail is made of, no longer than is kept."""
    ours = event["logwinnow"]
    kept: dict[str, Any] = {"scope": ours.get("scope", "")}
    for name in ("pattern", "shape", "nearest"):
        if name in ours:
            kept[name] = {key: value[:_KEPT] for key, value in ours[name].items()}
    if "reason" in ours:
        kept["reason"] = ours["reason"]
    return {"message": event["message"][:_KEPT], "logwinnow": kept}


def _blocks(raw: BinaryIO, *, packed: bool) -> Iterator[list[bytes]]:
    """Yield the lines of a file, some at a time."""
    data: Any = pa.CompressedInputStream(raw, "zstd") if packed else raw
    rest = b""
    while block := data.read(_AT_ONCE):
        *lines, rest = (rest + bytes(block)).split(b"\n")
        yield lines
    if rest:
        yield [rest]
