"""The one command: what it says where something is missing, and, slow, all of it on few lines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "streaming"
NAMED = ("LOGWINNOW_TEST_KAFKA", "LOGWINNOW_TEST_ELASTICSEARCH")


def benchmark(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if name not in NAMED or not environment}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=inherited | environment)


def test_where_maven_is_missing_it_says_how_to_get_it(tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    java.chmod(0o755)
    done = benchmark(
        "--lines", "100", "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out"),
        PATH="/nowhere", JAVA_HOME=str(tmp_path), LOGWINNOW_TEST_CACHE=str(tmp_path / "programs"),
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        "benchmarks/streaming: Maven, which fetches Kafka and Elasticsearch, is not here: `apt install" in done.stderr
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lines", "many"], "'many' is no number of lines"),
        (["--triggers", "soon"], "'soon' are no seconds"),
        (["--only", "speed"], "invalid choice: 'speed'"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = benchmark(*arguments, "--output", str(tmp_path / "out"))
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.spark
def test_it_measures_all_and_reports(tmp_path: Path) -> None:
    done = benchmark(
        "--lines", "400", "--pairs", "1", "--warm", "400", "--rate", "100", "--seconds", "2", "--triggers", "0.5",
        "--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "out" / "streaming.json").read_text())
    assert {(run["name"], run["round"]) for run in kept["runs"]} == {
        ("whole", 0), ("ceiling", 0), ("whole", 1), ("ceiling", 1), ("identity", 1), ("read", 1), ("parsed", 1),
        ("judged", 1), ("documents", 1),
    }  # fmt: skip
    (latency,) = kept["latencies"]
    assert 150 <= latency["lines"] <= 200
    assert str(tmp_path) not in (tmp_path / "out" / "streaming.md").read_text()
