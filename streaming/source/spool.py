"""
A spool as Spark sees it: a stream of ranges of its segments, planned on the driver; it removes what is judged.

The offset is {"segment", "byte"}: blocks before that byte of that segment are taken, and all earlier segments. A batch
has whole blocks; its tasks get about as many bytes each. What is planned was written to the disk before.

Segments are removed as soon as Spark plans behind a batch that it has committed, also where nothing new has come: a
receiver whose spool is full waits for that, and Spark's own call, `commit`, waits for the next batch.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxBytes, SupportsTriggerAvailableNow

from patterns.disk import sync_folder
from streaming.config import SocketSourceConfig
from streaming.errors import SourceError
from streaming.receiver.blocks import block_ends, segment_path, segments, spool_id

FORMAT: Final = "logwinnow-socket"

COLUMNS: Final = pa.schema(
    [("spool", pa.string()), ("segment", pa.int64()), ("begin", pa.int64()), ("end", pa.int64())]
)
"""A row for the bytes [begin, end) of a segment; the spool by its id."""

SMALLEST_SPLIT: Final = 1_048_576
"""Bytes for which another task is worth its start."""


def opened(spool: Path, segment: int) -> BinaryIO:
    """
    Open a segment to read it.

    Raises:
        SourceError: It cannot be read, or is gone.
    """
    try:
        return segment_path(spool, segment).open("rb")
    except OSError as error:
        raise SourceError(
            f"segment {str(segment_path(spool, segment))!r} cannot be read: {error.strerror}; the batch needs it: "
            "restore it, or begin with a new checkpoint, which doubles nothing"
        ) from None


def options(config: SocketSourceConfig, checkpoint: str, pieces: int) -> dict[str, str]:
    """
    Return the options of `FORMAT`.

    Args:
        config: The spool and the bound of a batch.
        checkpoint: Of the stream.
        pieces: In how many parts a batch is cut, for as many tasks at a time.
    """
    return {
        "spool": config.spool,
        "checkpoint": checkpoint,
        "maxBytes": str(config.max_bytes_per_batch),
        "pieces": str(pieces),
    }


class SpoolSource(DataSource):
    """Source of ranges of a spool; see the module."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return FORMAT

    def schema(self) -> str:
        """Return COLUMNS as Spark writes them."""
        return "spool string, segment long, begin long, end long"

    def streamReader(self, schema: Any) -> DataSourceStreamReader:  # noqa: ARG002, N802 (both are Spark's)
        """Return the reader that plans batches."""
        return _Reader(dict(self.options))


Range = tuple[int, int, int]
"""Segment, first byte, end."""


@dataclass
class _Part(InputPartition):
    """Ranges that one task judges."""

    spool: str
    ranges: list[Range] = field(default_factory=list)


def _is_committed(checkpoint: Path) -> bool:
    """Tell whether Spark has committed the last batch that it planned, and see that the disk has both."""
    newest = {}
    for name in ("offsets", "commits"):
        numbers = [int(path.name) for path in (checkpoint / name).glob("[0-9]*") if path.name.isdecimal()]
        if not numbers:
            return False
        newest[name] = max(numbers)
    if newest["offsets"] != newest["commits"]:
        return False
    for name, number in newest.items():
        with (checkpoint / name / str(number)).open("rb") as file:
            os.fsync(file.fileno())
        sync_folder(checkpoint / name)
    return True


