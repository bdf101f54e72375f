"""The events of the sink `files`, in whole lines: what `report` counts, and `explain` looks through."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa

from patterns.timestamps import DAY, utc_day
from streaming.sink.files import COMPACTED

_AT_ONCE: Final = 4_194_304


def event_files(folder: Path, start: int | None) -> Iterator[Path]:
    """
    Yield the files of events, those of the earliest day first; a compacted day stands for its folder.

    Args:
        folder: Of the sink.
        start: In microseconds since 1970: days that ended a day before it are left out, for their lines would be of a
            clock that is a day ahead. None for all.
    """
    events = folder / "events"
    oldest = "" if start is None else utc_day(start - DAY)
    compacted = {file.name.removesuffix(COMPACTED): file for file in events.glob(f"[!.]*{COMPACTED}")}
    folders = {folder.name for folder in events.glob("[!.]*") if folder.is_dir()}
    for day in sorted(compacted.keys() | folders):
        if day < oldest:
            continue
        if day in compacted:
            yield compacted[day]
        else:
            yield from sorted((events / day).glob("[!.]*.ndjson"))


def blocks(file: Path, raw: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines of a file that is open, some at a time; raises OSError. Memory for 4 MiB and the longest line."""
    data: Any = pa.CompressedInputStream(raw, "zstd") if file.name.endswith(COMPACTED) else raw
    rest = b""
    while block := data.read(_AT_ONCE):
        *lines, rest = (rest + block).split(b"\n")
        yield lines
    if rest:
        yield [rest]
