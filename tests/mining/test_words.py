"""First pass: a word counts once a line, a word at a position once a line by nature, a run of class words never."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.support import Support
from mining.words import Position, WeightedShape, Words, frequent_positions, frequent_words
from patterns.line import exact_text
from training.lines import raw_words

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


FrequentOf = Callable[[Iterable[WeightedShape], Support, int], frozenset[str] | frozenset[Position]]

# What raw lines may hold, and shapes.
ANY_WORDS = st.binary(max_size=12).map(lambda line: raw_words(line.replace(b"\n", b" "))) | st.lists(
    st.sampled_from(["a", "b", "c", "1", "\x1c", exact_text(b"\xff"), None]), max_size=6
).map(tuple)
SUPPORTS = st.integers(1, 5) | st.fractions(Fraction(1, 20), 1)


@pytest.mark.parametrize("frequent", [frequent_words, frequent_positions])
@given(lines=st.lists(st.tuples(ANY_WORDS, st.integers(1, 3)), max_size=12), support=SUPPORTS, limit=st.integers(0, 9))
def test_what_is_frequent_is_the_same_however_few_words_are_held_in_memory(
    frequent: FrequentOf, lines: list[tuple[Words, int]], support: Support, limit: int
) -> None:
    assert frequent(lines, support, limit) == frequent(lines, support, 1_000_000)


@pytest.mark.parametrize("frequent", [frequent_words, frequent_positions])
@pytest.mark.parametrize(("limit", "number"), [(3, 1), (4, 0)])
def test_a_temporary_file_is_used_only_where_there_are_more_distinct_words_than_the_limit(
    files: list[IO[bytes]], tmp_path: Path, frequent: FrequentOf, limit: int, number: int
) -> None:
    frequent([(("a", "b"), 1), (("a", "c"), 2), (("a", "d"), 1)], 2, limit)

    assert [file.closed for file in files] == [True] * number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frequent", [frequent_words, frequent_positions])
def test_the_temporary_file_is_gone_if_the_lines_cannot_be_read_to_the_end(
    files: list[IO[bytes]], tmp_path: Path, frequent: FrequentOf
) -> None:
    def lines() -> Iterator[WeightedShape]:
        yield ("a", "b"), 1
        assert [file.closed for file in files] == [False]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        frequent((line for line in lines()), 1, 0)
    assert [file.closed for file in files] == [True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frequent", [frequent_words, frequent_positions])
def test_memory_is_for_the_words_of_the_limit_and_not_for_all(frequent: FrequentOf) -> None:
    def peak(limit: int) -> int:
        tracemalloc.start()
        frequent((((f"distinct{number}",), 1) for number in range(60_000)), 2, limit)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(6_000) < peak(60_000) / 4
