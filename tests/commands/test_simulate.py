"""`logwinnow simulate`: where the lines go, and what it refuses."""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import simulate
from patterns.errors import LogwinnowError

_ROOT = Path(__file__).resolve().parents[2]
_WEEK = ("--days", "7", "--lines-per-day", "300", "--seed", "2")
_ALONE = """
import argparse, sys
from commands import simulate
parser = argparse.ArgumentParser()
simulate.add(parser.add_subparsers())
arguments = parser.parse_args()
sys.exit(arguments.run(arguments))
"""


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="logwinnow")
    simulate.add(parser.add_subparsers())
    arguments = parser.parse_args(["simulate", *words])
    code: int = arguments.run(arguments)
    return code


def test_the_lines_go_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _run("--lines", "50") == 0

    assert capfdbinary.readouterr().out.count(b"\n") == 50


def test_the_lines_go_to_a_file_and_a_label_for_each_beside_it(tmp_path: Path) -> None:
    log, labels = tmp_path / "fleet.log", tmp_path / "labels.jsonl"

    assert _run("--lines", "400", "--output", str(log), "--labels", str(labels)) == 0

    lines = log.read_bytes().decode().split("\n")
    told = [json.loads(label) for label in labels.read_text(encoding="utf-8").splitlines()]
    assert lines.pop() == ""
    assert [label["line"] for label in told] == list(range(1, 401))
    assert {label["novel"] for label in told[:200]} == {False}
    assert any(label["novel"] for label in told[200:])
    assert all(f" {label['kind'].rpartition('.')[0]}" in line for label, line in zip(told, lines, strict=True))


def test_the_options_choose_the_log(tmp_path: Path) -> None:
    log, labels = tmp_path / "fleet.log", tmp_path / "labels.jsonl"
    options = (
        "--lines",
        "500",
        "--seed",
        "3",
        "--start",
        "2027-03-04T05:06",
        "--novel-after",
        "0.1",
        "--novel-kinds",
        "2",
    )

    _run(*options, "--output", str(log), "--labels", str(labels))

    told = [json.loads(label) for label in labels.read_text(encoding="utf-8").splitlines()]
    assert log.read_text(encoding="utf-8").startswith("Mar  4 05:06:")
    assert len({label["kind"] for label in told if label["novel"]}) == 2


def test_a_closed_pipe_ends_it_quietly() -> None:
    words = [sys.executable, "-c", _ALONE, "simulate", "--lines", "100000"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=_ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogwinnowError, match=r"missing/fleet\.log cannot be written: No such file or directory; give"):
        _run("--lines", "5", "--output", str(tmp_path / "missing" / "fleet.log"))


def test_lines_and_labels_do_not_go_to_one_file(tmp_path: Path) -> None:
    with pytest.raises(LogwinnowError, match="two files"):
        _run("--output", str(tmp_path / "both"), "--labels", str(tmp_path / "both"))


