"""
The source `files` as Spark sees it: a stream of ranges (path, start, end), planned on the driver.

Bytes of lines do not pass through here: the task that judges reads them. The offset is

    {"planned_at": microseconds since 1970, "seen_at": the same, "files": {"<identity>": {…Followed…}}}

`planned_at` is the record time of all lines of the batch: kept in Spark's offset log, the same on a replay. It changes
only when there is something to take, and never goes back.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxBytes, SupportsTriggerAvailableNow

from patterns.records import Records
from patterns.rules import OFF, Rules, as_stored
from patterns.words import WordRules
from spark.config import SparkConfig
from streaming.config import FilesSourceConfig
from streaming.documents import file_event_ids
from streaming.errors import SourceError
from streaming.following.followed import Followed, as_offset
from streaming.following.follower import Follower, State
from streaming.following.names import Names
from streaming.following.ranges import Range, read_columns, split
from streaming.source import LINES, DeadLetter, Place, SourceLine, SourceLines

FORMAT: Final = "logwinnow-files"

COLUMNS: Final = pa.schema(
    [
        ("file", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("record_time", pa.int64()),
    ]
)
"""One range a row: the file's `Followed` as JSON, its bytes [start, end), its record time in microseconds."""


def ranges_of(batch: pa.RecordBatch) -> Iterator[tuple[Range, int]]:
    """Yield the ranges of rows in COLUMNS, each with its record time."""
    for row in batch.to_pylist():
        yield Range(Followed(**json.loads(row["file"])), row["start"], row["end"]), row["record_time"]


@dataclass(frozen=True)
class FilesSource:
    """
    Lines of files; see `streaming.source.Source`.

    Attributes:
        name: Of the source, part of each event's id.
        config: Which files, and how much of them at once.
        once: Take what is there, unfinished last lines too.
    """

    name: str
    config: FilesSourceConfig
    once: bool = False

    def check(self) -> None:
        """Refuse what can never be followed, and with `once` where no file has lines."""
        names = Names(self.config.paths)
        problems = names.problems()
        if self.once and not set(names.files()) - problems.keys():
            raise SourceError(
                f"source.files.paths is {self.config.paths}: there is nothing to read; check paths and rights: "
                + "; ".join(list(problems.values())[:5])
            )

    def problems(self) -> dict[str, str]:
        """Return what is named and gives no lines now."""
        return Names(self.config.paths).problems()

    def origin(self) -> dict[str, Any]:
        """Return the kind alone: other paths are more files, or less."""
        return {"kind": "files"}

    def settings(self, _config: SparkConfig) -> dict[str, str]:
        """Return none: there is no connector."""
        return {}

    def planned_by(self, rules: Rules) -> str:
        """Return what says which lines belong together."""
        if rules.multiline == OFF:
            return OFF
        # Which words there are does not matter.
        return msgspec.json.encode(as_stored(replace(rules, words=WordRules()))).decode()

    def load(self, spark: SparkSession, rules: Rules) -> DataFrame:
        """Return the stream of ranges."""
        spark.dataSource.register(RangesSource)
        given = options(self.config, rules, spark.sparkContext.defaultParallelism, once=self.once)
        return spark.readStream.format(FORMAT).options(**given).load()

    def reread(self, spark: SparkSession, checkpoint: str, batch: int, error: Exception) -> None:
        """Return none: ranges are always read."""

    def lines(self, batch: pa.RecordBatch, rules: Rules, counts: Counter[str]) -> Iterator[SourceLines]:
        """Yield the records of ranges; count the bytes of those that are gone."""
        records = Records(rules)
        for part, record_time in ranges_of(batch):
            columns = read_columns(part, records, LINES)
            if columns is None:
                counts["gone_bytes"] += part.end - part.start
                continue
            path = as_text(part.file.path)
            places = [Place(path, {"log": {"file": {"path": path}}})]
            for data, offsets in columns:
                times = np.full(len(offsets), record_time)
                ids = file_event_ids(self.name, part.file.identity, offsets.tolist())
                yield SourceLines(data, data, times, ids, places, np.zeros_like(offsets), offsets, "log")

    def fullness(self, batch: pa.RecordBatch) -> float:
        """Return the share of bytes."""
        return length_of(batch, "start") / self.config.max_bytes_per_batch

    def waits(self) -> float:
        """Return none."""
        return 0.0

    def again(self, letter: DeadLetter, _rules: Rules) -> SourceLine:
        """Return the line that a sink refused."""
        identity, place, offset, record_time, _, _, raw = letter
        where = {"log": {"file": {"path": place}, "offset": offset}}
        return SourceLine(raw or b"", raw or b"", record_time, identity, place, offset, where)


