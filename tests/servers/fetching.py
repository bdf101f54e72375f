"""Puts records and documents into the real servers and fetches them as a corpus of `train` is."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from elasticsearch.helpers import bulk
from elasticsearch_server import patient
from kafka import KafkaProducer
from kafka_server import create_topic

from patterns.rules import Rules
from patterns.timestamps import SECOND
from training.corpus import Corpus
from training.fetched import elasticsearch as from_elasticsearch
from training.fetched import kafka as from_kafka
from training.fetched.config import ElasticsearchCorpus, KafkaCorpus
from training.fetched.counts import FetchCounts
from training.fetched.spool import HOUR, Spool
from training.fetched.time_range import ANY_TIME, TimeRange

NOON = 1_795_521_600 * SECOND
"""2026-11-24T12:00Z."""


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def make_topic(servers: str, name: str, partitions: int = 3, **settings: str) -> None:
    """Make a topic that keeps records of whatever time."""
    create_topic(
        servers, name, partitions, retention_ms="-1", message_timestamp_after_max_ms=str(2**63 - 1), **settings
    )


def produce(servers: str, topic: str, records: Iterable[tuple[bytes | None, int]], **options: Any) -> None:
    """Send values with their times in microseconds, to one partition after the other."""
    with closing(KafkaProducer(bootstrap_servers=servers, linger_ms=20, **options)) as producer:
        sent = [
            producer.send(topic, value, b"key", partition=number % 3, timestamp_ms=time // 1_000)
            for number, (value, time) in enumerate(records)
        ]
        for each in sent:
            each.get(60)


def index(url: str, name: str, of: Iterable[dict[str, Any]], shards: int = 2) -> None:
    """Make an index of documents."""
    with closing(patient(url)) as client:
        client.indices.create(index=name, settings={"number_of_shards": shards, "number_of_replicas": 0})
        bulk(client, ({"_index": name, "_id": str(n), "_source": each} for n, each in enumerate(of)), refresh=True)


def records_of(
    servers: str, topic: str, some: TimeRange = ANY_TIME, **settings: Any
) -> tuple[Counter[bytes], FetchCounts]:
    """Return the lines that are fetched, however often, and the counts."""
    config = KafkaCorpus(bootstrap_servers=servers, **settings)
    return fetched(lambda counts, spool: from_kafka.fetch(topic, config, Rules(), counts, spool, quiet), some)


def documents_of(
    url: str, name: str, some: TimeRange = ANY_TIME, **settings: Any
) -> tuple[Counter[bytes], FetchCounts]:
    """Return the lines that are fetched, however often, and the counts."""
    config = ElasticsearchCorpus(url=url, **settings)
    return fetched(lambda counts, spool: from_elasticsearch.fetch(name, config, Rules(), counts, spool, quiet), some)


def fetched(fetch: Callable[[FetchCounts, Spool], None], some: TimeRange) -> tuple[Counter[bytes], FetchCounts]:
    """Return the lines that are fetched, however often, and the counts; check that each is of the time."""
    counts = FetchCounts("made up", some)
    with Spool() as spool:
        fetch(counts, spool)
        with Corpus([], spool.pieces()) as corpus:
            found = list(corpus.lines(quiet))
    assert len(found) == counts.lines
    for line in found:
        assert some.start is None or line.record_time + HOUR > some.start
        assert some.end is None or line.record_time < some.end
    return Counter(line.data for line in found), counts


def toml(table: dict[str, Any]) -> str:
    """Return a table as TOML has it on one line; what is None is left out."""
    return "{" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None) + "}"
