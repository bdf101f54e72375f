from pathlib import Path
from typing import Any

import pytest

from benchmarks.streaming.exchange import Progress, StreamAnswer
from benchmarks.streaming.process import ProgramFailed
from benchmarks.streaming.runs import Choice, check, moment, records, timed, took


def at(seconds: int) -> str:
    return f"1970-01-01T00:00:{seconds:02}.000Z"


def batch(number: int, seconds: int, lines: int = 5) -> dict[str, Any]:
    return {"batch": number, "time": at(seconds), "lines": lines}


def test_a_run_is_from_the_first_begin_to_the_last_record() -> None:
    answer = StreamAnswer([Progress(0, at(10), 5, {}), Progress(1, at(14), 5, {})])
    times = timed(answer, [batch(0, 13), batch(1, 19)], ordered=8)
    assert times == {"start": 2, "seconds": 9, "batches": [3, 5]}


def test_a_batch_without_lines_does_not_lengthen_a_run() -> None:
    answer = StreamAnswer([Progress(0, at(10), 5, {}), Progress(1, at(14), 0, {})])
    assert timed(answer, [batch(0, 13), batch(1, 19, lines=0)], ordered=8)["seconds"] == 3


@pytest.mark.parametrize("batches", [[], [batch(0, 13), batch(1, 19)]])
def test_a_log_that_does_not_fit_is_refused(batches: list[dict[str, Any]]) -> None:
    with pytest.raises(ProgramFailed, match="Spark tells of the batches"):
        timed(StreamAnswer([Progress(0, at(10), 5, {})]), batches, ordered=8)


def test_fewer_documents_than_lines_are_no_run() -> None:
    check(5, 5)
    with pytest.raises(ProgramFailed, match="4 documents are in Elasticsearch, and 5 lines are in Kafka"):
        check(4, 5)


def test_choices_are_told_in_words() -> None:
    assert str(Choice(1, 1)) == "one process, 1 request of each at once"
    assert str(Choice(2, 2)) == "2 processes, 2 requests of each at once"


def test_a_log_is_read_past_what_others_wrote(tmp_path: Path) -> None:
    log = tmp_path / "log"
    rows = [
        '{"event": "took", "step": "session", "seconds": 2}',
        "WARN x",
        '{"event": "took", "step": "a", "seconds": 3}',
    ]
    log.write_text("\n".join(rows))
    assert len(records(log, "took")) == 2
    assert records(log, "batch") == []
    assert took(log, "session") == 2


def test_times_with_milliseconds_are_read() -> None:
    assert moment("1970-01-01T00:01:00.250Z") == 60.25
