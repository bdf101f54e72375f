"""Best matches by columns are those of the matcher, and of the regular expressions of the patterns."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import search
from kernels.search import OTHER, Search
from patterns.language import Constant, Gap, Pattern, alternatives, parse
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.words import CLASS_RUN

WORDS = ["a", "b", CLASS_RUN]
GAPS = st.one_of(
    st.just((0, 0)),
    st.just((1, 1)),
    st.just((0, None)),
    st.builds(
        lambda least, more: (least, None if more is None else least + more),
        st.integers(0, 2),
        st.sampled_from([0, 1, 2, None]),
    ),
)
CONSTANTS = st.one_of(
    st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), min_size=2, max_size=3, unique=True).map(tuple)
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    constants: list[Constant] = draw(st.lists(CONSTANTS, max_size=3))
    gaps: list[Gap] = draw(st.lists(GAPS, min_size=len(constants) + 1, max_size=len(constants) + 1))
    return Pattern(tuple(constants), tuple(gaps))


KNOWN = st.builds(
    lambda scope, pattern, level: KnownPattern(scope, pattern, level, 1, 1),
    st.sampled_from(["x", "y"]),
    patterns(),
    st.integers(1, 3),
)
SHAPES = st.lists(st.sampled_from([*WORDS, "other"]), min_size=1, max_size=5)


@given(
    st.lists(KNOWN, min_size=1, max_size=12, unique_by=lambda known: known.id),
    st.lists(st.tuples(st.sampled_from(["x", "y"]), SHAPES), max_size=8),
    st.sampled_from([0, 2, 256]),
)
def test_the_best_match_of_each_row_is_the_matchers(
    known: list[KnownPattern], asked: list[tuple[str, list[str]]], most: int
) -> None:
    pattern_set = PatternSet.of(Rules(), known)
    matcher = Matcher(pattern_set)
    used = {word for each in known for constant in each.pattern.constants for word in alternatives(constant)}
    numbers = {word: number for number, word in enumerate(sorted(used - {CLASS_RUN}), start=1)} | {CLASS_RUN: 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_MOST", most)
        by_columns = Search(pattern_set, matcher, numbers)
        asked = [(scope, shape) for scope, shape in asked if scope in by_columns.scopes]
        found = by_columns.best(
            np.array([numbers.get(word, OTHER) for _, shape in asked for word in shape], np.int32),
            np.array([len(shape) for _, shape in asked], np.int64),
            np.array([by_columns.scopes[scope] for scope, _ in asked], np.int64),
        )

    for (scope, shape), rank in zip(asked, found.tolist(), strict=True):
        best = by_columns.patterns[rank] if rank >= 0 else None
        assert best == matcher.match(scope, " ".join(shape))
        among = pattern_set.scopes[scope]
        assert best == next((each for each in among if re.search(each.pattern.regex(), " ".join(shape))), None)


def test_each_pattern_of_few_words_is_found_in_the_rows_of_few_words_that_its_expression_matches() -> None:
    gaps: list[Gap] = [(0, 0), (1, 1), (0, 1), (1, None)]
    constants: list[Constant] = ["a", "b", ("a", "b")]
    few = [
        Pattern(words, between)
        for size in range(3)
        for words in product(constants, repeat=size)
        for between in product(gaps, repeat=size + 1)
    ]
    pattern_set = PatternSet.of(Rules(), [KnownPattern(f"{at}", each, 1, 1, 1) for at, each in enumerate(few)])
    by_columns = Search(pattern_set, Matcher(pattern_set), {"a": 1, "b": 2})
    rows = [row for size in range(1, 5) for row in product("abc", repeat=size)]
    numbers = np.array([{"a": 1, "b": 2, "c": OTHER}[word] for row in rows for word in row], np.int32)
    lengths = np.array([len(row) for row in rows], np.int64)

    for known in by_columns.patterns:
        scope = np.full(len(rows), by_columns.scopes[known.scope])
        found = [
            " ".join(row) for row, rank in zip(rows, by_columns.best(numbers, lengths, scope), strict=True) if rank >= 0
        ]
        matches = re.compile(known.pattern.regex()).search
        assert found == [shape for shape in map(" ".join, rows) if matches(shape)], known.pattern.text


def test_of_patterns_with_loose_gaps_that_all_fit_the_first_in_order_is_taken() -> None:
    texts = ["a *{0,} b *{0,} c *{0,}", "a *{0,} b *{0,}", "*{0,} a *{0,}", "a *{0,}"]
    pattern_set = PatternSet.of(Rules(), [KnownPattern("", parse(text), 1, 1, 1) for text in texts])
    found = Search(pattern_set, Matcher(pattern_set), {"a": 1, "b": 2, "c": 3})

    best = found.best(
        np.array([1, OTHER, 2, 3, 1, OTHER, 2, OTHER, 1], np.int32), np.array([4, 4, 1]), np.zeros(3, np.int64)
    )

    assert [str(found.patterns[rank].pattern) for rank in best.tolist()] == texts[:3]
