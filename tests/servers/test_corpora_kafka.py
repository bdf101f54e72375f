"""Corpora out of the real Kafka: what is fetched, of which time, and what is told."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import kafka_server
import msgspec
import pytest
from fetching import NOON, make_topic, produce, quiet, records_of, toml
from kafka import KafkaAdminClient, TopicPartition
from kafka_server import KafkaServer

from clients.errors import ClientError, ServerAway
from clients.kafka import client_settings
from patterns.rules import Rules
from patterns.settings import load
from patterns.timestamps import SECOND
from training.config import TrainingConfig
from training.errors import CorpusError
from training.fetched import kafka as from_kafka
from training.fetched.config import KafkaCorpus
from training.fetched.counts import FetchCounts
from training.fetched.spool import HOUR, Spool
from training.fetched.time_range import ANY_TIME, TimeRange

pytestmark = pytest.mark.servers


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
    server = own_kafka(secured=True)
    servers = server.secured_bootstrap_servers
    make_topic(server.bootstrap_servers, "logs")
    produce(server.bootstrap_servers, "logs", [(b"a", NOON)])

    def secured(password: str, **more: Any) -> dict[str, Any]:
        (tmp_path / "password").write_text(password)
        place = {"security_protocol": "SASL_SSL", "ca_certs": str(server.certificate.ca), **more}
        login = {"username": kafka_server.USER, "password": f"file:{tmp_path}/password"}
        told = msgspec.to_builtins(load(TrainingConfig, None, {}, []).corpus.kafka) | place | login
        found = load(TrainingConfig, None, {}, [f"corpus.kafka={toml(told)}"]).corpus.kafka
        return {name: getattr(found, name) for name in (*place, *login)}

    assert records_of(servers, "logs", **secured(kafka_server.PASSWORD))[0] == Counter([b"a"])
    # Each of three logins in vain is tried for as long.
    hasty = {"bootstrap_timeout_ms": 3_000}
    monkeypatch.setattr(from_kafka, "client_settings", lambda config: client_settings(config) | hasty)
    with pytest.raises(ClientError, match=r"check .*username, password and sasl_mechanism") as told:
        records_of(servers, "logs", **secured("wrong"))
    assert not isinstance(told.value, ServerAway)
    with pytest.raises(ClientError, match=r"CERTIFICATE_VERIFY_FAILED.*check security_protocol and ca_certs"):
        records_of(servers, "logs", **secured(kafka_server.PASSWORD, ca_certs=None))
    with pytest.raises(ClientError, match=r"No such file.*check ca_certs"):
        records_of(servers, "logs", **secured(kafka_server.PASSWORD, ca_certs="/nowhere.pem"))


def test_of_kafka_excluded_times_are_left_out_and_counted(kafka: str, topic: str) -> None:
    make_topic(kafka, topic)
    produce(kafka, topic, [(b"a", NOON), (b"b", NOON + HOUR), (b"c", NOON + 2 * HOUR)])
    counts = FetchCounts("made up", ANY_TIME, excluded=(TimeRange(NOON + HOUR, NOON + 2 * HOUR),))
    with Spool() as spool:
        from_kafka.fetch(topic, KafkaCorpus(bootstrap_servers=kafka), Rules(), counts, spool, quiet)
        assert {Path(piece.path).read_text() for piece in spool.pieces()} == {"a\n", "c\n"}
    assert counts.left_out == {"excluded": 1}
