"""docs/algorithms.md says what is so: its examples run, and its numbers of real logs are those that mining gives."""

import doctest
import re
from pathlib import Path

from mining.candidates import WordKeys, candidates
from mining.clusters import Algorithm, Method
from mining.join import Dependencies, weigh
from patterns.rules import PLAIN, Rules
from training.classic import mine_corpus
from training.corpus import Corpus
from training.engines.python import PythonEngine
from training.line_filter import Filter

PAGE = Path(__file__).parents[2] / "docs" / "algorithms.md"


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def mined(log: Path, method: Method, *, raw: bool) -> tuple[list[str], int]:
    """Return the patterns at support 20, and the number of lines that belong to none."""
    with Corpus([str(log)]) as corpus:
        engine = PythonEngine(corpus)
        lines = engine.raw_lines(Filter(), quiet) if raw else engine.shaped_lines(Filter(), Rules(header=PLAIN), quiet)
        found = mine_corpus(lines, 20, method)
        return [str(each.pattern) for _, each in found.clusters], sum(1 for _ in lines.outliers(found.coverage, quiet))


def test_the_examples_of_the_page_run_as_it_says() -> None:
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")

    assert results.failed == 0
    assert results.attempted > 15


def test_the_table_of_a_real_log_is_what_mining_gives(loghub: Path) -> None:
    log = loghub / "Proxifier" / "Proxifier_2k.log"
    algorithms: list[tuple[str, Algorithm]] = [("SLCT", "slct"), ("LogCluster", "logcluster")]
    for name, algorithm in algorithms:
        patterns, rest = mined(log, Method(algorithm), raw=False)
        chrome = sum("chrome.exe" in pattern for pattern in patterns)

        assert f"| {name} | {len(patterns)} | {rest} | {chrome} |" in PAGE.read_text()


def test_the_patterns_of_a_real_log_that_the_page_shows_are_mined(loghub: Path) -> None:
    shown = re.findall(r"^\*\{1,1\} chrome.*$", PAGE.read_text(), re.MULTILINE)
    patterns, _ = mined(loghub / "Proxifier" / "Proxifier_2k.log", Method(), raw=False)

    assert len(shown) == 2
    assert set(shown) == {pattern for pattern in patterns if "chrome.exe" in pattern}


def test_the_outliers_of_raw_lines_are_as_many_as_the_page_says(loghub: Path) -> None:
    log = loghub / "OpenSSH" / "OpenSSH_2k.log"
    rests = [
        mined(log, method, raw=True)[1]
        for method in (Method(), Method("slct", anchored=False), Method(aggregate_supports=True))
    ]

    said = re.search(
        r"at support 20, (\d+) lines belong[^.]*and\s(\d+) to none of SLCT;[^.]*leaves (\d+)", PAGE.read_text()
    )
    assert said
    assert [int(number) for number in said.groups()] == rests


def test_the_weights_of_the_example_are_those_that_the_page_says() -> None:
    lines = ["Interface eth0 unstable"] * 4 + ["Interface eth1 unstable"] * 4
    lines += ["Interface eth2 up up"] * 4 + ["user eth0"] * 8
    shapes = [(tuple(line.split()), 1) for line in lines]
    words = {word for line in lines for word in line.split()}
    table = candidates(shapes, WordKeys(frozenset(words)))
    dependencies = Dependencies(table.candidates.values(), words)

    found = [weigh(["Interface", "eth0", "unstable"], dependencies, function)[1] for function in (1, 2, 3, 4)]
    assert [f"{weight:.3f}".lstrip("0") for weight in found] == [".611", ".417", ".583", ".375"]
    assert "are .611, .417, .583 and .375" in " ".join(PAGE.read_text().split())
