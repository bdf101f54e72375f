"""What the benchmark and its programs say to each other: an order and an answer, one line of JSON each."""

from typing import Literal

from msgspec import Struct

Part = Literal["identity", "read", "parsed", "judged", "documents", "whole"]
"""How far a stream goes: see programs/parts.py."""


class StreamOrder(Struct):
    """
    Run a stream.

    Attributes:
        config: Its streaming.toml.
        log: Where its log goes, and in records `took` how long each step of a batch took.
        once: Whether it takes what is there and ends; else it runs until SIGTERM.
        part: How far it goes.
        acknowledged: A folder for when which documents were acknowledged; "" for none.
        assignments: Of its configuration, as `--set` takes them.
        heap_seconds: How often the heap of Spark's JVM is put into the log; 0 for never.
    """

    config: str
    log: str
    once: bool = True
    part: Part = "whole"
    acknowledged: str = ""
    assignments: list[str] = []
    heap_seconds: float = 0.0


class Progress(Struct, rename="camel"):
    """
    What Spark says of a batch.

    Attributes:
        batch_id: Its number.
        timestamp: When it began to be planned, RFC 3339.
        num_input_rows: Its lines.
        duration_ms: Milliseconds of each of its steps.
    """

    batch_id: int
    timestamp: str
    num_input_rows: int
    duration_ms: dict[str, int]


class StreamAnswer(Struct):
    """
    A stream that has ended.

    Attributes:
        progress: Of its batches.
        failure: What was raised; "" for nothing.
    """

    progress: list[Progress]
    failure: str = ""


class BulkOrder(Struct):
    """
    Make bulk requests of the documents, or send those that were made.

    Attributes:
        prefix: Of the indices that they are made for; "" for sending.
        threads: How many are sent at once.
    """

    prefix: str = ""
    threads: int = 1


class BulkAnswer(Struct):
    """
    Requests that were sent.

    Attributes:
        began: When the first one was, in seconds since 1970.
        ended: When the last one was answered.
        created: How many documents Elasticsearch has now that it had not.
        failure: Why they are not all; "" if they are.
    """

    began: float = 0.0
    ended: float = 0.0
    created: int = 0
    failure: str = ""
