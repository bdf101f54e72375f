"""
Dead letters in a topic of Kafka.

A batch that is replayed writes its letters again: readers go by the key, and take the first. What is done with stays
where it is, since a topic's records cannot be taken out; a mark of the same key says so, in the same partition. A topic
that is compacted (cleanup.policy=compact) forgets such letters by itself, others keep them until their age.
"""

import heapq
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from clients.errors import ClientError
from clients.kafka import client_settings, connecting, explained
from streaming.config import KafkaLettersConfig
from streaming.dead_letters import BUNDLE, Damaged, Failure
from streaming.dead_letters.letter import DONE, KeptLetter, Sender, done_record, kept, letter_of_record, record_of
from streaming.errors import SinkError, StreamingError
from streaming.source import DeadLetter

_MOST_BYTES: Final = 2**30
_FLUSH_SECONDS: Final = 120
_PATIENCE_SECONDS: Final = 60


@dataclass(frozen=True)
class KafkaLetters:
    """Keeps letters in a topic; see `streaming.dead_letters.DeadLetters`."""

    config: KafkaLettersConfig
    sender: Sender

    def start(self) -> None:
        """Ask for the topic, so that it is not missing only when it is needed."""
        # A producer would wait for it a minute, and then say that Kafka does not answer.
        with _consumer(self.config, SinkError) as consumer:
            _partitions(self.config, consumer, SinkError)

    def begin(self, batch: int) -> None:
        """Nothing can be taken back."""

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int) -> Iterator[Callable[[DeadLetter], None]]:  # noqa: ARG002
        """Open a part; Kafka is reached with its first letter."""
        with _writing(self.config) as write:
            yield lambda letter: write(record_of(kept(letter, self.sender, batch, planned_at)))


@dataclass(frozen=True)
class LetterTopic:
    """The letters of a topic from its beginning to its present end; see `streaming.dead_letters.LetterBox`."""

    config: KafkaLettersConfig

    def letters(self, damaged: Damaged) -> Iterator[KeptLetter]:
        """Yield all letters by the time of their records. Reads the topic twice; holds the ids of all."""
        with ExitStack() as opened:
            readers = self._readers(opened)
            over = set[bytes]()
            for record in _merged(readers):
                # What comes later counts: a batch that is replayed after all buries its letter again.
                (over.add if _is_mark(record) else over.discard)(record.key)
            for record in _merged(readers):
                if record.key in over or _is_mark(record):
                    continue
                try:
                    letter = letter_of_record(record.key, record.value, record.headers)
                except ValueError as error:
                    damaged(f"{record.topic}/{record.partition} offset {record.offset}", str(error))
                    continue
                over.add(record.key)
                yield letter

    def bundles(self, wanted: Callable[[KeptLetter], bool], damaged: Damaged) -> Iterator["TopicBundle"]:
        """Yield bundles of BUNDLE letters."""
        letters = filter(wanted, self.letters(damaged))
        for first in letters:
            yield TopicBundle(self.config, chain([first], islice(letters, BUNDLE - 1)))

    def _readers(self, opened: ExitStack) -> list["_Reader"]:
        """Return a reader for each partition that has a record."""
        consumer = opened.enter_context(_consumer(self.config, StreamingError))
        ends = consumer.end_offsets(_partitions(self.config, consumer, StreamingError))
        begins = consumer.beginning_offsets(list(ends))
        return [
            _Reader(self.config, opened.enter_context(_consumer(self.config, StreamingError)), partition, end)
            for partition, end in ends.items()
            if begins[partition] < end
        ]


@dataclass(frozen=True)
class TopicBundle:
    """Letters of a topic; see `streaming.dead_letters.Bundle`."""

    config: KafkaLettersConfig
    found: Iterator[KeptLetter]

    def letters(self) -> Iterator[KeptLetter]:
        """Yield them."""
        return self.found

    def settle(self, done: Collection[str], failed: Mapping[str, Failure], how: str) -> None:
        """Write the marks; of what failed again the topic keeps the first reason."""
        with _writing(self.config) as write:
            for identity in done:
                if identity not in failed:
                    write(done_record(identity, how))


