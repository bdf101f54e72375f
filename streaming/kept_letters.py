"""
Where dead letters are kept → letters, in files or a topic; and what was dealt with leaves the files.

In a topic a letter may be there several times, since a batch that is replayed writes again: the last one counts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from clients.kafka import client_settings, connecting, explained
from patterns.disk import replace_file, sync_folder
from streaming.config import DeadLettersConfig, KafkaLettersConfig
from streaming.errors import SourceError
from streaming.letters import Kept, kept_record, kept_row, row_of

_PATIENCE_MS: Final = 30_000


@dataclass
class Bundle:
    """
    Letters that lie together.

    Attributes:
        place: A file's path, or the topic.
        letters: In order.
        damaged: What is no letter: where, and why.
        keep: Leaves only these letters there; None where nothing can be taken out.
    """

    place: str
    letters: list[Kept] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    keep: Callable[[Sequence[Kept]], None] | None = None


def bundles(config: DeadLettersConfig) -> Iterator[Bundle]:
    """
    Yield all letters, oldest day first.

    Raises:
        SourceError: They cannot be read.
        ClientError: Kafka cannot be used.

    Cost: memory for the letters of a file, or for all of a topic.
    """
    if config.kind == "kafka":
        yield _topic(config.kafka)
        return
    # A hidden file is one that a task still writes.
    for path in sorted(Path(config.path).glob("????-??-??/[!.]*.ndjson")):
        yield _file(path)


def _file(path: Path) -> Bundle:
    try:
        rows = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror}; check its rights") from None
    found = Bundle(str(path))
    left_alone: list[bytes] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.letters.append(kept_row(msgspec.json.decode(row, type=dict[str, Any])))
        except (msgspec.MsgspecError, ValueError) as error:
            found.damaged.append(f"{path}:{number}: no dead letter: {error}")
            left_alone.append(row)

    def keep(letters: Sequence[Kept]) -> None:
        lines = [msgspec.json.encode(row_of(*each)) + b"\n" for each in letters]
        if lines or left_alone:
            replace_file(path, b"".join([*left_alone, *lines]))
        else:
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    found.keep = keep
    return found


def _topic(config: KafkaLettersConfig) -> Bundle:
    from kafka import KafkaConsumer, TopicPartition
    from kafka.errors import KafkaError

    found = Bundle(f"topic {config.topic}")
    letters: dict[str, Kept] = {}
    try:
        with connecting(config.bootstrap_servers):
            made = KafkaConsumer(enable_auto_commit=False, max_partition_fetch_bytes=2**30, **client_settings(config))
        with closing(made) as consumer:
            partitions = [TopicPartition(config.topic, n) for n in consumer.partitions_for_topic(config.topic) or ()]
            if not partitions:
                raise SourceError(
                    f"dead_letters.kafka.topic is {config.topic!r}: there is no such topic in Kafka at "
                    f"{config.bootstrap_servers}"
                )
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(each) < ends[each] for each in partitions):
                for record in (each for some in consumer.poll(_PATIENCE_MS).values() for each in some):
                    try:
                        kept = kept_record(record.key, record.value, record.headers)
                        letters[kept.letter.event_id] = kept
                    except ValueError as error:
                        found.damaged.append(
                            f"{config.topic}/{record.partition}:{record.offset}: no dead letter: {error}"
                        )
    except KafkaError as error:
        raise explained(error, config.bootstrap_servers) from None
    found.letters = sorted(letters.values(), key=lambda kept: (kept.planned_at, kept.letter.place, kept.letter.offset))
    return found
