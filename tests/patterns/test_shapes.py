"""The table of shapes adds up, whatever the order, and is the same file for the same rows."""

import random
from hashlib import blake2b
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.shapes import SCHEMA, ShapeCount, ShapeKey, ShapeTable
from patterns.timestamps import DAY

TIMES = st.integers(-DAY, DAY)
KEYS = st.builds(
    ShapeKey,
    st.sampled_from(["", "s"]),
    st.sampled_from(["a", "a <*>", "é"]),
    st.sampled_from(["1970-01-01", "1970-01-02"]),
)
LINES = st.lists(
    st.tuples(KEYS, TIMES, st.sampled_from(["a 1", "a 2", "a 3", "a 4", "a 5", "\x00", "\u2028"])), max_size=12
)
Lines = list[tuple[ShapeKey, int, str]]


def table(lines: Lines) -> ShapeTable:
    found = ShapeTable()
    for key, time, text in lines:
        found.add(key, 1, time, time, (text,))
    return found


def written(shapes: ShapeTable) -> bytes:
    file = BytesIO()
    shapes.write(file)
    return file.getvalue()


@given(LINES)
def test_a_row_counts_its_lines_and_knows_their_first_and_last_time(lines: Lines) -> None:
    found = table(lines)

    assert found.lines == len(lines)
    assert set(found.rows) == {key for key, _, _ in lines}
    for key, row in found.rows.items():
        times = [time for other, time, _ in lines if other == key]
        assert (row.count, row.first, row.last) == (len(times), min(times), max(times))


@given(LINES)
def test_the_examples_are_the_distinct_lines_of_the_smallest_hash(lines: Lines) -> None:
    for key, row in table(lines).rows.items():
        texts = {text for other, _, text in lines if other == key}
        by_hash = sorted(texts, key=lambda text: blake2b(text.encode(), digest_size=8).hexdigest())
        assert row.texts() == by_hash[:3]


@given(LINES, st.randoms(), st.integers(0, 12))
def test_tables_add_up_in_any_order(lines: Lines, random: random.Random, cut: int) -> None:
    shuffled = random.sample(lines, len(lines))
    one, other = table(shuffled[:cut]), table(shuffled[cut:])

    one.merge(other)

    assert one.rows == table(lines).rows
    assert written(one) == written(table(lines))


def test_merging_leaves_the_other_table_as_it_was() -> None:
    key = ShapeKey("", "a", "1970-01-01")
    one, other = ShapeTable(), table([(key, 5, "a 1")])

    one.merge(other)
    one.add(key, 1, 9, 9, ("a 2",))

    assert other.rows == table([(key, 5, "a 1")]).rows


def test_a_long_example_is_kept_by_its_start() -> None:
    row = ShapeCount()

    row.add(2, 1, 1, ("x" * 5000, "x" * 4000))

    assert row.texts() == ["x" * 2000]


@given(LINES)
def test_scopes_give_the_lines_of_each_shape_over_all_days_in_ascending_order(lines: Lines) -> None:
    scopes = table(lines).scopes()

    assert {(scope, shape): count for scope, shapes in scopes.items() for shape, count in shapes.items()} == {
        (key.scope, key.shape): sum((other.scope, other.shape) == (key.scope, key.shape) for other, _, _ in lines)
        for key, _, _ in lines
    }
    assert list(scopes) == sorted(scopes)
    assert all(list(shapes) == sorted(shapes) for shapes in scopes.values())


@given(LINES)
def test_what_is_written_is_read(lines: Lines) -> None:
    found = table(lines)

    assert ShapeTable.read(BytesIO(written(found))).rows == found.rows


def test_a_row_of_the_file_is_a_key_in_ascending_order() -> None:
    keys = [ShapeKey("s", "a", "1970-01-02"), ShapeKey("", "b", "1970-01-01"), ShapeKey("s", "a", "1970-01-01")]

    stored = pq.read_table(BytesIO(written(table([(key, 7, "x") for key in keys]))))

    assert stored.schema.equals(SCHEMA)
    assert [tuple(row.values())[:4] for row in stored.to_pylist()] == [(*key, 1) for key in sorted(keys)]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"scope": ["s"], "shape": ["a"], "day": ["1970-01-01"]},
        {"scope": [None], "shape": ["a"], "day": ["d"], "count": [1], "first": [1], "last": [1], "examples": [["a"]]},
        {"scope": ["s"], "shape": ["a"], "day": ["d"], "count": ["x"], "first": [1], "last": [1], "examples": [["a"]]},
    ],
)
def test_a_file_that_lacks_what_a_table_has_is_refused(columns: dict[str, list[object]]) -> None:
    file = BytesIO()
    pq.write_table(pa.table(columns or {"x": [1]}), file)

    with pytest.raises(pa.ArrowException):
        ShapeTable.read(BytesIO(file.getvalue()))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet_file_is_refused(data: bytes) -> None:
    with pytest.raises(pa.ArrowException):
        ShapeTable.read(BytesIO(data))
