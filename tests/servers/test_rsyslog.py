"""Lines that programs log, that other hosts send and that stand in files, by the real rsyslog as we configure it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka_server import KafkaServer, create_topic
from live import Live, original
from rsyslog_server import NAME, RsyslogServer
from syslog_daemon import wait_for

pytestmark = [pytest.mark.servers, pytest.mark.spark]


def test_what_rsyslog_gets_is_judged_in_elasticsearch_with_host_program_and_time(live: Live) -> None:
    known = [f"Accepted password for müller from 10.0.0.{n} port {4000 + n} ssh2".encode() for n in range(200)]
    # As rsyslog wrote them to /var/log/auth.log the day before.
    file = live.folder / "auth.log"
    file.write_bytes(b"".join(b"2026-11-23T10:00:00.000001+01:00 web1 sshd[77]: %b\n" % text for text in known))
    live.train(file)
    novel = rb'Accepted "publickey" for \root from 10.0.0.7'
    relayed = b"<86>2026-11-24T10:00:00.5+01:00 web2 postfix/smtpd[7]: connect"
    with RsyslogServer(live.kafka, live.topic) as rsyslog:
        begin = datetime.now(UTC)
        rsyslog.logger([*known, novel], program="sshd", pid=902, priority="auth.info")
        rsyslog.receive([relayed])
        rsyslog.append([b"payment 17 taken"])
        records = wait_for(live, {*known, novel, b"connect", b"payment 17 taken"})
        end = datetime.now(UTC)
    assert len(records) == len(known) + 3
    live.run_once()
    assert live.check()["letters"] == 0
    events = {event["message"]: event for event in live.events() if event.get("process", {}).get("name") != "rsyslogd"}
    assert events.keys() == {text.decode() for text in (*known, novel, b"connect", b"payment 17 taken")}
    for text in (*known, novel):
        event = events[text.decode()]
        assert event["host"] == {"name": NAME}
        assert event["process"] == {"name": "sshd", "pid": 902}
        assert event["log"]["syslog"] == {"priority": 38, "facility": {"code": 4}, "severity": {"code": 6}}
        assert begin - timedelta(seconds=1) < datetime.fromisoformat(event["@timestamp"]) < end
        assert event["logwinnow"]["outlier"] == (text == novel)
    # What another host says of itself is kept as it is; of a line of a file rsyslog says where it is from.
    assert original(events["connect"]) == relayed
    assert events["connect"]["host"] == {"name": "web2"}
    assert events["connect"]["process"] == {"name": "postfix/smtpd", "pid": 7}
    assert events["connect"]["@timestamp"].startswith("2026-11-24T09:00:00.5")
    assert events["payment 17 taken"]["host"] == {"name": NAME}
    assert events["payment 17 taken"]["process"] == {"name": "shop"}


def test_what_is_logged_while_kafka_is_away_and_rsyslog_restarts_waits_on_disk_and_arrives(
    own_kafka: Callable[..., KafkaServer], tmp_path: Path
) -> None:
    kafka = own_kafka()
    create_topic(kafka.bootstrap_servers, "logs", 2)
    live = Live(tmp_path, kafka.bootstrap_servers, "", "logs", "")
    # More than the queue holds in memory.
    texts = [b"line %d" % number for number in range(15_000)]
    with RsyslogServer(kafka.bootstrap_servers, "logs") as rsyslog:
        rsyslog.logger(texts[:10], program="app", pid=1)
        wait_for(live, set(texts[:10]))
        kafka.stop()
        rsyslog.logger(texts[10:-10], program="app", pid=1)
        # What has not come to the queue for Kafka, rsyslog has in memory alone, and drops when it is stopped.
        rsyslog.wait_until_written(texts[-11])
        rsyslog.stop()
        assert any(file.stat().st_size for file in rsyslog.work.glob("logwinnow.0*"))
        rsyslog.start()
        rsyslog.logger(texts[-10:], program="app", pid=1)
        kafka.start()
        records = wait_for(live, set(texts))
    # A line that was under way when Kafka went may come twice; none comes changed.
    assert {value.rpartition(b" app[1]: ")[2].rstrip(b"\n") for value in records} == set(texts)
