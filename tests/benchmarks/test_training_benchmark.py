"""The one command, on tiny files."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "training"


def benchmark(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False)


def test_it_measures_compares_and_reports(tmp_path: Path) -> None:
    done = benchmark(
        "--sizes", "600,1k", "--corpora", "varied", "--rounds", "1", "--support", "1%", "--timeout", "60",
        "--only", "logwinnow-python", "two-pass", "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = json.loads((tmp_path / "out" / "training.json").read_text())["runs"]
    assert [(run["lines"], run["task"], run["peer"]) for run in runs] == [
        (lines, task, peer)
        for lines in (600, 1_000)
        for task, peer in (
            ("logcluster", "logwinnow-python"),
            ("logcluster", "two-pass"),
            ("slct", "logwinnow-python"),
            ("slct", "two-pass"),
            ("default", "logwinnow-python"),
        )
    ]
    assert not any(run["failure"] for run in runs)
    assert str(tmp_path) not in (tmp_path / "out" / "training.md").read_text()


def test_a_file_of_ones_own_is_measured_whole_and_not_named(tmp_path: Path) -> None:
    (tmp_path / "secret.log").write_text("a b c\n" * 30)
    done = benchmark(
        "--file", str(tmp_path / "secret.log"), "--tasks", "slct", "--only", "two-pass", "--rounds", "1",
        "--output", str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run,) = json.loads((tmp_path / "out" / "training.json").read_text())["runs"]
    assert (run["corpus"], run["lines"], run["patterns"]) == ("own", 30, 1)


def test_wrong_use_is_told(tmp_path: Path) -> None:
    for arguments, said in (
        (["--sizes", "many"], "'many' is no number of lines"),
        (["--tasks", "drain"], "'drain' is none of logcluster, slct, default"),
        (["--support", "0"], "a pattern needs at least 1 line"),
    ):
        done = benchmark(*arguments, "--output", str(tmp_path / "out"))
        assert done.returncode == 2
        assert said in done.stderr
    assert not (tmp_path / "out").exists()
