"""What the streaming tests share: a site with a store, a log, a checkpoint and a sink; and one Spark for a module."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from patterns.language import parse
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from spark import session
from spark.config import SparkConfig
from streaming.config import (
    DeadLettersConfig,
    FilesSinkConfig,
    FilesSourceConfig,
    PatternsConfig,
    SinkConfig,
    SourceConfig,
    StreamingConfig,
    TriggerConfig,
)
from streaming.job import Stream


@dataclass(frozen=True)
class Site:
    """A folder in which a stream runs."""

    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "app.log"

    @property
    def store(self) -> Path:
        return self.folder / "patterns"

    @property
    def sink(self) -> Path:
        return self.folder / "out"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint"

    def config(self, *paths: Path | str, max_bytes: int = 2**26, seconds: float = 0.2) -> StreamingConfig:
        """Return the configuration of a stream over `paths`, by default over the log."""
        files = FilesSourceConfig([str(path) for path in paths or (self.log,)], max_bytes)
        return StreamingConfig(
            checkpoint=str(self.checkpoint),
            source=SourceConfig(name="app", files=files),
            patterns=PatternsConfig(str(self.store)),
            sink=SinkConfig(files=FilesSinkConfig(str(self.sink))),
            dead_letters=DeadLettersConfig(path=str(self.folder / "dead-letters")),
            trigger=TriggerConfig(seconds),
            spark=SparkConfig(master="local[2]"),
        )

    def publish(self, *texts: str, scope: str = "", rules: Rules | None = None) -> str:
        """Publish a set of these patterns; return its version."""
        known = [KnownPattern(scope, parse(text), level=2, support=2, mined_support=2) for text in texts]
        return Store(str(self.store)).publish(PatternSet.of(rules or Rules(), known), ShapeTable.of({}), {})

    def append(self, *lines: str | bytes) -> None:
        """Write lines and their ends to the log."""
        with self.log.open("ab") as log:
            for line in lines:
                log.write((line.encode() if isinstance(line, str) else line) + b"\n")

    def stream_once(self, config: StreamingConfig | None = None) -> Stream:
        """Judge what is there; return the stream that did."""
        stream = Stream(config or self.config(), once=True)
        stream.run()
        return stream

    def events(self) -> list[dict[str, Any]]:
        """Return the events; while the stream runs, a day may be compacted under the eyes of who reads it."""
        while True:
            try:
                return list(self.each_event())
            except FileNotFoundError:
                continue

    def each_event(self) -> Iterator[dict[str, Any]]:
        """Yield the events by the rule that the sink documents: a compacted file stands for its folder."""
        compacted = sorted((self.sink / "events").glob("[!.]*.ndjson.zst"))
        closed = {file.name.removesuffix(".ndjson.zst") for file in compacted}
        parts = [part for part in sorted(self.sink.glob("events/*/[!.]*.ndjson")) if part.parent.name not in closed]
        for whole in chain(map(_decompressed, compacted), (part.read_bytes() for part in parts)):
            assert whole.endswith(b"\n")
            yield from map(msgspec.json.decode, whole.split(b"\n")[:-1])

    def lines(self) -> list[str]:
        """Return the text of all events, sorted."""
        return sorted(event["event"]["original"] for event in self.events())

    def alerts(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(file.read_bytes()) for file in sorted(self.sink.glob("alerts/*/[!.]*.json"))]

    def records(self) -> list[dict[str, Any]]:
        """Return the batch records, in order."""
        files = sorted((self.checkpoint / "logwinnow" / "batches").glob("[!.]*.json"))
        return [msgspec.json.decode(file.read_bytes()) for file in files]

    def untold(self) -> int:
        """Return how many outliers the next alerts will tell of, as the last batch that is done left it."""
        done = [record["alerts"] for record in self.records() if record["alerts"] is not None]
        if not done:
            return 0
        counts: list[int] = [count for _, count in done[-1]["shapes"].values()]
        return sum(counts) + sum(int(each.get("untold", 0)) for each in done[-1]["provisional"].values())

    def check_alerts(self, *, one_file: bool = True) -> None:
        """
        Check that each outlier shape is told once a bucket, alone or by a provisional pattern, and that counts add up.
        """
        outliers = [event for event in self.events() if event["logwinnow"]["outlier"]]
        alerts = self.alerts()
        alone = [alert for alert in alerts if "shape" in alert["logwinnow"]]
        told = [(_kind(alert), alert["logwinnow"]["bucket"]) for alert in alerts]
        assert len(set(told)) == len(told)
        condensed = self.condensed()
        shapes = {event["logwinnow"]["shape"]["id"]: event["logwinnow"] for event in outliers}
        assert {alert["logwinnow"]["shape"]["id"] for alert in alone} <= shapes.keys()
        of_pattern = {key: condensed(ours.get("scope", ""), ours["shape"]["text"]) for key, ours in shapes.items()}
        assert shapes.keys() - {_kind(alert) for alert in alone} <= {key for key, id_ in of_pattern.items() if id_}
        said = sum(alert["logwinnow"]["count"] + alert["logwinnow"]["untold"] for alert in alerts)
        assert said + self.untold() == len(outliers)
        firsts = {}
        for event in sorted(outliers, key=lambda event: event["log"]["offset"], reverse=True):
            firsts[event["logwinnow"]["shape"]["id"]] = event["event"]["id"]
        for alert in sorted(alone, key=lambda alert: alert["logwinnow"]["bucket"], reverse=True):
            if one_file and alert["logwinnow"]["untold"] == 0:
                assert alert["event"]["first_event_id"] == firsts[alert["logwinnow"]["shape"]["id"]]

    def condensed(self) -> Callable[[str, str], KnownPattern | None]:
        """Return what finds the provisional pattern of a scope and shape, as the last batch left them."""
        done = [record["alerts"] for record in self.records() if record["alerts"] is not None]
        states = done[-1]["provisional"].values() if done else []
        known = (KnownPattern(each["scope"], parse(each["text"]), 1, 0, 0) for each in states)
        return Matcher(PatternSet.of(Rules(), known)).match


def _kind(alert: dict[str, Any]) -> str:
    ours = alert["logwinnow"]
    return str(ours["shape" if "shape" in ours else "pattern"]["id"])


def _decompressed(file: Path) -> bytes:
    with pa.CompressedInputStream(str(file), "zstd") as data:
        return bytes(data.read())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty site."""
    return Site(tmp_path)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """A session that a module's streams find and leave running: the start of one takes longer than most tests."""
    started = session.start(SparkConfig(master="local[2]"), {})
    stop = started.stop
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SparkSession, "stop", lambda _session: None)
        yield started
    stop()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[dict[str, Any]]]:
    """Return the facts of the log records of a name."""
    monkeypatch.setattr(logging.getLogger("logwinnow"), "propagate", True)
    caplog.set_level(logging.INFO, logger="logwinnow")
    return lambda name: [vars(record)["facts"] for record in caplog.records if record.getMessage() == name]
