"""The whole benchmark on a tiny log."""

import json
from pathlib import Path

from benchmarks.operations.__main__ import main

_TINY = ["--weeks", "1", "--seeds", "3", "--lines-per-day", "300", "--novel-kinds", "6", "--troubles", "4"]


def test_it_writes_tables_and_figures(tmp_path: Path) -> None:
    assert main([*_TINY, "--output", str(tmp_path), "--alerts", str(tmp_path / "alerts")]) == 0

    page = (tmp_path / "operations.md").read_text()
    kept = json.loads((tmp_path / "operations.json").read_text())
    alerts = [json.loads(line) for line in (tmp_path / "alerts" / "alerts-3.jsonl").read_text().splitlines()]
    runs = {run["detector"]: run for run in kept["runs"]}
    assert list(runs) == list(kept["detectors"])
    for name, run in runs.items():
        assert f"| {name} | " in page
        assert sum(run["alerts"].values()) == sum(row["detector"] == name for row in alerts)
        assert run["found"]["novelty"]["events"] == 6
        assert run["days"] == 5
    assert str(tmp_path) not in page
