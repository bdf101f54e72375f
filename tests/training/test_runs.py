"""Rows of many parts: the sum is the same whatever the parts and limits; what is too much for memory is on disk."""

from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mining.candidates import WordKeys
from patterns.errors import PatternsError
from patterns.rules import Rules
from patterns.shapes import BUCKETS
from training import runs
from training.kernels.raw import CANDIDATE_ROWS, COUNT_ROWS, COUNTS, CandidateKernel, count_words
from training.kernels.rows import ShapeKernel
from training.runs import MOST_BYTES, Kind, Part, by_bucket, merged_runs
from training.tables import SHAPE_ROWS

KINDS = [COUNT_ROWS, CANDIDATE_ROWS, SHAPE_ROWS]
IDS = ["counts", "candidates", "shapes"]

LINES = st.lists(st.lists(st.sampled_from(["a", "b", "c", "é", "x"]), max_size=4).map(" ".join), max_size=6)
PARTS = st.lists(st.lists(LINES, max_size=3), max_size=3)
LIMITS = st.sampled_from([0, 100, 1000, MOST_BYTES])
FEW = settings(max_examples=settings().max_examples // 2)
"""Writing and reading files takes most of the time."""

KEYS = WordKeys(frozenset({"a", "b", "é"}))


@cache
def shape_kernel() -> ShapeKernel:
    return ShapeKernel(Rules())


def rows_of(kind: Kind, lines: list[str]) -> pa.Table:
    """Return the rows that a worker makes of a chunk."""
    chunk = "".join(f"{line}\n" for line in lines).encode()
    if kind is COUNT_ROWS:
        return count_words(chunk, positions=True)
    if kind is CANDIDATE_ROWS:
        return CandidateKernel(KEYS).rows(chunk)
    return shape_kernel().rows(chunk, 0)


def counts(words: str) -> pa.Table:
    """Return a row for each word, wherever it is in the line."""
    rows = [{"word": word.encode(), "position": -1, "lines": 1} for word in words.split()]
    return pa.Table.from_pylist(rows, schema=COUNTS)


def shown(rows: pa.Table) -> list[str]:
    """Return rows so that they can be compared in any order."""
    return sorted(map(repr, rows.to_pylist()))


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@given(parts=PARTS, most_bytes=LIMITS, rows_together=st.sampled_from([0, 3, runs.ROWS_TOGETHER]))
@FEW
def test_the_runs_of_any_parts_add_up_to_the_whole(
    kind: Kind, parts: list[list[list[str]]], most_bytes: int, rows_together: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(runs, "ROWS_TOGETHER", rows_together)
        written = []
        for chunks in parts:
            part = Part(kind, Path(folder), most_bytes)
            for lines in chunks:
                part.add(rows_of(kind, lines))
            written += part.runs()
        found = pa.concat_tables([kind.schema.empty_table(), *merged_runs(kind, written)])

    everything = [rows_of(kind, lines) for chunks in parts for lines in chunks]
    assert found.schema.equals(kind.schema)
    assert shown(found) == shown(kind.merged(pa.concat_tables([kind.schema.empty_table(), *everything])))


@given(PARTS)
@FEW
def test_a_word_s_lines_are_counted_once_each_over_all_parts(parts: list[list[list[str]]]) -> None:
    with TemporaryDirectory() as folder:
        written = []
        for chunks in parts:
            part = Part(COUNT_ROWS, Path(folder), 0)
            for lines in chunks:
                part.add(rows_of(COUNT_ROWS, lines))
            written += part.runs()
        found = [row for rows in merged_runs(COUNT_ROWS, written) for row in rows.to_pylist()]

    places = Counter(
        place for chunks in parts for lines in chunks for line in lines for place in enumerate(line.split())
    )
    assert len(found) == len(places)
    assert {(row["position"], row["word"].decode()): row["lines"] for row in found} == places


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
@given(lines=LINES)
def test_each_row_is_in_its_bucket(kind: Kind, lines: list[str]) -> None:
    rows = rows_of(kind, lines)

    found = list(by_bucket(kind, rows))

    assert len(found) == BUCKETS
    assert shown(pa.concat_tables(found)) == shown(rows)
    assert [set(kind.buckets(some).tolist()) for some in found if some.num_rows] == [
        {bucket} for bucket, some in enumerate(found) if some.num_rows
    ]


def test_what_has_room_in_memory_is_not_written(tmp_path: Path) -> None:
    part = Part(COUNT_ROWS, tmp_path)
    part.add(counts("a b"))
    part.add(counts("b c"))

    held = part.take()

    assert list(tmp_path.iterdir()) == []
    assert held is not None
    assert {row["word"]: row["lines"] for row in held.to_pylist()} == {b"a": 1, b"b": 2, b"c": 1}


def test_rows_of_few_keys_are_merged_in_memory_however_many_they_are(tmp_path: Path) -> None:
    part = Part(COUNT_ROWS, tmp_path, most_bytes=2_000)
    for _ in range(500):
        part.add(counts("a b c"))

    held = part.take()

    assert list(tmp_path.iterdir()) == []
    assert held is not None
    assert held["lines"].to_pylist() == [500] * 3


def test_rows_of_many_keys_are_written_and_each_run_has_a_batch_for_each_bucket(tmp_path: Path) -> None:
    part = Part(COUNT_ROWS, tmp_path, most_bytes=2_000)
    for number in range(500):
        part.add(counts(f"a w{number}"))

    written = part.runs()

    assert part.take() is None
    assert len(written) > 5
    assert sorted(written) == sorted(tmp_path.iterdir())
    for run in written:
        with pa.OSFile(str(run)) as file:
            assert pa.ipc.open_file(file).num_record_batches == BUCKETS
    found = {row["word"]: row["lines"] for rows in merged_runs(COUNT_ROWS, written) for row in rows.to_pylist()}
    assert found == {b"a": 500, **{f"w{number}".encode(): 1 for number in range(500)}}


def test_buckets_that_are_not_merged_together_come_in_ascending_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROWS_TOGETHER", 10)
    part = Part(COUNT_ROWS, tmp_path)
    part.add(counts(" ".join(f"w{number}" for number in range(500))))

    tables = list(merged_runs(COUNT_ROWS, part.runs()))

    buckets = [set(COUNT_ROWS.buckets(rows).tolist()) for rows in tables]
    assert len(buckets) > 10
    assert all(max(before) < min(after) for before, after in pairwise(buckets))


def test_a_part_without_rows_has_no_run(tmp_path: Path) -> None:
    assert Part(COUNT_ROWS, tmp_path).runs() == []
    assert sum(rows.num_rows for rows in merged_runs(COUNT_ROWS, [])) == 0


def test_a_run_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    part = Part(COUNT_ROWS, tmp_path / "gone", most_bytes=0)

    with pytest.raises(PatternsError, match=r"temporary file: .*No such file or directory.*; make room, or set TMPDIR"):
        part.add(counts("a"))
