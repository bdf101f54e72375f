from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy import bounds as of_bounds
from benchmarks.accuracy.bounds import Bound, Value, bounds, measure_bounds
from benchmarks.accuracy.bounds_report import tables, write
from benchmarks.accuracy.data import Dataset, Reader
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
    entered = [change.__enter__() for change in value.changes]
    try:
        return [sorted((each.pattern.text, each.level) for each in value.mine(some)) for some in shapes]
    finally:
        for change, _ in zip(value.changes, entered, strict=True):
            change.__exit__(None, None, None)


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


def test_errors_patterns_and_time_are_counted_for_each_value(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small_fleets() -> dict[str, Dataset]:
        return {"seed 1": fleet(1, WordRules(), 2)}

    monkeypatch.setattr(of_bounds, "_fleets", small_fleets)
    told: list[str] = []

    found: dict[str, Any] = measure_bounds(small, told.append, lambda bound: bound.name == "seen once")

    assert told == ["seen once: on", "seen once: off"]
    [bound] = found["bounds"]
    on, off = bound["values"]["on"], bound["values"]["off"]
    assert on["cpu"] == 1
    # By hand of accuracy.md: OpenSSH has 34 known lines flagged over all splits, and misses none of 88.
    assert (on["logs"]["missed"], on["logs"]["novel"], on["logs"]["wrong"]) == (0, 88, 34)
    for of in ("logs", "fleets"):
        assert off[of]["wrong"] > on[of]["wrong"]
        assert off[of]["patterns"] < on[of]["patterns"]
        assert sum(each["wrong"] for each in on[of]["datasets"].values()) == on[of]["wrong"]

    write(tmp_path, found | {"date": "", "command": "", "versions": {}}, ["accuracy-bounds.png"])
    page = (tmp_path / "accuracy-bounds.md").read_text()
    assert "\n".join(tables(found)) in page
    assert "| **on** | 0, 34 | " in page


@pytest.mark.slow
def test_every_rule_of_the_nights_is_played_the_same_weeks() -> None:
    found = measure_nights(seeds=(1,), days=9, lines_per_day=500)

    shipped = found["rules"][DEFAULT]
    assert all(rule["events"][1] == shipped["events"][1] for rule in found["rules"].values())
    assert found["rules"]["learn_days 3"]["alerts_a_day"] >= shipped["alerts_a_day"]
    assert len({rule["alerts_a_day"] for rule in found["rules"].values()}) > 1
