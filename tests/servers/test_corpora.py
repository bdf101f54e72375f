"""Corpora out of the real Kafka and the real Elasticsearch: what is fetched, of which time, and what is told."""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import kafka_server
import msgspec
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk
from elasticsearch_server import ElasticsearchServer
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka_server import KafkaServer, create_topic
from live import Live

from clients.elasticsearch import Connection
from clients.errors import ClientError, ServerAway
from clients.kafka import client_settings
from patterns.judge import Judge
from patterns.pattern_set import PatternSet
from patterns.rules import Rules
from patterns.settings import load
from patterns.store import Store
from patterns.timestamps import SECOND, iso
from streaming import documents
from streaming.source import SourceLine
from training.config import TrainingConfig
from training.corpus import Corpus
from training.errors import CorpusError
from training.fetched import elasticsearch as from_elasticsearch
from training.fetched import kafka as from_kafka
from training.fetched.config import ElasticsearchCorpus, KafkaCorpus
from training.fetched.counts import FetchCounts
from training.fetched.point_in_time import PointInTime, Wanted
from training.fetched.spool import HOUR, Spool
from training.fetched.time_range import ANY_TIME, TimeRange
from training.job import train

pytestmark = pytest.mark.servers

NOON = 1_795_521_600 * SECOND
"""2026-11-24T12:00Z."""

Produce = Callable[[Iterable[tuple[bytes | None, int]]], None]
Index = Callable[[Iterable[dict[str, Any]]], str]


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
    with closing(Elasticsearch(url)) as client:
        client.indices.create(index=name, settings={"number_of_shards": shards, "number_of_replicas": 0})
        bulk(client, ({"_index": name, "_id": str(n), "_source": each} for n, each in enumerate(of)), refresh=True)


def records_of(
    servers: str, topic: str, some: TimeRange = ANY_TIME, **settings: Any
) -> tuple[Counter[bytes], FetchCounts]:
    """Return the lines that are fetched, however often, and the counts."""
    config = KafkaCorpus(bootstrap_servers=servers, **settings)
    return _fetched(lambda counts, spool: from_kafka.fetch(topic, config, Rules(), counts, spool, quiet), some)


def documents_of(
    url: str, name: str, some: TimeRange = ANY_TIME, **settings: Any
) -> tuple[Counter[bytes], FetchCounts]:
    """Return the lines that are fetched, however often, and the counts."""
    config = ElasticsearchCorpus(url=url, **settings)
    return _fetched(lambda counts, spool: from_elasticsearch.fetch(name, config, Rules(), counts, spool, quiet), some)


def _fetched(fetch: Callable[[FetchCounts, Spool], None], some: TimeRange) -> tuple[Counter[bytes], FetchCounts]:
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


# The same lines, as a file and as others write them.


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


# Kafka.


