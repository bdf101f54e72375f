"""The table of observations beside a set: what is written is read, and what is damaged is said to be."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patterns.errors import BrokenPatternSet
from patterns.language import of_words
from patterns.observed import FILE, SCHEMA, ObservedTable
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.store import Store

ROW: dict[str, Any] = {
    "pattern": "0a1b2c3d4e5f",
    "gap": -1,
    "host": "web1",
    "hour": 497_710,
    "lines": 3,
    "seconds": [0, 3_599],
    "values": [],
}
MANY = {**ROW, "gap": 2, "host": "", "seconds": [], "values": None}
SET = PatternSet.of(Rules(), [KnownPattern("app", of_words(["up"]), 2, 2, 2)])


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store") if request.param == "local" else f"memory://{tmp_path.name}")


def published(store: Store, observed: ObservedTable | None) -> str:
    shapes = ShapeTable.of({ShapeKey("app", "up", "2026-10-11"): ShapeCount(2)})
    return store.publish(SET, shapes, {}, observed=observed)


def test_a_store_reads_what_it_was_given_and_none_where_it_was_not(store: Store) -> None:
    version = published(store, ObservedTable.of_tables([table(ROW, MANY)]))
    observed = store.read_observed(version)
    assert observed is not None
    assert [row for rows in observed.tables() for row in rows.to_pylist()] == [ROW, MANY]
    assert store.read_observed(published(store, None)) is None


def test_how_rows_came_is_not_seen_in_the_file(tmp_path: Path) -> None:
    files = []
    for name, tables in (("one", [table(ROW, MANY)]), ("two", [table(ROW), table(), table(MANY)])):
        with (tmp_path / name).open("wb") as file:
            ObservedTable.of_tables(tables).write(file)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "damaged",
    [
        table({**ROW, "lines": 0}),
        table({**ROW, "gap": -2}),
        table({**ROW, "seconds": [3_600]}),
        table({**ROW, "host": None}),
        table({**MANY, "values": ["a", None]}),
        table(ROW).drop_columns(["values"]),
    ],
)
def test_what_no_training_writes_is_damaged(tmp_path: Path, damaged: pa.Table) -> None:
    store = Store(str(tmp_path))
    version = published(store, ObservedTable.of_tables([table(ROW)]))
    pq.write_table(damaged, tmp_path / version / FILE)
    with pytest.raises(BrokenPatternSet, match=FILE):
        store.read_observed(version)
    with pytest.raises(BrokenPatternSet, match=FILE):
        store.promote(version)


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    version = published(store, ObservedTable.of_tables([table(ROW)]))
    path = tmp_path / version / FILE
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BrokenPatternSet, match="roll back"):
        store.read_observed(version)
