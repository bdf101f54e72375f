from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.clusters import Cluster
from mining.ladder import Accepted
from patterns.errors import PublishRefused
from patterns.language import parse
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from training.config import Mining
from training.job import mine_scopes
from training.limits import LeftOut, limited


def table_of(shapes: dict[str, int]) -> ShapeTable:
    return ShapeTable.of({ShapeKey("s", shape, "2026-01-01"): ShapeCount(count) for shape, count in shapes.items()})


def found_of(scopes: dict[str, list[int]]) -> dict[str, list[Accepted]]:
    """Make patterns of scopes, given by their levels."""
    return {
        scope: [Accepted(Cluster(parse(f"a{n}"), level, 0), level) for n, level in enumerate(levels)]
        for scope, levels in scopes.items()
    }


def levels_left(scopes: dict[str, list[int]], most: int) -> tuple[dict[str, list[int]], LeftOut]:
    kept, left_out = limited(found_of(scopes), table_of({"a": 1}), Mining(max_patterns=most))
    return {scope: [accepted.level for accepted in clusters] for scope, clusters in kept.items()}, left_out


def texts(table: ShapeTable, **mining: Any) -> set[tuple[str, int]]:
    (found,) = mine_scopes(table, Mining(**mining)).values()
    return {(accepted.cluster.pattern.text, accepted.level) for accepted in found}


SHAPES = {"a b c": 40, "d e f": 3, "g h i": 2, "j k l": 1, "m n o": 1}


def test_nothing_is_left_out_where_all_fits() -> None:
    kept, left_out = levels_left({"x": [5, 1, 1], "y": [1]}, 4)

    assert kept == {"x": [5, 1, 1], "y": [1]}
    assert left_out == LeftOut()


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (5, {"a b c", "d e f", "g h i", "j k l", "m n o"}),
        (4, {"a b c", "d e f", "g h i"}),
        (3, {"a b c", "d e f", "g h i"}),
        (2, {"a b c", "d e f"}),
        (1, {"a b c"}),
    ],
)
def test_of_too_many_shapes_those_with_most_lines_are_mined(most: int, kept: set[str]) -> None:
    assert {text for text, _ in texts(table_of(SHAPES), max_shapes=most)} == kept


def test_at_the_bottom_of_the_ladder_all_shapes_that_are_mined_are_taken() -> None:
    # The last step before it asks for 2 lines in one pattern: what has them and is not accepted is taken there too.
    assert ("g h i", 2) in texts(table_of(SHAPES), max_shapes=3)
    assert ("a *{1,1} *{1,1}", 1) not in texts(table_of({"a b c": 2, "a d e": 2, "a f g": 1}), max_shapes=2)


def test_days_of_a_shape_count_together() -> None:
    days = {ShapeKey("s", "a b c", f"2026-01-0{day}"): ShapeCount(1) for day in (1, 2)}
    table = ShapeTable.of(days | {ShapeKey("s", "d e f", "2026-01-01"): ShapeCount(1)})

    assert {text for text, _ in texts(table, max_shapes=1)} == {"a b c"}


def test_shapes_that_were_left_out_are_counted_with_their_lines() -> None:
    _, left_out = limited({}, table_of(SHAPES), Mining(max_shapes=2))

    assert left_out == LeftOut(shapes=3, lines=4, least_count=3)


def test_where_no_shape_is_left_training_is_refused_with_the_mend() -> None:
    with pytest.raises(
        PublishRefused, match=r"max_shapes is 1, and none of 2 shapes has 4 lines or more: .*; raise it"
    ):
        mine_scopes(table_of({"a": 3, "b": 3}), Mining(max_shapes=1))


@pytest.mark.parametrize(
    ("most", "kept", "gone"),
    [
        (6, {"x": [1, 1], "y": [1, 1], "z": [9, 1]}, ()),
        (5, {"x": [], "y": [1, 1], "z": [9, 1]}, ("x",)),
        (3, {"x": [], "y": [], "z": [9, 1]}, ("x", "y")),
        (1, {"x": [], "y": [], "z": [9]}, ("x", "y", "z")),
    ],
)
def test_of_too_many_patterns_those_seen_once_go_by_scopes_the_one_with_most_first_then_by_name(
    most: int, kept: dict[str, list[int]], gone: tuple[str, ...]
) -> None:
    scopes = {"z": [9, 1], "y": [1, 1], "x": [1, 1]}

    left, left_out = levels_left(scopes, most)

    assert left == kept
    assert left_out == LeftOut(patterns=sum(len(scopes[scope]) - (scope == "z") for scope in gone), scopes=gone)


def test_patterns_of_higher_levels_stay_however_many_there_are() -> None:
    assert levels_left({"x": [3, 2, 2], "y": [2]}, 1) == ({"x": [3, 2, 2], "y": [2]}, LeftOut())


@given(
    st.dictionaries(st.sampled_from("abcdé"), st.lists(st.sampled_from([1, 1, 2, 9]), max_size=5)), st.integers(1, 12)
)
def test_no_more_scopes_go_than_must(scopes: dict[str, list[int]], most: int) -> None:
    kept, left_out = levels_left(scopes, most)

    number = sum(map(len, kept.values()))
    assert number + left_out.patterns == sum(map(len, scopes.values()))
    assert number <= most or all(level > 1 for levels in kept.values() for level in levels)
    if left_out.scopes:
        assert number + scopes[left_out.scopes[-1]].count(1) > most
    assert all(kept[scope] == levels for scope, levels in scopes.items() if scope not in left_out.scopes)
