"""First pass: a word counts once a line, a word at a position once a line by nature, a run of class words never."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.words import WeightedShape, frequent_positions, frequent_words

SHAPES: list[WeightedShape] = [(("a", "b", "a"), 3), (("b", None, "c"), 2), (("a",), 1), ((None, "b"), 4)]


@pytest.mark.parametrize(
    ("support", "expected"),
    [(1, {"a", "b", "c"}), (2, {"a", "b", "c"}), (3, {"a", "b"}), (4, {"a", "b"}), (5, {"b"}), (9, {"b"}), (10, set())],
)
def test_a_word_is_frequent_by_its_lines_wherever_in_the_line(support: int, expected: set[str]) -> None:
    assert frequent_words(SHAPES, support) == expected


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        (2, {(0, "a"), (1, "b"), (2, "a"), (0, "b"), (2, "c")}),
        (4, {(0, "a"), (1, "b")}),
        (5, {(1, "b")}),
        (7, {(1, "b")}),
        (8, set()),
    ],
)
def test_a_word_at_a_position_is_frequent_by_its_lines(support: int, expected: set[tuple[int, str]]) -> None:
    assert frequent_positions(SHAPES, support) == expected


LINES = st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=5).map(tuple), max_size=10)


@given(LINES, st.integers(1, 4))
def test_shapes_with_counts_are_as_good_as_their_lines_one_by_one(
    lines: list[tuple[str | None, ...]], support: int
) -> None:
    each = [(words, 1) for words in lines]
    together = list(Counter(lines).items())

    assert frequent_words(together, support) == frequent_words(each, support)
    assert frequent_positions(together, support) == frequent_positions(each, support)
    assert frequent_words(each, support) == {word for word in "abc" if sum(word in words for words in lines) >= support}
