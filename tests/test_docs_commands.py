"""Each command that README and docs show is run, here or in tests/servers, or is listed as one that cannot."""

import os
from pathlib import Path

import pytest
from documented import SERVERS, Section, sandbox, sections, sections_to_run

from commands.__main__ import main

# What a mark may name beside servers, and why a test does not have it.
_NOT_HERE = {
    "kibana": "comes in Docker alone; a stand-in for its API is in tests/servers",
    "docker": "downloads images of more than 1 GB, and there is no engine",
    "root": "changes the machine",
    "journald": "a container has none",
    "syslogd": "a container has none",
    "checkout": "sets up the very checkout that the tests run in, or runs them again",
}

_NOT_RUN = [
    "make run     # sets itself up, trains on a simulated log, streams the rest, shows the outliers",
    "make test    # sets itself up, runs the tests that this machine allows, names the others",
    "journalctl -o short-iso --since '7 days ago' | logwinnow train -",
    "journalctl -f -o short-iso | logwinnow match -",
    "make up                                                # both and Kibana, in Docker, to try it",
    "journalctl -f -o short-iso | logwinnow ship - --bootstrap-servers kafka:9092",
    "logwinnow setup all",
    (
        "curl -X POST http://127.0.0.1:5601/api/saved_objects/_import?overwrite=true"
        ' -H "kbn-xsrf: true" -F file=@conf/kibana/logwinnow.ndjson'
    ),
    (
        'curl -X POST http://127.0.0.1:5601/api/alerting/rule -H "kbn-xsrf: true"'
        ' -H "Content-Type: application/json" -d @conf/kibana/rule-new-shape.json'
    ),
    "make setup",
    ". .venv/bin/activate",
    "make up",
    "sudo cp conf/rsyslog/60-logwinnow.conf /etc/rsyslog.d/",
    "sudo systemctl restart rsyslog",
    "journalctl -f -o short-iso | logwinnow ship - --bootstrap-servers 127.0.0.1:9092",
    "logger -t sshd 'backdoor installed by mallory'",
]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no setting of this machine."""
    for name in os.environ:
        if name.startswith("LOGWINNOW_"):
            monkeypatch.delenv(name)


def test_what_a_test_cannot_run_is_listed() -> None:
    blocks = [block for section in sections() for block in section.blocks if not block.can_run]
    assert [command for block in blocks for command in block.commands] == _NOT_RUN
    assert all(block.needs <= SERVERS | _NOT_HERE.keys() for block in blocks)


@pytest.mark.spark
@pytest.mark.parametrize(
    "section",
    sections_to_run(with_servers=False),
    ids=lambda section: f"{section.page}-{section.heading}",
)
def test_every_command_of_a_section_works(section: Section, tmp_path: Path) -> None:
    with sandbox(tmp_path, main) as box:
        box.run_section(section)
