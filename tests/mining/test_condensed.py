import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.condensed import LEAST_SHAPES, MOST_SHAPES, condense
from mining.ladder import climb_down
from patterns.language import parse
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules

_UNITS = [
    "Starting {}.service...",
    "Started {}.service.",
    "{}.service: Succeeded.",
    "{}.service: Failed with result 'exit-code'.",
    "{}.service: Main process exited code= exited status= <*>",
]


def names(number: int, seed: int = 7) -> list[str]:
    """Return so many names without a digit."""
    chance = random.Random(seed)
    return ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(number)]


def texts(shapes: list[str], most_alone: int = 10) -> set[tuple[str, bool]]:
    return {(each.pattern.text, each.wide) for each in condense(shapes, most_alone)}


def test_shapes_that_differ_in_a_name_are_one_pattern_a_kind() -> None:
    shapes = [
        f"user {name} of tenant {other} is over quota" for name, other in zip(names(400), names(800), strict=False)
    ]
    assert texts(shapes) == {("user *{1,1} of tenant *{1,1} is over quota", False)}


@pytest.mark.parametrize("number", [60, 2_000])
def test_where_most_is_a_name_patterns_are_wide_and_marked(number: int) -> None:
    shapes = [template.format(name) for name in names(number) for template in _UNITS]
    assert texts(shapes) == {
        ("Starting *{1,1}", True),
        ("Started *{1,1}", True),
        ("*{1,1} Succeeded.", True),
        ("*{1,1} Failed with result 'exit-code'.", False),
        ("*{1,1} Main process exited code= exited status= *{1,1}", False),
    }


def test_a_wide_pattern_needs_more_shapes_than_are_told_alone() -> None:
    assert texts([f"Started {name}" for name in names(11)]) == {("Started *{1,1}", True)}
    assert texts([f"Started {name}" for name in names(10)]) == set()
    both = [f"Started {name}" for name in names(9)] + [f"Stopped {name}" for name in names(9)]
    assert texts(both) == set()


def test_what_is_names_for_more_than_two_thirds_is_told_alone() -> None:
    three, four = (["of " + " ".join(names(number, seed)) for seed in range(40)] for number in (2, 3))
    assert texts(three) == {("of *{2,2}", True)}
    assert texts(four) == set()


def test_two_shapes_are_no_pattern_and_three_are() -> None:
    three = [f"all lines of the {name} are gone" for name in names(3)]
    assert texts(three[:2]) == set()
    assert texts(three) == {("all lines of the *{1,1} are gone", False)}


def test_a_pattern_that_is_not_wide_is_one_that_the_ladder_may_mine() -> None:
    shapes = [template.format(name) for name in names(200) for template in _UNITS]
    strict = {text for text, wide in texts(shapes) if not wide}
    assert strict <= {each.cluster.pattern.text for each in climb_down(dict.fromkeys(shapes, 1), "logcluster")}


_SHAPES = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "<*>", *names(6)]), min_size=1, max_size=6).map(" ".join),
    unique=True,
    max_size=60,
)


@given(shapes=_SHAPES, most_alone=st.integers(1, 12), chance=st.randoms(use_true_random=False))
def test_any_order_gives_the_same_patterns_and_each_stands_for_some_shapes(
    shapes: list[str], most_alone: int, chance: random.Random
) -> None:
    found = texts(shapes, most_alone)
    chance.shuffle(shapes)
    assert texts(shapes, most_alone) == found
    for text, wide in found:
        one = Matcher(PatternSet.of(Rules(), [KnownPattern("", parse(text), 1, 1, 1)]))
        matched = sum(one.match("", shape) is not None for shape in shapes)
        assert matched >= (most_alone + 1 if wide else LEAST_SHAPES)


def test_ten_thousand_shapes_that_nearly_fit_many_patterns_are_given_up_rather_than_mined_for_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    match = Matcher.match

    def counted(self: Matcher, scope: str, shape: str) -> KnownPattern | None:
        nonlocal looks
        looks += 1
        return match(self, scope, shape)

    monkeypatch.setattr(Matcher, "match", counted)
    orders = list(permutations(["the", "lazy", "dog", "has", "seen", "it", "all", "today"]))[:2_500]
    shapes = [" ".join((*orders[at % 2_500], name)) for at, name in enumerate(names(MOST_SHAPES))]
    assert condense(shapes, 10) == []
    assert looks <= 2 * MOST_SHAPES