@dataclass(frozen=True)
class _Reader:
    """A partition, up to an end."""

    config: KafkaLettersConfig
    consumer: Any
    partition: Any
    end: int

    def records(self) -> Iterator[Any]:
        """Yield its records."""
        self.consumer.assign([self.partition])
        self.consumer.seek_to_beginning(self.partition)
        at, since = -1, time.monotonic()
        while (now_at := self.consumer.position(self.partition)) < self.end:
            if now_at > at:
                at, since = now_at, time.monotonic()
            elif time.monotonic() - since > _PATIENCE_SECONDS:
                raise StreamingError(
                    f"dead letters cannot be read from topic {self.config.topic!r}: Kafka at "
                    f"{self.config.bootstrap_servers} gave nothing for {_PATIENCE_SECONDS} seconds; see its log"
                )
            for record in self.consumer.poll(timeout_ms=1_000).get(self.partition, ()):
                if record.offset < self.end:
                    yield record


def _merged(readers: list[_Reader]) -> Iterator[Any]:
    """Yield the records of all partitions by time."""
    return heapq.merge(*(reader.records() for reader in readers), key=lambda record: record.timestamp)


def _is_mark(record: Any) -> bool:
    return any(name == DONE for name, _ in record.headers)


@contextmanager
def _consumer(config: KafkaLettersConfig, kind: type[StreamingError]) -> Iterator[Any]:
    from kafka import KafkaConsumer

    with _explained(config, "read from", kind):
        with connecting(config.bootstrap_servers):
            consumer = KafkaConsumer(
                enable_auto_commit=False,
                # Records may be removed by age while it reads.
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                metrics_enabled=False,
                **client_settings(config),
            )
        try:
            yield consumer
        finally:
            consumer.close(autocommit=False, timeout_ms=1_000)


def _partitions(config: KafkaLettersConfig, consumer: Any, kind: type[StreamingError]) -> list[Any]:
    """
    Return the partitions of the topic.

    Raises:
        StreamingError: There is no such topic, as an error of this kind.
    """
    from kafka import TopicPartition

    numbers = sorted(consumer.partitions_for_topic(config.topic))
    if not numbers:
        raise kind(
            f"dead_letters.kafka.topic is {config.topic!r}: Kafka at {config.bootstrap_servers} has no such topic; "
            "make it, with a max.message.bytes as large as that of the source's topic"
        )
    return [TopicPartition(config.topic, number) for number in numbers]


@contextmanager
def _writing(config: KafkaLettersConfig) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Open what writes records; Kafka is reached with the first, and has all when the block has ended well."""
    producer, sent = None, []

    def write(record: dict[str, Any]) -> None:
        nonlocal producer
        if producer is None:
            # It takes a third of a second to import, and few tasks have a letter.
            from kafka import KafkaProducer

            with connecting(config.bootstrap_servers):
                producer = KafkaProducer(
                    acks="all",
                    max_request_size=_MOST_BYTES,
                    allow_auto_create_topics=False,
                    **client_settings(config),
                )
        sent.append(producer.send(config.topic, **record))

    try:
        with _explained(config, "written to", SinkError):
            yield write
            if producer is not None:
                producer.flush(timeout=_FLUSH_SECONDS)
            for each in sent:
                each.get(timeout=_FLUSH_SECONDS)
    finally:
        if producer is not None:
            producer.close(timeout=1)


@contextmanager
def _explained(config: KafkaLettersConfig, done: str, kind: type[StreamingError]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        why = str(error) if isinstance(error, ClientError) else _why(error, config)
        if why is None:
            raise
        raise kind(f"dead letters cannot be {done} topic {config.topic!r}: {why}") from None


def _why(error: Exception, config: KafkaLettersConfig) -> str | None:
    """Return what an error of Kafka means; None for another one."""
    # Not before: a task without letters does not wait for the import.
    from kafka.errors import KafkaError

    return str(explained(error, config.bootstrap_servers)) if isinstance(error, KafkaError) else None
