import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

DATASETS = {"Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"}


@pytest.fixture(scope="module")
def accuracy() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "accuracy.py"
    spec = importlib.util.spec_from_file_location("accuracy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["accuracy"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(accuracy: ModuleType, loghub: Path) -> dict[str, dict[str, object]]:
    datasets = {name: lines for name, lines in accuracy.read(loghub).items() if name in DATASETS}
    assert set(datasets) == DATASETS
    measured: dict[str, dict[str, object]] = accuracy.measure(datasets)
    return measured


def numbers(result: object) -> dict[str, float]:
    assert isinstance(result, dict)
    return result


def test_trained_on_the_first_half_no_novel_line_is_missed_and_at_most_four_known_ones_are_flagged(
    results: dict[str, dict[str, object]],
) -> None:
    half = numbers(results["ladder, LogCluster"]["first half"])

    assert half["missed"] == 0
    assert half["wrong"] <= 4
    assert half["right"] == 896
    assert half["f1"] >= 0.998


def test_trained_on_the_first_tenth_novel_lines_are_found_as_well(results: dict[str, dict[str, object]]) -> None:
    assert numbers(results["ladder, LogCluster"]["first tenth"])["f1"] >= 0.996


def test_lines_are_grouped_as_by_hand(results: dict[str, dict[str, object]]) -> None:
    ladder = numbers(results["ladder, LogCluster"])

    assert round(ladder["ga"], 3) >= 0.949
    assert round(ladder["fga"], 3) >= 0.943


@pytest.mark.parametrize("split", ["first tenth", "first half"])
def test_mining_beats_the_set_of_shapes_without_it(results: dict[str, dict[str, object]], split: str) -> None:
    for method in ("ladder, LogCluster", "ladder, SLCT"):
        assert numbers(results[method][split])["f1"] > numbers(results["shapes without mining"][split])["f1"]


def test_slct_is_no_worse_than_when_it_was_written(results: dict[str, dict[str, object]]) -> None:
    slct = results["ladder, SLCT"]

    assert numbers(slct["first half"])["f1"] >= 0.996
    assert numbers(slct["first tenth"])["f1"] >= 0.994
    assert numbers(slct)["ga"] >= 0.887


def test_the_totals_are_the_sums_and_means_of_the_datasets(results: dict[str, dict[str, object]]) -> None:
    for result in results.values():
        datasets = result["datasets"]
        assert isinstance(datasets, dict)
        assert set(datasets) == DATASETS
        for split in ("first tenth", "first half"):
            for count in ("right", "wrong", "missed", "known"):
                assert numbers(result[split])[count] == sum(each[split][count] for each in datasets.values())
        for measure in ("ga", "fga"):
            assert numbers(result)[measure] == pytest.approx(sum(each[measure] for each in datasets.values()) / 8)


def test_lines_are_right_wrong_or_missed_by_what_was_flagged_and_what_is_new(accuracy: ModuleType) -> None:
    lines = [accuracy.LabelledLine(shape, kind) for shape, kind in [
        ("a", "A"), ("b", "B"), ("a", "A"), ("c", "A"), ("d", "D"), ("a", "E"), (None, "F"), (None, "A"),
    ]]  # fmt: skip

    found = accuracy.novelty(lines, 0.25, accuracy.shapes_alone)

    # Flagged: c, of a known kind, and d. Missed: E in a known shape, F in an unjudged line. Known: a, c and the last.
    assert (found.right, found.wrong, found.missed, found.known) == (1, 1, 2, 3)
    assert found.f1 == 2 / 5


def test_groups_are_right_if_they_hold_all_lines_of_a_kind_and_no_others(accuracy: ModuleType) -> None:
    lines = [accuracy.LabelledLine(shape, kind) for shape, kind in [
        ("a", "A"), ("a", "A"), ("b", "B"), ("c", "B"), ("d", "D"), ("d", "E"), (None, "F"),
    ]]  # fmt: skip

    found = accuracy.grouping(lines, accuracy.shapes_alone)

    # Right: {a, a} of A and the blank line of F; b and c split B, d joins D and E. 5 groups, 5 kinds.
    assert found.ga == 3 / 7
    assert found.fga == pytest.approx(2 / 5)


def test_the_command_prints_a_table_or_json(
    accuracy: ModuleType, loghub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy.main([str(loghub)]) == 0
    assert capsys.readouterr().out.count("| first half | ") == 3
    assert accuracy.main([str(loghub), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ladder, LogCluster"]["datasets"]["BGL"]["first half"] == {
        "right": 704, "wrong": 0, "missed": 0, "known": 296, "f1": 1.0,
    }  # fmt: skip
    assert accuracy.main([]) == 2
    assert accuracy.main([str(loghub / "nowhere")]) == 2
    assert "usage: accuracy.py FOLDER" in capsys.readouterr().err
