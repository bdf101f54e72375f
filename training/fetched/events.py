"""
What the stream's sink `files` wrote → lines of the spool: of each event the line that was judged.

    <folder>/events/<day>/*.ndjson      one event a line; <day> is the UTC day on which its batch was planned
    <folder>/events/<day>.ndjson.zst    a closed day; stands for its folder

An event is of the time at which its batch was planned, `event.created`. While files are read the sink's lock is held,
so that no stream compacts a day under the reader; where that cannot be, a day that goes away is an error that says so.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from patterns.packing import ZSTD, unpacked
from patterns.rules import Rules
from patterns.timestamps import iso_reader, utc_day
from training.errors import CorpusError
from training.fetched.counts import FetchCounts, Tell
from training.fetched.documents import DocumentReader, is_ours, spool_document
from training.fetched.spool import Spool

_COMPACTED: Final = ".ndjson.zst"
_AT_ONCE: Final = 1_048_576

_read_time = iso_reader(UTC)


def fetch(folder: str, rules: Rules, counts: FetchCounts, spool: Spool, tell: Tell) -> None:
    """
    Fetch the lines of events whose batches were planned in a time range.

    Args:
        folder: That of the sink, which has a folder `events`.
        rules: How lines are read afterwards.
        counts: What was fetched is counted there.
        spool: Takes the lines.
        tell: Called now and then with lines, bytes read and bytes in all.

    Raises:
        CorpusError: The folder is none of a sink, cannot be read, or is compacted meanwhile; there is no room for the
            lines.

    Cost: each file of the days in question is read once; memory for about a mebibyte and the longest event.
    """
    events = Path(folder) / "events"
    if not events.is_dir():
        raise CorpusError(
            f"events:{folder} is no folder of a stream: {str(events)!r} is not there; give what $.sink.files.path of "
            "conf/streaming.toml says"
        )
    reader = DocumentReader(rules, None)
    with _held(Path(folder)):
        try:
            files = {file: file.stat().st_size for file in _files(events, counts)}
            size, done = sum(files.values()), 0
            for file, whole in files.items():
                for event in _lines(file):
                    _take(event, reader, counts, spool)
                done += whole
                tell(counts.lines, done, size)
        except FileNotFoundError as error:
            raise CorpusError(f"{error.filename!r} was compacted while it was read: start again") from None
        except OSError as error:
            where = error.filename or folder
            raise CorpusError(
                f"events:{folder} cannot be read: {where!r}: {error.strerror or error}; check its rights, and whether "
                "it is whole"
            ) from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep the sink's days from being compacted, where it has a lock that can be had."""
    try:
        lock = (folder / ".lock").open("rb")
    except OSError:
        yield
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
        except OSError:
            # Its file system knows no locks.
            yield
            return
        yield


def _files(events: Path, counts: FetchCounts) -> Iterator[Path]:
    """Yield the files of the days of the time range, a compacted one in the place of its folder."""
    start, end = counts.time_range
    first = "" if start is None else utc_day(start)
    last = "~" if end is None else utc_day(end - 1)
    compacted = {file.name.removesuffix(_COMPACTED): file for file in events.glob(f"[!.]*{_COMPACTED}")}
    folders = {folder.name for folder in events.glob("[!.]*") if folder.is_dir()}
    for day in sorted(compacted.keys() | folders):
        if first <= day <= last:
            yield from [compacted[day]] if day in compacted else sorted((events / day).glob("[!.]*.ndjson"))


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as raw:
        blocks = unpacked(raw, ZSTD, _AT_ONCE) if file.name.endswith(_COMPACTED) else _blocks(raw)
        begun: list[bytes] = []
        for block in blocks:
            first, *others = block.split(b"\n")
            begun.append(first)
            if others:
                yield b"".join(begun)
                yield from others[:-1]
                begun = [others[-1]]
        if any(begun):
            yield b"".join(begun)


def _blocks(raw: BinaryIO) -> Iterator[bytes]:
    while block := raw.read(_AT_ONCE):
        yield block


def _take(event: bytes, reader: DocumentReader, counts: FetchCounts, spool: Spool) -> None:
    """Put the line of an event into the spool, if its batch was planned in the time range."""
    document = _decoded(event)
    ours = is_ours(document)
    created = _time(document["event"].get("created")) if ours else None
    if created is None:
        counts.records += 1
        counts.leave_out("no_time" if ours else "no_line")
        return
    if not counts.time_range.holds(created):
        return
    counts.records += 1
    time = _time(document.get("@timestamp"))
    record_time = created if time is None else time
    spool_document(document, record_time, created, reader, counts, spool)


def _decoded(event: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def _time(text: Any) -> int | None:
    return _read_time(text, 0) if isinstance(text, str) else None
