"""
Where lines come from: `files`, `kafka`, or `socket`.

A source plans a batch on the driver; the task that judges asks it for the lines of what Spark hands to it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from kernels.spans import Positions
from patterns.rules import Rules
from spark.config import SparkConfig

LINES: Final = 8_192
"""Lines that a source hands over at a time, where it is for itself to say."""


class SourceLine(NamedTuple):
    """
    A line and where it stands.

    Attributes:
        data: Its bytes without the line's end.
        raw: What the source had, bytes; of it a dead letter is made.
        record_time: When it came, in microseconds since 1970: the same on every replay.
        event_id: 20 hexadecimal digits, the same on every replay.
        place: The file's path, topic and partition, or spool, segment and peer.
        offset: Its byte in the file, or its number in the partition or segment; place and offset order the lines
            of a record time.
        where: Fields of its event that say so.
    """

    data: bytes
    raw: bytes
    record_time: int
    event_id: str
    place: str
    offset: int
    where: dict[str, Any]


class Place(NamedTuple):
    """
    What lines of one file, partition or peer have in common.

    Attributes:
        name: `SourceLine.place`.
        fields: Fields of their events that say where they stand, but for numbers: an object by its name.
    """

    name: str
    fields: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class SourceLines:
    """
    Lines and where they stand, by columns; each as `SourceLine` has it.

    Attributes:
        data: Their bytes without the lines' ends: binary, without nulls.
        raw: What the source had.
        record_times: When they came.
        event_ids: Their events' ids.
        places: What lines have in common.
        place: Of each the index of its place.
        offsets: Their offsets; place and offset order the lines of a record time.
        numbered: Which object of an event has the offset, as ``offset``.
        origins: Of shipped lines the byte in their own file, log.offset of their events; −1 for others. None where none
            is shipped.
    """

    data: pa.Array
    raw: pa.Array
    record_times: Positions
    event_ids: Sequence[str]
    places: Sequence[Place]
    place: Positions
    offsets: Positions
    numbered: str
    origins: Positions | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.event_ids)

    def line(self, index: int) -> SourceLine:
        """Return one of them."""
        name, fields = self.places[self.place[index]]
        offset = int(self.offsets[index])
        where = {**fields, self.numbered: {**fields[self.numbered], "offset": offset}}
        if self.origins is not None and self.origins[index] >= 0:
            where["log"] = {**fields["log"], "offset": int(self.origins[index])}
        data, raw = self.data[index].as_py(), self.raw[index].as_py()
        return SourceLine(data, raw, int(self.record_times[index]), self.event_ids[index], name, offset, where)

    def part(self, start: int, stop: int) -> "SourceLines":
        """Return some of them that follow one another."""
        return replace(
            self,
            data=self.data[start:stop],
            raw=self.raw[start:stop],
            record_times=self.record_times[start:stop],
            event_ids=self.event_ids[start:stop],
            place=self.place[start:stop],
            offsets=self.offsets[start:stop],
            origins=None if self.origins is None else self.origins[start:stop],
        )


class DeadLetter(NamedTuple):
    """
    What cannot become an event.

    Attributes:
        event_id: What its event would have had.
        place: As a line's.
        offset: As a line's.
        record_time: As a line's.
        reason: One of few words, to be counted by: ``no_value``, ``no_line``, ``refused``.
        detail: In a sentence.
        raw: Its bytes; None where there are none.
    """

    event_id: str
    place: str
    offset: int
    record_time: int
    reason: str
    detail: str
    raw: bytes | None


class Source(Protocol):
    """What each source does. It pickles: tasks have it."""

    def check(self) -> None:
        """
        Say what is amiss before Spark takes its seconds.

        Raises:
            SourceError: It can never give lines; of one that takes what is there and ends, that there is nothing.
        """

    def problems(self) -> dict[str, str]:
        """
        Return what gives no lines now, though the stream goes on: its name → why, in a sentence.

        Cost: looks at all that is named; asked for now and then while the stream runs.
        """

    def origin(self) -> dict[str, Any]:
        """
        Return what its offsets belong to: a checkpoint is of no use for another one.

        Raises:
            LogwinnowError: It cannot be reached.
        """

    def settings(self, config: SparkConfig, /) -> dict[str, str]:
        """Return the settings of Spark that it needs, beside those of the configuration."""

    def planned_by(self, rules: Rules, /) -> str:
        """Return what of the rules batches are planned by: of a set where it is another, the stream begins anew."""

    def load(self, spark: SparkSession, rules: Rules, /) -> DataFrame:
        """Return the stream, planned by `rules`. Cost: starts no job."""

    def reread(self, spark: SparkSession, checkpoint: str, batch: int, error: Exception, /) -> DataFrame | None:
        """
        Return rows for the lines of a batch that Spark failed to read, to be read by another way; None without one.

        Raises:
            CheckpointError: It is not known what the batch has.
        """

    def lines(self, batch: pa.RecordBatch, rules: Rules, counts: Counter[str], /) -> Iterator[SourceLines | DeadLetter]:
        """
        Yield the lines of rows of the stream, in order, as they are read by `rules`; count what is gone.

        What is no line comes before the lines beside it.

        Raises:
            SourceError: They cannot be read.
        """

    def fullness(self, batch: pa.RecordBatch, /) -> float:
        """Return of the most that a batch may take the share that these rows are: near 1 there may be more to take."""

    def waits(self) -> float:
        """Return for how many seconds lines that are there may be left, since they are few."""

    def again(self, letter: DeadLetter, rules: Rules, /) -> SourceLine | DeadLetter:
        """Return the line of a dead letter that has bytes, as the source is configured now; the id stays."""
