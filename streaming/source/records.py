"""Records of Kafka by columns: as Spark's source has them, or our own client; and where their lines stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.spans import Positions, Spans, slices
from patterns.envelope import plain_line
from streaming.origin import origin_of
from streaming.source import DeadLetter, Place, SourceLines
from streaming.source.reread import Record

Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Records:
    """
    Records.

    Attributes:
        partitions: Topics and partitions that they are of.
        partition: Of each the index of its partition.
        offsets: Their offsets.
        times: Their time stamps in microseconds since 1970, none before that.
        values: Their values, binary or null.
        headers: Their headers; none where nobody asked for them.
    """

    partitions: Sequence[tuple[str, int]]
    partition: Positions
    offsets: Positions
    times: Positions
    values: pa.Array
    headers: Sequence[Headers]

    @classmethod
    def of(cls, batch: pa.RecordBatch) -> "Records":
        """Return those of a batch of Spark's source."""
        # As numbers: a producer may set times that no datetime can be. Before 1970 Spark counts by another calendar.
        times = batch.column("timestamp").cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        topics = batch.column("topic").dictionary_encode()
        numbers = batch.column("partition").to_numpy(zero_copy_only=False).astype(np.int64)
        topic = topics.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        partitions, codes = _partitions(topics.dictionary.to_pylist(), topic, numbers)
        headers = map(_pairs, batch.column("headers").to_pylist()) if "headers" in batch.schema.names else ()
        return cls(
            partitions,
            codes,
            batch.column("offset").to_numpy(zero_copy_only=False),
            np.maximum(times.to_numpy(zero_copy_only=False), 0),
            batch.column("value").cast(pa.binary()),
            list(headers),
        )

    @classmethod
    def of_each(cls, records: Sequence[Record]) -> "Records":
        """Return some of our own client."""
        names = list({record.topic: None for record in records})
        topic = np.array([names.index(record.topic) for record in records], np.int64)
        numbers = np.array([record.partition for record in records], np.int64)
        return cls(
            *_partitions(names, topic, numbers),
            np.array([record.offset for record in records], np.int64),
            np.array([record.time for record in records], np.int64),
            pa.array([record.value for record in records], pa.binary()),
            [record.headers for record in records],
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where records stand, as `SourceLines` has it."""

    event_ids: list[str]
    record_times: Positions
    places: list[Place]
    place: Positions
    offsets: Positions
    origins: Positions | None = None

    def shipped(self, source: str, headers: Sequence[Headers]) -> "Standing":
        """Return the same, but where a header says where a shipped line stands as it says."""
        ids, times, places, place = list(self.event_ids), self.record_times.copy(), list(self.places), self.place.copy()
        origins = np.full(len(ids), -1)
        codes: dict[tuple[int, str, str], int] = {}
        for index, origin in enumerate(map(origin_of, headers)):
            if origin is None:
                continue
            ids[index], times[index], origins[index] = origin.event_id(source), origin.time, origin.offset
            key = int(place[index]), origin.host, origin.path
            if key not in codes:
                codes[key] = len(places)
                name, fields = places[key[0]]
                more: dict[str, dict[str, Any]] = {
                    "log": {"file": {"path": origin.path}},
                    "host": {"name": origin.host},
                }
                places.append(Place(name, {**fields, **more}))
            place[index] = codes[key]
        return replace(self, event_ids=ids, record_times=times, places=places, place=place, origins=origins)

    def letter(self, index: int, reason: str, detail: str, raw: bytes | None) -> DeadLetter:
        """Return the dead letter that a record is."""
        name, offset, time = self.places[self.place[index]].name, self.offsets[index], self.record_times[index]
        return DeadLetter(self.event_ids[index], name, int(offset), int(time), reason, detail, raw)

    def lines(self, kept: Positions, data: pa.Array, values: pa.Array) -> SourceLines:
        """Return the lines of some records."""
        if len(kept) == len(values):
            ids, raw = self.event_ids, values
        else:
            ids, raw = [self.event_ids[index] for index in kept.tolist()], values.take(pa.array(kept))
        origins = None if self.origins is None else self.origins[kept]
        return SourceLines(
            data=data,
            raw=raw,
            record_times=self.record_times[kept],
            event_ids=ids,
            places=self.places,
            place=self.place[kept],
            offsets=self.offsets[kept],
            numbered="kafka",
            origins=origins,
        )


def plain_lines(values: pa.Array) -> pa.Array:
    """Return the lines that texts are, as `patterns.envelope.plain_line` says of each."""
    offsets = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
    if not len(values) or values.buffers()[2] is None:
        return values
    begin = int(offsets[0])
    text = values.buffers()[2].slice(begin, int(offsets[-1]) - begin).to_pybytes()
    if b"\n" not in text and b"\r" not in text:
        return values
    data = np.frombuffer(text, np.uint8)
    starts, ends = (part.astype(np.int64) - begin for part in (offsets[:-1], offsets[1:]))
    ends -= (ends > starts) & (data[np.maximum(ends - 1, 0)] == ord("\n"))
    while (more := (ends > starts) & (data[np.maximum(ends - 1, 0)] == ord("\r"))).any():
        ends -= more
    feeds = np.flatnonzero(data == ord("\n"))
    inside = np.searchsorted(feeds, ends) > np.searchsorted(feeds, starts)
    lines = slices(text, Spans(starts, ends))
    if not inside.any():
        return lines
    cut = [plain_line(value) for value in values.filter(pa.array(inside)).to_pylist()]
    return pc.replace_with_mask(lines, pa.array(inside), pa.array(cut, pa.binary()))


def _partitions(topics: Sequence[str], topic: Positions, numbers: Positions) -> tuple[list[tuple[str, int]], Positions]:
    """Return the distinct topics and partitions, and of each record which one it has."""
    width = int(numbers.max(initial=0)) + 1
    keys, codes = np.unique(topic * width + numbers, return_inverse=True)
    return [(topics[key // width], key % width) for key in keys.tolist()], codes


def _pairs(headers: Sequence[dict[str, Any]] | None) -> Headers:
    return [(each["key"], each["value"]) for each in headers or ()]
