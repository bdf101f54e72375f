"""A stream from a topic of the real Kafka into indices of the real Elasticsearch: what goes in, and what came out."""

import base64
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from elasticsearch import Elasticsearch, helpers
from elasticsearch_server import patient
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from stream_process import StreamProcess, run_to_its_end, stream_process

from patterns.decided import decided
from patterns.envelope import plain_line
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store

_ROOT = Path(__file__).parents[2]


@dataclass
class Live:
    """
    A stream's place, its topic and its indices.

    Attributes:
        folder: For checkpoint, pattern sets and dead letters.
        kafka: Bootstrap servers.
        elasticsearch: URL.
        topic: Is made by `make_topic`.
        prefix: Of the indices.
        settings: Further values of conf/streaming.toml.
    """

    folder: Path
    kafka: str
    elasticsearch: str
    topic: str
    prefix: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "patterns"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint"

    def make_topic(self, partitions: int = 2, **settings: str) -> None:
        """Make the topic; settings by their names with _ for the dot."""
        topic = NewTopic(self.topic, partitions, 1, topic_configs={k.replace("_", "."): v for k, v in settings.items()})
        with closing(KafkaAdminClient(bootstrap_servers=self.kafka)) as admin:
            admin.create_topics([topic])

    def send(self, values: Iterable[bytes | None], **more: Any) -> None:
        """Send records; wait until Kafka has them all."""
        with closing(KafkaProducer(bootstrap_servers=self.kafka, max_request_size=2**25, linger_ms=5)) as producer:
            # Of key and value, a record has one at least.
            sent = [
                producer.send(self.topic, value, key=None if value is not None else b"", **more) for value in values
            ]
            for each in sent:
                each.get(timeout=60)

    def records(self) -> dict[tuple[int, int], bytes | None]:
        """Return the values of all records of the topic by partition and offset."""
        with closing(KafkaConsumer(bootstrap_servers=self.kafka, consumer_timeout_ms=10_000)) as consumer:
            partitions = [TopicPartition(self.topic, number) for number in consumer.partitions_for_topic(self.topic)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            left = sum(consumer.end_offsets(partitions).values()) - sum(consumer.beginning_offsets(partitions).values())
            found: dict[tuple[int, int], bytes | None] = {}
            while len(found) < left:
                for each in consumer.poll(timeout_ms=1_000, max_records=10_000).values():
                    found |= {(record.partition, record.offset): record.value for record in each}
        return found

    def publish(self, *texts: str, scope: str = "") -> str:
        """Publish a set of these patterns; return its version."""
        known = [KnownPattern(scope, parse(text), level=2, support=2, mined_support=2) for text in texts]
        return Store(str(self.store)).publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {})

    def train(self, log: Path) -> None:
        """Publish the set that `logwinnow train` makes of a log."""
        self._command("train", str(log), "--set", f"patterns.store={self.store}")

    def set_up(self) -> None:
        """Make the index templates."""
        self._command("setup", "elasticsearch", *self._arguments("sink"))

    def run(self, *more: str, **options: Any) -> AbstractContextManager[StreamProcess]:
        """Run the stream; options are those of `stream_process`."""
        return stream_process(self.folder, [*self._arguments(), *more], **options)

    def run_once(self) -> list[dict[str, Any]]:
        """Judge what is there, beside other such runs in one process; return the log's records of the batches."""
        return run_to_its_end(self.folder, [*self._arguments(), "--once"]).records("batch")

    def client(self) -> Elasticsearch:
        return patient(self.elasticsearch)

    def indices(self) -> set[str]:
        """Return the names of all indices of the prefix."""
        with closing(self.client()) as client:
            return set(client.indices.get(index=f"{self.prefix}-*"))

    def events(self) -> list[dict[str, Any]]:
        """Return all events."""
        return self._documents(f"{self.prefix}-events")

    def alerts(self) -> list[dict[str, Any]]:
        """Return all alerts."""
        return self._documents(f"{self.prefix}-alerts")

    def letters(self) -> list[dict[str, Any]]:
        """Return all dead letters."""
        files = sorted((self.folder / "dead-letters").glob("*/[!.]*.ndjson"))
        return [msgspec.json.decode(row) for file in files for row in file.read_bytes().splitlines()]

    def check(self, *, gone: int = 0) -> Counter[str]:
        """
        Check that each record of the topic is one event or one dead letter, that each event is of a record and judged
        as offline, and that each outlier has its alert.

        Args:
            gone: How many events may be of records that the topic has no longer.

        Returns:
            How many events, outliers, alerts and letters there are.
        """
        records, events, letters = self.records(), self.events(), self.letters()
        seen = Counter(_position(event["kafka"]) for event in events)
        buried = Counter(_place(letter) for letter in letters)
        assert max((seen + buried).values(), default=1) == 1
        assert records.keys() <= seen.keys() | buried.keys()
        assert len((seen.keys() | buried.keys()) - records.keys()) <= gone
        for letter in letters:
            raw = None if letter["raw"] is None else base64.b64decode(letter["raw"])
            assert raw == records.get(_place(letter), raw)
        judges: dict[str, Judge] = {}
        for event in events:
            value = records.get(_position(event["kafka"]))
            if value is not None and "format" not in str(self.settings):
                assert original(event) == plain_line(value)
            version = event["logwinnow"]["set"]
            store = Store(str(self.store))
            judge = judges.setdefault(version, Judge(decided(store.read(version).patterns, store.decisions())))
            judged = judge.judge(original(event), 1_795_000_000_000_000)
            assert judged.outlier == event["logwinnow"]["outlier"]
        alerts = self.check_alerts(events)
        outliers = sum(event["logwinnow"]["outlier"] for event in events)
        return Counter(events=len(events), outliers=outliers, alerts=alerts, letters=len(letters))

    def check_alerts(self, events: list[dict[str, Any]]) -> int:
        """Check that each outlier shape is told once a bucket, and that counts add up; return how many alerts."""
        outliers = [event for event in events if event["logwinnow"]["outlier"]]
        alerts = [alert for alert in self.alerts() if "overflow" not in alert["logwinnow"]]
        ours = [alert["logwinnow"] for alert in alerts]
        told = [(each["shape" if "shape" in each else "pattern"]["id"], each["bucket"]) for each in ours]
        assert len(set(told)) == len(told)
        alone = {each["shape"]["id"] for each in ours if "shape" in each}
        shapes = {event["logwinnow"]["shape"]["id"] for event in outliers}
        # Of a storm one alert stands for many.
        assert alone == shapes or (alone < shapes and len(alone) < len(told))
        said = sum(alert["logwinnow"]["count"] + alert["logwinnow"]["untold"] for alert in alerts)
        assert said + self.untold() == len(outliers)
        return len(alerts)

    def batch_records(self) -> list[dict[str, Any]]:
        """Return the batch records that are kept, in order."""
        files = sorted((self.checkpoint / "logwinnow" / "batches").glob("[!.]*.json"))
        return [msgspec.json.decode(file.read_bytes()) for file in files]

    def untold(self) -> int:
        """Return how many outliers the next alerts will tell of, as the last batch that is done left it."""
        done = [record["alerts"] for record in self.batch_records() if record["alerts"] is not None]
        counts: list[int] = [count for _, count in done[-1]["shapes"].values()] if done else []
        return sum(counts) + sum(
            int(each.get("untold", 0)) for each in (done[-1]["provisional"] if done else {}).values()
        )

    def _documents(self, alias: str) -> list[dict[str, Any]]:
        with closing(self.client()) as client:
            client.indices.refresh(index=f"{alias}-*", allow_no_indices=True)
            hits: Iterable[dict[str, Any]] = helpers.scan(client, index=f"{alias}-*", size=2_000)
            return [hit["_source"] for hit in hits]

    def _arguments(self, *tables: str) -> list[str]:
        values: dict[str, Any] = {
            "checkpoint": str(self.checkpoint),
            "source.kind": "kafka",
            "source.name": "live",
            "source.kafka.bootstrap_servers": self.kafka,
            "source.kafka.topics": [self.topic],
            "patterns.store": str(self.store),
            "sink.kind": "elasticsearch",
            "sink.elasticsearch.url": self.elasticsearch,
            "sink.elasticsearch.index_prefix": self.prefix,
            "sink.elasticsearch.replicas": 0,
            "dead_letters.path": str(self.folder / "dead-letters"),
            "trigger.seconds": 0.2,
            "spark.master": "local[2]",
            # A JVM that is killed leaves its scratch folder.
            'spark.settings."spark.local.dir"': str(self.folder),
            **self.settings,
        }
        chosen = {key: value for key, value in values.items() if not tables or key.split(".")[0] in tables}
        file = self.folder / "streaming.toml"
        file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in chosen.items()))
        return ["--config", str(file)]

    def _command(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "commands", *arguments], check=True, cwd=_ROOT, stdout=subprocess.DEVNULL)


def original(event: dict[str, Any]) -> bytes:
    """Return the bytes of an event's line."""
    kept = event["logwinnow"].get("original_base64")
    return base64.b64decode(kept) if kept else str(event["event"]["original"]).encode()


def _position(place: dict[str, Any]) -> tuple[int, int]:
    return place["partition"], place["offset"]


def _place(letter: dict[str, Any]) -> tuple[int, int]:
    return int(letter["place"].rpartition("/")[2]), letter["offset"]
