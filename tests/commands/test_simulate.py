"""`logwinnow simulate`: where the lines go, and what it refuses."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import simulate
from patterns.errors import LogwinnowError

_ROOT = Path(__file__).resolve().parents[2]
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
