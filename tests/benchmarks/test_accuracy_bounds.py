import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy import __main__ as accuracy
from benchmarks.accuracy import bounds as of_bounds
from benchmarks.accuracy.bounds import Bound, Value, bounds, entered
from benchmarks.accuracy.data import Reader
from benchmarks.accuracy.fleets import fleet
from benchmarks.accuracy.methods import by_scope, ladder
from benchmarks.accuracy.nights import DEFAULT, measure_nights
from mining.ladder import climb_down
from patterns.words import WordRules

LADDER = [bound for bound in bounds() if bound.of_ladder]


@pytest.fixture(scope="module")
def shapes(loghub: Path) -> list[dict[str, int]]:
    logs = Reader("content").read(loghub)
    datasets = [logs["BGL"], logs["Linux"], logs["OpenSSH"], fleet(1, WordRules(), 1)]
    return [shapes for dataset in datasets for shapes in by_scope(dataset.lines).values()]


def mined_with(value: Value, shapes: list[dict[str, int]]) -> list[list[tuple[str, int]]]:
    with entered(value.changes):
        return [sorted((each.pattern.text, each.level) for each in value.mine(some)) for some in shapes]


@pytest.mark.parametrize("bound", LADDER, ids=lambda bound: bound.name)
def test_the_default_of_a_bound_is_what_ships_and_other_values_are_other_ladders(
    bound: Bound, shapes: list[dict[str, int]]
) -> None:
    shipped = [
        sorted((each.cluster.pattern.text, each.level) for each in climb_down(some, "logcluster")) for some in shapes
    ]
    [default] = [value for value in bound.values if value.name == bound.default]
    # Those next to the default may be flat on some logs.
    farthest = max(bound.values, key=lambda value: abs(bound.values.index(value) - bound.values.index(default)))

    assert mined_with(default, shapes) == shipped
    assert mined_with(farthest, shapes) != shipped
    # What was set is as it was.
    assert mined_with(Value("", mine=ladder("logcluster")), shapes) == shipped


@pytest.fixture(scope="module")
def small(loghub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    (folder / "OpenSSH").mkdir()
    for path in (loghub / "OpenSSH").glob("OpenSSH_2k.log*"):
        (folder / "OpenSSH" / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def seen_once_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave of the study what a test has time for."""
    [bound] = [bound for bound in LADDER if bound.name == "seen once"]
    rule = {"alerts_a_day": 2, "false_a_day": 1, "false_by_seed": [1], "trouble_a_day": 1}
    nights = {
        "seeds": [1],
        "days": 9,
        "lines_per_day": 500,
        "rules": {DEFAULT: {**rule, "events": [1, 2], "kinds": [3, 4]}},
    }
    monkeypatch.setattr(of_bounds, "bounds", lambda: iter([bound]))
    monkeypatch.setattr(of_bounds, "_fleets", lambda: {"seed 1": fleet(1, WordRules(), 2)})
    monkeypatch.setattr(accuracy, "measure_nights", lambda _told: nights)


@pytest.mark.usefixtures("seen_once_alone")
def test_errors_patterns_and_time_are_counted_for_each_value(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy.main([str(small), "--bounds", "--output", str(tmp_path)]) == 0

    told = capsys.readouterr()
    assert told.err.startswith("seen once: on\nseen once: off\n")
    found: dict[str, Any] = json.loads((tmp_path / "accuracy-bounds.json").read_text())
    [bound] = found["bounds"]
    on, off = bound["values"]["on"], bound["values"]["off"]
    assert on["cpu"] == 1
    # accuracy.md has the same: of OpenSSH 34 known lines are flagged over all splits, and none of 88 novel ones missed.
    assert (on["logs"]["missed"], on["logs"]["novel"], on["logs"]["wrong"]) == (0, 88, 34)
    for of in ("logs", "fleets"):
        assert off[of]["wrong"] > on[of]["wrong"]
        assert off[of]["patterns"] < on[of]["patterns"]
        assert sum(each["wrong"] for each in on[of]["datasets"].values()) == on[of]["wrong"]
    page = (tmp_path / "accuracy-bounds.md").read_text()
    assert told.out.strip() in page
    assert "| **on** | 0, 34 | " in page
    assert f"| **{DEFAULT}** | 2.0 | 1.0 (1.0) | 1.00 | 1 of 2 | 3 of 4 |" in page


def test_bounds_are_not_measured_on_a_folder_without_datasets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy.main([str(tmp_path), "--bounds"]) == 2
    assert f"no dataset in {tmp_path}: " in capsys.readouterr().err


@pytest.mark.slow
def test_every_rule_of_the_nights_is_played_the_same_weeks() -> None:
    told: list[str] = []
    found = measure_nights(told.append, seeds=(1,), days=9, lines_per_day=500)

    assert len(told) == len(set(told)) == 6
    shipped = found["rules"][DEFAULT]
    assert all(rule["events"][1] == shipped["events"][1] for rule in found["rules"].values())
    assert found["rules"]["learn_days 3"]["alerts_a_day"] >= shipped["alerts_a_day"]
    assert len({rule["alerts_a_day"] for rule in found["rules"].values()}) > 1
