import os
import random
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.streaming import report, skewed
from benchmarks.streaming.exchange import Progress, StreamAnswer
from benchmarks.streaming.memory import Memory, held
from benchmarks.streaming.programs.send import endless, partition
from benchmarks.streaming.report import Results
from benchmarks.streaming.runs import of_spark, timed
from benchmarks.streaming.strain import Long, Strained, _lagging
from benchmarks.training.corpus import Corpus

LINE = b"Nov 16 00:00:00 web2 nginx[7]: GET /x: 200"
ABOUT = {"date": "2026-11-25", "machine": "2 cores", "cores": 2, "versions": {"a": "1"}}


def test_a_skew_changes_one_thing_of_each_line(tmp_path: Path) -> None:
    whole = Corpus("fleet", tmp_path / "fleet.log", 2_000)
    whole.path.write_bytes((LINE + b"\n") * 2_000)
    found = {name: skewed.made(name, whole, tmp_path).path.read_bytes().splitlines() for name in skewed.SKEWS}
    assert {name: len(lines) for name, lines in found.items()} == dict.fromkeys(skewed.SKEWS, 2_000)
    assert sum(line.split()[3] == b"loud1" for line in found["one host"]) == 1_800
    assert [len(line) > 60_000 for line in found["long lines"]].count(True) == 2
    assert len({line.split()[3] for line in found["many hosts"]}) == 2_000
    assert len({line.partition(b": ")[2] for line in found["all new"]}) == 2_000
    assert all(line.startswith(LINE[:30]) for line in found["all new"])


def test_there_are_as_many_hosts_as_are_told() -> None:
    lines = (skewed.SKEWS["many hosts"](LINE, number, random.Random(1)) for number in range(100_000))
    assert len({line.split()[3] for line in lines}) == 50_000


def test_a_hosts_lines_go_to_one_partition_or_all_partitions_have_the_same_number() -> None:
    others = [LINE.replace(b"web2", b"web%d" % number) for number in range(20)]
    assert {partition(number, LINE, "host") for number in range(9)} in ({0}, {1})
    assert {partition(0, line, "host") for line in others} == {0, 1}
    assert [partition(number, LINE, "turns") for number in range(4)] == [0, 1, 0, 1]


def test_behind_the_last_line_the_first_comes_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1\n2\n")
    assert list(islice(endless(tmp_path / "a"), 1, 6)) == [b"2", b"1", b"2", b"1", b"2"]


def test_a_program_that_works_holds_memory() -> None:
    with Memory(os.getsid(0)) as memory:
        pass
    assert sum(memory.most().values()) > 10
    assert held(0x7FFFFFFF) == {}


def test_lag_is_what_was_sent_by_the_end_of_a_batch_and_is_not_judged() -> None:
    batches = [
        {"time": f"1970-01-01T00:01:{second}+00:00", "lines": lines, "seconds": 0.5}
        for second, lines in (("00", 50), ("10", 90), ("20", 110), ("30", 0))
    ]
    assert _lagging(batches, 50, 60, 10, 200) == [[10, 90, 0.5, 10], [20, 110, 0.5, 0], [30, 0, 0.5, 0]]


def test_a_batch_of_sparks_own_query_ends_before_it_is_written_down() -> None:
    steps = {"triggerExecution": 900, "commitOffsets": 100}
    answer = StreamAnswer([Progress(0, "2026-11-25T00:00:00.000Z", 7, steps)])
    assert timed(answer, of_spark(answer), 0)["seconds"] == pytest.approx(0.8)


def test_runs_under_strain_are_read_back_and_told(tmp_path: Path) -> None:
    strained = Strained(0, "all new", 1_000, 2.0, 900, 5, [2.0], {"driver": 80.0})
    held = {"driver": [[0.0, 80.0], [9.0, 90.0]]}
    long = Long(0, 1, 25_000.0, 20_000.0, 16_000.0, 960_000, 0.1, held, [[1.0, 8_000, 0.4, 100], [2.0, 8_000, 0.6, 0]])
    results = Results([], [], ["c"], [strained], [long])
    report.write(tmp_path, results, ABOUT, [])
    assert report.read(tmp_path) == results
    page = (tmp_path / "streaming.md").read_text()
    assert "| all new | 1,000 | 500 | 900 | 5 | 2.0 s | 80 |" in page
    assert "960,000 lines at 16,000 a second" in page
    assert "Of a burst 25,000 a second were indexed; when these came for minutes, 20,000." in page
    assert "| a batch, seconds | 0.40 | 0.60 | 0.60 |" in page
    assert "| driver, MiB | 80 | 90 | 90 |" in page
