"""Text of strangers made fit for a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.terminal import printable, printable_rows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, even with $ and \\", "plain text, even with $ and \\"),
        ("", ""),
        ("Grüße, 日本語 😀", "Grüße, 日本語 😀"),
        ("e\u0301", "e\u0301"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\r\tc", "a\\x0ab\\x0d\\x09c"),
        ("\x00\x7f", "\\x00\\x7f"),
        ("\x9b31m", "\\x9b31m"),
        ("\x85", "\\x85"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\u202eabc\u202c", "\\u202eabc\\u202c"),
        ("\u2066\u2069\u200e\u200f\u061c", "\\u2066\\u2069\\u200e\\u200f\\u061c"),
        ("\u200b\u200d\ufeff\xad", "\\u200b\\u200d\\ufeff\\xad"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
        ("\U000e0041", "\\U000e0041"),
        ("\uffff", "\\uffff"),
        ("\xa0\u3000", "\xa0\u3000"),
    ],
)
def test_what_is_no_visible_character_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(exclude_characters="\\"), max_size=20))
def test_what_is_shown_moves_no_cursor_and_means_one_text(text: str) -> None:
    shown = printable(text)

    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert shown.encode("ascii", "backslashreplace").decode("unicode_escape") == text


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("\x1b\x1b\x1b", 2, "\\x1b…"),
        ("é" * 9, 3, "éé…"),
        ("", 1, ""),
    ],
)
def test_a_long_text_is_cut_with_a_mark(text: str, most: int, shown: str) -> None:
    assert printable(text, most) == shown


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [""]),
        ("\ta\tb\r", ["\\x09a\\x09b\\x0d"]),
        ("a\r\n\tat b\r\n \t c\td\r", ["a", "    at b", "     c\\x09d\\x0d"]),
        ("a\n\n\x1b[2J\n", ["a", "", "\\x1b[2J", ""]),
    ],
)
def test_the_lines_of_a_record_are_rows_without_what_only_indents_or_ends_them(text: str, rows: list[str]) -> None:
    assert printable_rows(text) == rows


def test_of_rows_that_are_too_long_together_the_end_is_left_out() -> None:
    assert printable_rows("abc\ndef\nghi", 7) == ["abc", "de…"]


@given(st.text(max_size=20))
def test_rows_have_nothing_that_is_not_visible(text: str) -> None:
    assert all(printable(row) == row for row in printable_rows(text))
