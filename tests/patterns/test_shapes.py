"""The table of shapes is the same file for the same rows, is read piece by piece, and is checked before it is used."""

import errno
import tempfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
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

TIMES = st.integers(-DAY, DAY)
KEYS = st.builds(
    ShapeKey,
    st.sampled_from(["", "s"]),
    st.sampled_from(["a", "a <*>", "é", "\U0001f600", "\ufb01"]),
    st.sampled_from(["1970-01-01", "1970-01-02"]),
)
TEXTS = ["a 1", "a 2", "a 3", "a 4", "a 5", "\x00", "\u2028"]
LINES = st.lists(st.tuples(KEYS, TIMES, st.sampled_from(TEXTS)), max_size=12)
Lines = list[tuple[ShapeKey, int, str]]

ONE_CRC = ["buckeroo", "plumless"]
"""Two texts of one CRC-32."""


def rows_of(lines: Lines) -> dict[ShapeKey, ShapeCount]:
    rows: dict[ShapeKey, ShapeCount] = {}
    for key, time, text in lines:
        rows.setdefault(key, ShapeCount()).add(1, time, time, (text,))
    return rows


def table(lines: Lines) -> ShapeTable:
    return ShapeTable.of(rows_of(lines))


def written(shapes: ShapeTable) -> bytes:
    file = BytesIO()
    shapes.write(file)
    return file.getvalue()


def canonical(key: ShapeKey) -> tuple[int, bytes, bytes, bytes]:
    scope, shape, day = (text.encode() for text in key)
    return crc32(shape) % BUCKETS, scope, shape, day


def in_batches(whole: pa.Table, cuts: list[int]) -> Iterator[pa.Table]:
    bounds = [0, *sorted(min(cut, whole.num_rows) for cut in cuts), whole.num_rows]
    return (whole.slice(start, end - start) for start, end in pairwise(bounds))


@given(LINES)
def test_a_row_counts_its_lines_and_knows_their_first_and_last_time(lines: Lines) -> None:
    found = table(lines)

    assert found.lines == len(lines)
    rows = dict(found.rows())
    assert set(rows) == {key for key, _, _ in lines}
    for key, row in rows.items():
        times = [time for other, time, _ in lines if other == key]
        assert (row.count, row.first, row.last) == (len(times), min(times), max(times))


@given(st.lists(st.sampled_from([*TEXTS, *ONE_CRC])))
def test_the_examples_are_the_first_distinct_texts_by_crc_and_text_in_whatever_order_they_come(
    texts: list[str],
) -> None:
    row = ShapeCount()

    for text in texts:
        row.add(1, 0, 0, (text,))

    assert row.texts() == sorted(set(texts), key=lambda text: (crc32(text.encode()), text))[:3]


def test_two_texts_of_one_crc_are_two_examples() -> None:
    row = ShapeCount()

    row.add(2, 0, 0, ONE_CRC[::-1])

    assert crc32(ONE_CRC[0].encode()) == crc32(ONE_CRC[1].encode())
    assert row.texts() == ONE_CRC


def test_a_long_example_is_kept_by_its_start() -> None:
    row = ShapeCount()

    row.add(2, 1, 1, ("x" * 5000, "x" * 4000))

    assert row.texts() == ["x" * 2000]


@given(LINES)
def test_what_is_written_is_read(lines: Lines) -> None:
    found = table(lines)

    assert dict(found.rows()) == rows_of(lines)
    with tempfile.NamedTemporaryFile() as file:
        file.write(written(found))
        file.flush()
        read = ShapeTable.read(file.name)
    assert list(read.rows()) == list(found.rows())
    assert (read.lines, read.shapes) == (found.lines, found.shapes)


@given(LINES)
def test_rows_ascend_by_bucket_scope_shape_and_day(lines: Lines) -> None:
    file = pq.read_table(BytesIO(written(table(lines))))

    keys = [ShapeKey(row["scope"], row["shape"], row["day"]) for row in file.to_pylist()]
    assert file.schema.equals(SCHEMA)
    assert keys == sorted({key for key, _, _ in lines}, key=canonical)
    assert all(bucket_of(key.shape) == canonical(key)[0] for key in keys)


@given(LINES, st.lists(st.integers(0, 12), max_size=4), st.integers(1, 5))
def test_how_rows_come_is_not_seen_in_the_file(lines: Lines, cuts: list[int], rows: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShapeTable, "group", rows)
        whole = table(lines)
        columns = pa.concat_tables([SCHEMA.empty_table(), *whole.tables()])

        assert written(ShapeTable.of_tables(in_batches(columns, cuts))) == written(whole)
        assert all(piece.num_rows <= rows for piece in whole.tables())


