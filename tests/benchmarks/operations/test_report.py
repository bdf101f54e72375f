"""operations.md and operations.json."""

import json
from pathlib import Path
from typing import Any

from operations_by_hand import TRUTH, at, on

from benchmarks.operations import report
from benchmarks.operations.detectors import Alert
from benchmarks.operations.figures import Run, run

ABOUT: dict[str, Any] = {
    "date": "2026-11-29",
    "command": "python benchmarks/operations",
    "machine": "2 cores",
    "versions": {"Python": "3"},
    "weeks": 1,
    "lines_per_day": 300,
    "detectors": {"ours": "as it is shipped", "theirs": "with masks"},
}


def counted(name: str, *alerts: Alert, seed: int = 1) -> Run:
    return run(name, seed, 2, list(TRUTH.judge(alerts)), TRUTH)


def row(table: str, name: str, column: int) -> str:
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {name} |")]
    return line.split(" | ")[column].strip(" |")


def test_the_first_table_has_a_row_for_each_with_means_over_the_seeds() -> None:
    runs = [
        counted("ours", on(1), on(4), on(7)),
        counted("ours", on(1), on(11), on(1), on(4), on(9), seed=2),
        counted("theirs"),
    ]
    table = report.summary(runs)
    cells = [row(table, "ours", column) for column in range(1, 9)]

    assert cells == ["2.0", "0.75", "0.25", "0.00", "**1.0** (0.50-1.5)", "53%", "3 of 6", "3 of 8"]
    assert row(table, "theirs", 7) == "0 of 3"


def test_the_second_says_which_events_were_found_and_how_late() -> None:
    alerts = [on(4), on(8), Alert(at(2_600), None, "heartbeat", "web1"), Alert(at(10_600), None, "rate", "web2")]
    table = report.tables([counted("ours", *alerts)]).split("## ")[1]
    causes = next(line for line in table.splitlines() if line.startswith("| |")).strip("| ").split(" | ")
    found = dict(zip(causes, table.splitlines()[-2].strip("| ").split(" | ")[1:], strict=True))

    assert found == {
        "incident": "1 of 1 (1 min, 1 min, line 3)",
        "novelty": "1 of 2 (0 s, 0 s, line 1)",
        "burst": "1 of 1 (10 min, 10 min, line 3)",
        "stopped": "0 of 1",
        "silence": "1 of 1 (10 min, 10 min)",
        "deployment": "0 of 1",
    }


def test_delays_are_the_median_and_the_longest_of_all_seeds() -> None:
    runs = [counted("ours", alert, seed=seed) for seed, alert in enumerate([on(2), on(4), on(15)])]

    assert "3 of 3 (1 min, 24.0 h, line 3)" in report.tables(runs)


def test_the_last_says_of_what_false_alerts_come() -> None:
    table = report.tables([counted("ours", on(1), on(11))])

    assert table.splitlines()[-1] == "| ours | 0.50 | 0.50 | sshd.login (1.00) |"


def test_whose_alerts_tell_several_things_has_them_in_a_table() -> None:
    beat = Alert(at(2_600), None, "heartbeat", "web1")
    table = report.tables([counted("ours", on(4), beat), counted("theirs", on(4))]).split("## Alerts a day, by")[1]

    assert table.splitlines()[-2:] == [
        "| ours | new | 0.50 | 0.00 | 0.00 | 0.00 |",
        "| ours | heartbeat | 0.50 | 0.00 | 0.00 | 0.00 |",
    ]


def test_every_run_is_kept_and_every_detector_explained(tmp_path: Path) -> None:
    report.write(tmp_path / "new", [counted("ours", on(4)), counted("theirs")], ABOUT)
    page = (tmp_path / "new" / "operations.md").read_text()
    kept = json.loads((tmp_path / "new" / "operations.json").read_text())

    assert "- **theirs**: with masks" in page
    assert "1 times 1 simulated weeks of about 300 lines a working day (seeds 1)" in page
    assert [each["detector"] for each in kept["runs"]] == ["ours", "theirs"]
    assert kept["runs"][0]["alerts"] == {"trouble": 1, "change": 0, "repeated": 0, "false": 0}
    assert kept["runs"][0]["found"]["incident"]["seconds"] == [60]
