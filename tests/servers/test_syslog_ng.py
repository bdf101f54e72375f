"""Lines that programs log and that other hosts send, by the real syslog-ng as we configure it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka_server import KafkaServer, create_topic
from live import Live, original
from syslog_daemon import text_of, wait_for
from syslog_ng_server import SyslogNgServer

pytestmark = pytest.mark.servers

_IN_MEMORY = 1000
"""Lines that librdkafka takes by our configuration, which are no longer in the disk buffer."""


def log_while_kafka_is_away(kafka: KafkaServer, syslog_ng: SyslogNgServer, texts: list[bytes]) -> None:
    """Return when syslog-ng has them all."""
    kafka.stop()
    syslog_ng.logger([*texts, b"the last"], program="app", pid=1)
    syslog_ng.wait_until_written(b"the last")
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


@pytest.mark.parametrize("crashes", [False, True])
def test_what_is_logged_while_kafka_is_away_waits_on_disk_and_arrives_but_what_librdkafka_had_in_a_crash(
    crashes: bool, own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    kafka = own_kafka()
    create_topic(kafka.bootstrap_servers, "logs", 2)
    live = Live(tmp_path, kafka.bootstrap_servers, "", "logs", "")
    texts = {b"line %d" % number for number in range(15_000)}
    with SyslogNgServer(kafka.bootstrap_servers, "logs") as syslog_ng:
        syslog_ng.logger([b"the first"], program="app", pid=1)
        wait_for(live, {b"the first"})
        log_while_kafka_is_away(kafka, syslog_ng, sorted(texts))
        if crashes:
            syslog_ng.kill()
        kafka.start()
        if crashes:
            syslog_ng.start()
        records = wait_for(live, {*texts, b"the last"}, missing=_IN_MEMORY if crashes else 0)
    found = set(map(text_of, records))
    assert found <= {b"the first", *texts, b"the last"}
    assert crashes or found == {b"the first", *texts, b"the last"}
    assert {value.partition(b" ")[0][:4] for value in records} == {b"<13>"}
