"""`mine --raw` against what slct 0.05 and logcluster.pl 0.10 print for the same lines."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from commands.__main__ import main
from patterns.line import split_lines

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]

LEADING_SEPARATORS_ARE_IGNORED = "leading_space"
"""A made-up input on which we differ on purpose: there is no empty first word."""

ORDER_DEPENDS_ON_LINES = "-r"
"""An option of slct that we do not have; of its runs only the outliers are ours to equal."""

_OPTIONS = {
    "-s": "--support",
    "--support": "--support",
    "-j": "--aggregate-supports",
    "--aggrsup": "--aggregate-supports",
    "--wweight": "--word-weight",
    "--weightf": "--weight-function",
    "--wildcard": "--wildcard",
}

ENGINES = ["python", "polars"]

Clusters = Counter[tuple[tuple[str, ...], int]]


def options(run: dict[str, Any]) -> list[str]:
    """Return ours for theirs."""
    algorithm = "slct" if run["tool"].startswith("SLCT") else "logcluster"
    theirs = run["options"].replace("=", " ").split()
    return ["--algorithm", algorithm, *(_OPTIONS.get(word, word) for word in theirs if word != ORDER_DEPENDS_ON_LINES)]


def mined(
    engine: str, log: Path, run: dict[str, Any], outliers: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> tuple[Clusters, list[bytes]]:
    words = ["mine", str(log), "--raw", "--quiet", "--engine", engine, "--outliers", str(outliers), *options(run)]
    assert main(words) == 0
    blocks = capfdbinary.readouterr().out.split(b"\n\n")
    assert blocks.pop() == b""
    found = [block.split(b"\nSupport: ") for block in blocks]
    return clusters({"pattern": text.decode("latin-1"), "support": int(n)} for text, n in found), lines(outliers)


def lines(path: Path) -> list[bytes]:
    return split_lines(path.read_bytes())


def clusters(rows: Any) -> Clusters:
    return Counter((tuple(map(alternatives, row["pattern"].split())), row["support"]) for row in rows)


def alternatives(word: str) -> str:
    """Bring `(a|b)` into one order; words of the reference that have parentheses themselves are not in any."""
    if not (word.startswith("(") and word.endswith(")") and "|" in word):
        return word
    return "|".join(sorted(word.replace("(", "").replace(")", "").split("|")))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_raw_mining_finds_the_clusters_and_outliers_of_the_reference_programs(
    loghub: Path, reference: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], dataset: str, engine: str
) -> None:
    log = loghub / dataset / f"{dataset}_2k.log"
    of_log = lines(log)
    runs = sorted((reference / "loghub" / dataset).glob("*.json"))
    assert len(runs) == 18
    for path in runs:
        run = json.loads(path.read_text())
        found, outliers = mined(engine, log, run, tmp_path / "outliers", capfdbinary)
        if ORDER_DEPENDS_ON_LINES not in run["options"].split():
            assert found == clusters(run["clusters"]), path.stem
        if run.get("outlier_lines") is not None:
            assert outliers == [of_log[number - 1] for number in run["outlier_lines"]], path.stem


def edges() -> list[str]:
    return [
        "prefix_tail", "intersect", "gaps", "repeated_word", "key_not_regex", "aggrsup_interval", "join",
        LEADING_SEPARATORS_ARE_IGNORED, "tabs_and_runs", "empty_and_blank", "utf8", "no_frequent_word", "single_line",
        "identical", "refine", "regex_meta",
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", edges())
def test_raw_mining_finds_the_clusters_and_outliers_of_the_reference_programs_in_made_up_lines(
    reference: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], name: str, engine: str
) -> None:
    edge = json.loads((reference / "edges.json").read_text())[name]
    log = tmp_path / "log"
    log.write_text("".join(f"{line}\n" for line in edge["lines"]))
    compared = 0
    for run in edge["runs"]:
        found, outliers = mined(engine, log, run, tmp_path / "outliers", capfdbinary)
        as_text = [line.decode() for line in outliers]
        differs = name == LEADING_SEPARATORS_ARE_IGNORED
        if ORDER_DEPENDS_ON_LINES not in run["options"].split():
            expected = clusters(
                {**row, "pattern": row["pattern"].encode().decode("latin-1")} for row in run["clusters"]
            )
            assert (found == expected) is not differs, run["options"]
            compared += 1
        if run.get("outliers") is not None and not differs:
            # slct alone leaves an empty line out of its outliers; a blank one it writes too.
            wanted = [line for line in as_text if line or not run["tool"].startswith("SLCT")]
            assert wanted == run["outliers"], run["options"]
    assert compared == 5


def test_every_made_up_input_of_the_reference_is_compared(reference: Path) -> None:
    assert set(json.loads((reference / "edges.json").read_text())) == set(edges())
