"""
Runs over the whole topic, of the stream and of the ceiling, and what is measured of them.

A stream's time is from when Spark begins to plan its first batch to when its last one is logged, after the last
document is acknowledged. Its process stays, as a stream does: its first run, with all that is slow once, is round 0.
"""

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from benchmarks.streaming.documents import joined
from benchmarks.streaming.exchange import BulkAnswer, BulkOrder, Part, StreamAnswer
from benchmarks.streaming.place import Place
from benchmarks.streaming.process import Program, ProgramFailed
from benchmarks.streaming.processor import Processors, Taken, Watched
from streaming.config import ElasticsearchSinkConfig

_PATIENCE = 1_800.0

CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run, as it is kept in streaming.json.

    Attributes:
        command: Which of the file's commands made it, from 0.
        name: ``ceiling``, or how far a stream went; see programs/parts.py.
        round: From 1; 0 is what comes before: a stream's first run, a ceiling's trials.
        lines: Of the topic.
        seconds: From the begin of the first batch or request to the end of the last.
        apart: Whether the servers had cores of their own.
        how: Of a ceiling, by how many processes and requests at once.
        start: Seconds from the order to the begin of the first batch.
        session: Seconds of these in which Spark started.
        batches: Seconds of each batch, from its begin to its record.
        processor: Seconds of processor that each program took meanwhile.
    """

    command: int
    name: str
    round: int
    lines: int
    seconds: float
    apart: bool = False
    how: str = ""
    start: float = 0.0
    session: float = 0.0
    batches: list[float] = field(default_factory=list)
    processor: Taken = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Documents, or lines, a second."""
        return self.lines / self.seconds


@dataclass
class Streams:
    """
    Runs streams in one process that stays.

    Attributes:
        place: Where.
        topic: Of which.
        lines: How many it has.
        processors: Is told of the process.
    """

    place: Place
    topic: str
    lines: int
    processors: Processors

    def __enter__(self) -> Self:
        self._program = Program("stream", [], self.place.folder, StreamAnswer)
        watched = Watched("stream: driver", "stream: Spark's JVM", "stream: Python workers")
        self.processors.watch(self._program.session, watched)
        self._program.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.__exit__(kind, error, trace)

    def run(self, about: Run, prefix: str) -> Run:
        """
        Run a stream, as far as `about` names.

        Raises:
            ProgramFailed: It fails, or there are not as many documents as lines.
        """
        part = msgspec.convert(about.name, Part)
        log = self.place.folder / "stream.log"
        ordered = time.time()
        self._program.order(self.place.order(self.topic, prefix, log, part=part))
        answer = self._program.answer(_PATIENCE)
        batches = records(log, "batch") if part != "identity" else of_spark(answer)
        ran = replace(about, **timed(answer, batches, ordered), session=took(log, "session"))
        if part == "whole":
            check(self.place.count(prefix), self.lines)
        began = ordered + ran.start
        return replace(ran, processor=self.processors.between(began, began + ran.seconds))


def timed(answer: StreamAnswer, batches: Sequence[dict[str, Any]], ordered: float) -> dict[str, Any]:
    """
    Return what times a stream's run has, by their names.

    Args:
        answer: How it ended.
        batches: Its log's records.
        ordered: When it was, in seconds since 1970.
    """
    begins = {each.batch_id: moment(each.timestamp) for each in answer.progress}
    ends = {record["batch"]: moment(record["time"]) for record in batches if record["lines"]}
    if not ends or not ends.keys() <= begins.keys():
        raise ProgramFailed(f"stream: Spark tells of the batches {sorted(begins)}, its log of {sorted(ends)}")
    began = min(begins.values())
    return {
        "start": began - ordered,
        "seconds": max(ends.values()) - began,
        "batches": [round(end - begins[number], 3) for number, end in sorted(ends.items())],
    }


def of_spark(answer: StreamAnswer) -> list[dict[str, Any]]:
    """Return records of the batches of a query that is none of ours, each until before Spark writes that it is done."""
    return [
        {
            "batch": each.batch_id,
            "lines": each.num_input_rows,
            "time": _later(each.timestamp, each.duration_ms["triggerExecution"] - each.duration_ms["commitOffsets"]),
        }
        for each in answer.progress
    ]


def _later(text: str, milliseconds: int) -> str:
    return (datetime.fromisoformat(text) + timedelta(milliseconds=milliseconds)).isoformat()


class Choice(NamedTuple):
    """How the ceiling is sent: by how many processes, and how many requests of each at once."""

    processes: int
    threads: int

    def __str__(self) -> str:
        """Return it in words."""
        processes = "one process" if self.processes == 1 else f"{self.processes} processes"
        return f"{processes}, {self.threads} {'request' if self.threads == 1 else 'requests'} of each at once"


CHOICES = [Choice(processes, threads) for processes in (1, 2) for threads in (1, 2)]


class Ceiling:
    """
    Indexes kept documents by plain processes, which stay; a context manager.

    Attributes:
        place: Where.
    """

    def __init__(self, place: Place, files: Sequence[Path], processors: Processors) -> None:
        """
        Prepare.

        Args:
            place: Where.
            files: Of the documents, one for each partition.
            processors: Are told of the processes.
        """
        self.place = place
        self._by_number = {1: [joined(files, place.folder / "documents")], len(files): list(files)}
        self._processors = processors
        self._programs: dict[int, list[Program[BulkAnswer]]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run(self, about: Run, prefix: str, choice: Choice) -> Run:
        """
        Index all documents in a way.

        Raises:
            ProgramFailed: It fails, or there are not as many documents as lines.
        """
        programs = self._started(choice.processes)
        _all(programs, BulkOrder(prefix))
        answers = _all(programs, BulkOrder(threads=choice.threads))
        check(self.place.count(prefix), about.lines)
        began, ended = min(each.began for each in answers), max(each.ended for each in answers)
        took = self._processors.between(began, ended)
        return replace(about, how=str(choice), seconds=ended - began, processor=took)

    def _started(self, number: int) -> list[Program[BulkAnswer]]:
        if number not in self._programs:
            limits = ElasticsearchSinkConfig()
            most = [str(limits.bulk_documents), str(limits.bulk_bytes)]
            self._programs[number] = [
                self._stack.enter_context(
                    Program("bulk", [self.place.servers.elasticsearch, str(file), *most], self.place.folder, BulkAnswer)
                )
                for file in self._by_number[number]
            ]
            for each in self._programs[number]:
                self._processors.watch(each.session, Watched(*[f"{CEILING}: Python"] * 3))
        return self._programs[number]


def _all(programs: Sequence[Program[BulkAnswer]], order: BulkOrder) -> list[BulkAnswer]:
    """Have all do the same at once."""
    for each in programs:
        each.order(order)
    return [each.answer(_PATIENCE) for each in programs]


def check(documents: int, lines: int) -> None:
    """
    Refuse a run that is none.

    Raises:
        ProgramFailed: There are not as many documents as lines.
    """
    if documents != lines:
        raise ProgramFailed(f"{documents:,} documents are in Elasticsearch, and {lines:,} lines are in Kafka")


def records(log: Path, name: str) -> list[dict[str, Any]]:
    """Return the records of a name in a stream's log."""
    rows = (json.loads(row) for row in log.read_text().splitlines() if row.startswith("{"))
    return [row for row in rows if row["event"] == name]


def took(log: Path, step: str) -> float:
    """Return the seconds of all of a step in a stream's log."""
    return float(sum(row["seconds"] for row in records(log, "took") if row["step"] == step))


def moment(text: str) -> float:
    """Return a time of RFC 3339 as seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()
