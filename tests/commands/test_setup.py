"""`logwinnow setup`, without servers; what it makes in a real Elasticsearch is in tests/servers/test_setup.py."""

import json
from pathlib import Path

import pytest
from http_answers import answering
from kibana_stand_in import KibanaStandIn

from commands.__main__ import main

_NOWHERE = ["--set", "sink.elasticsearch.url=http://127.0.0.1:9", "--set", "kibana.url=http://127.0.0.1:9"]
_MINE = [*_NOWHERE, "--set", "sink.elasticsearch.index_prefix=mine"]


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the requests of a dry run, which reaches no server."""
    assert main(["setup", *arguments, "--dry-run", *_MINE]) == 0
    return list(json.loads(capsys.readouterr().out))


def test_a_dry_run_prints_what_would_be_sent_and_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    templates = ["PUT /_index_template/mine-events", "PUT /_index_template/mine-alerts"]
    assert planned(capsys, "elasticsearch") == templates
    shown = planned(capsys, "kibana")
    assert shown[0] == "POST /api/saved_objects/_import?overwrite=true"
    assert [path.rpartition("/")[0] for path in shown[1:]] == ["POST /api/alerting/rule"] * 4
    assert planned(capsys, "all") == [*templates, *shown]


def test_a_dry_run_of_removing_prints_what_would_be_taken_away_what_shows_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = planned(capsys, "all", "--remove")
    assert {path.split()[0] for path in paths} == {"DELETE", "POST"}
    assert [path for path in paths if path.startswith("POST")] == [
        "POST /mine-events-*,mine-alerts-*,-mine-events-undated/_ilm/remove"
    ]
    assert paths[0].startswith("DELETE /api/alerting/rule/")
    assert paths[-1] == "DELETE /_ilm/policy/mine-keep-days"
    assert not [path for path in paths if path.startswith("DELETE /mine-")]


def test_days_to_keep_come_before_the_templates_that_name_their_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys, "elasticsearch", "--set", "sink.elasticsearch.keep_days=7") == [
        "PUT /_ilm/policy/mine-keep-days",
        *(f"PUT /_index_template/mine-{name}" for name in ("events", "alerts", "events-undated")),
    ]


@pytest.mark.parametrize(
    ("what", "server"), [("elasticsearch", "Elasticsearch"), ("kibana", "Kibana"), ("all", "Elasticsearch")]
)
@pytest.mark.parametrize("more", [[], ["--remove"]], ids=str)
def test_a_server_that_does_not_answer_is_one_line_that_says_so(
    what: str, server: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", what, *_NOWHERE, *more]) == 1
    said = capsys.readouterr().err
    first = "Kibana" if (what, more) == ("all", ["--remove"]) else server
    assert said.startswith(f"logwinnow: {first} at http://127.0.0.1:9 does not answer")
    assert said.count("\n") == 1


def test_what_was_made_is_said_line_by_line_and_can_be_removed(capsys: pytest.CaptureFixture[str]) -> None:
    kibana = KibanaStandIn()
    with answering(kibana) as url:
        assert main(["setup", "kibana", "--set", f"kibana.url={url}"]) == 0
        said = capsys.readouterr().out.splitlines()
        assert [line.rpartition(": ")[2] for line in said] == ["9 made", *["made"] * 4]
        assert main(["setup", "kibana", "--set", f"kibana.url={url}", "--remove"]) == 0
    assert (kibana.objects, kibana.rules) == ({}, {})
    assert len(capsys.readouterr().out.splitlines()) == 13


def test_a_login_is_read_from_where_the_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIBANA_KEY", "made-up")
    with answering(KibanaStandIn(authorization="ApiKey made-up")) as url:
        file = tmp_path / "streaming.toml"
        file.write_text(f'[kibana]\nurl = "{url}"\napi_key = "env:KIBANA_KEY"\n')
        assert main(["setup", "kibana", "--config", str(file)]) == 0
        capsys.readouterr()
        monkeypatch.setenv("KIBANA_KEY", "wrong")
        assert main(["setup", "kibana", "--config", str(file)]) == 1
    said = capsys.readouterr()
    assert "HTTP 401" in said.err
    assert "check kibana.api_key" in said.err
    assert "wrong" not in said.err + said.out
