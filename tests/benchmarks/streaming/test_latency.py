from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.streaming import latency
from benchmarks.streaming.exchange import Progress
from benchmarks.streaming.process import ProgramFailed


def test_percentiles_are_values_that_so_many_do_not_exceed() -> None:
    assert latency.percentiles([*range(1, 201)]) == {"50": 100, "90": 180, "99": 198, "100": 200}


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_grow_and_end_with_the_most(values: list[float]) -> None:
    found = list(latency.percentiles(values).values())
    assert found == sorted(found)
    assert found[-1] == round(max(values), 1)


def test_of_nothing_there_are_no_percentiles() -> None:
    assert latency.percentiles([]) == {}


def test_a_document_is_acknowledged_when_it_first_is(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("1000000 9000000 a b\n5000000 12000000 c\n")
    (tmp_path / "2").write_text("1000000 7000000 b\n")
    assert latency.acknowledged(tmp_path) == {"a": 9, "b": 7, "c": 12}


def test_a_row_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("1000000 9000000 a\n1000000 90")
    assert latency.acknowledged(tmp_path) == {"a": 9}


def test_an_answer_without_documents_acknowledges_none(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("1000000 9000000 \n")
    assert latency.acknowledged(tmp_path) == {}


def test_only_lines_since_a_time_count_but_all_must_have_been_acknowledged() -> None:
    sent = {"early": 100, "late": 200}
    assert latency.latencies(sent, {"early": 900.5, "late": 250.5, "an alert": 1}, 150) == [50.5]
    with pytest.raises(ProgramFailed, match="1 of 2 lines were never acknowledged"):
        latency.latencies(sent, {"late": 250.5}, 150)


def test_paced_lines_begin_behind_the_first_ones() -> None:
    assert latency.paced_since({"c": 30, "a": 10, "b": 20}, 1) == 20


def test_a_step_that_a_batch_has_not_took_no_time() -> None:
    batches = [Progress(n, "", 1, steps) for n, steps in enumerate(({"addBatch": 4}, {"addBatch": 6, "getBatch": 2}))]
    assert latency.steps(batches) == {"addBatch": 5, "getBatch": 1}
    assert latency.steps([]) == {}


def test_our_steps_are_those_of_the_log_since_a_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        '{"time": "1970-01-01T00:00:01.000Z", "event": "batch", "seconds": 9}\n'
        "Spark says something\n"
        '{"time": "1970-01-01T00:00:02.000Z", "event": "batch", "seconds": 0.5}\n'
        '{"time": "1970-01-01T00:00:02.000Z", "event": "took", "step": "record", "seconds": 0.02}\n'
    )
    assert latency.our_steps(log, 1_500) == {"judge": 500, "record": 20}


def test_requests_are_those_that_were_sent_since_a_time(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("1000000 9000000 a\n5000000 25000000 b\n6000000 36000000 c\n")
    assert latency.request(tmp_path, 5) == 25
    assert latency.request(tmp_path, 50) == 0
