"""
A stream that goes only a part of its way, or that notes when documents are acknowledged; nothing else is changed.

    identity    Kafka → Spark → Python → Spark: no stream of ours, but Spark's own way there and back
    read        Kafka → Spark → Python, and no line is looked at
    parsed      and each line's header is read
    judged      and each line is taken apart and judged
    documents   and made a document as JSON, which is thrown away
    whole       and indexed: the product as it is

All of it pickles: Spark's workers import it from here.
"""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from elasticsearch import Elasticsearch

from clients.elasticsearch import Connection
from kernels.fields import Fields
from kernels.headers import Headers
from kernels.spans import Spans
from streaming.match import JudgeTask, judge_of, uncollected
from streaming.sink import Refuse, Sink
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.events import Events
from streaming.source import SourceLines
from streaming.tally import RESULT

# What a worker knows of headers outlives a task; all tasks of a run judge by one set.
_HEADERS: list[Headers] = []
_CREATED = frozenset({200, 201, 409})


class ReadTask(JudgeTask):
    """Counts rows."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the one row of RESULT that says how many there were."""
        yield _counted(sum(batch.num_rows for batch in batches))


class ParsedTask(JudgeTask):
    """Reads headers and makes nothing of them."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the one row of RESULT that says how many lines there were."""
        rules, lines = judge_of(self.place, *self.judged_by.value).judge.judge.rules, 0
        if not _HEADERS:
            _HEADERS.append(Headers(rules))
        with uncollected():
            for batch in batches:
                for each in self.source.lines(batch, rules, Counter()):
                    if isinstance(each, SourceLines):
                        lines += _read_headers(_HEADERS[0], each)
        yield _counted(lines)


class JudgedTask(JudgeTask):
    """Judges lines and makes nothing of it."""

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the one row of RESULT that says how many there were."""
        judge = judge_of(self.place, *self.judged_by.value).judge
        lines = 0
        with uncollected():
            for batch in batches:
                for each in self.source.lines(batch, judge.judge.rules, Counter()):
                    if isinstance(each, SourceLines):
                        lines += sum(len(judged.kind) for judged in judge.judge_values(each.data, each.record_times))
        yield _counted(lines)


TASKS: dict[str, type[JudgeTask]] = {"read": ReadTask, "parsed": ParsedTask, "judged": JudgedTask}
"""What takes the product's place as a task, by part."""


class Discarded:
    """Throws events away; see `streaming.sink.EventWriter`."""

    def write(self, events: Events) -> None:
        """Do nothing with events: they are JSON already."""


@dataclass(frozen=True)
class DiscardingSink:
    """Keeps nothing; see `streaming.sink.Sink`."""

    def start(self) -> None:
        """Nothing."""

    def begin(self, batch: int) -> None:
        """Nothing."""

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int, refuse: Refuse) -> Iterator[Discarded]:
        """Open a part."""
        del batch, part, planned_at, refuse
        yield Discarded()

    def write_alerts(self, alerts: Iterable[tuple[dict[str, Any], int]]) -> int:
        """Count them."""
        return sum(1 for _ in alerts)

    def done(self, planned_at: int) -> None:
        """Nothing."""


@dataclass(frozen=True)
class NotingConnection(Connection):
    """
    A connection that notes when its bulk requests are answered.

    Attributes:
        folder: Where each process has a file. A row a request: when it was sent and when answered, in nanoseconds since
            1970, and the ids.
    """

    folder: str = ""

    def client(self) -> Elasticsearch:
        """Return the client of this process."""
        return cast("Elasticsearch", _NotingClient(super().client(), Path(self.folder)))


@dataclass(frozen=True)
class _NotingClient:
    client: Elasticsearch
    folder: Path

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def bulk(self, *, operations: bytes, **more: Any) -> Any:
        """Send operations, which are JSON already, and note when Elasticsearch answered."""
        began = time.time_ns()
        ready: Any = operations
        answer = self.client.bulk(operations=ready, **more)
        ended = time.time_ns()
        answered = zip(operations.split(b"\n")[:-1:2], answer["items"], strict=True)
        ids = [identity(action) for action, item in answered if item["create"]["status"] in _CREATED]
        with (self.folder / str(os.getpid())).open("ab") as file:
            file.write(f"{began} {ended} {' '.join(ids)}\n".encode())
        return answer


def identity(action: bytes) -> str:
    """Return the id under which an action of a bulk request creates its document."""
    found: str = msgspec.json.decode(action)["create"]["_id"]
    return found


def noting(sink: Sink, folder: str) -> Sink:
    """Return a sink of Elasticsearch that notes in a folder when documents are acknowledged."""
    if not isinstance(sink, ElasticsearchSink):
        msg = f"{type(sink).__name__} acknowledges nothing"
        raise TypeError(msg)
    connection = sink.connection
    return replace(sink, connection=NotingConnection(connection.urls, connection.settings, folder))


def same(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield what comes."""
    yield from batches


def _read_headers(headers: Headers, given: SourceLines) -> int:
    """Read the headers of lines as kernels.judging does; return how many lines were read."""
    text = b"\n".join(given.data.to_pylist()) + b"\n"
    lengths = pc.binary_length(given.data).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths + 1) - 1
    fields = Fields(len(given))
    groups, odd = headers.read(text, Spans(ends - lengths, ends), given.record_times, None, fields)
    return sum(len(group.lines) for group in groups) + len(odd)


def _counted(lines: int) -> pa.RecordBatch:
    row = {"counts": msgspec.json.encode({"lines": lines}).decode(), "record_time": None}
    return pa.RecordBatch.from_pylist([row], schema=RESULT)
