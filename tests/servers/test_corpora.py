"""What is fetched from the real Kafka and the real Elasticsearch trains as the file of the same lines does."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from elasticsearch.helpers import bulk
from fetching import NOON, documents_of, index, make_topic, produce, quiet
from live import Live

from patterns.judge import Judge
from patterns.pattern_set import PatternSet
from patterns.rules import Rules
from patterns.settings import load
from patterns.store import Store
from patterns.timestamps import SECOND, iso
from streaming import documents
from streaming.source import SourceLine
from training.config import TrainingConfig
from training.job import train

pytestmark = pytest.mark.servers


def logstash_v8(line: str, time: int) -> dict[str, Any]:
    """Return what Logstash's file input writes, ECS v8, as it is by default."""
    return {
        "@timestamp": iso(time),
        "@version": "1",
        "event": {"original": line},
        "host": {"name": "shipper"},
        "log": {"file": {"path": "/var/log/auth.log"}},
        "message": line,
    }


def logstash_without_ecs(line: str, time: int) -> dict[str, Any]:
    """Return what it writes with `pipeline.ecs_compatibility: disabled`."""
    return {"@timestamp": iso(time), "@version": "1", "host": "shipper", "path": "/var/log/auth.log", "message": line}


WRITERS = {"Logstash, ECS v8": logstash_v8, "Logstash without ECS": logstash_without_ecs}


@pytest.fixture(scope="module")
def log(loghub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real log, last written at the day of its records."""
    path = tmp_path_factory.mktemp("log") / "auth.log"
    path.write_bytes((loghub / "OpenSSH" / "OpenSSH_2k.log").read_bytes())
    os.utime(path, (NOON // SECOND, NOON // SECOND))
    return path


def timed(log: Path) -> Iterator[tuple[str, int]]:
    """Yield the lines of a log, one a minute."""
    for number, line in enumerate(log.read_text().splitlines()):
        yield line, NOON + number * 60 * SECOND


def trained(store: Path, engine: str, paths: list[str], *assignments: str) -> bytes:
    """Return the patterns of a corpus."""
    settings = [f"mining.engine={engine}", f"patterns.store={store}", *assignments]
    config = load(TrainingConfig, None, {}, settings)
    version: str = train(paths, config, config.rules({}), force=True, progress=quiet)["version"]
    return (store / version / "patterns.jsonl").read_bytes()


@pytest.mark.parametrize("engine", ["python", "polars"])
@pytest.mark.parametrize("writer", WRITERS)
def test_documents_of_logstash_train_as_the_file_does(
    engine: str, writer: str, elasticsearch: str, index_prefix: str, log: Path, tmp_path: Path
) -> None:
    index(elasticsearch, f"{index_prefix}-a", (WRITERS[writer](*each) for each in timed(log)))

    found = trained(
        tmp_path / "a", engine, [f"elasticsearch:{index_prefix}-*"], f"corpus.elasticsearch.url={elasticsearch}"
    )

    assert found == trained(tmp_path / "b", engine, [str(log)])


@pytest.mark.parametrize("engine", ["python", "polars"])
@pytest.mark.parametrize("writer", [None, *WRITERS])
def test_records_plain_and_of_logstash_train_as_the_file_does(
    engine: str, writer: str | None, kafka: str, topic: str, log: Path, tmp_path: Path
) -> None:
    make_topic(kafka, topic)
    encode = msgspec.json.encode
    produce(
        kafka,
        topic,
        ((encode(WRITERS[writer](line, time)) if writer else line.encode(), time) for line, time in timed(log)),
    )

    form = f"corpus.kafka.format={'json' if writer else 'plain'}"
    found = trained(tmp_path / "a", engine, [f"kafka:{topic}"], f"corpus.kafka.bootstrap_servers={kafka}", form)

    assert found == trained(tmp_path / "b", engine, [str(log)])


@pytest.mark.spark
def test_engine_spark_reads_what_is_fetched_beside_files(
    kafka: str, topic: str, elasticsearch: str, index_prefix: str, log: Path, tmp_path: Path
) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, ((line.encode(), time) for line, time in timed(log)))
    index(elasticsearch, f"{index_prefix}-a", (logstash_v8(*each) for each in timed(log)))
    paths = [f"kafka:{topic}", str(log), f"elasticsearch:{index_prefix}-a"]
    places = [f"corpus.kafka.bootstrap_servers={kafka}", f"corpus.elasticsearch.url={elasticsearch}"]

    found = trained(tmp_path / "a", "spark", paths, "spark.master=local[2]", *places)

    assert found == trained(tmp_path / "b", "python", [str(log)] * 3)


def test_what_was_streamed_trains_as_its_file_does_and_alerts_are_left_out(
    live: Live, log: Path, tmp_path: Path
) -> None:
    lines = [line.encode() for line, _ in timed(log)][:300]
    lines += [b"no header, number %d" % number for number in range(5)] + [b"not UTF-8: \xff\xfe"] * 2
    judge = Judge(PatternSet.of(Rules(), []))
    (tmp_path / "part.log").write_bytes(b"".join(line + b"\n" for line in lines))
    os.utime(tmp_path / "part.log", (NOON // SECOND, NOON // SECOND))

    def written() -> Iterator[dict[str, Any]]:
        for number, line in enumerate(lines):
            where = SourceLine(line, line, NOON, f"id{number}", "place", number, {"kafka": {"topic": "logs"}})
            event = documents.event(judge.judge(line, NOON), [], where, source="logs", created=iso(NOON), version="v")
            yield {"_index": f"{live.prefix}-events-2026.11.24", "_source": event}
            if number < 3:
                alert = documents.alert(event, identity=f"a{number}", bucket=iso(NOON), count=1, untold=0)
                yield {"_index": f"{live.prefix}-alerts-2026.11.24", "_source": alert}

    with closing(live.client()) as client:
        bulk(client, written(), refresh=True)

    found, counts = documents_of(live.elasticsearch, f"{live.prefix}-*")
    assert found == Counter(lines)
    assert counts.left_out == {"alert": 3}
    place = f"corpus.elasticsearch.url={live.elasticsearch}"
    patterns = trained(tmp_path / "a", "polars", [f"elasticsearch:{live.prefix}-events"], place)
    assert patterns == trained(tmp_path / "b", "polars", [str(tmp_path / "part.log")])


def test_the_store_says_what_it_was_trained_from(kafka: str, topic: str, log: Path, tmp_path: Path) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, [*((line.encode(), time) for line, time in timed(log)), (None, NOON)])

    trained(tmp_path / "a", "polars", [f"kafka:{topic}"], f"corpus.kafka.bootstrap_servers={kafka}")

    told = {"source": f"kafka:{topic}", "start": None, "end": None, "records": 2_001, "lines": 2_000}
    assert Store(str(tmp_path / "a")).read().run["fetched"] == [{**told, "left_out": {"no_value": 1}}]