def length_of(batch: pa.RecordBatch, begin: str) -> int:
    """Return how long the ranges of rows are together; `begin` is the column beside ``end``."""
    return (pc.sum(batch.column("end")).as_py() or 0) - (pc.sum(batch.column(begin)).as_py() or 0)


def as_text(path: str) -> str:
    """Return a path as an event can hold it, whatever bytes it has."""
    return os.fsencode(path).decode(errors="replace")


def options(config: FilesSourceConfig, rules: Rules, pieces: int, *, once: bool) -> dict[str, str]:
    """
    Return the options of `FORMAT`.

    Args:
        config: Paths and the bound of a batch.
        rules: Of them, which lines belong together.
        pieces: In how many parts a batch is cut, for as many tasks at a time.
        once: Whether an unfinished last line is taken, since nothing waits for its rest.
    """
    return {
        "paths": json.dumps(config.paths),
        "maxBytes": str(config.max_bytes_per_batch),
        "rules": msgspec.json.encode(as_stored(rules)).decode(),
        "pieces": str(pieces),
        "takeUnfinished": str(once).lower(),
    }


class RangesSource(DataSource):
    """Source of file ranges; see the module."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return FORMAT

    def schema(self) -> str:
        """Return COLUMNS as Spark writes them."""
        return "file string, start long, end long, record_time long"

    def streamReader(self, schema: Any) -> DataSourceStreamReader:  # noqa: ARG002, N802 (both are Spark's)
        """Return the reader that plans batches."""
        return _Reader(dict(self.options))


class _Part(InputPartition):
    """Ranges that one task judges, and their record time."""

    def __init__(self, ranges: list[Range], record_time: int) -> None:
        self.ranges = ranges
        self.record_time = record_time


class _Reader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    def __init__(self, given: dict[str, str]) -> None:
        given = {key.lower(): value for key, value in given.items()}
        self._max_bytes = int(given["maxbytes"])
        self._pieces = int(given["pieces"])
        self._records = Records(msgspec.json.decode(given["rules"], type=Rules))
        self._follower = Follower(json.loads(given["paths"]), self._records, once=given["takeunfinished"] == "true")

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802
        return _offset(State())

    def getDefaultReadLimit(self) -> ReadLimit:  # noqa: N802
        return ReadMaxBytes(self._max_bytes)

    def prepareForTriggerAvailableNow(self) -> None:  # noqa: N802
        self._follower.stop_at_what_is_there()

    def latestOffset(self, start: dict[str, Any], limit: ReadLimit) -> dict[str, Any]:  # noqa: N802
        before = _state(start)
        after = self._follower.plan(before, limit.max_bytes if isinstance(limit, ReadMaxBytes) else 2**62)
        return start if after is before else _offset(after)

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        after = _state(end)
        taken = after.ranges_from(_state(start))
        return [_Part(ranges, after.planned_at) for ranges in _share_out(taken, self._pieces, self._records)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, _Part)  # noqa: S101 (Spark gives back what `partitions` returned)
        rows = [
            {
                "file": json.dumps(asdict(part.file)),
                "start": part.start,
                "end": part.end,
                "record_time": partition.record_time,
            }
            for part in partition.ranges
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=COLUMNS)


def _offset(state: State) -> dict[str, Any]:
    return {"planned_at": state.planned_at, "seen_at": state.seen_at, "files": as_offset(state.files.values())}


def _state(offset: dict[str, Any]) -> State:
    try:
        return msgspec.convert(offset, State)
    except msgspec.ValidationError as error:
        raise SourceError(
            f"the checkpoint has an offset of another version of logwinnow ({error}); begin with a new checkpoint"
        ) from None


def _share_out(taken: list[Range], pieces: int, records: Records) -> list[list[Range]]:
    """Cut and deal out ranges so that as many tasks as there are pieces have about as many bytes each."""
    whole = sum(part.end - part.start for part in taken) or 1
    cut: list[Range] = []
    for part in taken:
        try:
            cut += split(part, max(1, round(pieces * (part.end - part.start) / whole)), records)
        except SourceError:
            # The task that reads it says, and counts, what is gone.
            cut.append(part)
    shares: list[list[Range]] = [[] for _ in range(pieces)]
    sizes = [0] * pieces
    for part in sorted(cut, key=lambda part: part.start - part.end):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(part)
        sizes[smallest] += part.end - part.start
    return [share for share in shares if share]
