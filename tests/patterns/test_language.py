"""Text ⇄ Pattern, ids, and what a pattern's regular expression says."""

import itertools
import re
from dataclasses import replace
from hashlib import blake2b

import pytest
import re2
from hypothesis import assume, example, given
from hypothesis import strategies as st

from patterns.errors import PatternSyntaxError
from patterns.language import Constant, Gap, Pattern, join_gaps, of_words, parse

WHITE_SPACE = " \t\n\v\f\r"

ODD_WORDS = [
    "*{1,2}", "*{0,}", "*{1,1", "*{,}", "*{01,2}", "*", "**", "(a|b)", "(|)", "(a|)", "(b|a)", "()", "(a)", "|", "(|",
    "\\", "\\\\", "\\a", "a\\", "\\*{1,2}", "\\(a|b)", "(a\\|b)", "(\\|)", "<*>", "\x00", "\x85", "\u2028", "\xa0",
    "\x1c", "*{1234567890,}", "*{999999999,999999999}", "*{2,1}", "*{0,0}", "é", "😀",
]  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(ODD_WORDS),
    st.text(st.sampled_from("ab\\|()*{},01"), min_size=1, max_size=8),
    st.text(st.characters(codec="utf-8", exclude_characters=WHITE_SPACE), min_size=1, max_size=5),
)
CONSTANTS = WORDS | st.lists(WORDS, min_size=2, max_size=4, unique=True).map(lambda words: tuple(sorted(words)))
GAPS = st.one_of(
    st.just((0, 0)),
    st.tuples(st.integers(0, 3), st.none()),
    st.tuples(st.integers(0, 3), st.integers(1, 4)).map(lambda gap: (min(gap), max(gap))),
    st.just((999_999_999, 999_999_999)),
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    constants = draw(st.lists(CONSTANTS, max_size=4))
    gaps = draw(st.lists(GAPS, min_size=len(constants) + 1, max_size=len(constants) + 1))
    assume(constants or gaps != [(0, 0)])
    return Pattern(tuple(constants), tuple(gaps), positional=draw(st.booleans()))


@given(patterns())
@example(Pattern((("(|)", "\\", "a)|(b"),), ((0, 0), (0, 0))))
@example(Pattern(("\x85", "\u2028"), ((0, 1), (0, 0), (0, None))))
def test_parsing_the_text_of_a_pattern_gives_the_pattern(pattern: Pattern) -> None:
    assert parse(pattern.text, positional=pattern.positional) == pattern
    assert str(pattern) == pattern.text
    assert len(pattern.text.splitlines()) <= 1 or set(pattern.text) & set("\x1c\x1d\x1e\x85\u2028\u2029")


@given(st.lists(WORDS | st.sampled_from(["*{1,2}", "*{0,}", "*{3,3}", "(a|b)", "\\(a|b)", ""]), max_size=4))
def test_a_text_that_parses_is_the_text_of_what_it_parses_to(parts: list[str]) -> None:
    text = " ".join(parts)

    try:
        pattern = parse(text)
    except PatternSyntaxError:
        return
    assert pattern.text == text


@given(patterns(), patterns())
def test_two_patterns_have_two_texts(one: Pattern, other: Pattern) -> None:
    assert (one.text == other.text) == (replace(one, positional=False) == replace(other, positional=False))


@pytest.mark.parametrize(
    ("text", "constants", "gaps"),
    [
        ("Interface eth *{1,2} down", ("Interface", "eth", "down"), ((0, 0), (0, 0), (1, 2), (0, 0))),
        ("*{0,}", (), ((0, None),)),
        ("*{3,3}", (), ((3, 3),)),
        ("*{0,1} a *{2,}", ("a",), ((0, 1), (2, None))),
        ("(a|b)", (("a", "b"),), ((0, 0), (0, 0))),
        ("(a|b|c) *{1,1} d", (("a", "b", "c"), "d"), ((0, 0), (1, 1), (0, 0))),
        ("(a)|b)", (("a)", "b"),), ((0, 0), (0, 0))),
        ("((|))", (("(", ")"),), ((0, 0), (0, 0))),
        (r"(a\|b|c\\)", (("a|b", "c\\"),), ((0, 0), (0, 0))),
        ("\\(a|b)", ("(a|b)",), ((0, 0), (0, 0))),
        ("\\(|)", ("(|)",), ((0, 0), (0, 0))),
        ("\\*{1,2}", ("*{1,2}",), ((0, 0), (0, 0))),
        ("\\*{01,2}", ("*{01,2}",), ((0, 0), (0, 0))),
        ("\\a\\b", ("a\\b",), ((0, 0), (0, 0))),
        ("\\\\", ("\\",), ((0, 0), (0, 0))),
        ("*{1,2", ("*{1,2",), ((0, 0), (0, 0))),
        ("*{,2}", ("*{,2}",), ((0, 0), (0, 0))),
        ("*{1234567890,}", ("*{1234567890,}",), ((0, 0), (0, 0))),
        ("a*{1,2}", ("a*{1,2}",), ((0, 0), (0, 0))),
        ("(ab)", ("(ab)",), ((0, 0), (0, 0))),
        ("(a|b", ("(a|b",), ((0, 0), (0, 0))),
        ("<*>", ("<*>",), ((0, 0), (0, 0))),
        ("a\x85b \u2028", ("a\x85b", "\u2028"), ((0, 0), (0, 0), (0, 0))),
    ],
)
def test_each_part_of_a_text_is_a_gap_a_word_or_alternatives(
    text: str, constants: tuple[Constant, ...], gaps: tuple[Gap, ...]
) -> None:
    assert parse(text) == Pattern(constants, gaps)


@pytest.mark.parametrize(
    ("text", "part", "why"),
    [
        ("", 1, "exactly one space"),
        (" ", 1, "exactly one space"),
        ("a  b", 2, "exactly one space"),
        (" a", 1, "exactly one space"),
        ("a ", 2, "exactly one space"),
        ("a\tb", 1, "exactly one space"),
        ("a b\n", 2, "exactly one space"),
        ("a\vb", 1, "exactly one space"),
        ("*{2,1}", 1, "swap them"),
        ("a *{0,0}", 2, "write nothing for"),
        ("*{01,2}", 1, r"write \*\{1,2\} for"),
        ("*{1,02}", 1, r"write \*\{1,2\} for"),
        ("*{00,}", 1, r"write \*\{0,\} for"),
        ("*{1,1} *{0,2}", 2, "add their numbers"),
        ("a *{1,} *{1,1}", 3, "add their numbers"),
        ("(a|a)", 1, "distinct, ascending, not empty"),
        ("(b|a)", 1, "distinct, ascending, not empty"),
        ("(a|)", 1, "distinct, ascending, not empty"),
        ("(a|b|)", 1, "distinct, ascending, not empty"),
        ("(|a|b)", 1, "distinct, ascending, not empty"),
        ("(|)", 1, "distinct, ascending, not empty"),
        (r"(a\|b)", 1, "two or more"),
        (r"(a\b|c)", 1, "inside alternatives"),
        (r"(a|b\)", 1, "inside alternatives"),
        (r"a\b", 1, "one more in front"),
        ("x y\\", 2, "one more in front"),
        (r"\a", 1, "is not needed"),
        ("\\", 1, "is not needed"),
        (r"\(ab)", 1, "is not needed"),
        (r"\<*>", 1, "is not needed"),
    ],
)
def test_a_text_that_is_no_patterns_own_is_refused_with_the_part_and_the_mend(text: str, part: int, why: str) -> None:
    with pytest.raises(PatternSyntaxError, match=why) as refused:
        parse(text)

    assert str(refused.value).startswith(f"{text!r} is no pattern: part {part}: ")


@pytest.mark.parametrize("gaps", [(), ((0, 0),), ((0, 0), (0, 0), (0, 0))])
def test_a_pattern_has_one_gap_more_than_constants(gaps: tuple[Gap, ...]) -> None:
    with pytest.raises(ValueError, match="1 constants have 2 gaps"):
        Pattern(("a",), gaps)


def test_words_and_holes_become_a_pattern_whose_neighbouring_holes_are_one_gap() -> None:
    assert of_words(["a", None, "b"]) == parse("a *{1,1} b")
    assert of_words([None, None, "a", None, None, None]) == parse("*{2,2} a *{3,3}")
    assert of_words(["a"]) == parse("a")
    assert of_words([]) == Pattern((), ((0, 0),))


@pytest.mark.parametrize(
    ("gaps", "joined"),
    [
        ([(1, 1)], (1, 1)),
        ([(1, 2), (0, 1)], (0, 2)),
        ([(3, 3), (1, None)], (1, None)),
        ([(0, 0), (0, 0)], (0, 0)),
    ],
)
def test_the_join_of_gaps_is_the_narrowest_that_holds_all(gaps: list[Gap], joined: Gap) -> None:
    assert join_gaps(gaps) == joined


@given(patterns(), st.lists(GAPS, min_size=5, max_size=5))
def test_an_id_stays_when_gaps_change_unless_the_pattern_is_positional(pattern: Pattern, gaps: list[Gap]) -> None:
    other = replace(pattern, gaps=tuple(gaps[: len(pattern.gaps)]))

    same = pattern.identity("sshd") == other.identity("sshd")

    assert same == (not pattern.positional or pattern.gaps == other.gaps)


@given(patterns(), patterns())
def test_patterns_of_different_words_have_different_ids(one: Pattern, other: Pattern) -> None:
    assume(one.constants != other.constants)

    assert one.identity("") != other.identity("")


def test_an_id_tells_apart_what_texts_joined_would_not() -> None:
    scoped = [
        ("", parse("a b")),
        ("a", parse("b")),
        ("", parse("(a|b)")),
        ("", parse("\\(a|b)")),
        ("a b", parse("c")),
        ("a", parse("b c")),
        ("", parse("a b", positional=True)),
    ]

    ids = [pattern.identity(scope) for scope, pattern in scoped]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9a-f]{12}", found) for found in ids)


