import json
from dataclasses import replace
from pathlib import Path

from benchmarks.streaming import report
from benchmarks.streaming.latency import Latency
from benchmarks.streaming.report import Results
from benchmarks.streaming.runs import CEILING, Run

ABOUT = {"date": "2026-11-25", "machine": "2 cores", "cores": 2, "versions": {"a": "1"}}
LATENCY = Latency(0, 1_000, 60, 0.001, 59_000, {"50": 340.4, "90": 500, "99": 700, "100": 900}, 2.5, 200, {"judge": 80})


def runs(stream: float, ceiling: float) -> list[Run]:
    whole = Run(0, "whole", 1, 1_000, stream, batches=[stream], processor={"Elasticsearch": 0.04, "x": 0.06})
    other = Run(0, CEILING, 1, 1_000, ceiling, how="one process", processor={"Elasticsearch": 0.05})
    first = replace(whole, round=0, seconds=9, start=5.25, session=4.5, batches=[9.0])
    return [first, whole, other]


def page(folder: Path, results: Results) -> str:
    report.write(folder, results, ABOUT, ["streaming.png"])
    return (folder / "streaming.md").read_text()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    results = Results(runs(2, 1), [LATENCY], ["python benchmarks/streaming"])
    page(tmp_path, results)
    assert report.read(tmp_path) == results
    assert json.loads((tmp_path / "streaming.json").read_text())["versions"] == {"a": "1"}


def test_a_folder_without_results_has_none(tmp_path: Path) -> None:
    assert report.read(tmp_path) == Results()


def test_less_than_is_wanted_is_told(tmp_path: Path) -> None:
    assert "**0.50 (0.50-0.50)** of the ceiling, 1 pairs; at least 0.8 is wanted, **which it is not**" in page(
        tmp_path, Results(runs(2, 1))
    )
    assert "at least 0.8 is wanted, which it is" in page(tmp_path, Results(runs(10, 9)))
    assert "of the ceiling, 1 pairs; 0.95 is the aim" in page(tmp_path, Results(runs(1, 1)))


def test_the_first_run_is_told_apart(tmp_path: Path) -> None:
    text = page(tmp_path, Results(runs(2, 1)))
    assert "5.2 s from its start to its first batch, 4.5 s of these Spark's session; the first batch 9.0 s" in text


def test_processors_are_told_by_program_with_what_follows(tmp_path: Path) -> None:
    text = page(tmp_path, Results(runs(2, 1)))
    assert "| and indexed: the stream | 40.0 | 60.0 |" in text
    assert "these would make 0.50 of the ceiling" in text


def test_latencies_stand_beside_each_other(tmp_path: Path) -> None:
    text = page(tmp_path, Results(latencies=[LATENCY, replace(LATENCY, trigger=5)]))
    assert "| 1,000 | 0.001 | 59,000 | 340 ms | 500 ms | 700 ms | 900 ms | 200 | 2 ms |" in text
    assert "| · our function (`judge`) | 80 | 80 |" in text


def test_streams_alone_without_a_ceiling_are_a_report(tmp_path: Path) -> None:
    text = page(tmp_path, Results(runs(2, 1)[:2]))
    assert "| and indexed: the stream | 500 (500-500) |" in text
    assert "pairs;" not in text