class _Reader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    def __init__(self, given: dict[str, str]) -> None:
        given = {key.lower(): value for key, value in given.items()}
        self._spool = Path(given["spool"])
        self._checkpoint = Path(given["checkpoint"])
        self._max_bytes = int(given["maxbytes"])
        self._pieces = int(given["pieces"])
        self._sizes: dict[int, int] | None = None

    def initialOffset(self) -> dict[str, int]:  # noqa: N802
        # The same whenever it is asked for: a first batch that is replayed begins here too.
        return {"segment": 0, "byte": 0}

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802
        return ReadMaxBytes(self._max_bytes)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        self._sizes = segments(self._spool)

    def latestOffset(self, start: dict[str, int], limit: ReadLimit) -> dict[str, int]:  # noqa: N802
        self._remove_before(start["segment"])
        budget = limit.max_bytes if isinstance(limit, ReadMaxBytes) else 2**62
        sizes = segments(self._spool) if self._sizes is None else self._sizes
        taken: list[Range] = []
        for segment in self._from(start["segment"], sizes):
            begin = start["byte"] if segment == start["segment"] else 0
            end, is_finished = self._take(segment, begin, sizes, budget)
            if begin < end:
                taken.append((segment, begin, end))
            budget -= end - begin
            if not is_finished or budget <= 0:
                break
        if not taken:
            return start
        self._sync(taken)
        return {"segment": taken[-1][0], "byte": taken[-1][2]}

    def _take(self, segment: int, begin: int, sizes: dict[int, int], budget: int) -> tuple[int, bool]:
        """Return the end of what a batch takes of a segment from `begin` on, and whether that is all there will be."""
        size, end = sizes[segment], begin
        with opened(self._spool, segment) as file:
            for each in block_ends(file, begin, size):
                # One block at least, however long it is.
                if each - begin > budget and end > begin:
                    return end, False
                end = each
        # What is no block at the end of a finished segment is counted by the task that reads it.
        return (size, True) if segment < max(sizes) else (end, False)

    def _from(self, first: int, sizes: dict[int, int]) -> list[int]:
        """
        Return the segments from one on.

        Raises:
            SourceError: That one, to which the stream has come, is not there.
        """
        if first and first not in sizes:
            raise SourceError(
                f"segment {str(segment_path(self._spool, first))!r} is gone, and the checkpoint has come to it: "
                "restore it, or begin with a new checkpoint, which doubles nothing"
            )
        return [segment for segment in sizes if segment >= first]

    def _sync(self, taken: list[Range]) -> None:
        """Wait until the disk has what is planned: a replay must find what was judged."""
        for segment, _, _ in taken:
            with opened(self._spool, segment) as file:
                os.fsync(file.fileno())
        sync_folder(self._spool)

    def _remove_before(self, segment: int) -> None:
        """Remove the segments before one that is planned from, if what was planned before is committed for good."""
        gone = [number for number in segments(self._spool) if number < segment]
        if not gone or not _is_committed(self._checkpoint):
            return
        for number in gone:
            segment_path(self._spool, number).unlink(missing_ok=True)

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[InputPartition]:
        sizes = segments(self._spool)
        ranges = [
            (
                segment,
                start["byte"] if segment == start["segment"] else 0,
                end["byte"] if segment == end["segment"] else sizes[segment],
            )
            for segment in self._from(start["segment"], sizes)
            if segment <= end["segment"]
        ]
        self._from(end["segment"], sizes)
        spool = spool_id(self._spool)
        return [_Part(spool, part) for part in self._share_out([each for each in ranges if each[1] < each[2]])]

    def _share_out(self, ranges: list[Range]) -> list[list[Range]]:
        """Cut ranges at ends of blocks, so that as many tasks as there are pieces have about as many bytes each."""
        whole = sum(end - begin for _, begin, end in ranges)
        share = max(-(-whole // self._pieces), SMALLEST_SPLIT)
        parts: list[list[Range]] = [[]]
        room = share
        for segment, first, last in ranges:
            begin = first
            for each in self._cuts(segment, first, last):
                if each - begin >= room or each == last:
                    parts[-1].append((segment, begin, each))
                    room -= each - begin
                    begin = each
                if room <= 0:
                    parts.append([])
                    room = share
        return [part for part in parts if part]

    def _cuts(self, segment: int, begin: int, end: int) -> Iterator[int]:
        with opened(self._spool, segment) as file:
            for each in block_ends(file, begin, end):
                if each < end:
                    yield each
        yield end

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _Part)  # noqa: S101 (Spark gives back what `partitions` returned)
        columns = list(zip(*partition.ranges, strict=True))
        spools = [partition.spool] * len(partition.ranges)
        yield pa.RecordBatch.from_arrays([pa.array(spools), *map(pa.array, columns)], schema=COLUMNS)
