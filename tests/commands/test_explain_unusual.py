"""`logwinnow explain ID` of an alert about lines of a known kind: what it says, and where there is more."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alert_documents import rate_of, silent_of, value_of
from filled_sink import PLANNED_AT, files_sink, published

from streaming.alerts import Alert

Run = Callable[..., tuple[int, str, str]]

OF = ("--set", "sink.files.path=out", "--store", "patterns")


def told(tmp_path: Path, *documents: dict[str, Any]) -> None:
    published(tmp_path / "patterns", [("sshd", "session *{1,1}")])
    sink = files_sink(tmp_path / "out")
    sink.start()
    sink.write_alerts(Alert(document, PLANNED_AT) for document in documents)


@pytest.mark.parametrize("document", [rate_of(), silent_of("web1"), silent_of("web1", "web2")])
def test_an_alert_about_no_single_line_is_answered_by_what_it_says(
    document: dict[str, Any], run: Run, tmp_path: Path
) -> None:
    told(tmp_path, document)
    ours, identity = document["logwinnow"], document["event"]["id"]

    code, out, err = run("explain", identity, *OF)
    assert (code, err) == (0, "")
    assert out.startswith(f"UNUSUAL  {ours['kind'].replace('_', ' ')}\n  {document['message']}\n")
    assert f"find        {ours['find']}\n" in out

    code, out, _ = run("explain", identity, *OF, "--json")
    said = json.loads(out)
    assert (said["id"], said["message"], said["find"]) == (identity, document["message"], ours["find"])
    assert said["host"] == document.get("host", {}).get("name")
    assert said["pattern"] == ours.get("pattern", {}).get("id")


def test_it_says_how_often_it_was_not_told_on_which_host_and_what_is_usual(run: Run, tmp_path: Path) -> None:
    burst, beat = rate_of("web1"), silent_of("web2")
    burst["logwinnow"]["untold"] = 1_200
    told(tmp_path, burst, beat)

    _, out, _ = run("explain", burst["event"]["id"], *OF)
    assert f"told        {burst['@timestamp']}; 1,200 times since it was told before\n" in out
    assert "host        web1\n" in out

    said = [json.loads(run("explain", each["event"]["id"], *OF, "--json")[1]) for each in (burst, beat)]
    assert [each["usual"] for each in said] == [40.0, 60.0]


def test_of_a_pattern_it_names_the_command_that_shows_what_is_usual(run: Run, tmp_path: Path) -> None:
    document = rate_of()
    told(tmp_path, document)

    _, out, _ = run("explain", document["event"]["id"], *OF)

    ours = document["logwinnow"]
    assert f"usual       logwinnow patterns show {ours['pattern']['id']} --version {ours['set']}\n" in out


def test_of_a_new_value_its_line_is_explained_and_what_is_new_said(run: Run, tmp_path: Path) -> None:
    document = value_of("Nov  3 05:00:00 web1 sshd[7]: session 9", 0, "9", "session *{1,1}")
    told(tmp_path, document)

    _, out, _ = run("explain", document["event"]["id"], *OF)
    assert "\ntold as     '9' is new as parameter 1 of session *{1,1}, which was 'usual'" in out
    assert "more: logwinnow explain" not in out

    _, out, _ = run("explain", document["event"]["id"], *OF, "--json")
    assert json.loads(out)["explained"]["line"] == "Nov  3 05:00:00 web1 sshd[7]: session 9"
