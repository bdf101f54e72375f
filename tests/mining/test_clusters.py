"""Both algorithms against a miner that follows the definitions word by word and shares no code with them."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mining.clusters import Method, mine
from mining.words import WeightedShape
from patterns.language import Pattern

Lines = list[list[str | None]]

# Few words, so that they are often frequent; None is a run of class words.
lines_of = st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=6), max_size=12)
supports = st.integers(1, 4)


def weighted(lines: Lines) -> list[WeightedShape]:
    return [(tuple(words), count) for words, count in Counter(tuple(line) for line in lines).items()]


def found(lines: Lines, support: int, algorithm: str, **options: Any) -> set[tuple[Pattern, int, int]]:
    clusters = mine(weighted(lines), support, Method("slct" if algorithm == "slct" else "logcluster", **options))
    assert len(clusters) == len(set(clusters))
    return {(cluster.pattern, cluster.support, cluster.plain) for cluster in clusters}


def gaps_between(line: Sequence[str | None], places: Sequence[int]) -> list[list[str | None]]:
    edges = [-1, *places, len(line)]
    return [list(line[left + 1 : right]) for left, right in pairwise(edges)]


def described(
    groups: dict[tuple[object, ...], list[tuple[Sequence[str | None], list[int]]]], support: int, *, positional: bool
) -> set[tuple[Pattern, int, int]]:
    result = set()
    for members in groups.values():
        if len(members) >= support:
            constants = tuple(str(members[0][0][place]) for place in members[0][1])
            gaps = [gaps_between(line, places) for line, places in members]
            sizes = [[len(gap) for gap in of_line] for of_line in gaps]
            bounds = tuple((min(column), max(column)) for column in zip(*sizes, strict=True))
            plain = [max(sum(word is not None for word in gap) for gap in column) for column in zip(*gaps, strict=True)]
            result.add((Pattern(constants, bounds, positional), len(members), sum(plain)))
    return result


@given(lines_of, supports)
def test_logcluster_is_the_lines_with_the_same_frequent_words_in_order(lines: Lines, support: int) -> None:
    frequent = {word for word in "abc" if sum(word in line for line in lines) >= support}
    groups: dict[tuple[object, ...], list[tuple[Sequence[str | None], list[int]]]] = {}
    for line in lines:
        places = [place for place, word in enumerate(line) if word in frequent]
        if places:
            groups.setdefault(tuple(line[place] for place in places), []).append((line, places))

    assert found(lines, support, "logcluster") == described(groups, support, positional=False)


@given(lines_of, supports)
def test_slct_on_shapes_is_the_lines_with_the_same_frequent_words_at_the_same_places_and_as_many_words(
    lines: Lines, support: int
) -> None:
    groups: dict[tuple[object, ...], list[tuple[Sequence[str | None], list[int]]]] = {}
    for line in lines:
        places = [
            place
            for place, word in enumerate(line)
            if word is not None and sum(other[place : place + 1] == [word] for other in lines) >= support
        ]
        if places:
            key = (len(line), *((place, line[place]) for place in places))
            groups.setdefault(key, []).append((line, places))

    assert found(lines, support, "slct") == described(groups, support, positional=True)


@given(lines_of, supports)
def test_published_slct_leaves_open_what_follows_the_last_constant(lines: Lines, support: int) -> None:
    groups: Counter[tuple[tuple[int, str], ...]] = Counter()
    for line in lines:
        pairs = tuple(
            (place, word)
            for place, word in enumerate(line)
            if word is not None and sum(other[place : place + 1] == [word] for other in lines) >= support
        )
        groups.update([pairs] if pairs else [])
    expected = set()
    for pairs, lines_of_it in groups.items():
        if lines_of_it >= support:
            places = [place for place, _ in pairs]
            holes = [right - left - 1 for left, right in zip([-1, *places], places, strict=False)]
            expected.add(
                (tuple(word for _, word in pairs), (*((hole, hole) for hole in holes), (0, None)), lines_of_it)
            )

    clusters = mine(weighted(lines), support, Method("slct", anchored=False))
    assert {(c.pattern.constants, c.pattern.gaps, c.support) for c in clusters} == expected


@given(lines_of, supports, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(lines: Lines, support: int, random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' Random has no public type

    for algorithm in ("logcluster", "slct"):
        assert found(lines, support, algorithm) == found(shuffled, support, algorithm)


def test_a_word_that_a_line_repeats_counts_once_for_it_and_twice_in_its_pattern() -> None:
    lines: Lines = [["a", "b", "a"], ["a", "c", "a"]]

    assert {str(pattern) for pattern, _, _ in found(lines, 2, "logcluster")} == {"a *{1,1} a"}
    assert found(lines, 3, "logcluster") == set()


def test_a_class_word_is_never_a_constant_however_frequent() -> None:
    lines: Lines = [["a", None], ["a", None], ["a", None]]

    assert found(lines, 3, "logcluster") == {(Pattern(("a",), ((0, 0), (1, 1))), 3, 0)}
