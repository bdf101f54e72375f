"""What the page says of a version's changes."""

from pathlib import Path

import pytest

from commands.comparing.difference import difference
from commands.reporting.changed import changed
from patterns.language import parse
from patterns.pattern_set import KNOWN, PENDING, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.store import Store


@pytest.mark.parametrize(("state", "notes"), [(KNOWN, []), (PENDING, ["pending: such lines stay outliers"])])
def test_of_a_pattern_that_is_added_it_says_whether_its_lines_are_outliers_all_the_same(
    state: str, notes: list[str], tmp_path: Path
) -> None:
    store = Store(str(tmp_path))
    old = KnownPattern("", parse("a b"), 2, 2, 2)
    new = KnownPattern("", parse("c d"), 2, 2, 2, state=state)
    rows = {ShapeKey("", shape, "2026-11-29"): ShapeCount(2, 1, 2) for shape in ("a b", "c d")}
    for patterns in ([old], [old, new]):
        store.publish(PatternSet.of(Rules(), patterns), ShapeTable.of(rows), {})
    [first, second] = store.versions()

    [row] = changed(difference(store, (first, second), None))["rows"]

    assert row["what"] == "added"
    assert [note for note in row["notes"] if "outliers" in note and "before" not in note] == notes