def test_exactly_the_records_of_a_time_are_fetched_however_their_times_are_mixed(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    times = [NOON + (number * 7919 % 1_000 - 500) * SECOND for number in range(3_000)]
    # Clocks that are wrong: one far ahead before all others, one far behind.
    times = [NOON * 2, 0, NOON - SECOND * 9, *times]
    records = [(b"record %d" % number, time) for number, time in enumerate(times)]
    produce(kafka, topic, records)

    for some in (
        TimeRange(NOON - 100 * SECOND, NOON + 100 * SECOND),
        TimeRange(NOON),
        TimeRange(end=NOON),
        TimeRange(NOON - 1_000, NOON),
        ANY_TIME,
    ):
        found, counts = records_of(kafka, topic, some)
        assert found == Counter(value for value, time in records if some.holds(time))
        assert counts.left_out == {}
    assert records_of(kafka, topic, TimeRange(NOON * 3))[1].records == 0


def test_a_record_without_a_value_or_a_line_is_counted(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    values = [
        None,
        b"",
        b"no JSON",
        b"[1]",
        b'{"other": "a"}',
        b'{"message": "two\\nlines\\n", "host": "web1"}',
        b'{"message": "a", "text": "of another field"}',
    ]
    produce(kafka, topic, ((value, NOON) for value in values))

    found, counts = records_of(kafka, topic, format="json")
    header = b"2026-11-24T12:00:00.000000+00:00 "
    assert found == Counter([header + b"web1 -: two lines", b"a"])
    assert (counts.records, counts.lines) == (7, 2)
    assert counts.left_out == {"no_value": 1, "no_line": 4}

    found, counts = records_of(kafka, topic, format="json", message_field="text")
    assert found == Counter([b"of another field"])
    assert counts.left_out == {"no_value": 1, "no_line": 5}

    found, counts = records_of(kafka, topic)
    assert found == Counter(value for value in values if value is not None)
    assert counts.left_out == {"no_value": 1}


def test_hostile_records_are_one_line_each(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    values = [b"\x1f\x8b\x08 first of its hour", b"a\nb\r\nc\r\n", b"\x00\xff", b"\n", "größe\u2028".encode()]
    values += [b"x" * 12_000_000]
    produce(kafka, topic, ((value, NOON) for value in values), max_request_size=2**24)

    found, _ = records_of(kafka, topic)
    expected = [b"\x1f\x8b\x08 first of its hour", b"a b c", b"\x00\xff", b"", "größe\u2028".encode(), values[-1]]
    assert found == Counter(expected)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_records_are_read_however_they_are_compressed(codec: str, kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    records = [(b"record %d of many that are alike" % number, NOON) for number in range(500)]
    produce(kafka, topic, records, compression_type=codec)

    assert records_of(kafka, topic)[0] == Counter(value for value, _ in records)


def test_a_topic_that_grows_all_the_time_comes_to_an_end(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    before = [(b"before %d" % number, NOON) for number in range(20_000)]
    produce(kafka, topic, before)
    done = threading.Event()

    def grow() -> None:
        def more() -> Iterator[tuple[bytes, int]]:
            while not done.is_set():
                yield b"meanwhile", NOON

        produce(kafka, topic, more())

    growing = threading.Thread(target=grow)
    growing.start()
    try:
        found, _ = records_of(kafka, topic)
    finally:
        done.set()
        growing.join()

    assert found - Counter({b"meanwhile": found[b"meanwhile"]}) == Counter(value for value, _ in before)


def test_where_the_broker_stamps_records_they_are_found_by_its_time(kafka: str, topic: str) -> None:
    make_topic(kafka, topic, message_timestamp_type="LogAppendTime")
    produce(kafka, topic, [(b"stamped anew", 0)] * 10)

    found, counts = records_of(kafka, topic, TimeRange(NOON - 365 * 24 * HOUR))
    assert (found, counts.records) == (Counter({b"stamped anew": 10}), 10)
    assert records_of(kafka, topic, TimeRange(end=NOON - 365 * 24 * HOUR))[1].records == 0


def test_records_that_kafka_removes_meanwhile_are_counted(
    kafka: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, ((b"record %d" % number, NOON) for number in range(300)))
    starts_of = from_kafka._starts

    def removed_meanwhile(consumer: Any, ends: dict[Any, int], start: int | None) -> dict[Any, int]:
        starts = starts_of(consumer, ends, start)
        with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
            admin.delete_records({TopicPartition(topic, 0): 40, TopicPartition(topic, 1): 100})
        return starts

    monkeypatch.setattr(from_kafka, "_starts", removed_meanwhile)
    found, counts = records_of(kafka, topic)

    expected = [
        b"record %d" % number for number in range(300) if number % 3 == 2 or (number % 3 == 0 and number >= 120)
    ]
    assert found == Counter(expected)
    assert counts.left_out == {"removed": 140}
    assert counts.records == 160


def test_an_unknown_topic_is_told_with_those_there_are(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)

    for unknown in (f"{topic}-not", "no name of one!"):
        with pytest.raises(CorpusError, match=rf"Kafka at {kafka} has no topic .{unknown}. that .*it has: .*{topic}"):
            records_of(kafka, unknown)
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
        assert f"{topic}-not" not in admin.list_topics()


def test_a_login_or_a_certificate_that_is_wrong_is_told(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each of three logins in vain is tried for as long.
    hasty = {"bootstrap_timeout_ms": 3_000}
    monkeypatch.setattr(from_kafka, "client_settings", lambda config: client_settings(config) | hasty)
    server = own_kafka(secured=True)
    servers = server.secured_bootstrap_servers
    make_topic(server.bootstrap_servers, "logs")
    produce(server.bootstrap_servers, "logs", [(b"a", NOON)])

    def secured(password: str, **more: Any) -> dict[str, Any]:
        (tmp_path / "password").write_text(password)
        place = {"security_protocol": "SASL_SSL", "ca_certs": str(server.certificate.ca), **more}
        login = {"username": kafka_server.USER, "password": f"file:{tmp_path}/password"}
        told = msgspec.to_builtins(load(TrainingConfig, None, {}, []).corpus.kafka) | place | login
        found = load(TrainingConfig, None, {}, [f"corpus.kafka={_toml(told)}"]).corpus.kafka
        return {name: getattr(found, name) for name in (*place, *login)}

    assert records_of(servers, "logs", **secured(kafka_server.PASSWORD))[0] == Counter([b"a"])
    with pytest.raises(ClientError, match=r"check .*username, password and sasl_mechanism") as told:
        records_of(servers, "logs", **secured("wrong"))
    assert not isinstance(told.value, ServerAway)
    with pytest.raises(ClientError, match=r"CERTIFICATE_VERIFY_FAILED.*check security_protocol and ca_certs"):
        records_of(servers, "logs", **secured(kafka_server.PASSWORD, ca_certs=None))
    with pytest.raises(ClientError, match=r"No such file.*check ca_certs"):
        records_of(servers, "logs", **secured(kafka_server.PASSWORD, ca_certs="/nowhere.pem"))


def _toml(table: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None) + "}"


# Elasticsearch.


def numbered(number: int) -> dict[str, Any]:
    return {"@timestamp": iso(NOON + number * SECOND), "message": f"Nov 24 12:00:00 web1 su: number {number}"}


def line_of(number: int) -> bytes:
    return f"Nov 24 12:00:00 web1 su: number {number}".encode()


@pytest.mark.parametrize(("page", "slices"), [(100, 1), (100, 3), (1_000, 4), (7, 10), (10_000, 2)])
def test_each_document_is_fetched_once_while_others_come_and_go(
    page: int, slices: int, elasticsearch: str, index_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(1_000)))
    pages = PointInTime.pages

    def changed_meanwhile(point: PointInTime) -> Iterator[list[dict[str, Any]]]:
        with closing(Elasticsearch(elasticsearch)) as client:
            for number, hits in enumerate(pages(point)):
                client.delete(index=name, id=str(999 - number))
                client.index(index=name, id=str(500 - number), document={"@timestamp": iso(NOON), "message": "changed"})
                client.index(index=name, document={"@timestamp": iso(NOON), "message": "new"}, refresh=True)
                yield hits

    if page >= 100:
        monkeypatch.setattr(PointInTime, "pages", changed_meanwhile)
    found, counts = documents_of(elasticsearch, name, page_documents=page, slices=slices)

    assert found == Counter(map(line_of, range(1_000)))
    assert counts.records == 1_000


def test_exactly_the_documents_of_a_time_and_a_query_are_fetched(elasticsearch: str, index_prefix: str) -> None:
    index(elasticsearch, f"{index_prefix}-a", map(numbered, range(600)))
    index(elasticsearch, f"{index_prefix}-b", map(numbered, range(600, 1_200)))

    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(NOON + 100 * SECOND, NOON + 700 * SECOND))
    assert found == Counter(map(line_of, range(100, 700)))
    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(end=NOON + 700 * SECOND + 1_000))
    assert found == Counter(map(line_of, range(701)))
    query = '{"match": {"message": "17 19 1100"}}'
    found, _ = documents_of(elasticsearch, f"{index_prefix}-*", TimeRange(NOON + 18 * SECOND), query=query)
    assert found == Counter(map(line_of, (19, 1_100)))


def test_of_nights_our_events_are_of_when_they_were_planned_and_other_documents_of_their_own_time(
    elasticsearch: str, index_prefix: str
) -> None:
    day = 24 * HOUR

    def ours(text: str, created: int) -> dict[str, Any]:
        event = {"kind": "event", "created": iso(created), "original": text}
        return {"@timestamp": iso(NOON), "event": event, "logwinnow": {"set": "v"}, "message": text}

    def other(text: str, time: int) -> dict[str, Any]:
        # Its `created` says something else.
        return {"@timestamp": iso(time), "event": {"created": iso(NOON + day)}, "message": text}

    ours_of = [ours("early", NOON - day), ours("late", NOON + day), ours("later", NOON + 2 * day)]
    index(elasticsearch, f"{index_prefix}-ours", ours_of)
    index(elasticsearch, f"{index_prefix}-other", [other("today", NOON + day), other("before", NOON)])
    config = ElasticsearchCorpus(url=elasticsearch)
    excluded = (TimeRange(NOON + 2 * day - 1_000, NOON + 3 * day),)
    counts = FetchCounts("made up", TimeRange(NOON + day - 1_000), excluded=excluded, by_batch=True)
    with Spool() as spool:
        from_elasticsearch.fetch(f"{index_prefix}-*", config, Rules(), counts, spool, quiet)
        lines = {Path(piece.path).read_text().split(": ")[-1].strip() for piece in spool.pieces()}
        days = spool.days()

    assert lines == {"late", "today"}
    assert days == [(NOON + day) // day]
    assert (counts.records, counts.left_out) == (3, {"excluded": 1})


def test_of_kafka_excluded_times_are_left_out_and_counted(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, [(b"a", NOON), (b"b", NOON + HOUR), (b"c", NOON + 2 * HOUR)])
    counts = FetchCounts("made up", ANY_TIME, excluded=(TimeRange(NOON + HOUR, NOON + 2 * HOUR),))
    with Spool() as spool:
        from_kafka.fetch(topic, KafkaCorpus(bootstrap_servers=kafka), Rules(), counts, spool, quiet)
        assert {Path(piece.path).read_text() for piece in spool.pieces()} == {"a\n", "c\n"}
    assert counts.left_out == {"excluded": 1}


def test_an_alias_and_several_names_with_commas_are_read(elasticsearch: str, index_prefix: str) -> None:
    for part in "ab":
        index(elasticsearch, f"{index_prefix}-{part}", [{"@timestamp": iso(NOON), "message": part}])
    with closing(Elasticsearch(elasticsearch)) as client:
        client.indices.put_alias(index=f"{index_prefix}-a", name=f"{index_prefix}-alias")

    header = b"2026-11-24T12:00:00.000000+00:00 - -: "
    assert documents_of(elasticsearch, f"{index_prefix}-alias")[0] == Counter([header + b"a"])
    both = documents_of(elasticsearch, f"{index_prefix}-a,{index_prefix}-b")[0]
    assert both == Counter([header + b"a", header + b"b"])


def test_fields_of_other_names_forms_and_depths_are_found(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    with closing(Elasticsearch(elasticsearch)) as client:
        times = {"type": "date", "format": "epoch_second||yyyy/MM/dd HH:mm"}
        nanoseconds = {"type": "date_nanos"}
        client.indices.create(
            index=name,
            mappings={"properties": {"at.seen": times, "at.exact": nanoseconds, "text.raw": {"type": "keyword"}}},
        )
        client.index(
            index=name,
            refresh=True,
            document={
                "at": {"seen": str(NOON // SECOND), "exact": "2026-11-24T12:00:00.123456789Z"},
                "text.raw": "failed",
                "host.name": "web1",
                "process": {"name": "su", "pid": 7},
            },
        )

    # The time in front is the document's, for none of its fields has a name that is a time's.
    line = b"2026-11-24T12:00:00.000000+00:00 web1 su[7]: failed"
    settings = {"message_field": "text.raw"}
    found, _ = documents_of(elasticsearch, name, TimeRange(NOON, NOON + 1_000), time_field="at.seen", **settings)
    assert found == Counter([line])
    found, _ = documents_of(elasticsearch, name, TimeRange(NOON), time_field="at.exact", **settings)
    assert found == Counter([line.replace(b".000000", b".123000")])


def test_documents_without_a_time_or_a_line_are_counted(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    of = [
        numbered(0),
        {"message": "without a time"},
        {"@timestamp": iso(NOON)},
        {"@timestamp": iso(NOON), "message": 5},
    ]
    index(elasticsearch, name, of)

    found, counts = documents_of(elasticsearch, name)
    assert found == Counter([line_of(0)])
    assert (counts.records, counts.left_out) == (4, {"no_time": 1, "no_line": 2})
    # Of no time, it is of none that is asked for.
    assert documents_of(elasticsearch, name, TimeRange(NOON))[1].left_out == {"no_line": 2}


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("{}-none", {}, "has no such index .*no such index"),
        ("{}-none-*", {}, "has no index that '.*' names and that this login may read"),
        ("{}-a,{}-none", {}, "has no such index"),
        ("{}-a", {"time_field": "time"}, r"no document .* has a field 'time'.*\$\.corpus\.elasticsearch\.time_field"),
        ("{}-a", {"time_field": "message"}, "field 'message' .* is of type text"),
        ("{}-a", {"query": '{"termm": {}}'}, r"unknown query \[termm\].*check \$\.corpus\.elasticsearch"),
    ],
)
def test_what_cannot_be_fetched_is_told_with_the_mend(
    name: str, settings: dict[str, Any], told: str, elasticsearch: str, index_prefix: str
) -> None:
    index(elasticsearch, f"{index_prefix}-a", [numbered(0)])

    with pytest.raises(CorpusError, match=told):
        documents_of(elasticsearch, name.format(index_prefix, index_prefix), **settings)


def test_an_index_that_is_deleted_meanwhile_is_told(elasticsearch: str, index_prefix: str) -> None:
    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(10)))
    wanted = Wanted({"match_all": {}}, ["message"], ["@timestamp"], 2, 1)

    with (
        closing(Elasticsearch(elasticsearch)) as client,
        PointInTime(Connection.of(ElasticsearchCorpus(url=elasticsearch)), name, wanted) as point,
    ):
        pages = point.pages()
        next(pages)
        client.indices.delete(index=name)
        with pytest.raises(CorpusError, match=r"has lost the point in time that was read .*start again"):
            list(pages)


def test_a_point_in_time_is_closed_in_the_end(elasticsearch: str, index_prefix: str) -> None:
    def open_contexts(client: Elasticsearch) -> int:
        nodes = client.nodes.stats(metric="indices", index_metric="search")["nodes"]
        return sum(node["indices"]["search"]["open_contexts"] for node in nodes.values())

    name = f"{index_prefix}-a"
    index(elasticsearch, name, map(numbered, range(10)))
    with closing(Elasticsearch(elasticsearch)) as client:
        before = open_contexts(client)
        documents_of(elasticsearch, name)
        with pytest.raises(CorpusError):
            documents_of(elasticsearch, name, query='{"termm": {}}')
        assert open_contexts(client) == before


def test_a_login_that_is_wrong_or_may_not_read_is_told_and_one_that_may_only_read_is_enough(
    own_elasticsearch: Callable[..., ElasticsearchServer], tmp_path: Path
) -> None:
    server = own_elasticsearch(secured=True)
    with closing(server.client()) as client:
        client.index(index="logs", document=numbered(0), refresh=True)
        client.index(index="other", document=numbered(0), refresh=True)
        reader = {"logs": {"indices": [{"names": ["logs*"], "privileges": ["read"]}]}}
        key = client.security.create_api_key(name="reader", role_descriptors=reader)["encoded"]

    def secured(key: str) -> ElasticsearchCorpus:
        (tmp_path / "key").write_text(key)
        place = {"url": server.url, "ca_certs": str(server.certificate.ca), "api_key": f"file:{tmp_path}/key"}
        return load(TrainingConfig, None, {}, [f"corpus.elasticsearch={_toml(place)}"]).corpus.elasticsearch

    def fetch(name: str, config: ElasticsearchCorpus) -> Counter[bytes]:
        found, _ = _fetched(
            lambda counts, spool: from_elasticsearch.fetch(name, config, Rules(), counts, spool, quiet), ANY_TIME
        )
        return found

    assert key not in repr(secured(key))
    assert fetch("logs*", secured(key)) == Counter([line_of(0)])
    with pytest.raises(ClientError, match=r"HTTP 401.*does not know the login: check api_key"):
        fetch("logs", secured(key[:-8] + "AAAAAAA="))
    with pytest.raises(ClientError, match=r"HTTP 403.*lacks a right"):
        fetch("other", secured(key))
    server.stop()
    with pytest.raises(ServerAway, match=r"does not answer .*check that it runs"):
        fetch("logs", secured(key))


def test_the_store_says_what_it_was_trained_from(kafka: str, topic: str, log: Path, tmp_path: Path) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, [*((line.encode(), time) for line, time in timed(log)), (None, NOON)])

    trained(tmp_path / "a", "polars", [f"kafka:{topic}"], f"corpus.kafka.bootstrap_servers={kafka}")

    told = {"source": f"kafka:{topic}", "start": None, "end": None, "records": 2_001, "lines": 2_000}
    assert Store(str(tmp_path / "a")).read().run["fetched"] == [{**told, "left_out": {"no_value": 1}}]
