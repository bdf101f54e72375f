"""The whole benchmark on a tiny log."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.operations import __main__ as operations
from benchmarks.operations.weeks import Weeks

_TINY = ["--weeks", "1", "--seeds", "3", "--lines-per-day", "300", "--novel-kinds", "6", "--troubles", "4"]


def test_it_writes_tables_and_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The watch keeps its state after each minute, for a machine that stops: this one does not.
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    # Nights are what takes time.
    monkeypatch.setattr(operations, "Weeks", lambda _days, *others: Weeks(3, *others))
    assert operations.main([*_TINY, "--output", str(tmp_path), "--alerts", str(tmp_path / "alerts")]) == 0

    page = (tmp_path / "operations.md").read_text()
    kept = json.loads((tmp_path / "operations.json").read_text())
    alerts = [json.loads(line) for line in (tmp_path / "alerts" / "alerts-3.jsonl").read_text().splitlines()]
    runs = {run["detector"]: run for run in kept["runs"]}
    assert list(runs) == list(kept["detectors"])
    for name, run in runs.items():
        assert f"| {name} | " in page
        assert sum(run["alerts"].values()) == sum(row["detector"] == name for row in alerts)
        assert run["found"]["novelty"]["events"] == 6
        assert run["days"] == 2
    assert str(tmp_path) not in page
