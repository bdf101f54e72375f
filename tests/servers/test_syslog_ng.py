"""Lines that programs log and that other hosts send, by the real syslog-ng as we configure it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka_server import KafkaServer, create_topic
from live import Live, original
from syslog_ng_server import SyslogNgServer

pytestmark = pytest.mark.servers

_PATIENCE = 120

_IN_MEMORY = 1000
"""Lines that librdkafka takes by our configuration, which are no longer in the disk buffer."""


def wait_for(live: Live, texts: set[bytes], missing: int = 0) -> list[bytes]:
    """Wait until a record ends with each text, but for so many at most; return all records."""
    until = time.monotonic() + _PATIENCE
    while True:
        records = [value for value in live.records().values() if value]
        # No text has a colon.
        lacking = texts - {value.rpartition(b": ")[2] for value in records}
        if len(lacking) <= missing:
            return records
        assert time.monotonic() < until, (len(lacking), sorted(lacking)[:3])
        time.sleep(0.5)


def log_while_kafka_is_away(kafka: KafkaServer, syslog_ng: SyslogNgServer, texts: list[bytes]) -> None:
    """Return when syslog-ng has them all."""
    kafka.stop()
    syslog_ng.logger([*texts, b"the last"], program="app", pid=1)
    until = time.monotonic() + _PATIENCE
    while b"the last" not in syslog_ng.written.read_bytes():
        assert time.monotonic() < until
        time.sleep(0.1)
    # More than librdkafka takes is on disk.
    assert sum(file.stat().st_size for file in syslog_ng.buffer.iterdir()) > 10**6


@pytest.mark.spark
def test_what_syslog_ng_gets_is_judged_in_elasticsearch_with_host_program_and_time(live: Live) -> None:
    known = [f"Accepted password for müller from 10.0.0.{n} port {4000 + n} ssh2".encode() for n in range(200)]
    file = live.folder / "auth.log"
    file.write_bytes(b"".join(b"2026-11-23T10:00:00.000001+01:00 web1 sshd[77]: %b\n" % text for text in known))
    live.train(file)
    novel = rb'Accepted "publickey" for \root from 10.0.0.7'
    iso = b"<86>2026-11-24T10:00:00.500000+01:00 web2 postfix/smtpd[7]: connect"
    with SyslogNgServer(live.kafka, live.topic) as syslog_ng:
        begin = datetime.now(UTC)
        syslog_ng.logger([*known, novel], program="sshd", pid=902, priority="auth.info")
        syslog_ng.receive([iso, b"<30>Nov 24 10:00:00 web3 dhcpd: lease"])
        records = wait_for(live, {*known, novel, b"connect", b"lease"})
        end = datetime.now(UTC)
    assert len(records) == len(known) + 3
    live.run_once()
    assert live.check()["letters"] == 0
    events = {event["message"]: event for event in live.events()}
    assert events.keys() == {text.decode() for text in (*known, novel, b"connect", b"lease")}
    for text in (*known, novel):
        event = events[text.decode()]
        assert event["process"] == {"name": "sshd", "pid": 902}
        assert event["log"]["syslog"] == {"priority": 38, "facility": {"code": 4}, "severity": {"code": 6}}
        assert begin - timedelta(seconds=1) < datetime.fromisoformat(event["@timestamp"]) < end
        assert event["logwinnow"]["outlier"] == (text == novel)
    # What another host says of itself is kept as it is.
    assert original(events["connect"]) == iso
    assert (events["connect"]["host"], events["lease"]["host"]) == ({"name": "web2"}, {"name": "web3"})
    assert events["connect"]["process"] == {"name": "postfix/smtpd", "pid": 7}
    assert events["connect"]["@timestamp"].startswith("2026-11-24T09:00:00.5")
    assert events["lease"]["log"]["syslog"]["priority"] == 30


def test_what_is_logged_while_kafka_is_away_waits_on_disk_and_arrives(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    kafka = own_kafka()
    create_topic(kafka.bootstrap_servers, "logs", 2)
    live = Live(tmp_path, kafka.bootstrap_servers, "", "logs", "")
    texts = [b"line %d" % number for number in range(15_000)]
    with SyslogNgServer(kafka.bootstrap_servers, "logs") as syslog_ng:
        syslog_ng.logger([b"the first"], program="app", pid=1)
        wait_for(live, {b"the first"})
        log_while_kafka_is_away(kafka, syslog_ng, texts)
        kafka.start()
        records = wait_for(live, {*texts, b"the last"})
    assert {value.rpartition(b": ")[2] for value in records} == {b"the first", *texts, b"the last"}
    assert {value.partition(b" ")[0][:4] for value in records} == {b"<13>"}


@pytest.mark.slow
def test_a_crash_while_kafka_is_away_loses_no_more_than_librdkafka_had(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    kafka = own_kafka()
    create_topic(kafka.bootstrap_servers, "logs", 2)
    live = Live(tmp_path, kafka.bootstrap_servers, "", "logs", "")
    texts = [b"line %d" % number for number in range(15_000)]
    with SyslogNgServer(kafka.bootstrap_servers, "logs") as syslog_ng:
        syslog_ng.logger([b"the first"], program="app", pid=1)
        wait_for(live, {b"the first"})
        log_while_kafka_is_away(kafka, syslog_ng, texts)
        syslog_ng.kill()
        kafka.start()
        syslog_ng.start()
        records = wait_for(live, set(texts), missing=_IN_MEMORY)
    assert {value.rpartition(b": ")[2] for value in records} <= {b"the first", *texts, b"the last"}
