"""The commands of README and docs that want Kafka or Elasticsearch, against the real ones."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from documented import Section, sandbox, sections_to_run
from elasticsearch import helpers
from kafka import KafkaProducer
from live import Live

from commands.__main__ import main

_DAY = 86_400


def fill(live: Live, lines: list[str]) -> None:
    """Put in what the documents take for granted: lines of yesterday and today, indices of Logstash and of ours."""
    with closing(KafkaProducer(bootstrap_servers=live.kafka)) as producer:
        for age in (_DAY, 60):
            for line in lines:
                producer.send(live.topic, line.encode(), timestamp_ms=round((time.time() - age) * 1_000))
        producer.flush()
    today = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    with closing(live.client()) as client:
        for index, moment in (
            (f"{live.prefix}-logstash-1", "2026-11-03T12:00:00Z"),
            (live.prefix + "-events-1", today),
        ):
            actions: list[dict[str, Any]] = [
                {"_index": index, "@timestamp": moment, "message": line, "event": {"original": line}} for line in lines
            ]
            helpers.bulk(client, actions, refresh=True)


@pytest.mark.servers
@pytest.mark.spark
@pytest.mark.parametrize(
    "section",
    sections_to_run(with_servers=True),
    ids=lambda section: f"{section.page}-{section.heading}",
)
def test_every_command_of_a_section_works(section: Section, live: Live, tmp_path: Path) -> None:
    place = tmp_path / "box"
    place.mkdir()
    host = live.elasticsearch.removeprefix("http://")
    servers = {"kafka": live.kafka, "topic": live.topic, "elasticsearch": host, "prefix": live.prefix}
    with sandbox(place, main, **servers) as box:
        fill(live, (place / "var/log/syslog.1").read_text().splitlines())
        box.instead["logger -t sshd 'backdoor installed by mallory'"] = lambda: live.send(
            [b"Nov 28 17:00:00 web1 sshd[77]: backdoor installed by mallory"]
        )
        box.run_section(section)
