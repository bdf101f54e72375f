"""The program of the ceiling, without an Elasticsearch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.streaming.exchange import BulkAnswer, BulkOrder
from benchmarks.streaming.process import Program, ProgramFailed, Within

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program[BulkAnswer]]:
    (tmp_path / "documents").write_bytes(b"-events-day 01 {}\n-events-day 02 {}\n")
    with Program("bulk", [NOBODY, str(tmp_path / "documents"), "10", "100"], tmp_path, BulkAnswer) as started:
        yield started


def test_an_order_is_answered(program: Program[BulkAnswer]) -> None:
    program.order(BulkOrder("p"))
    assert program.answer(60) == BulkAnswer()
    assert not program.has_answered


def test_a_failure_is_told(program: Program[BulkAnswer]) -> None:
    program.order(BulkOrder("p"))
    program.answer(60)
    program.order(BulkOrder())
    with pytest.raises(ProgramFailed, match="bulk: ConnectionError"):
        program.answer(60)


def test_one_that_does_not_answer_in_time_failed(program: Program[BulkAnswer]) -> None:
    with pytest.raises(ProgramFailed, match=r"longer than 0\.01 s"):
        program.answer(0.01)


def test_one_that_ended_says_why(tmp_path: Path) -> None:
    with Program("bulk", [NOBODY, str(tmp_path / "none"), "10", "100"], tmp_path, BulkAnswer) as started:
        with pytest.raises(ProgramFailed, match="No such file"):
            started.answer(60)
        with pytest.raises(ProgramFailed, match="No such file"):
            started.order(BulkOrder("p" * 2**17))


def test_lines_are_waited_for_until_they_are_done(program: Program[BulkAnswer]) -> None:
    done = iter((0, 1, 2))
    program.wait_for(2, lambda: next(done), "judged", Within(60, 0))
    assert list(done) == []


def test_lines_that_are_not_done_in_time_are_told(program: Program[BulkAnswer]) -> None:
    with pytest.raises(ProgramFailed, match=r"bulk: 1 of 2,000 lines are judged after 0\.01 s"):
        program.wait_for(2_000, lambda: 1, "judged", Within(0.01, 0.001))


def test_who_ends_before_all_lines_are_done_is_not_waited_for(program: Program[BulkAnswer]) -> None:
    program.order(BulkOrder("p"))
    with pytest.raises(ProgramFailed, match="bulk: it ended when 1 of 2 lines were judged"):
        program.wait_for(2, lambda: 1, "judged", Within(60, 0.01))
