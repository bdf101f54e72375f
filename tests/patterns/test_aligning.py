"""A pattern beside a shape: what is in both, what lacks; held to the matcher, and to the least of all ways."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from patterns.aligning import EXTRA, GAP, MISSING, SAME, SHORT, Part, align
from patterns.fitting import gap_lengths
from patterns.language import Constant, Gap, Pattern, parse

WORDS = st.lists(st.sampled_from(["a", "b", "c", "<*>"]), max_size=7)
GAPS = st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2)).map(
    lambda gap: (gap[0], None if gap[1] is None else gap[0] + gap[1])
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    constants: list[Constant] = draw(st.lists(st.sampled_from(["a", "b", "c", ("a", "b")]), min_size=1, max_size=5))
    return Pattern(tuple(constants), tuple(draw(GAPS) for _ in range(len(constants) + 1)))


def least_cost(pattern: Pattern, words: list[str]) -> int:
    """Try every way to lay each constant on a word or on none, and to end each gap anywhere."""

    @cache
    def rest(place: int, at: int) -> int:
        costs = []
        for end in range(at, len(words) + 1):
            paid = price(pattern.gaps[place], end - at)
            if place == len(pattern.constants):
                if end == len(words):
                    costs.append(paid)
                continue
            constant = pattern.constants[place]
            costs.append(paid + 2 + rest(place + 1, end))
            if end < len(words) and (
                words[end] == constant or (not isinstance(constant, str) and words[end] in constant)
            ):
                costs.append(paid + rest(place + 1, end + 1))
        return min(costs)

    return rest(0, 0)


def price(gap: Gap, taken: int) -> int:
    least, most = gap
    return max(least - taken, 0 if most is None else taken - most, 0)


def cost_of(parts: list[Part], pattern: Pattern) -> int:
    missing = sum(part.kind == MISSING for part in parts)
    extra = sum(part.end - part.start for part in parts if part.kind == EXTRA)
    short = sum(pattern.gaps[part.place][0] - (part.end - part.start) for part in parts if part.kind == SHORT)
    return 2 * missing + extra + short


@given(patterns(), WORDS)
def test_no_way_to_lay_a_pattern_over_a_shape_costs_less(pattern: Pattern, words: list[str]) -> None:
    parts = align(pattern, words)
    assert parts is not None
    assert cost_of(parts, pattern) == least_cost(pattern, words)


@given(patterns(), WORDS)
def test_every_word_and_every_constant_is_in_one_part(pattern: Pattern, words: list[str]) -> None:
    parts = align(pattern, words)
    assert parts is not None
    assert [at for part in parts for at in range(part.start, part.end)] == list(range(len(words)))
    assert [part.place for part in parts if part.kind in (SAME, MISSING)] == list(range(len(pattern.constants)))
    for part in parts:
        least, most = pattern.gaps[part.place]
        taken = part.end - part.start
        if part.kind == GAP:
            assert least <= taken
            assert most is None or taken <= most


@given(patterns(), WORDS)
def test_a_pattern_that_matches_lies_as_the_matcher_lays_it(pattern: Pattern, words: list[str]) -> None:
    lengths = gap_lengths(pattern, words)
    parts = align(pattern, words)
    assert parts is not None
    assert (lengths is not None) == all(part.kind in (SAME, GAP) for part in parts)
    if lengths is not None:
        taken = {part.place: part.end - part.start for part in parts if part.kind == GAP}
        assert [taken.get(place, 0) for place in range(len(pattern.gaps))] == lengths


def test_what_differs_is_said_where_it_stands() -> None:
    pattern = parse("Accepted password for *{1,1} from *{1,1} port *{2,3}")
    words = ["Accepted", "publickey", "for", "<*>", "x", "y", "from", "<*>", "port", "<*>"]
    parts = align(pattern, words)
    assert parts == [
        (SAME, 0, 0, 1),
        (EXTRA, 1, 1, 2),
        (MISSING, 1, 2, 2),
        (SAME, 2, 2, 3),
        (GAP, 3, 3, 4),
        (EXTRA, 3, 4, 6),
        (SAME, 3, 6, 7),
        (GAP, 4, 7, 8),
        (SAME, 4, 8, 9),
        (SHORT, 5, 9, 10),
    ]


def test_what_would_take_long_is_not_tried() -> None:
    assert align(parse("a *{0,}"), ["a"] * 200_000) is None
