"""What Spark says when a stream ends → what it means for the user."""

import re
from typing import Final

from patterns.errors import LogwinnowError
from spark.errors import ours, said
from streaming.errors import CheckpointError, SourceError, StreamingError
from streaming.source.reread import UNREADABLE

# Spark's reason is the line that says something, where it gives one.
_LOST: Final = re.compile(
    r"(?:KAFKA_DATA_LOSS|[Dd]ata may have been (?:lost|missed))(?:.*?^(?=Reason: ))?", re.MULTILINE | re.DOTALL
)
_UNREACHED: Final = re.compile(
    r"Timed out waiting for a node|TimeoutException|DisconnectException|Failed to update metadata"
)
_LOGIN: Final = re.compile(
    r"SaslAuthenticationException|SslAuthenticationException|Failed to construct kafka|\bKafkaException\b"
)
_UNKNOWN: Final = re.compile(r"UnknownTopicOrPartition|UNKNOWN_TOPIC_OR_PARTITION")
_AROUND: Final = re.compile(r"^\[STREAM_FAILED\] Query \[.*?\] terminated with exception: ")
_NO_ROOM: Final = re.compile(r"No space left on device|File too large|Disk quota exceeded")


def explained(error: BaseException) -> LogwinnowError:
    """Return the error of ours that Spark carried here from a worker, or what Spark itself says, in one line."""
    if isinstance(error, LogwinnowError):
        return error
    text = str(error)
    if ours(error) is None:
        for pattern, kind, meaning in _MEANINGS:
            found = pattern.search(text)
            if found:
                return kind(f"{meaning} (Spark: {_line_of(text, found.end())})")
    return StreamingError(said(error))


def _line_of(text: str, at: int) -> str:
    """Return the line of a text in which something was found, without what Spark puts around it, cut."""
    begin = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[begin : end if end >= 0 else len(text)].strip().removeprefix(": ").removesuffix(" SQLSTATE: XXKST")
    return _AROUND.sub("", line)[:500]


_MEANINGS: Final = (
    (
        UNREADABLE,
        SourceError,
        (
            "a record of Kafka has a time that Spark cannot hold: set message.timestamp.before.max.ms and "
            "message.timestamp.after.max.ms of the topic, so that Kafka refuses such; this one is passed by with a new "
            "checkpoint and source.kafka.starting_offsets behind it"
        ),
    ),
    (
        _LOST,
        SourceError,
        (
            "Kafka has no longer what the stream would read next: it was removed by age or size, or the topic was made "
            "anew; to go on with what is there, start with a new checkpoint, which doubles nothing, or, where records "
            "are gone by age, set source.kafka.fail_on_data_loss to false"
        ),
    ),
    (
        _UNKNOWN,
        SourceError,
        "Kafka has no topic of this name: make it, or check source.kafka.topics",
    ),
    (
        _LOGIN,
        SourceError,
        "Kafka cannot be used as it is configured: check source.kafka.security_protocol, the login and ca_certs",
    ),
    (
        _UNREACHED,
        SourceError,
        (
            "Kafka does not answer: check that it runs, and source.kafka.bootstrap_servers; started again, the stream "
            "goes on where it was"
        ),
    ),
    (
        _NO_ROOM,
        CheckpointError,
        "the disk of the checkpoint is full: make room; started again, the stream goes on where it was",
    ),
)
