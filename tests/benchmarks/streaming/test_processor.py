import os
import time

import pytest

from benchmarks.streaming.processor import Processors, Watched, read

STAT = "41 {name} S 7 41 40 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 999 1 5"


@pytest.mark.parametrize(
    ("name", "shown"), [("(java)", "java"), ("(a) b)", "a) b"), ("(1 2 3)", "1 2 3"), ("()", ""), ("(()", "(")]
)
def test_session_name_ticks_and_pages_are_read_whatever_the_name_holds(name: str, shown: str) -> None:
    assert read(STAT.format(name=name)) == (40, shown, 127, 5)


def looks(*rows: tuple[float, dict[str, float]]) -> Processors:
    made = Processors()
    made._looks.extend(rows)
    return made


def test_what_was_taken_lies_on_the_line_between_two_looks() -> None:
    assert looks((0, {"a": 0}), (10, {"a": 10}), (20, {"a": 10})).between(5, 15) == {"a": 5}


def test_who_came_later_had_taken_nothing_before() -> None:
    assert looks((0, {}), (10, {"b": 4}), (20, {"b": 6})).between(0, 20) == {"b": 6}


def test_who_took_nothing_is_not_named() -> None:
    assert looks((0, {"a": 3}), (10, {"a": 3})).between(0, 10) == {}


def test_without_a_look_nothing_is_known() -> None:
    assert Processors().between(0, 1) == {}


def test_a_session_is_seen_working() -> None:
    with Processors() as processors:
        processors.watch(os.getsid(0), Watched("mine", "java", "mine"))
        began = time.time()
        while time.time() < began + 0.6:
            pass
        took = processors.between(began, time.time())
    assert took["mine"] > 0.05
