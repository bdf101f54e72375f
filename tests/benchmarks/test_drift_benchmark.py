"""The whole benchmark of months on a tiny log."""

import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.drift import __main__ as drift
from benchmarks.drift import report
from benchmarks.operations.weeks import Weeks

_TINY = ["--seeds", "3", "--lines-per-day", "300", "--novel-kinds", "6", "--troubles", "4", "--releases", "4"]


def test_it_writes_tables_figures_and_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Sets are written down for a machine that stops: this one does not.
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    # Nights are what takes time.
    monkeypatch.setattr(drift, "Weeks", lambda _days, *others: Weeks(4, *others))
    assert drift.main([*_TINY, "--output", str(tmp_path)]) == 0

    page = (tmp_path / "drift.md").read_text()
    found = json.loads((tmp_path / "drift.json").read_text())
    assert list(found["learned"]) == list(found["learners"])
    for course in found["courses"]:
        told = course["days"]
        assert f"| {course['learner']} | " in page
        assert {len(some) for some in told.values()} == {3}
        assert sum(told["again"]) == sum(course["again"].values())
        assert sum(told["false"]) == sum(course["false"].values())
        assert sum(course["changes"]) == 5
    by_name = {course["learner"]: course for course in found["courses"]}
    assert [len(by_name[name]["patterns"]) for name in ("nightly", "never", "masked shapes")] == [3, 3, 0]
    assert [len(by_name[name]["kept"]) for name in ("nightly", "never", "masked shapes")] == [2, 0, 0]
    assert len(set(by_name["never"]["patterns"])) == 1
    never, nightly = (by_name[name]["days"] for name in ("never", "nightly"))
    assert sum(never["again"]) >= sum(nightly["again"])
    # Who has no matplotlib, which is of the benchmarks alone, has no picture.
    assert ("drift.png" in page) == (find_spec("matplotlib") is not None)
    assert str(tmp_path) not in page
    assert report.figures([], {})["learned"] == {}