@pytest.mark.parametrize(
    ("scope", "pattern", "hashed"),
    [
        ("sshd", parse("Accepted *{1,2} for"), b'["sshd",["Accepted","for"],null]'),
        ("", parse("(é|ü) *{0,}"), rb'["",[["\u00e9","\u00fc"]],null]'),
        ("", parse("a\u2028\x00 *{0,}"), rb'["",["a\u2028\u0000"],null]'),
        ("docker/<*>", parse("a *{1,1} b *{0,}", positional=True), b'["docker/<*>",["a","b"],[[0,0],[1,1],[0,null]]]'),
    ],
)
def test_an_id_is_a_hash_of_scope_words_and_positions_in_plain_json(
    scope: str, pattern: Pattern, hashed: bytes
) -> None:
    assert pattern.identity(scope) == blake2b(hashed, digest_size=6).hexdigest()


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("a b", ["a b"], ["a", "a b c", "x a b", "a  b", "a c", "ab"]),
        ("a *{1,2} b", ["a x b", "a b b", "a x y b"], ["a b", "a x y z b"]),
        ("a *{0,1} b", ["a b", "a x b"], ["a x y b"]),
        ("a *{2,}", ["a x y", "a x y z"], ["a", "a x"]),
        ("a *{0,}", ["a", "a x", "a x y"], ["b", "ax"]),
        ("*{0,1} a", ["a", "x a"], ["x y a", "a x"]),
        ("*{2,3}", ["x y", "x y z"], ["x", "w x y z"]),
        ("*{0,}", ["", "x", "x y"], []),
        ("*{0,2}", ["", "x", "x y"], ["x y z"]),
        ("(a|b) c", ["a c", "b c"], ["c c", "(a|b) c", "ab c"]),
        ("a.b* [x] ^y$ \\\\d+", ["a.b* [x] ^y$ \\d+"], ["acb* [x] ^y$ \\d+", "a.b* [x] ^y$ 1"]),
        ("a <*> b", ["a <*> b"], ["a x b"]),
        ("a\x85 \x00", ["a\x85 \x00"], ["a \x00"]),
    ],
)
def test_the_regular_expression_matches_whole_shapes(text: str, matching: list[str], others: list[str]) -> None:
    expression = parse(text).regex()

    for shape, expected in [*((shape, True) for shape in matching), *((shape, False) for shape in others)]:
        assert bool(re.search(expression, shape)) is expected, shape
        assert bool(re2.search(expression, shape)) is expected, shape


@given(patterns())
def test_the_regular_expression_of_any_pattern_compiles_while_gaps_are_not_wider_than_1000(pattern: Pattern) -> None:
    narrow = replace(pattern, gaps=tuple((min(least, 1000), most and min(most, 1000)) for least, most in pattern.gaps))
    assume(sum(least for least, _ in narrow.gaps) <= 1000)

    assert re.compile(narrow.regex()).groups == re2.compile(narrow.regex()).groups == 0


@given(patterns())
def test_a_line_made_from_a_pattern_matches_its_regular_expression(pattern: Pattern) -> None:
    assume(all(least < 10 for least, _ in pattern.gaps))
    words: list[str] = []
    for gap, constant in itertools.zip_longest(pattern.gaps, pattern.constants):
        words += ["x"] * gap[0]
        if constant is not None:
            words.append(constant if isinstance(constant, str) else constant[-1])

    assert re.search(pattern.regex(), " ".join(words))
    assert re2.search(pattern.regex(), " ".join(words))
