"""
Dead letters: what cannot become an event, kept with its bytes, its position and the reason.

    <path>/<day>/<batch>-<stream>-<part>.ndjson     kind `files`: one letter a line, its bytes in base64
    a record of the topic                           kind `kafka`: value the bytes, key the id, headers the rest

A batch that is replayed replaces its own files. Into a topic it writes again: readers go by the key.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from clients.errors import ClientError
from clients.kafka import client_settings, connecting, explained
from streaming.config import DeadLettersConfig, KafkaLettersConfig
from streaming.errors import SinkError
from streaming.letters import record_of, row_of
from streaming.sink import Refuse
from streaming.sink.files import Parts
from streaming.source import DeadLetter

_MOST_BYTES: Final = 2**30
_FLUSH_SECONDS: Final = 120


class DeadLetters(Protocol):
    """Keeps dead letters. It pickles: tasks have it."""

    def start(self) -> None:
        """
        Make ready.

        Raises:
            SinkError: They cannot be kept.
        """

    def begin(self, batch: int) -> None:
        """Forget what an earlier try of the batch left."""

    def part(self, batch: int, part: int, planned_at: int) -> AbstractContextManager[Refuse]:
        """Open a task's part of a batch; all its letters are kept when the block has ended well."""


def dead_letters(config: DeadLettersConfig, stream: str) -> DeadLetters:
    """Return the keeper that a configuration says, for the stream of this name."""
    if config.kind == "kafka":
        return KafkaLetters(config.kafka)
    return FileLetters(config.path, stream)


@dataclass(frozen=True)
class FileLetters:
    """Letters in files; see `DeadLetters`."""

    path: str
    stream: str

    @property
    def _parts(self) -> Parts:
        return Parts(self.path, self.stream, "dead_letters.path", self.path)

    def start(self) -> None:
        """Make the folder."""
        self._parts.start()

    def begin(self, batch: int) -> None:
        """Remove the letters of an earlier try."""
        self._parts.begin(batch)

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int) -> Iterator[Refuse]:
        """Open a part."""
        with self._parts.part(batch, part, planned_at) as writer:
            yield lambda letter: writer.write(row_of(letter, planned_at))


@dataclass(frozen=True)
class KafkaLetters:
    """Letters in a topic; see `DeadLetters`."""

    config: KafkaLettersConfig

    def start(self) -> None:
        """Ask for the topic, so that it is not missing only when it is needed."""
        from kafka import KafkaAdminClient

        with self._explained():
            with connecting(self.config.bootstrap_servers):
                made = KafkaAdminClient(**client_settings(self.config))
            with closing(made) as admin:
                topics = admin.list_topics()
        if self.config.topic not in topics:
            raise SinkError(
                f"dead_letters.kafka.topic is {self.config.topic!r}: Kafka at {self.config.bootstrap_servers} has no "
                "such topic; make it, with a max.message.bytes as large as that of the source's topic"
            )

    def begin(self, batch: int) -> None:
        """Nothing can be taken back."""

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int) -> Iterator[Refuse]:  # noqa: ARG002 (the id tells it)
        """Open a part; Kafka is reached with its first letter."""
        letters: list[DeadLetter] = []
        yield letters.append
        if letters:
            with self._producer() as producer, self._explained():
                sent = [producer.send(self.config.topic, **record_of(letter, planned_at)) for letter in letters]
                producer.flush(timeout=_FLUSH_SECONDS)
                for each in sent:
                    each.get(timeout=_FLUSH_SECONDS)

    @contextmanager
    def _producer(self) -> Iterator[Any]:
        # It takes a third of a second to import, and few tasks have a letter.
        from kafka import KafkaProducer

        settings = client_settings(self.config)
        with self._explained(), connecting(self.config.bootstrap_servers):
            producer = KafkaProducer(acks="all", max_request_size=_MOST_BYTES, **settings)
        try:
            yield producer
        finally:
            producer.close(timeout=1)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from kafka.errors import KafkaError

        try:
            yield
        except (KafkaError, ClientError) as error:
            why = error if isinstance(error, ClientError) else explained(error, self.config.bootstrap_servers)
            raise SinkError(f"dead letters cannot be written to topic {self.config.topic!r}: {why}") from None
