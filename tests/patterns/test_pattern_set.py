"""The order of best matches, and what the fingerprint of a set depends on."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet, best_match_order
from patterns.rules import FormatRule, Rules
from patterns.words import DEFAULT_CLASSES, WordRules


def known(text: str, *, scope: str = "", level: int = 5, mined: int = 10, positional: bool = False) -> KnownPattern:
    return KnownPattern(scope, parse(text, positional=positional), level, 0, mined)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(known("a *{0,}", level=9, mined=1), known("a b c", level=8, mined=99), id="higher level"),
        pytest.param(known("b c *{0,}", mined=1), known("a *{1,1}", mined=99), id="more constants"),
        pytest.param(known("b *{0,9}", mined=1), known("a *{0,}", mined=99), id="bounded gaps"),
        pytest.param(known("b *{0,3}", mined=1), known("a *{3,4}", mined=99), id="smaller sum of gap maxima"),
        pytest.param(known("*{0,1} b *{0,2}", mined=1), known("a *{0,4}", mined=99), id="sum, not greatest gap"),
        pytest.param(known("*{0,1} b *{0,}", mined=1), known("*{0,2} a *{0,}", mined=99), id="sum of bounded ones"),
        pytest.param(known("b *{0,1}", mined=11), known("a *{1,1}", mined=10), id="higher mined support"),
        pytest.param(known("a *{0,1}"), known("a *{1,1}"), id="text"),
        pytest.param(known("Z"), known("a"), id="bytes of the text, not letters"),
        pytest.param(known("\uffee"), known("\U0001f600"), id="bytes in UTF-8"),
    ],
)
def test_of_two_patterns_the_better_is_tried_first_by_each_tie_break(better: KnownPattern, worse: KnownPattern) -> None:
    assert best_match_order(better) < best_match_order(worse)
    assert PatternSet.of(Rules(), [worse, better]).patterns == (better, worse)


def test_the_lines_that_chose_a_pattern_do_not_order_it() -> None:
    one = known("a *{1,1}")

    assert best_match_order(one) == best_match_order(replace(one, support=99, name="n", examples=("x",)))


def test_what_is_pending_comes_after_all_that_is_known() -> None:
    wide, narrow = known("*{0,} a"), known("a b c", level=9)

    assert best_match_order(wide) < best_match_order(replace(narrow, state="pending"))
    assert best_match_order(replace(wide, decided=1)) < best_match_order(narrow)
    assert best_match_order(replace(wide, decided=2)) < best_match_order(replace(narrow, decided=1))


TEXTS = [
    f"{head}{word} {tail}" for head in ("", "*{0,1} ") for word in ("a", "b c") for tail in ("x", "*{0,1}", "*{0,}")
]
KNOWN = st.builds(
    known,
    st.sampled_from(TEXTS),
    scope=st.sampled_from(["", "a", "é"]),
    level=st.integers(1, 2),
    mined=st.integers(1, 2),
)


@given(st.lists(KNOWN, unique_by=lambda found: (found.scope, found.pattern.text)), st.randoms())
def test_the_order_is_total_so_that_a_set_is_the_same_in_whatever_order_it_is_given(
    patterns: list[KnownPattern], random: random.Random
) -> None:
    shuffled = random.sample(patterns, len(patterns))

    one, other = PatternSet.of(Rules(), patterns), PatternSet.of(Rules(), shuffled)

    assert one == other
    assert one.fingerprint == other.fingerprint
    assert len({(found.scope, best_match_order(found)) for found in patterns}) == len(patterns)


def test_patterns_lie_by_scope_in_the_order_of_bytes_and_then_in_best_match_order() -> None:
    patterns = [
        known("a", scope="b"),
        known("a b", scope="b"),
        known("x", scope="é"),
        known("x"),
        known("x", scope="z"),
    ]

    found = PatternSet.of(Rules(), patterns)

    assert [(one.scope, one.pattern.text) for one in found.patterns] == [
        ("", "x"),
        ("b", "a b"),
        ("b", "a"),
        ("z", "x"),
        ("é", "x"),
    ]
    assert {scope: len(of_scope) for scope, of_scope in found.scopes.items()} == {"": 1, "b": 2, "z": 1, "é": 1}
    assert found.by_id == {one.id: one for one in patterns}


def test_a_set_without_patterns_has_no_scope() -> None:
    empty = PatternSet.of(Rules(), [])

    assert empty.patterns == ()
    assert dict(empty.scopes) == {}
    assert empty.fingerprint


BASE = [known("a *{1,1}", scope="s"), known("b", scope="s")]


@pytest.mark.parametrize(
    "other",
    [
        PatternSet.of(Rules(), BASE[:1]),
        PatternSet.of(Rules(), [replace(BASE[0], level=6), BASE[1]]),
        PatternSet.of(Rules(), [replace(BASE[0], state="pending"), BASE[1]]),
        PatternSet.of(Rules(), [replace(BASE[0], scope="t"), BASE[1]]),
        PatternSet.of(Rules(), [known("a *{1,2}", scope="s"), BASE[1]]),
        PatternSet.of(Rules(), [known("a *{1,1}", scope="s", positional=True), BASE[1]]),
        PatternSet.of(Rules(zone="Europe/Berlin"), BASE),
        PatternSet.of(Rules(header="iso"), BASE),
        PatternSet.of(Rules(max_line_bytes=1000), BASE),
        PatternSet.of(Rules(multiline="indented"), BASE),
        PatternSet.of(Rules(words=WordRules(raw=True)), BASE),
        PatternSet.of(Rules(words=WordRules(classes={})), BASE),
        PatternSet.of(Rules(formats={"x": FormatRule("(?P<message>.*)")}), BASE),
    ],
)
def test_the_fingerprint_changes_with_whatever_judging_depends_on(other: PatternSet) -> None:
    assert other.fingerprint != PatternSet.of(Rules(), BASE).fingerprint


def test_a_set_that_joins_no_lines_has_the_fingerprint_that_it_had_before_any_could() -> None:
    # By the classes that were there then.
    classes = {name: one for name, one in DEFAULT_CLASSES.items() if name not in {"qualified_name", "mail_address"}}
    rules = Rules(multiline="off", words=WordRules(classes=classes))

    assert PatternSet.of(rules, [known("failed <*>", scope="su")]).fingerprint == "da01dcf3d0ec6c52"


def test_the_fingerprint_depends_on_the_order_in_which_formats_are_tried() -> None:
    one, two = FormatRule("(?P<message>.*)"), FormatRule("(?P<host>h)(?P<message>.*)")

    prints = [
        PatternSet.of(Rules(formats=formats), BASE).fingerprint
        for formats in ({"a": one, "b": two}, {"b": two, "a": one})
    ]

    assert prints[0] != prints[1]


def test_the_fingerprint_stays_when_only_counts_days_and_examples_change() -> None:
    counted = replace(
        BASE[0], support=7, mined_support=12, first_day="2026-01-01", last_day="2026-01-02", examples=("a 1",)
    )

    found = PatternSet.of(Rules(), [counted, BASE[1]])

    assert found.fingerprint == PatternSet.of(Rules(), BASE).fingerprint
    assert re.fullmatch("[0-9a-f]{16}", found.fingerprint)


def test_a_fingerprint_follows_an_order_that_mined_support_decides() -> None:
    one, other = known("a *{1,1}", mined=10), known("b *{1,1}", mined=9)

    before = PatternSet.of(Rules(), [one, other])
    behind = PatternSet.of(Rules(), [one, replace(other, mined_support=11)])

    assert before.fingerprint != behind.fingerprint


def test_a_label_is_short_and_begins_with_the_id() -> None:
    short, whole, long = known("disk is full"), known("x" * 60), known("x" * 61)

    assert short.label == f"{short.id[:6]} disk is full"
    assert whole.label == f"{whole.id[:6]} {'x' * 60}"
    assert long.label == f"{long.id[:6]} {'x' * 59}…"


def test_a_pattern_is_known_unless_something_else_is_said() -> None:
    assert known("a").state == "known"


@pytest.mark.parametrize(("level", "once"), [(1, True), (2, False)])
def test_a_pattern_of_level_1_was_seen_once(level: int, once: bool) -> None:
    assert known("a", level=level).seen_once is once
