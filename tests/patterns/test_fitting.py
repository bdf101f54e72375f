"""The matcher's arithmetic on sets of places, against a plain search by hand and against regular expressions."""

import re
from collections.abc import Iterator, Sequence

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from patterns.fitting import END, Difference, first_difference, fits, gap_lengths, places
from patterns.language import Gap, Pattern, parse

WORDS = st.sampled_from(["a", "b", "c", "<*>"])
CONSTANTS = WORDS | st.sampled_from([("a", "b"), ("a", "c"), ("b", "c", "d")])
GAPS: st.SearchStrategy[Gap] = st.one_of(
    st.just((0, 0)),
    st.integers(0, 3).map(lambda least: (least, None)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda gap: (min(gap), max(gap))),
    st.sampled_from([(0, 70), (0, 999_999_999), (65, None), (999_999_999, 999_999_999)]),
)
LINES = st.lists(WORDS, max_size=9) | st.lists(st.sampled_from("ab"), min_size=60, max_size=75)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    constants = draw(st.lists(CONSTANTS, max_size=4))
    gaps = draw(st.lists(GAPS, min_size=len(constants) + 1, max_size=len(constants) + 1))
    return Pattern(tuple(constants), tuple(gaps))


def searched(pattern: Pattern, words: Sequence[str]) -> list[int] | None:
    """Return the first way to fit when each gap, from the left, tries its lengths in ascending order."""

    def ways(number: int, at: int) -> Iterator[list[int]]:
        least, most = pattern.gaps[number]
        for length in range(least, min(len(words) - at if most is None else most, len(words) - at) + 1):
            behind = at + length
            if number == len(pattern.constants):
                if behind == len(words):
                    yield [length]
            elif behind < len(words):
                constant = pattern.constants[number]
                if words[behind] in ((constant,) if isinstance(constant, str) else constant):
                    yield from ([length, *rest] for rest in ways(number + 1, behind + 1))

    return next(ways(0, 0), None)


@given(patterns(), st.lists(WORDS, max_size=9))
def test_gaps_take_as_few_words_as_a_search_from_the_left_finds(pattern: Pattern, words: list[str]) -> None:
    assert gap_lengths(pattern, words) == searched(pattern, words)


@given(patterns(), LINES)
def test_a_pattern_fits_iff_its_regular_expression_matches(pattern: Pattern, words: list[str]) -> None:
    expected = re.search(pattern.regex(), " ".join(words)) is not None

    assert fits(pattern, places(words), len(words)) == expected
    assert (gap_lengths(pattern, words) is not None) == expected
    assert (first_difference(pattern, words) is None) == expected


@given(patterns(), LINES)
def test_re2_says_the_same_while_gaps_are_not_wider_than_1000(pattern: Pattern, words: list[str]) -> None:
    if all(max(gap[0], gap[1] or 0) <= 1000 for gap in pattern.gaps):
        assert fits(pattern, places(words), len(words)) == bool(re2.search(pattern.regex(), " ".join(words)))


@given(patterns(), LINES)
def test_gap_lengths_and_constants_make_up_the_line_within_the_bounds(pattern: Pattern, words: list[str]) -> None:
    lengths = gap_lengths(pattern, words)

    if lengths is not None:
        assert sum(lengths) + len(pattern.constants) == len(words)
        for length, (least, most) in zip(lengths, pattern.gaps, strict=True):
            assert least <= length <= (len(words) if most is None else most)


@given(patterns(), st.lists(WORDS, max_size=9))
def test_a_difference_names_a_word_of_the_line_or_its_end(pattern: Pattern, words: list[str]) -> None:
    difference = first_difference(pattern, words)

    if difference is not None:
        assert 1 <= difference.word <= len(words) + 1
        assert difference.found == [*words, END][difference.word - 1]
        assert difference.expected != difference.found


@pytest.mark.parametrize(
    ("text", "line", "lengths"),
    [
        ("a b", "a b", [0, 0, 0]),
        ("a *{1,3} b", "a x y b", [0, 2, 0]),
        ("*{0,} a *{0,}", "x a y a z", [1, 3]),
        ("*{0,} a", "a a a", [2, 0]),
        ("*{0,2} a *{0,2} b", "a a a b", [0, 2, 0]),
        ("*{0,1} a *{0,1} b", "a a a b", [1, 1, 0]),
        ("*{0,} (a|b) *{1,1} b *{0,}", "b b a b b b", [1, 1, 2]),
        ("a *{0,} b *{0,} b", "a b x b", [0, 0, 1, 0]),
        ("*{2,3}", "x y", [2]),
        ("a *{1,3} b", "a b", None),
        ("a", "a a", None),
        ("a", "", None),
    ],
)
def test_gaps_take_as_few_words_as_possible_from_left_to_right(text: str, line: str, lengths: list[int] | None) -> None:
    assert gap_lengths(parse(text), line.split()) == lengths


@pytest.mark.parametrize(
    ("text", "line", "difference"),
    [
        ("a b c", "a x c", "word 2: expected b, found x"),
        ("a b c", "x b c", "word 1: expected a, found x"),
        ("a b c", "a b", "word 3: expected c, found end of line"),
        ("a b", "a b c", "word 3: expected end of line, found c"),
        ("a *{1,1} c", "a c", "word 3: expected c, found end of line"),
        ("a *{1,2} c", "a x y z c", "word 3: expected c, found y"),
        ("a (b|c)", "a d", "word 2: expected (b|c), found d"),
        ("a *{0,1}", "a x y", "word 3: expected end of line, found y"),
        ("a *{2,}", "a x", "word 3: expected 2 words or more behind word 1, found end of line"),
        ("*{2,3}", "x", "word 2: expected 2 words or more behind word 0, found end of line"),
        ("a *{3,} b", "a x", "word 3: expected b, found end of line"),
        ("a b", "a b", "None"),
    ],
)
def test_a_difference_says_where_a_pattern_stops_fitting_read_from_the_left(
    text: str, line: str, difference: str
) -> None:
    assert str(first_difference(parse(text), line.split())) == difference


def test_a_difference_of_programs_says_so() -> None:
    assert str(Difference(0, "sshd", "su")) == "program: expected sshd, found su"


@pytest.mark.parametrize("gap", ["*{1,}", "*{1,999999999}", "*{1,50000}"])
def test_a_long_line_of_one_word_is_fitted_without_trying_each_way(gap: str) -> None:
    words = ["a"] * 30_000
    fitting, other = parse(f"a {gap} a {gap} a {gap} a"), parse(f"a {gap} a {gap} a {gap} b")

    assert gap_lengths(fitting, words) == [0, 1, 1, 29_994, 0]
    assert gap_lengths(other, words) is None
    assert first_difference(other, words) == Difference(7, "b", "a")


def test_places_are_the_bits_of_each_word() -> None:
    assert places(["a", "b", "a", "a"]) == {"a": 0b1101, "b": 0b0010}
