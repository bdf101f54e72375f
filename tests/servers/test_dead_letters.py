"""Dead letters of the real servers: refused documents that are replayed once mended, and letters in a topic."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from kafka_server import create_topic

from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.config import DeadLettersConfig, ElasticsearchSinkConfig, KafkaLettersConfig
from streaming.dead_letters import KafkaLetters, dead_letters
from streaming.documents import record_event_id
from streaming.errors import SinkError
from streaming.kept_letters import bundles
from streaming.match import LineJudge, Tally
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.templates import set_up, templates
from streaming.source import DeadLetter, SourceLine

pytestmark = pytest.mark.servers

_PLANNED = 1_795_000_000_123_456  # 2026-11-18T11:06:40.123Z


def line(offset: int, data: bytes) -> SourceLine:
    event_id = record_event_id("logs", "logs", 0, offset, _PLANNED)
    where = {"kafka": {"topic": "logs", "partition": 0, "offset": offset}}
    return SourceLine(data, data, _PLANNED, event_id, "logs/0", offset, where)


def command(*arguments: str, **settings: object) -> tuple[int, str, str]:
    """Run `logwinnow deadletters`; return its exit code and what it said."""
    given = [f"--set={key}={value}" for key, value in settings.items()]
    program = [sys.executable, "-m", "commands", "deadletters", *arguments, *given]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    return done.returncode, done.stdout, done.stderr


def test_a_document_that_was_refused_is_there_once_after_what_refused_it_is_mended(
    elasticsearch: str, index_prefix: str, tmp_path: Path
) -> None:
    known = [KnownPattern("", parse("user *{1,1} left"), 2, 2, 2)]
    version = Store(f"{tmp_path}/patterns").publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {})
    config = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix, replicas=0)
    bodies = templates(index_prefix, replicas=0, refresh_seconds=1)
    mapping = bodies[f"{index_prefix}-events"]["template"]["mappings"]["properties"]
    right = mapping["kafka"]["properties"]["offset"]
    mapping["kafka"]["properties"]["offset"] = {"type": "byte"}
    set_up(config, bodies)
    sink = ElasticsearchSink.of(config)
    letters = dead_letters(DeadLettersConfig(path=f"{tmp_path}/dead-letters"), "57ea")
    judge = LineJudge(Judge(Store(f"{tmp_path}/patterns").read().patterns), "logs", version, _PLANNED)
    with letters.part(0, 0, _PLANNED) as keep, sink.part(0, 0, _PLANNED, keep) as writer:
        for offset, data in [(1, b"user a left"), (200, b"user b left"), (300, b"what is this")]:
            judge.write(line(offset, data), writer, Tally())

    settings: dict[str, Any] = {
        "source.kind": "kafka",
        "sink.kind": "elasticsearch",
        "sink.elasticsearch.url": elasticsearch,
        "sink.elasticsearch.index_prefix": index_prefix,
        "patterns.store": f"{tmp_path}/patterns",
        "dead_letters.path": f"{tmp_path}/dead-letters",
    }
    code, printed, _ = command("list", "--json", **settings)
    rows = [json.loads(row) for row in printed.splitlines()]
    assert (code, [row["offset"] for row in rows]) == (0, [200, 300])
    assert {row["reason"] for row in rows} == {"refused"}
    # Not mended yet: they stay.
    assert command("replay", **settings)[0] == 1

    mapping["kafka"]["properties"]["offset"] = right
    set_up(config, bodies)
    with closing(Elasticsearch(elasticsearch)) as client:
        client.indices.delete(index=f"{index_prefix}-events-2026.11.18")
        code, _, told = command("replay", **settings)
        # Its alert was told with the first try.
        assert (code, told) == (0, "2 events, 0 new alerts, 0 left\n")
        client.indices.refresh(index=f"{index_prefix}-*")
        hits = client.search(index=f"{index_prefix}-events")["hits"]["hits"]
        alerts = client.search(index=f"{index_prefix}-alerts")["hits"]["hits"]
    # By the record time, whatever day it is now.
    assert {hit["_index"] for hit in hits} == {f"{index_prefix}-events-2026.11.18"}
    assert sorted(hit["_source"]["kafka"]["offset"] for hit in hits) == [200, 300]
    assert [hit["_source"]["event"]["original"] for hit in alerts] == ["what is this"]
    assert command("list", **settings)[2] == "0 dead letters\n"


def test_letters_of_a_topic_are_read_once_though_a_replayed_batch_wrote_them_twice(kafka: str, topic: str) -> None:
    create_topic(kafka, topic, 2)
    config = KafkaLettersConfig(bootstrap_servers=kafka, topic=topic)
    letters = KafkaLetters(config)
    letters.start()
    written = [
        DeadLetter("aa", "logs/0", 1, 5, "no_value", "the record has no value", None),
        DeadLetter("bb", "logs/1", 2, 6, "no_line", "no JSON object", b"\xff\x00" * 1_000_000),
    ]
    for _ in range(2):
        with letters.part(0, 0, _PLANNED) as keep:
            for each in written:
                keep(each)
    (bundle,) = bundles(DeadLettersConfig(kind="kafka", kafka=config))
    assert [kept.letter for kept in bundle.letters] == written
    assert {kept.planned_at for kept in bundle.letters} == {_PLANNED}
    assert (bundle.damaged, bundle.keep) == ([], None)


def test_a_topic_of_dead_letters_that_is_not_there_is_told_at_the_start(kafka: str, topic: str) -> None:
    with pytest.raises(SinkError, match=rf"dead_letters\.kafka\.topic is '{topic}': .*no such topic; make it"):
        KafkaLetters(KafkaLettersConfig(bootstrap_servers=kafka, topic=topic)).start()
