import json
import re
import runpy
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.accuracy.data import Form, Line, Reader
from benchmarks.accuracy.fleets import fleet
from benchmarks.accuracy.measure import Split, grouping, novelty, splits
from benchmarks.accuracy.methods import Compared, Grouped, Know, methods, ours
from benchmarks.accuracy.results import measure, measured
from patterns.words import DEFAULT_CLASSES, WordRules

DATASETS = {"Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"}
MEASURED = ("ladder, LogCluster", "ladder, SLCT", "shapes without mining")
ACCURACY = Path(__file__).parents[2] / "benchmarks" / "accuracy"


def results_of(loghub: Path, form: Form, names: Sequence[str]) -> dict[str, Any]:
    datasets, results = measure(loghub, form, [each for each in ours() if each.name in names])
    assert set(datasets) >= DATASETS
    return results


@pytest.fixture(scope="module")
def content(loghub: Path) -> dict[str, Any]:
    return results_of(loghub, "content", MEASURED)


@pytest.fixture(scope="module")
def raw(loghub: Path) -> dict[str, Any]:
    return results_of(loghub, "raw", MEASURED[:1])


# The floor: what must not be lost of what was reached (benchmarks/runs has the figures)


def test_novel_lines_are_found_and_known_ones_left_alone(content: dict[str, Any]) -> None:
    judged = content["ladder, LogCluster"]["novelty"]

    assert judged["first 50 %"]["lines"]["recall"] >= 0.998
    assert judged["first 50 %"]["lines"]["f1"] >= 0.998
    assert judged["first 50 %"]["lines"]["false_alarms"] <= 0.0005
    assert judged["first 50 %"]["alerts"]["f1"] >= 0.995
    assert judged["first 10 %"]["lines"]["f1"] >= 0.994
    assert judged["random halves"]["lines"]["f1"] >= 0.965


def test_lines_are_grouped_as_by_hand(content: dict[str, Any]) -> None:
    ladder = content["ladder, LogCluster"]

    assert ladder["grouping"]["ga"] >= 0.99
    assert ladder["grouping"]["fga"] >= 0.96
    assert min(each["grouping"]["ga"] for each in ladder["datasets"].values()) >= 0.95
    assert min(each["grouping"]["fga"] for each in ladder["datasets"].values()) >= 0.88


def test_whole_lines_are_judged_nearly_as_well(raw: dict[str, Any]) -> None:
    ladder = raw["ladder, LogCluster"]

    assert ladder["novelty"]["first 50 %"]["lines"]["f1"] >= 0.99
    assert ladder["novelty"]["first 10 %"]["lines"]["f1"] >= 0.99
    assert ladder["novelty"]["random halves"]["lines"]["f1"] >= 0.935
    assert ladder["grouping"]["ga"] >= 0.97
    assert ladder["grouping"]["fga"] >= 0.92
    assert min(each["grouping"]["ga"] for each in ladder["datasets"].values()) >= 0.85
    assert min(each["grouping"]["fga"] for each in ladder["datasets"].values()) >= 0.80


def test_what_is_right_on_the_logs_is_not_paid_by_a_simulated_fleet() -> None:
    [ladder] = [each for each in ours() if each.name == "ladder, LogCluster"]

    judged = measured({"fleet": fleet(2, WordRules())}, ladder, str)["novelty"]

    assert judged["first 25 %"]["lines"]["recall"] >= 0.998
    assert judged["first 25 %"]["lines"]["false_alarms"] <= 0.035
    assert judged["first 50 %"]["lines"]["recall"] >= 0.998
    assert judged["first 50 %"]["lines"]["false_alarms"] <= 0.013
    assert judged["random halves"]["lines"]["recall"] >= 0.95
    assert judged["random halves"]["lines"]["false_alarms"] <= 0.02


@pytest.mark.parametrize("split", ["first 10 %", "first 25 %", "first 50 %", "first 75 %", "random halves"])
def test_mining_beats_the_set_of_shapes_without_it(content: dict[str, Any], split: str) -> None:
    f1 = {name: result["novelty"][split]["lines"]["f1"] for name, result in content.items()}

    assert min(f1["ladder, LogCluster"], f1["ladder, SLCT"]) >= f1["shapes without mining"]
    assert f1["ladder, LogCluster"] > f1["shapes without mining"] or f1["shapes without mining"] == 1


def test_slct_is_no_worse_than_when_it_was_written(content: dict[str, Any]) -> None:
    slct = content["ladder, SLCT"]

    assert slct["novelty"]["first 50 %"]["lines"]["f1"] >= 0.996
    assert slct["novelty"]["first 10 %"]["lines"]["f1"] >= 0.994
    assert slct["grouping"]["ga"] >= 0.93


