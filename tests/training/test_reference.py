"""Classic mining of raw words against what slct 0.05 and logcluster.pl 0.10 print for the same lines."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from patterns.language import Pattern
from patterns.line import split_lines
from patterns.words import Splitter, WordRules
from training.clusters import Algorithm, Cluster, mine

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]
RUNS = [
    ("logcluster-s5", "logcluster", 5),
    ("logcluster-s20", "logcluster", 20),
    ("logcluster-s100", "logcluster", 100),
    ("slct-s20", "slct", 20),
    ("slct-s100", "slct", 100),
]

LEADING_SEPARATORS_ARE_IGNORED = "leading_space"
"""The one made-up input on which we differ on purpose: there is no empty first word."""


def mined(lines: Iterable[str], support: int, algorithm: Algorithm) -> list[Cluster]:
    splitter = Splitter(WordRules(raw=True))
    shapes = Counter(splitter.shape(line) for line in lines)
    shapes.pop("", None)
    weighted = [(tuple(shape.split(" ")), count) for shape, count in shapes.items()]
    return mine(weighted, support, algorithm, anchored=False)


def as_logcluster_prints(pattern: Pattern) -> str:
    words: list[str] = []
    for (least, most), constant in zip(pattern.gaps, [*pattern.constants, ""], strict=True):
        words += [f"*{{{least},{most}}}"] if most else []
        words += [str(constant)] if constant else []
    return " ".join(words)


def as_slct_prints(pattern: Pattern) -> str:
    words: list[str] = []
    for constant, (least, most) in zip(pattern.constants, pattern.gaps, strict=False):
        assert least == most
        assert isinstance(constant, str)
        words += ["*"] * least + [constant]
    assert pattern.gaps[-1] == (0, None)
    return " ".join(words)


def printed(clusters: list[Cluster], algorithm: str) -> set[tuple[str, int]]:
    show = as_slct_prints if algorithm == "slct" else as_logcluster_prints
    shown = [(show(cluster.pattern), cluster.support) for cluster in clusters]
    assert len(shown) == len(set(shown))
    return set(shown)


def expected_of(clusters: Iterable[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(cluster["pattern"].rstrip(" "), cluster["support"]) for cluster in clusters}


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(("run", "algorithm", "support"), RUNS, ids=[run for run, _, _ in RUNS])
def test_raw_mining_finds_the_clusters_of_the_reference_program(
    loghub: Path, reference: Path, dataset: str, run: str, algorithm: Algorithm, support: int
) -> None:
    data = (loghub / dataset / f"{dataset}_2k.log").read_bytes()
    lines = [line.decode("latin-1") for line in split_lines(data)]
    expected = json.loads((reference / "loghub" / dataset / f"{run}.json").read_text())["clusters"]

    assert printed(mined(lines, support, algorithm), algorithm) == expected_of(expected)


def test_raw_mining_finds_the_clusters_of_the_reference_programs_in_made_up_lines(reference: Path) -> None:
    compared, differing = 0, set()
    for name, edge in json.loads((reference / "edges.json").read_text()).items():
        for run in edge["runs"]:
            plain = run["options"] in (f"-s {edge['support']}", f"--support={edge['support']}")
            if not plain or name == LEADING_SEPARATORS_ARE_IGNORED:
                continue
            algorithm: Algorithm = "slct" if run["tool"].startswith("SLCT") else "logcluster"
            compared += 1
            if printed(mined(edge["lines"], edge["support"], algorithm), algorithm) != expected_of(run["clusters"]):
                differing.add((name, run["tool"]))

    assert not differing
    assert compared == 30
