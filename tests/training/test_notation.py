"""Patterns as slct 0.05 and logcluster.pl 0.10 print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.language import Constant, Gap, Pattern
from patterns.line import exact_text
from training.notation import as_printed

NO: Gap = (0, 0)


@pytest.mark.parametrize(
    ("constants", "gaps", "printed"),
    [
        (("down",), (NO, NO), "down"),
        (("Interface", "down"), (NO, NO, NO), "Interface down"),
        (("Interface", "down"), (NO, (1, 2), NO), "Interface *{1,2} down"),
        (("Interface", "down"), ((1, 1), NO, (0, 3)), "*{1,1} Interface down *{0,3}"),
        (("Interface", "down", "at"), (NO, (1, 1), NO, (1, 2)), "Interface *{1,1} down at *{1,2}"),
        (("Interface", ("eth0", "eth1"), "down"), (NO, NO, NO, NO), "Interface (eth0|eth1) down"),
        ((("eth0", "eth1"),), ((0, 1), (10, 20)), "*{0,1} (eth0|eth1) *{10,20}"),
        # Of holes alone, as wildcards make it.
        ((), ((3, 3),), "*{3,3}"),
        # Words are as they are, whatever they look like.
        (("*{1,2}", "(a|b)", "*"), (NO, NO, NO, NO), "*{1,2} (a|b) *"),
        (("C:\\Windows", "\\", "\\*{1,2}"), (NO, NO, (1, 1), NO), "C:\\Windows \\ *{1,1} \\*{1,2}"),
        ((("a\\b", "a|b"),), (NO, NO), "(a\\b|a|b)"),
        ((exact_text(b"\xff"), "\0", "é"), (NO, NO, NO, NO), exact_text(b"\xff \0 \xc3\xa9")),
    ],
)
def test_logcluster_writes_gaps_and_alternatives(
    constants: tuple[Constant, ...], gaps: tuple[Gap, ...], printed: str
) -> None:
    assert as_printed(Pattern(constants, gaps)) == printed


@pytest.mark.parametrize(
    ("constants", "gaps", "printed"),
    [
        (("down",), (NO, (0, None)), "down"),
        (("Interface", "down", "at"), (NO, (1, 1), NO, (0, None)), "Interface * down at"),
        (("down",), ((2, 2), (0, None)), "* * down"),
        (("a", "b"), (NO, (3, 3), (0, None)), "a * * * b"),
        # What follows the last word is not written, whether it is open or fixed.
        (("a",), (NO, (2, 2)), "a"),
        (("*", "*{1,2}", "(a|b)"), (NO, (1, 1), NO, (0, None)), "* * *{1,2} (a|b)"),
        (("C:\\Windows", "\\"), (NO, NO, (0, None)), "C:\\Windows \\"),
    ],
)
def test_slct_writes_a_star_for_each_hole(constants: tuple[Constant, ...], gaps: tuple[Gap, ...], printed: str) -> None:
    assert as_printed(Pattern(constants, gaps, positional=True)) == printed


@given(st.lists(st.tuples(st.integers(0, 3), st.text("ab*\\|(){}1,", min_size=1)), min_size=1))
def test_each_word_of_slct_stands_at_its_position(places: list[tuple[int, str]]) -> None:
    gaps: list[Gap] = [(holes, holes) for holes, _ in places]
    printed = as_printed(Pattern(tuple(word for _, word in places), (*gaps, (0, None)), positional=True)).split(" ")

    at = -1
    for holes, word in places:
        at += holes + 1
        assert printed[at] == word
    assert len(printed) == at + 1