def test_the_headers_of_all_whole_lines_are_recognised(loghub: Path) -> None:
    for name, dataset in Reader("raw").read(loghub).items():
        assert name not in DATASETS or "plain" not in dataset.headers, name


def test_the_totals_are_the_sums_and_means_of_the_datasets(content: dict[str, Any]) -> None:
    for result in content.values():
        datasets = result["datasets"].values()
        for split, found in result["novelty"].items():
            for by in ("lines", "alerts"):
                for count in ("right", "wrong", "missed", "known"):
                    assert found[by][count] == sum(each["novelty"][split][by][count] for each in datasets)
        for name, mean in result["grouping"].items():
            assert mean == pytest.approx(sum(each["grouping"][name] for each in datasets) / len(datasets))


# Nobody has a setting for a dataset

ROOT = Path(__file__).parents[2]
# loghub's 16 but Spark and Linux, on which the product itself runs.
NAMES = DATASETS - {"Spark", "Linux"} | {
    "Android", "HPC", "Hadoop", "HealthApp", "Mac", "OpenStack", "Thunderbird", "Windows",
}  # fmt: skip


def read_of(path: Path) -> str:
    """Return a file, without its comments if it is of a configuration: these may say who writes such lines."""
    text = path.read_text(encoding="utf-8")
    return str(tomllib.loads(text)) if path.suffix == ".toml" else text


def test_nothing_that_reads_or_mines_names_a_dataset() -> None:
    packages = ("patterns", "mining", "kernels", "training")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    named = re.compile(rf"\b({'|'.join(sorted(NAMES))})\b")
    found = {
        str(path.relative_to(ROOT)): named.findall(read_of(path))
        for path in [*files, ROOT / "conf" / "training.toml", ROOT / "conf" / "formats.toml"]
    }

    assert len(found) > 120
    assert {name: names for name, names in found.items() if names} == {}


# What is measured


def lines_of(*of: tuple[str | None, str]) -> list[Line]:
    return [Line("", shape, shape or "", kind, kind.lower()) for shape, kind in of]


def shapes_alone(lines: Sequence[Line]) -> Know:
    [train] = [each.train for each in ours() if each.name == "shapes without mining"]
    assert train is not None
    return train(lines)


def grouped_by_shape(lines: Sequence[Line]) -> list[Grouped]:
    return [Grouped(line.shape or "", line.shape or "") for line in lines]


def test_lines_are_right_wrong_or_missed_by_what_was_flagged_and_what_is_new() -> None:
    lines = lines_of(
        ("a", "A"), ("b", "B"), ("a", "A"), ("c", "A"), ("c", "A"), ("d", "D"), ("a", "E"), (None, "F"), (None, "A")
    )  # fmt: skip

    found = novelty(lines, Split([0, 1], list(range(2, 9))), shapes_alone)

    # Flagged: c, of a known kind, and d. Missed: E in a known shape, F in an unjudged line. Known: a, c and the last.
    assert (found.lines.right, found.lines.wrong, found.lines.missed, found.lines.known) == (1, 2, 2, 4)
    assert found.lines.f1 == 2 / 6
    assert found.lines.recall == 1 / 3
    assert found.lines.false_alarms == 2 / 4
    # Four shapes: a, which has a novel line, c, d, and the blank one, which has one too.
    assert (found.alerts.right, found.alerts.wrong, found.alerts.missed, found.alerts.known) == (1, 1, 2, 1)


def test_groups_are_right_if_they_hold_all_lines_of_a_kind_and_no_others() -> None:
    lines = lines_of(("a", "A"), ("a", "A"), ("b", "B"), ("c", "B"), ("d", "D"), ("d", "E"), (None, "F"))

    found = grouping(lines, grouped_by_shape(lines), str)

    # Right: {a, a} of A and the blank line of F; b and c split B, d joins D and E. 5 groups, 5 kinds.
    assert found.ga == 3 / 7
    assert found.fga == pytest.approx(2 / 5)
    # The templates of the truth are a, b, d, e, f: two lines a, one b, one d are written so; a and b are of one kind.
    assert found.pa == 4 / 7
    assert found.fta == pytest.approx(2 * 2 / (5 + 5))


def test_splits_are_first_shares_in_order_and_halves_by_chance_that_share_nothing() -> None:
    found = splits(9)

    assert {name: [len(split.seen) for split in each] for name, each in found.items()} == {
        "first 10 %": [0], "first 25 %": [2], "first 50 %": [4], "first 75 %": [6], "random halves": [4, 4, 4],
    }  # fmt: skip
    assert found["first 50 %"][0] == Split([0, 1, 2, 3], [4, 5, 6, 7, 8])
    for split in found["random halves"]:
        assert sorted(split.seen + split.rest) == list(range(9))
    assert found == splits(9)