@given(LINES, st.integers(1, 3), st.integers(1, 5))
def test_scopes_give_the_lines_of_each_shape_over_all_days_in_ascending_order(
    lines: Lines, least: int, rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShapeTable, "group", rows)
        found = table(lines)
    counts = Counter((key.scope, key.shape) for key, _, _ in lines)

    scopes = found.scopes(least)

    kept = {place: count for place, count in counts.items() if count >= least}
    assert found.shapes == len(counts)
    assert {(scope, shape): count for scope, shapes in scopes.items() for shape, count in shapes.items()} == kept
    assert list(scopes) == sorted(scopes)
    assert all(list(shapes) == sorted(shapes) for shapes in scopes.values())
    assert found.below(least) == (len(counts) - len(kept), len(lines) - sum(kept.values()))


@given(LINES, st.integers(1, 12))
def test_the_least_count_is_the_smallest_that_leaves_no_more_shapes_than_wanted(lines: Lines, most: int) -> None:
    counts = Counter((key.scope, key.shape) for key, _, _ in lines).values()

    least = table(lines).least_count(most)

    assert sum(count >= least for count in counts) <= most
    assert least == 1 or sum(count >= least - 1 for count in counts) > most


def test_counts_that_lie_far_apart_cost_nothing() -> None:
    rows = {ShapeKey("", shape, "1970-01-01"): ShapeCount(count, 0, 0) for shape, count in (("a", 10**15), ("b", 1))}

    assert ShapeTable.of(rows).least_count(1) == 2
    assert ShapeTable.of(rows | {ShapeKey("", "b", "1970-01-01"): ShapeCount(10**15)}).least_count(1) == 10**15 + 1


def test_a_table_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    found = table([(ShapeKey("", "a", "1970-01-01"), 5, "a 1")])

    assert not list(tmp_path.iterdir())
    assert found.lines == 1


def test_a_table_that_cannot_be_finished_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def tables() -> Iterator[pa.Table]:
        yield SCHEMA.empty_table()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ShapeTable.of_tables(tables())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["none", "full"])
def test_a_temporary_folder_that_takes_no_file_is_told_with_the_mend(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if name == "full":
        (tmp_path / name).mkdir()
        monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(PatternsError, match=r"cannot be kept in a temporary file: .*; make room, or set TMPDIR"):
        table([(ShapeKey("", "a", "1970-01-01"), 5, "a 1")])


GOOD: dict[str, object] = {
    "scope": ["s"],
    "shape": ["a"],
    "day": ["d"],
    "count": [1],
    "first": [1],
    "last": [1],
    "examples": [["a"]],
}


def stored(columns: dict[str, object], path: Path) -> str:
    whole = pa.table(columns)
    fitting = whole.column_names == SCHEMA.names and whole["count"].type == pa.int64()
    pq.write_table(whole.cast(SCHEMA) if fitting else whole, path)
    return str(path)


def test_a_file_that_has_what_a_table_has_is_taken(tmp_path: Path) -> None:
    assert ShapeTable.read(stored(GOOD, tmp_path / "file")).lines == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"x": [1]},
        {"scope": ["s"], "shape": ["a"], "day": ["1970-01-01"]},
        GOOD | {"scope": [None]},
        GOOD | {"examples": [[None]]},
        GOOD | {"count": ["x"]},
        GOOD | {"count": [0]},
        GOOD | {"shape": pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())},
    ],
    ids=["no column", "some columns", "no scope", "no example", "a text as count", "no line", "no UTF-8"],
)
def test_a_file_that_lacks_what_a_table_has_is_refused(columns: dict[str, object], tmp_path: Path) -> None:
    path = stored(columns, tmp_path / "file")

    with pytest.raises(pa.ArrowException):
        ShapeTable.read(path)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)

    with pytest.raises(pa.ArrowException):
        ShapeTable.read(str(tmp_path / "file"))


def test_a_file_whose_rows_are_damaged_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    data = bytearray(written(table([(ShapeKey("", f"a {n}", "1970-01-01"), 5, f"a {n}") for n in range(1000)])))
    data[100:2000] = bytes(1900)
    (tmp_path / "file").write_bytes(data)

    with pytest.raises((pa.ArrowException, OSError)):
        ShapeTable.read(str(tmp_path / "file"))
