"""The trainer whole, on bad input and on real logs."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mining.clusters import Algorithm
from patterns.errors import PublishRefused
from patterns.judge import Judge
from patterns.set_files import StoredSet
from patterns.store import Store
from training.config import Mining, Patterns, TrainingConfig
from training.job import train

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]


def trained(folder: Path, paths: list[Path], **mining: Any) -> tuple[dict[str, Any], StoredSet]:
    config = TrainingConfig(mining=Mining(**mining), patterns=Patterns(store=str(folder)))
    summary = train([str(path) for path in paths], config, config.rules({}), force=True, progress=lambda *_: None)
    return summary, Store(str(folder)).read()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


GOOD = b"session opened for root\n" * 5
_LETTERS = "abcdefghij"
MANY_WORDS = " ".join("".join(_LETTERS[int(digit)] for digit in str(i)) for i in range(100_000)).encode()


@pytest.mark.parametrize(
    ("name", "data", "lines", "unjudged"),
    [
        ("binary garbage", random.Random(1).randbytes(100_000), None, None),
        ("CRLF", GOOD.replace(b"\n", b"\r\n"), 5, {}),
        ("invalid UTF-8", GOOD + b"session \xff\xfe opened\n", 6, {}),
        ("NUL", GOOD + b"a\x00b c\n\x00\n", 7, {}),
        ("a line of 10 MB", GOOD + b"word " * 2_000_000 + b"\n", 6, {}),
        ("a line of 10 MB without a separator", GOOD + b"w" * 10_000_000 + b"\n", 6, {}),
        ("a line of blanks", GOOD + b" " * 500 + b"\n\t\n\n", 8, {"blank": 3}),
        ("class words alone", GOOD + b"10 20 30\n", 6, {"no_constant": 1}),
        ("100,000 distinct words in a line", GOOD + MANY_WORDS, 6, {}),
        ("no newline at the end", GOOD.rstrip(b"\n"), 5, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_line_of_odd_input_is_judged_or_counted(
    tmp_path: Path, name: str, data: bytes, lines: int | None, unjudged: dict[str, int] | None
) -> None:
    path = written(tmp_path / "log", data)
    summary, stored = trained(tmp_path / "store", [path])

    counts = summary["corpus"]
    expected = lines if lines is not None else data.count(b"\n") + (not data.endswith(b"\n"))
    assert counts["lines"] == expected, name
    assert counts["lines"] == counts["judged"] + sum(counts["unjudged"].values())
    assert unjudged is None or counts["unjudged"] == unjudged
    assert summary["covered"] == counts["judged"] == sum(known.support for known in stored.patterns.patterns)


def test_an_empty_file_is_no_pattern_set_and_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PublishRefused, match="no pattern was found in 0 judged lines"):
        trained(tmp_path / "store", [written(tmp_path / "log", b"")])


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_supports_add_up_to_all_judged_lines_and_each_of_them_matches(
    loghub: Path, tmp_path: Path, dataset: str, algorithm: Algorithm
) -> None:
    path = loghub / dataset / f"{dataset}_2k.log"
    summary, stored = trained(tmp_path, [path], algorithm=algorithm)
    judge = Judge(stored.patterns)

    assert summary["covered"] == summary["corpus"]["judged"] == 2000
    assert sum(known.support for known in stored.patterns.patterns) == 2000
    assert not any(judge.judge(line.rstrip(b"\r"), 0).outlier for line in path.read_bytes().split(b"\n"))


def rows_of(folder: Path, paths: list[Path]) -> bytes:
    return trained(folder, paths)[1].rows


@pytest.fixture
def same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A line without a year or a time takes that of its file, and copies of a file are written at other times.
    import os

    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        values = list(real(descriptor))
        values[8] = 1_700_000_000
        return os.stat_result(values, {"st_mtime_ns": values[8] * 1_000_000_000})

    monkeypatch.setattr("training.corpus.os.fstat", fstat)


def split(lines: list[bytes], tmp_path: Path) -> list[Path]:
    return [written(tmp_path / f"part-{i}", b"".join(lines[i::3])) for i in range(3)]


def reverse(lines: list[bytes], tmp_path: Path) -> list[Path]:
    return [written(tmp_path / "reversed", b"".join(lines[::-1]))]


@pytest.mark.usefixtures("same_time")
@pytest.mark.parametrize("rearranged", [split, reverse], ids=["split into files", "reversed"])
@pytest.mark.parametrize("dataset", ["Linux", "BGL", "OpenSSH"])
def test_order_and_split_of_the_lines_change_no_byte_of_the_patterns(
    loghub: Path, tmp_path: Path, dataset: str, rearranged: Callable[[list[bytes], Path], list[Path]]
) -> None:
    lines = [
        line + b"\n" for line in (loghub / dataset / f"{dataset}_2k.log").read_bytes().replace(b"\r", b"").split(b"\n")
    ]
    whole = rows_of(tmp_path / "a", [written(tmp_path / "whole", b"".join(lines))])

    assert rows_of(tmp_path / "b", rearranged(lines, tmp_path)) == whole


def test_one_support_is_classic_mining_of_each_scope_and_a_share_is_of_its_lines(tmp_path: Path) -> None:
    data = b"Nov  1 00:00:00 h x: often seen\n" * 9 + b"Nov  1 00:00:00 h x: twice seen\n" * 2
    path = written(tmp_path / "log", data + b"Nov  1 00:00:00 h y: rare there\n" * 2)

    def texts(support: int | str) -> set[tuple[str, str]]:
        stored = trained(tmp_path / "store", [path], support=support)[1]
        return {(known.scope, known.pattern.text) for known in stored.patterns.patterns}

    assert texts(2) == {("x", "often seen"), ("x", "twice seen"), ("y", "rare there")}
    assert texts("50%") == {("x", "often seen"), ("y", "rare there")}


@pytest.mark.parametrize(
    ("seen_once", "texts"), [(True, {"session opened for root", "seen once"}), (False, {"session opened for root"})]
)
def test_kinds_seen_once_are_left_out_where_the_configuration_says_so(
    seen_once: bool, texts: set[str], tmp_path: Path
) -> None:
    path = written(tmp_path / "log", GOOD + b"seen once\n")
    summary, stored = trained(tmp_path / "store", [path], seen_once=seen_once)

    assert {known.pattern.text for known in stored.patterns.patterns} == texts
    assert (summary["corpus"]["judged"], summary["covered"]) == (6, 5 + seen_once)


@pytest.mark.parametrize("engine", ["python", "polars"])
def test_the_manifest_says_how_and_of_what_the_set_was_mined(tmp_path: Path, engine: str) -> None:
    _, stored = trained(tmp_path / "store", [written(tmp_path / "log", GOOD)], algorithm="slct", engine=engine)

    assert (stored.run["engine"], stored.run["algorithm"], stored.run["support"]) == (engine, "slct", None)
    assert stored.run["corpus"]["lines"] == 5
