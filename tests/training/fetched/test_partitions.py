"""Partitions of a topic, read to the ends that they had, from a consumer that is made up."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from kafka import TopicPartition
from kafka.errors import OffsetOutOfRangeError

from clients.errors import ServerAway
from training.errors import CorpusError
from training.fetched.counts import FetchCounts
from training.fetched.partitions import Partitions
from training.fetched.spool import HOUR
from training.fetched.time_range import ANY_TIME, MILLISECOND, TimeRange

A, B = TopicPartition("logs", 0), TopicPartition("logs", 1)

CREATED, APPENDED = 0, 1


class Record(NamedTuple):
    offset: int
    timestamp: int = 0
    timestamp_type: int = CREATED


@dataclass
class Consumer:
    """
    Gives `at_once` records of one partition after the other.

    Attributes:
        logs: Partition → what it has.
        begins: Partition → its first offset.
        ends: Partition → where its position is behind its last record: markers of transactions are none.
        grows: Whether each poll finds one record more.
    """

    logs: dict[TopicPartition, list[Record]]
    begins: dict[TopicPartition, int] = field(default_factory=dict)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    grows: bool = False
    at_once: int = 2
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    assigned: list[TopicPartition] = field(default_factory=list)
    polls: int = 0

    def assign(self, assigned: Iterable[TopicPartition]) -> None:
        self.assigned = list(assigned)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition in self.assigned
        self.positions[partition] = offset

    def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    def beginning_offsets(self, asked: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: self.begins[each] for each in asked}

    def poll(self, _milliseconds: int, _records: int) -> dict[TopicPartition, list[Record]]:
        self.polls += 1
        if self.grows:
            for log in self.logs.values():
                log.append(Record(log[-1].offset + 1))
        for each in self.assigned:
            at = self.positions[each]
            if at < self.begins.get(each, 0):
                raise OffsetOutOfRangeError({each: at})
            found = [record for record in self.logs[each] if record.offset >= at][: self.at_once]
            if found:
                self.positions[each] = found[-1].offset + 1
                return {each: found}
            if at < self.ends.get(each, 0):
                self.positions[each] = self.ends[each]
        return {}


def log(*offsets: int) -> list[Record]:
    return [Record(offset) for offset in offsets]


def read(
    consumer: Consumer, offsets: dict[TopicPartition, tuple[int, int]], some: TimeRange = ANY_TIME
) -> tuple[list[int], FetchCounts]:
    """Return the offsets of what was read, and the counts."""
    counts = FetchCounts("kafka:logs", some)
    reading = Partitions(consumer, offsets, counts)
    found = [record.offset for records in reading.read() for record in records]
    assert consumer.assigned == []
    return found, counts


def test_partitions_are_read_from_the_first_offset_to_the_second() -> None:
    consumer = Consumer({A: log(*range(10)), B: log(*range(20, 30))})

    found, counts = read(consumer, {A: (3, 8), B: (20, 23)})

    assert sorted(found) == [3, 4, 5, 6, 7, 20, 21, 22]
    assert counts.left_out == {}


def test_a_partition_that_grows_all_the_time_comes_to_an_end() -> None:
    found, _ = read(Consumer({A: log(0, 1, 2), B: log(0, 1, 2)}, grows=True), {A: (0, 3), B: (0, 3)})

    assert sorted(found) == [0, 0, 1, 1, 2, 2]


def test_of_partitions_that_have_nothing_nothing_is_asked() -> None:
    consumer = Consumer({A: log(), B: log()})

    assert read(consumer, {A: (5, 5), B: (0, 0)})[0] == []
    assert consumer.polls == 0


def test_gaps_and_an_end_without_a_record_are_passed() -> None:
    consumer = Consumer({A: log(0, 7, 8)}, ends={A: 12})

    assert read(consumer, {A: (0, 12)})[0] == [0, 7, 8]


def test_progress_is_how_many_offsets_are_passed() -> None:
    counts = FetchCounts("kafka:logs", ANY_TIME)
    reading = Partitions(Consumer({A: log(*range(4)), B: log(*range(3))}), {A: (0, 4), B: (1, 3)}, counts)

    told = [reading.done for _ in reading.read()]

    assert reading.size == 6
    assert told == [0, 2, 4]
    assert reading.done == 6


def test_records_that_were_removed_before_they_were_read_are_counted() -> None:
    consumer = Consumer({A: log(7, 8, 9), B: log(5)}, begins={A: 7, B: 5})

    found, counts = read(consumer, {A: (2, 10), B: (1, 4)})

    assert sorted(found) == [7, 8, 9]
    assert counts.left_out == {"removed": 5 + 3}


def test_a_topic_that_was_made_anew_is_an_error() -> None:
    class MadeAnew(Consumer):
        def poll(self, _milliseconds: int, _records: int) -> dict[TopicPartition, list[Record]]:
            raise OffsetOutOfRangeError({A: self.positions[A]})

    with pytest.raises(CorpusError, match="topic 'logs' was made anew while it was read"):
        read(MadeAnew({A: log(0)}, begins={A: 0}), {A: (5, 8)})


def test_a_kafka_that_gives_nothing_any_more_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 10_000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    consumer = Consumer({A: log(0, 1)})

    with pytest.raises(ServerAway, match=r"nothing of logs/0 from offset 2 on for 60 s: check that all of its brokers"):
        read(consumer, {A: (0, 5)})
    assert consumer.polls > 5


def stamped(kind: int, *hours: int) -> Iterator[Record]:
    return (Record(offset, hour * HOUR // MILLISECOND, kind) for offset, hour in enumerate(hours))


def test_where_producers_stamp_a_younger_record_is_no_end() -> None:
    consumer = Consumer({A: list(stamped(CREATED, 0, 1, 99, 2, 98, 3, 1))}, at_once=1)

    assert read(consumer, {A: (0, 7)}, TimeRange(end=4 * HOUR))[0] == [0, 1, 2, 3, 4, 5, 6]


def test_where_the_broker_stamps_the_first_that_is_clearly_younger_is_the_end() -> None:
    consumer = Consumer(
        {A: list(stamped(APPENDED, 0, 1, 2, 3, 4, 5, 6, 7, 8)), B: list(stamped(APPENDED, 0))}, at_once=1
    )

    found, _ = read(consumer, {A: (0, 9), B: (0, 1)}, TimeRange(end=3 * HOUR))

    # What follows the range's end for less than an hour may be of another broker's clock.
    assert sorted(found) == [0, 0, 1, 2, 3, 4]


def test_without_an_end_all_is_read_whoever_stamps() -> None:
    found: tuple[list[Any], FetchCounts] = read(Consumer({A: list(stamped(APPENDED, 0, 99, 3))}), {A: (0, 3)})

    assert found[0] == [0, 1, 2]