def test_templates_of_different_writers_are_compared_word_by_word() -> None:
    reader = Reader("content")

    assert reader.template_shape("uid=<*> euid=0 from <*>, <*>:<*>") == "uid= <*> euid= <*> from <*>"
    assert reader.template_shape("uid= <*> euid= <*> from <*>") == "uid= <*> euid= <*> from <*>"
    assert reader.template_shape("onExtend:<*>") == "onExtend: <*>"


# Who is compared


def test_every_method_that_is_installed_groups_lines_and_knows_those_it_has_seen(loghub: Path) -> None:
    dataset = Reader("content").read(loghub)["Apache"].lines[:300]
    for method in methods():
        if not method.lacks and not method.name.startswith(("LogCluster at", "SLCT at")):
            grouped = method.group(dataset)
            assert len(grouped) == len(dataset), method.name
            assert len({each.group for each in grouped}) < len(dataset), method.name
            if method.train is not None:
                assert all(map(method.train(dataset), dataset)), method.name


def test_patterns_of_two_programs_that_read_alike_are_one_group() -> None:
    ladder: Compared = next(iter(ours()))
    lines = [Line(scope, "session closed", "", "E", "") for scope in ("su", "sshd") for _ in range(3)]

    assert len({found.group for found in ladder.group(lines)}) == 1


# The command


def run(*arguments: str) -> int:
    before = sys.argv
    sys.argv = ["accuracy", *arguments]
    try:
        runpy.run_path(str(ACCURACY), run_name="__main__")
    except SystemExit as ended:
        return int(str(ended.code))
    finally:
        sys.argv = before
    raise AssertionError


@pytest.fixture
def small(loghub: Path, tmp_path: Path) -> Path:
    (tmp_path / "logs" / "Apache").mkdir(parents=True)
    for path in (loghub / "Apache").glob("Apache_2k.log*"):
        (tmp_path / "logs" / "Apache" / path.name).write_bytes(path.read_bytes())
    return tmp_path / "logs"


def test_the_command_prints_a_table_or_json_and_writes_both(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ("--only", "ladder, LogCluster", "shapes without mining")

    assert run(str(small), *only, "--output", str(tmp_path / "out")) == 0
    told = capsys.readouterr().out
    assert told.count("| **ladder, LogCluster** | 1.0000 |") == 2
    assert "| Apache | apache_error | 0 of 24, 0 of 1776 |" in told
    assert told.strip() in (tmp_path / "out" / "accuracy.md").read_text()

    assert run(str(small), *only, "--form", "raw", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["forms"]["raw"]["headers"] == {"Apache": {"apache_error": 2000}}
    assert found["forms"]["raw"]["methods"]["ladder, LogCluster"]["grouping"]["ga"] == 1
    assert str(tmp_path) not in (tmp_path / "out" / "accuracy.json").read_text()


def test_a_folder_without_datasets_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path)) == 2
    assert f"no dataset in {tmp_path}: it is to hold <name>/<name>_2k.log_structured.csv" in capsys.readouterr().err


def test_classes_tells_what_each_buys_and_writes_it(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(small), "--classes", "--form", "content", "--output", str(tmp_path / "out")) == 0

    told = capsys.readouterr().out
    assert "| default | 0 | 0 | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.0000 |" in told
    assert "| **mail_address** | nothing |" in told
    assert "| quoted | nothing |" in told
    without = re.search(r"^\| without number \| \d+ \| ([\d,]+) \|", told, re.MULTILINE)
    assert without is not None
    assert f"| **number** | false -{without[1]}, F1 first 10 % +" in told
    assert told.strip() in (tmp_path / "out" / "accuracy-classes.md").read_text()
    found = json.loads((tmp_path / "out" / "accuracy-classes.json").read_text())
    assert list(found["classes"]["default"]) == list(DEFAULT_CLASSES)
    assert set(found["data"]["content"]["with quoted"]["grouping"]) == {"ga", "fga", "fta"}


def test_classes_of_a_folder_without_datasets_are_not_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path), "--classes") == 2
    assert f"no dataset in {tmp_path}" in capsys.readouterr().err


def test_a_fleet_is_the_same_for_a_seed_and_its_kinds_are_those_of_its_labels() -> None:
    lines, headers = fleet(1, WordRules(), days=1)
    scopes = {line.kind: line.scope for line in lines}

    assert headers == {"rfc3164": len(lines)}
    assert fleet(1, WordRules(), days=1).lines == lines
    assert fleet(2, WordRules(), days=1).lines != lines
    assert scopes["sshd.accepted_key"] == "sshd"
