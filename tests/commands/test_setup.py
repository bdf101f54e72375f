"""`logwinnow setup`, without servers; what it makes in a real Elasticsearch is in tests/servers."""

import json

import pytest

from commands.__main__ import main


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--set", "sink.elasticsearch.url=http://127.0.0.1:9", "--set", "sink.elasticsearch.index_prefix=mine"]
    assert main(["setup", "elasticsearch", "--dry-run", *given]) == 0
    bodies = json.loads(capsys.readouterr().out)
    assert list(bodies) == ["PUT /_index_template/mine-events", "PUT /_index_template/mine-alerts"]


def test_an_elasticsearch_that_does_not_answer_is_one_line_that_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "elasticsearch", "--set", "sink.elasticsearch.url=http://127.0.0.1:9"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("logwinnow: Elasticsearch at http://127.0.0.1:9 does not answer")
    assert said.count("\n") == 1
