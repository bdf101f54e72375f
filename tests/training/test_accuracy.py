import importlib.util
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
