"""Tables made from parts are those made from the whole, in whatever parts, order and memory."""

import errno
import pickle
import random
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import PatternsError
from patterns.shapes import BUCKETS, SCHEMA, ShapeCount, ShapeKey, ShapeTable, bucket_of
from patterns.timestamps import DAY
from training.runs import MOST_BYTES, Part
from training.tables import SHAPE_ROWS, TableBuilder, add_up, merged

ONE_CRC = ["plumless", "buckeroo"]
"""Two texts of one CRC-32."""
TEXTS = [*ONE_CRC, "", "a 1", "\x00", "\u2028", "\ufb01", "\U0001f600", "x" * 1999 + "é1", "x" * 1999 + "é2"]
KEYS = st.builds(
    ShapeKey,
    st.sampled_from(["", "s", "\U0001f600"]),
    st.sampled_from(["a", "a <*>", "é", "\U0001f600", "\ufb01"]),
    st.sampled_from(["1970-01-01", "1970-01-02"]),
)
ROWS = st.lists(
    st.tuples(KEYS, st.integers(1, 9), st.integers(-DAY, DAY), st.lists(st.sampled_from(TEXTS), max_size=5)),
    max_size=15,
)
Row = tuple[ShapeKey, int, int, list[str]]
LIMITS = st.sampled_from([0, 300, 1000, MOST_BYTES])


def columns(rows: list[Row]) -> pa.Table:
    names = ("scope", "shape", "day", "count", "first", "last", "examples")
    cells = [(*key, count, time, time + count, texts) for key, count, time, texts in rows]
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in cells], SCHEMA)


def by_hand(rows: list[Row]) -> ShapeTable:
    """Add up row by row: what engine python does."""
    found: dict[ShapeKey, ShapeCount] = {}
    for key, count, time, texts in rows:
        found.setdefault(key, ShapeCount()).add(count, time, time + count, texts)
    return ShapeTable.of(found)


def written(table: ShapeTable) -> bytes:
    file = BytesIO()
    table.write(file)
    return file.getvalue()


@given(ROWS)
def test_merged_rows_are_those_of_engine_python(rows: list[Row]) -> None:
    found = merged(columns(rows))

    assert found.schema.equals(SCHEMA)
    assert found.equals(pa.concat_tables([SCHEMA.empty_table(), *by_hand(rows).tables()]))


@given(ROWS)
def test_merging_what_is_merged_changes_nothing(rows: list[Row]) -> None:
    once = merged(columns(rows))

    assert merged(once).equals(once)


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_many_shapes_have_the_buckets_that_each_has(shapes: list[str]) -> None:
    found = SHAPE_ROWS.buckets(pa.table({"shape": pa.array(shapes, pa.string())}))

    assert (
        found.tolist()
        == [bucket_of(shape) for shape in shapes]
        == [crc32(shape.encode()) % BUCKETS for shape in shapes]
    )


@given(ROWS, LIMITS, st.randoms(), st.integers(1, 4))
def test_a_table_built_in_any_order_and_memory_has_the_same_bytes(
    rows: list[Row], most_bytes: int, random: random.Random, size: int
) -> None:
    shuffled = random.sample(rows, len(rows))

    with TableBuilder(most_bytes) as builder:
        for start in range(0, len(rows), size):
            builder.add(columns(shuffled[start : start + size]))
        table = builder.finish()

    assert written(table) == written(by_hand(rows))


@given(ROWS, LIMITS, LIMITS, st.integers(0, 15), st.integers(0, 15))
def test_runs_of_workers_are_added_to_what_the_builder_has(
    rows: list[Row], most_bytes: int, of_workers: int, one: int, other: int
) -> None:
    cuts = sorted((one, other))
    with TableBuilder(most_bytes) as builder:
        builder.add(columns(rows[: cuts[0]]))
        for part in (rows[cuts[0] : cuts[1]], rows[cuts[1] :]):
            worker = Part(SHAPE_ROWS, builder.folder, of_workers)
            worker.add(columns(part))
            builder.add_runs(pickle.loads(pickle.dumps(worker.runs())))
        table = builder.finish()

    assert written(table) == written(by_hand(rows))


def test_the_parts_of_a_table_may_be_written_by_whoever_merged_the_buckets() -> None:
    rows = [(ShapeKey("s", f"a {n}", "1970-01-01"), 1, n, ["x"]) for n in range(500)]
    buckets: dict[int, list[Row]] = {}
    for row in rows:
        buckets.setdefault(bucket_of(row[0].shape), []).append(row)

    table = ShapeTable.of_tables(merged(columns(buckets[bucket])) for bucket in sorted(buckets))

    assert written(table) == written(by_hand(rows))


@given(ROWS, st.integers(0, 15))
def test_tables_add_up_and_stay_as_they_were(rows: list[Row], cut: int) -> None:
    one, other = by_hand(rows[:cut]), by_hand(rows[cut:])
    before = written(one), written(other)

    assert written(add_up([one, other])) == written(add_up([other, one])) == written(by_hand(rows))
    assert (written(one), written(other)) == before


def many(first: int) -> pa.Table:
    numbers = range(first, first + 1000)
    return columns([(ShapeKey("s", f"shape {n}", "1970-01-01"), 1, n, [f"example {n}"]) for n in numbers])


def test_rows_are_written_to_runs_only_where_merging_does_not_help() -> None:
    part = many(0)
    with TableBuilder(most_bytes=3 * part.nbytes) as builder:
        for _ in range(10):
            builder.add(part)
        assert not list(builder.folder.iterdir())
        for n in range(1, 10):
            builder.add(many(1000 * n))
        assert 2 < len(list(builder.folder.iterdir())) < 10
        table = builder.finish()

    assert (table.lines, table.shapes) == (19_000, 10_000)
    assert not builder.folder.exists()


def test_temporary_files_go_also_when_something_fails() -> None:
    builder = TableBuilder(most_bytes=0)

    def interrupted() -> None:
        with builder:
            builder.add(many(0))
            assert list(builder.folder.iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not builder.folder.exists()


@pytest.mark.parametrize(
    "use", [lambda builder: builder.add(many(0)), lambda builder: builder.finish()], ids=["add", "finish"]
)
def test_a_full_disk_is_told_with_the_mend(
    use: Callable[[TableBuilder], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with TableBuilder(most_bytes=0) as builder:
        builder.add(many(0))
        monkeypatch.setattr(pa.ipc, "new_file", full)
        monkeypatch.setattr(pq, "ParquetWriter", full)
        with pytest.raises(PatternsError, match=r"No space left on device; make room, or set TMPDIR"):
            use(builder)


def test_no_temporary_folder_at_all_is_told_with_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    with pytest.raises(PatternsError, match="set TMPDIR"):
        TableBuilder()
