"""
Records of a Kafka topic → lines of the spool.

No group and no commit: nobody else reads less for it, and Kafka keeps nothing of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clients.kafka import client_settings, connecting, explained
from patterns.envelope import Envelope
from patterns.errors import EnvelopeError
from patterns.rules import Rules
from training.errors import CorpusError
from training.fetched.config import KafkaCorpus
from training.fetched.counts import FetchCounts, Tell
from training.fetched.partitions import Partitions
from training.fetched.spool import LATEST, Spool
from training.fetched.time_range import MILLISECOND

_LineOf = Callable[[bytes, int], bytes]


def fetch(topic: str, config: KafkaCorpus, rules: Rules, counts: FetchCounts, spool: Spool, tell: Tell) -> None:
    """
    Fetch the records of a time range.

    Args:
        topic: Of which all partitions are read.
        config: How Kafka is reached, and what a record is.
        rules: How lines are read afterwards.
        counts: What was fetched is counted there.
        spool: Takes the lines.
        tell: Called about every 10,000 records.

    Raises:
        ClientError: Kafka cannot be used, or there is no such topic.
        CorpusError: There is no room for the lines, or the topic was made anew meanwhile.
        SettingsError: The password is not there.

    Cost: all records from the range's beginning to the topic's end go over the network once.
    """
    with _consumer(config) as consumer:
        ends = _ends(consumer, topic, config.bootstrap_servers)
        starts = _starts(consumer, ends, counts.time_range.start)
        partitions = Partitions(consumer, {each: (starts[each], ends[each]) for each in ends}, counts)
        line_of = _line_of(config, rules)
        for records in partitions.read():
            _take(records, line_of, counts, spool)
            tell(counts.lines, partitions.done, partitions.size)


@contextmanager
def _consumer(config: KafkaCorpus) -> Iterator[Any]:
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError

    with connecting(config.bootstrap_servers):
        consumer = KafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            # A position that is there no more is told, and not passed over.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **client_settings(config),
        )
    try:
        yield consumer
    except KafkaError as error:
        raise explained(error, config.bootstrap_servers) from None
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def _ends(consumer: Any, topic: str, servers: str) -> dict[Any, int]:
    """Return the partitions of a topic, and the offset behind the last record that each has now."""
    from kafka import TopicPartition

    partitions = consumer.partitions_for_topic(topic)
    if not partitions:
        there = ", ".join(sorted(consumer.topics())[:10]) or "none"
        raise CorpusError(f"Kafka at {servers} has no topic {topic!r} that this login may read; it has: {there}")
    ends: dict[Any, int] = consumer.end_offsets([TopicPartition(topic, each) for each in sorted(partitions)])
    return ends


def _starts(consumer: Any, ends: dict[Any, int], start: int | None) -> dict[Any, int]:
    """Return the first offset of each partition that may be of a time, None for any."""
    if start is None:
        begins: dict[Any, int] = consumer.beginning_offsets(list(ends))
        return begins
    found = consumer.offsets_for_times(dict.fromkeys(ends, max(start, 0) // MILLISECOND))
    # None of a partition is as young.
    return {each: found[each].offset if found.get(each) else end for each, end in ends.items()}


def _line_of(config: KafkaCorpus, rules: Rules) -> _LineOf:
    if config.format == "plain":
        return lambda value, _time: value
    envelope = Envelope(rules, config.message_field)
    return lambda value, time: envelope.line(value, min(max(time, 0), LATEST))


def _take(records: list[Any], line_of: _LineOf, counts: FetchCounts, spool: Spool) -> None:
    """Put the lines of those records into the spool that are of the time."""
    holds = counts.time_range.holds
    for record in records:
        record_time = record.timestamp * MILLISECOND
        if not holds(record_time):
            continue
        counts.records += 1
        if counts.excludes(record_time):
            counts.leave_out("excluded")
            continue
        if record.value is None:
            counts.leave_out("no_value")
            continue
        try:
            line = line_of(record.value, record_time)
        except EnvelopeError:
            counts.leave_out("no_line")
            continue
        spool.add(line, record_time)
        counts.lines += 1
