"""A stream of a topic whose batches are judged by its tasks alone, without Spark, and its dead letters."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import pyarrow as pa
import pytest
from pyspark import Broadcast

from patterns.store import Store
from streaming.batches import BatchLog, BatchRecord
from streaming.config import KafkaSourceConfig, SourceConfig, StreamingConfig
from streaming.dead_letters.files import LetterFolder
from streaming.dead_letters.kinds import letters_of
from streaming.dead_letters.letter import KeptLetter, Sender
from streaming.job import sink_of, source_of
from streaming.match import JudgeTask
from streaming.replay import Outcome, replay

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

NOW: Final = time.time_ns() // 1000


@dataclass(frozen=True)
class Place:
    """A site whose source is a topic, with batches that Spark did not judge."""

    site: "Site"
    now: int = NOW

    def config(self, format: str = "json", name: str = "app", **more: Any) -> StreamingConfig:  # noqa: A002
        kafka = msgspec.convert({"format": format, **more}, KafkaSourceConfig)
        return msgspec.structs.replace(self.site.config(), source=SourceConfig(kind="kafka", name=name, kafka=kafka))

    def judge(
        self,
        *values: bytes | None,
        batch: int = 0,
        times: Iterable[int] = (),
        at: int = NOW,
        committed: bool = True,
        config: StreamingConfig | None = None,
    ) -> None:
        """Judge a batch of records as the stream does, by tasks alone."""
        config = config or self.config()
        log = BatchLog(config.checkpoint)
        stream = log.stream_id()
        stored = Store(str(self.site.store)).read()
        sink = sink_of(config, stream)
        sink.start()
        letters = letters_of(config.dead_letters, Sender("kafka", config.source.name, stream))
        letters.start()
        log.write(BatchRecord(batch, stored.version, at))
        task = JudgeTask(
            judged_by=cast("Broadcast[tuple[str, bytes, bytes, bytes]]", FakeBroadcast(stored)),
            version=stored.version,
            place=str(self.site.store),
            name=config.source.name,
            source=source_of(config),
            sink=sink,
            letters=letters,
            batch=batch,
            planned_at=at,
        )
        list(task([_records(values, batch, list(times) or [at] * len(values))]))
        if committed:
            self.commit(batch)

    def commit(self, batch: int) -> None:
        commits = self.site.checkpoint / "commits"
        commits.mkdir(exist_ok=True)
        (commits / str(batch)).write_text("v1\n{}")

    def replay(self, config: StreamingConfig | None = None, reason: str | None = None) -> Outcome:
        return replay(config or self.config(), reason, self.damaged, lambda _letters: None)

    def damaged(self, place: str, why: str) -> None:
        pytest.fail(f"{place}: {why}")

    def letters(self) -> list[KeptLetter]:
        return list(LetterFolder(str(self.site.folder / "dead-letters")).letters(self.damaged))

    def events(self) -> dict[int, dict[str, Any]]:
        """Return the events by the offset of their records, and see that none is twice."""
        found = self.site.events()
        by_offset = {event["kafka"]["offset"]: event for event in found}
        assert len(by_offset) == len(found)
        return by_offset


class FakeBroadcast:
    def __init__(self, stored: Any) -> None:
        self.value = stored.version, stored.manifest, stored.rows, b""


def _records(values: Iterable[bytes | None], batch: int, times: list[int]) -> pa.RecordBatch:
    rows = [
        {"topic": "logs", "partition": 0, "offset": batch * 100 + number, "timestamp": time, "value": value}
        for number, (value, time) in enumerate(zip(values, times, strict=True))
    ]
    kinds = [pa.string(), pa.int32(), pa.int64(), pa.timestamp("us", "UTC"), pa.binary()]
    names = ["topic", "partition", "offset", "timestamp", "value"]
    return pa.RecordBatch.from_pylist(rows, schema=pa.schema(list(zip(names, kinds, strict=True))))


@pytest.fixture
def place(site: "Site") -> Place:
    """A place with a set."""
    site.publish("user left", "job *{1,1} done")
    return Place(site)