def test_labels_of_lines_are_those_of_earlier_versions(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"

    _run("--lines", "2000", "--seed", "3", "--output", str(tmp_path / "fleet.log"), "--labels", str(labels))

    expected = "cea7c7165b8abaab2bdbaf41ca673de33e9de8838a25c7d69e7fe25b94aac876"
    assert hashlib.sha256(labels.read_bytes()).hexdigest() == expected


def test_days_go_to_a_file_with_labels_and_events_beside_it(tmp_path: Path) -> None:
    log, labels, events = (tmp_path / name for name in ("fleet.log", "labels.jsonl", "events.jsonl"))

    _run(*_WEEK, "--output", str(log), "--labels", str(labels), "--events", str(events))

    lines = log.read_bytes().decode().split("\n")
    told = [json.loads(label) for label in labels.read_text(encoding="utf-8").splitlines()]
    known = {json.loads(event)["event"] for event in events.read_text(encoding="utf-8").splitlines()}
    assert lines.pop() == ""
    assert [label["line"] for label in told] == list(range(1, len(lines) + 1))
    assert list(told[0]) == ["line", "kind", "novel", "cause", "event"]
    assert {label["event"] for label in told} - {None} <= known
    assert all(f" {label['kind'].rpartition('.')[0]}" in line for label, line in zip(told, lines, strict=True))


def test_troubles_are_in_the_lines_and_in_the_schedule(tmp_path: Path) -> None:
    labels, events = tmp_path / "labels.jsonl", tmp_path / "events.jsonl"

    _run(*_WEEK, "--troubles", "4", "--output", str(tmp_path / "log"), "--labels", str(labels), "--events", str(events))

    planned = {json.loads(event)["cause"] for event in events.read_text(encoding="utf-8").splitlines()}
    said = {json.loads(label)["cause"] for label in labels.read_text(encoding="utf-8").splitlines()}
    assert {"burst", "stopped", "silence", "value"} <= planned
    assert {"burst", "stopped", "silence", "value"} & said == {"burst", "value"}


def test_days_go_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert _run("--days", "1", "--lines-per-day", "300") == 0

    assert capfdbinary.readouterr().out.startswith(b"Nov 16 00:00:")


def test_a_folder_gets_a_file_a_day_and_labels_say_which(tmp_path: Path) -> None:
    folder, labels, whole = tmp_path / "days", tmp_path / "labels.jsonl", tmp_path / "whole.log"

    _run(*_WEEK, "--output", f"{folder}/", "--labels", str(labels))
    _run(*_WEEK, "--output", str(whole))

    files = sorted(folder.iterdir())
    told = [json.loads(label) for label in labels.read_text(encoding="utf-8").splitlines()]
    assert [file.name for file in files] == [f"2026-11-{day}.log" for day in range(16, 23)]
    assert b"".join(file.read_bytes() for file in files) == whole.read_bytes()
    assert list(told[0]) == ["file", "line", "kind", "novel", "cause", "event"]
    assert [(label["file"], label["line"]) for label in told] == [
        (file.name, number + 1) for file in files for number in range(file.read_bytes().count(b"\n"))
    ]


def test_a_folder_that_exists_needs_no_slash(tmp_path: Path) -> None:
    _run("--days", "1", "--lines-per-day", "300", "--output", str(tmp_path))

    assert [file.name for file in tmp_path.iterdir()] == ["2026-11-16.log"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--days", "3", "--lines", "5"), "--lines 5 does not go with --days"),
        (("--days", "3", "--novel-after", "0"), r"--novel-after 0\.0 does not go with --days"),
        (("--lines-per-day", "900"), "--lines-per-day 900 is for whole days: give --days"),
        (("--events", "events.jsonl"), r"--events events\.jsonl is for whole days: give --days"),
        (("--troubles", "4"), "--troubles 4 is for whole days: give --days"),
        (("--output", "days/"), "--output days/ is a folder, for a file a day: give --days"),
        (("--days", "3", "--start", "2026-11-16T08:00"), "is no midnight in UTC"),
        (("--days", "3", "--start", "2026-11-16T00:00+01:00"), r"15T23:00:00\+00:00 is no midnight in UTC"),
        (("--days", "1000", "--start", "2199-01-01"), "--days 1000 go beyond the year 2200"),
        (("--days", "3", "--labels", "both", "--events", "both"), "give them two files"),
        (("--days", "3", "--output", "both", "--events", "both"), "give them two files"),
        (("--days", "3", "--output", "days/", "--labels", "days/2026-11-16.log"), "could be the log of a day"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_written(
    words: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(LogwinnowError, match=why):
        _run(*words)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--lines", "-1"), "'-1' is no count"),
        (("--lines", "many"), "'many' is no count"),
        (("--seed", "1.5"), "'1.5' is no count"),
        (("--novel-after", "1.01"), "'1.01' is no share"),
        (("--novel-after", "nan"), "'nan' is no share"),
        (("--novel-after", "half"), "'half' is no share"),
        (("--novel-kinds", "1000"), "1000 is too many"),
        (("--output", ""), "an empty name is no place"),
        (("--days", "0"), "'0' are no days"),
        (("--days", "100000"), "'100000' are no days"),
        (("--days", "-1"), "'-1' is no count"),
        (("--lines-per-day", "10"), "'10' lines a day are too few"),
        (("--start", "yesterday"), "'yesterday' is no moment"),
        (("--start", "9999-12-31"), "'9999-12-31' is no moment"),
    ],
)
def test_wrong_use_exits_2_and_says_why(words: tuple[str, str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(*words)

    assert ended.value.code == 2
    assert why in capsys.readouterr().err


def test_the_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _run("--help")

    assert ended.value.code == 0
    assert "logwinnow simulate --lines" in capsys.readouterr().out
