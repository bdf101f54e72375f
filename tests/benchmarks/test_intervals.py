import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.training.intervals import ratio


def test_what_slows_down_both_of_a_round_does_not_change_the_ratio() -> None:
    assert ratio([2, 20, 2, 2], [1, 10, 1, 1]) == (2, 2, 2)


def test_one_disturbed_run_of_many_hardly_moves_the_middle() -> None:
    found = ratio([2, 2, 2, 2, 90], [1, 1, 1, 1, 1])
    assert found.middle == 2
    assert found.high <= 90


def test_the_same_figures_give_the_same_interval() -> None:
    ours, theirs = [1.0, 1.2, 0.9, 1.1], [2.0, 1.8, 2.1, 2.2]
    assert ratio(ours, theirs) == ratio(ours, theirs)


def test_rounds_that_only_one_has_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


def test_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match="no pair of runs"):
        ratio([], [])


@given(st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=1, max_size=9))
def test_the_middle_is_within_the_interval_and_that_within_the_pairs(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = zip(*pairs, strict=True)
    found = ratio(ours, theirs)
    ratios = [one / other for one, other in pairs]
    assert min(ratios) <= found.low <= found.middle <= found.high <= max(ratios)
