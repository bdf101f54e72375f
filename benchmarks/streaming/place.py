"""Where all takes place: the topic with its lines, the pattern set, and indices of a fresh prefix for each run."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from kafka import KafkaConsumer, TopicPartition

from benchmarks.streaming.exchange import StreamOrder
from benchmarks.streaming.process import ProgramFailed
from benchmarks.streaming.programs.send import PARTITIONS
from benchmarks.streaming.servers import Servers, create_topic, delete_all
from benchmarks.training.corpus import Corpus
from streaming.config import ElasticsearchSinkConfig
from streaming.documents import record_event_ids
from streaming.sink.installing import ElasticsearchInstallation

_ROOT = Path(__file__).resolve().parents[2]
_SEND = Path(__file__).with_name("programs") / "send.py"
_SOURCE = "fleet"
_MORE_THAN_ALL_BATCHES = 100_000


@dataclass
class Place:
    """
    Servers, a folder, and what a stream is told beside its defaults.

    Attributes:
        servers: Where they are.
        folder: For all that is written.
        settings: Further keys of streaming.toml.
        assignments: What overrides them, as `--set` takes it.
    """

    servers: Servers
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    assignments: tuple[str, ...] = ()
    client: Elasticsearch = field(init=False)

    def __post_init__(self) -> None:
        """Make the client."""
        self.client = Elasticsearch(self.servers.elasticsearch, request_timeout=120)

    def train(self, corpus: Corpus, lines: int) -> None:
        """Publish the set of the first lines of a corpus."""
        part = self.folder / "known.log"
        with corpus.path.open("rb") as whole, part.open("wb") as known:
            known.writelines(islice(whole, lines))
        _run("-m", "commands", "train", str(part), "--set", f"patterns.store={self._store}", "--quiet")

    def topic(self) -> str:
        """Make a topic, and return its name."""
        name = f"benchmark-{secrets.token_hex(4)}"
        create_topic(self.servers.kafka, name, PARTITIONS)
        return name

    def send(
        self, topic: str, corpus: Corpus, lines: int, *, rate: float = 0, skip: int = 0, by_host: bool = False
    ) -> float:
        """
        Send lines of a corpus, so many a second; return how many seconds one was late at the most.

        Args:
            topic: To it.
            corpus: Behind its last line the first one comes again.
            lines: How many.
            rate: A second; 0 for as fast as it goes.
            skip: With which line to begin.
            by_host: Whether a host's lines go to one partition; else all partitions have the same number.
        """
        numbers = (skip, lines, rate)
        to = "host" if by_host else "turns"
        told = _run(str(_SEND), self.servers.kafka, topic, str(corpus.path), to, *map(str, numbers))
        return float(told)

    def record_times(self, topic: str) -> dict[str, int]:
        """Return the id of each event of a topic → its record's time stamp, in milliseconds since 1970."""
        with closing(KafkaConsumer(bootstrap_servers=self.servers.kafka)) as consumer:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            left = sum(consumer.end_offsets(partitions).values())
            times: dict[str, int] = {}
            while len(times) < left:
                for records in consumer.poll(timeout_ms=1_000, max_records=10_000).values():
                    for each in records:
                        at = each.timestamp * 1_000
                        [identity] = record_event_ids(_SOURCE, topic, each.partition, [(each.offset, at)])
                        times[identity] = each.timestamp
        return times

    @contextmanager
    def prefix(self) -> Iterator[str]:
        """Yield a fresh prefix with index templates; at the end all of it goes, and no merge goes on beside others."""
        prefix = f"benchmark-{secrets.token_hex(4)}"
        config = ElasticsearchSinkConfig(url=self.servers.elasticsearch, index_prefix=prefix, replicas=0)
        list(ElasticsearchInstallation(config).install())
        try:
            yield prefix
        finally:
            delete_all(self.client, prefix)

    def count(self, prefix: str) -> int:
        """Return how many events there are behind a prefix."""
        index = f"{prefix}-events-*"
        self.client.indices.refresh(index=index)
        return int(self.client.count(index=index)["count"])

    def order(self, topic: str, prefix: str, log: Path, **more: Any) -> StreamOrder:
        """Return the order for a stream that begins anew."""
        name = secrets.token_hex(4)
        values: dict[str, Any] = {
            "checkpoint": str(self.folder / f"checkpoint-{name}"),
            "source.kind": "kafka",
            "source.name": _SOURCE,
            "source.kafka.bootstrap_servers": self.servers.kafka,
            "source.kafka.topics": [topic],
            "patterns.store": self._store,
            "sink.kind": "elasticsearch",
            "sink.elasticsearch.url": self.servers.elasticsearch,
            "sink.elasticsearch.index_prefix": prefix,
            "dead_letters.path": str(self.folder / "dead-letters"),
            # Only how much of what was is remembered for us to read.
            'spark.settings."spark.sql.streaming.numRecentProgressUpdates"': str(_MORE_THAN_ALL_BATCHES),
            **self.settings,
        }
        file = self.folder / f"streaming-{name}.toml"
        file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        return StreamOrder(str(file), str(log), assignments=list(self.assignments), **more)

    @property
    def _store(self) -> str:
        return str(self.folder / "patterns")


def _run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True, cwd=_ROOT)
    if done.returncode:
        raise ProgramFailed(f"{arguments[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout
