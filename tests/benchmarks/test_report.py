import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.training import report
from benchmarks.training.competition import Measurement
from benchmarks.training.machine import without_folders
from benchmarks.training.plots import apart

ABOUT = {"command": "python benchmarks/training", "date": "2026-11-24", "machine": "2 cores", "versions": {"a": "1"}}


def measured(peer: str, *seconds: float, **facts: Any) -> list[Measurement]:
    each: dict[str, Any] = {
        "corpus": "fleet",
        "lines": 1_000,
        "task": "slct",
        "support": 10,
        "peer": peer,
        "patterns": 5,
        **facts,
    }
    return [Measurement(**each, round=number, seconds=taken) for number, taken in enumerate(seconds, start=1)]


def page(folder: Path, measurements: Sequence[Measurement]) -> str:
    report.write(folder, measurements, ABOUT, ["training-fleet.png"])
    return (folder / "training.md").read_text()


def test_the_fastest_comes_first_and_ours_are_set_against_it(tmp_path: Path) -> None:
    text = page(tmp_path, [*measured("logwinnow-python", 2, 4, 6), *measured("slct", 1, 2, 3)])
    rows = [line for line in text.splitlines() if "(" in line and line.startswith("|")]
    assert rows[0].startswith("| slct | 2.00 (1.00-3.00) |")
    assert rows[1].startswith("| **logwinnow-python** | 4.00 (2.00-6.00) | 2.00 (2.00-2.00) |")


def test_a_round_that_only_one_finished_is_no_pair(tmp_path: Path) -> None:
    text = page(tmp_path, [*measured("logwinnow-python", 2), *measured("slct", 1, 9)])
    assert "2.00 (2.00-2.00)" in text


def test_a_failure_is_told_with_its_reason_but_without_places(tmp_path: Path) -> None:
    text = page(tmp_path, measured("slct", 0, failure="/opt/a b/|<x>: /home/me/slct died", patterns=0))
    assert "| slct | not measured: " in text
    assert "/home" not in text
    assert "\\|\\<x>" in text
    assert "/home" not in (tmp_path / "training.json").read_text()


def test_every_run_is_kept(tmp_path: Path) -> None:
    page(tmp_path, measured("slct", 1, 2, 3))
    kept = json.loads((tmp_path / "training.json").read_text())
    assert kept["versions"] == {"a": "1"}
    assert [run["seconds"] for run in kept["runs"]] == [1, 2, 3]


def test_without_a_run_there_is_a_report(tmp_path: Path) -> None:
    page(tmp_path, [])
    assert json.loads((tmp_path / "training.json").read_text())["runs"] == []


def test_a_different_result_is_told_above_all(tmp_path: Path) -> None:
    runs = [*measured("rdd", 1, agrees=False), *measured("slct", 1, agrees=True)]
    assert report.differing(runs) == ["rdd, slct, fleet, 1,000 lines"]
    assert "**Different results, where they must be the same**: rdd, slct" in page(tmp_path, runs)


def test_logclusterc_may_differ() -> None:
    assert report.differing(measured("LogClusterC", 1, agrees=False)) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/usr/bin/python3: can't open '/srv/x.py'", "python3: can't open 'x.py'"),
        ("https://a.example/b/c", "https://a.example/b/c"),
        ("benchmarks/training --file /var/log/syslog", "benchmarks/training --file syslog"),
    ],
)
def test_files_are_named_without_their_folders(text: str, shown: str) -> None:
    assert without_folders(text) == shown


@given(st.lists(st.floats(0, 1), max_size=12))
def test_labels_keep_their_order_and_their_distance(places: list[float]) -> None:
    moved = apart(places, 0.05)
    order = sorted(range(len(places)), key=lambda index: places[index])
    assert all(moved[b] - moved[a] > 0.05 - 1e-9 for a, b in pairwise(order))


def test_labels_with_room_stay_where_they_are() -> None:
    assert apart([0.9, 0.1, 0.5], 0.05) == [0.9, 0.1, 0.5]


def test_runs_that_were_written_are_read_back_with_their_commands(tmp_path: Path) -> None:
    runs = [*measured("slct", 1.5, 2.0, note="a"), *measured("rdd", failure="too slow")]
    report.write(tmp_path, runs, {**ABOUT, "command": "one\n    another"}, [])

    assert report.read(tmp_path) == (runs, ["one", "another"])


def test_a_folder_without_runs_has_none(tmp_path: Path) -> None:
    assert report.read(tmp_path) == ([], [])
