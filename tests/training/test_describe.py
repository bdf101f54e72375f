from mining.clusters import Cluster
from mining.ladder import Accepted
from patterns.language import parse
from patterns.pattern_set import KnownPattern
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.timestamps import DAY
from training.describe import describe


def table_of(rows: dict[tuple[str, str, str], int]) -> ShapeTable:
    found: dict[ShapeKey, ShapeCount] = {}
    for (scope, shape, day), count in rows.items():
        time = (20_000 + int(day[-2:])) * DAY
        found[ShapeKey(scope, shape, day)] = row = ShapeCount()
        row.add(count, time, time, [f"line of {shape} on {day}"])
    return ShapeTable.of(found)


def accepted(text: str, support: int, level: int) -> Accepted:
    return Accepted(Cluster(parse(text), support, 0), level)


def described(found: dict[str, list[Accepted]], rows: dict[tuple[str, str, str], int]) -> dict[str, KnownPattern]:
    return {known.pattern.text: known for known in describe(found, table_of(rows), Rules()).patterns}


def test_patterns_of_a_scope_with_the_same_words_are_one_with_the_widest_gaps_and_the_highest_level() -> None:
    patterns = described(
        {"x": [accepted("a *{2,2} b", 5, 4), accepted("a *{1,1} b *{0,3}", 3, 2)]}, {("x", "a <*> b", "2026-01-01"): 1}
    )

    assert list(patterns) == ["a *{1,2} b *{0,3}"]
    assert patterns["a *{1,2} b *{0,3}"].mined_support == 8
    assert patterns["a *{1,2} b *{0,3}"].level == 4


def test_the_same_words_in_two_scopes_are_two_patterns() -> None:
    found = {"x": [accepted("a b", 1, 1)], "y": [accepted("a b", 1, 1)]}

    assert len(describe(found, table_of({}), Rules()).patterns) == 2


def test_a_line_counts_for_its_best_match_alone_so_that_supports_add_up() -> None:
    patterns = described(
        {"": [accepted("a *{1,1}", 9, 9), accepted("a b", 3, 3)]},
        {("", "a b", "2026-01-01"): 3, ("", "a c", "2026-01-02"): 6},
    )

    assert patterns["a *{1,1}"].support == 9
    assert patterns["a b"].support == 0
    assert patterns["a b"].mined_support == 3


def test_days_and_examples_are_those_of_the_lines_whose_best_match_it_is() -> None:
    patterns = described(
        {"": [accepted("a b", 9, 9), accepted("c", 1, 1)]},
        {("", "a b", "2026-01-02"): 3, ("", "a b", "2026-01-05"): 6},
    )

    known = patterns["a b"]
    assert known.first_day is not None
    assert known.last_day is not None
    assert int(known.last_day[-2:]) - int(known.first_day[-2:]) == 3
    assert set(known.examples) == {"line of a b on 2026-01-02", "line of a b on 2026-01-05"}
    assert patterns["c"].first_day is None
    assert patterns["c"].examples == ()
