"""
A batch of Kafka's records that Spark cannot read, read again by our own client.

A producer may set any time, by a wrong unit or on purpose, and Spark ends on one that its timestamps do not hold: at
each new start again, so that one record could stop a stream for good. What Spark planned is in its checkpoint:

    offsets/<batch>    where the batch ends in each partition; that of the batch before, where it begins
    sources/0/0        where the first one begins

It is slower than Spark's, and for such batches alone.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from clients.kafka import client_settings, connecting, explained
from patterns.timestamps import SECOND
from streaming.config import KafkaSourceConfig
from streaming.errors import CheckpointError

UNREADABLE: Final = re.compile(r"Record at topic \S+ partition \d+ offset \d+ has timestamp value -?\d+ that overflows")
"""What Spark says of such a record."""

COLUMNS: Final = "topic string, partition int, begin long, end long"
"""Of a row for each partition that has records in the batch."""

LAST_TIME: Final = 2**63 - 1

_MILLISECOND: Final = SECOND // 1000


class Record(NamedTuple):
    """A record of Kafka; its time in microseconds since 1970, cut to what 63 bits hold; its headers."""

    topic: str
    partition: int
    offset: int
    time: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def ranges(checkpoint: str, batch: int) -> list[tuple[str, int, int, int]]:
    """
    Return what a batch has of each partition, as rows of COLUMNS.

    Raises:
        CheckpointError: Spark's plan cannot be read.
    """
    folder = Path(checkpoint)
    before = folder / "offsets" / str(batch - 1) if batch else folder / "sources" / "0" / "0"
    begins, ends = _offsets(before), _offsets(folder / "offsets" / str(batch))
    rows = [
        # A partition that was added is read from its first record on.
        (topic, int(partition), begins.get(topic, {}).get(partition, 0), end)
        for topic, partitions in ends.items()
        for partition, end in partitions.items()
    ]
    return [(topic, partition, begin, end) for topic, partition, begin, end in rows if begin < end]


def is_ranges(batch: pa.RecordBatch) -> bool:
    """Tell whether rows are those of `ranges`, and not records."""
    return "end" in batch.schema.names


def records(batch: pa.RecordBatch, config: KafkaSourceConfig) -> Iterator[Record]:
    """
    Yield the records of ranges.

    Raises:
        ClientError: Kafka cannot be used, or has some of them no longer.
        SettingsError: The password is not there.
    """
    from kafka import KafkaConsumer, TopicPartition
    from kafka.errors import KafkaError

    with connecting(config.bootstrap_servers):
        reset = "none" if config.fail_on_data_loss else "earliest"
        consumer = KafkaConsumer(
            group_id=None, enable_auto_commit=False, auto_offset_reset=reset, **client_settings(config)
        )
    with closing(consumer):
        try:
            for row in batch.to_pylist():
                partition = TopicPartition(row["topic"], row["partition"])
                consumer.assign([partition])
                consumer.seek(partition, row["begin"])
                # Not by the last record's offset: what was compacted or belongs to a transaction has none.
                while consumer.position(partition) < row["end"]:
                    for each in consumer.poll(timeout_ms=1_000).get(partition, []):
                        if each.offset < row["end"]:
                            yield _record(each)
        except KafkaError as error:
            raise explained(error, config.bootstrap_servers) from None


def _record(each: Any) -> Record:
    time = min(max(each.timestamp * _MILLISECOND, 0), LAST_TIME)
    return Record(each.topic, each.partition, each.offset, time, each.value, each.headers)


def _offsets(path: Path) -> dict[str, dict[str, int]]:
    try:
        # A line for the version, one for settings where there are any, one for the offsets.
        last = path.read_bytes().splitlines()[-1]
        return msgspec.json.decode(last, type=dict[str, dict[str, int]])
    except (OSError, IndexError, msgspec.MsgspecError) as error:
        raise CheckpointError(
            f"{str(path)!r}, in which Spark keeps what it planned, cannot be read: {error}; it has to be, for a record "
            "of the batch has a time that Spark cannot hold"
        ) from None
