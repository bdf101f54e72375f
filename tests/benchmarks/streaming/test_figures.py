from typing import Any

from benchmarks.streaming.figures import figures, first_runs, of_ceiling, of_identity, paired
from benchmarks.streaming.runs import CEILING, Run


def run(name: str, number: int, seconds: float, **more: Any) -> Run:
    return Run(**{"command": 0, "lines": 1_000, **more, "name": name, "round": number, "seconds": seconds})


def test_who_takes_twice_as_long_comes_to_half_of_the_ceiling() -> None:
    runs = [run("whole", 1, 4), run(CEILING, 1, 2), run(CEILING, 2, 3), run("whole", 2, 6)]
    assert of_ceiling(runs) == (0.5, 0.5, 0.5)


def test_pairs_are_of_one_round_of_one_command() -> None:
    runs = [
        run("whole", 1, 4),
        run(CEILING, 1, 2, command=1),
        run("whole", 2, 4),
        run(CEILING, 2, 2),
        run(CEILING, 3, 1),
    ]
    assert [(one.round, other.round) for one, other in paired(runs)] == [(2, 2)]


def test_what_came_before_is_no_pair_and_no_figure() -> None:
    runs = [run("whole", 0, 4), run(CEILING, 0, 2)]
    assert of_ceiling(runs) is None
    assert figures(runs) == {}
    assert first_runs(runs) == runs[:1]


def test_figures_have_the_median_and_microseconds_a_line() -> None:
    runs = [run("whole", n, seconds, processor={"a": 0.5, "b": 0.25}) for n, seconds in ((1, 1), (2, 2), (3, 10))]
    figure = figures(runs)["whole"]
    assert (figure.rate, figure.slowest, figure.fastest) == (500, 100, 1_000)
    assert figure.processor == {"a": 500, "b": 250}
    assert figure.all_processors == 750


def test_figures_come_in_the_order_in_which_stages_grow() -> None:
    runs = [run(name, 1, 1) for name in (CEILING, "whole", "judged", "read", "documents")]
    assert list(figures(runs)) == ["read", "judged", "documents", "whole", CEILING]


def test_what_is_judged_comes_to_a_share_of_what_spark_hands_through() -> None:
    runs = [run("judged", 1, 5), run("identity", 1, 4), run("identity", 2, 4)]
    assert of_identity(runs) == (0.8, 0.8, 0.8)
    assert of_identity(runs[:1]) is None
