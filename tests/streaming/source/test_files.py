"""The source as Spark calls it, without Spark: offsets cross as JSON, readers begin anew, batches are replayed."""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.datasource import DataSourceStreamReader
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxBytes, SupportsTriggerAvailableNow

from patterns.records import Records
from patterns.rules import Rules
from streaming.config import FilesSourceConfig
from streaming.following import ranges
from streaming.following.ranges import Range, read_records
from streaming.source.files import COLUMNS, RangesSource, options, ranges_of

LINES = Records(Rules())

Offset = dict[str, Any]
_ALL = ReadMaxBytes(2**40)


def reader(*paths: Path | str, pieces: int = 2, once: bool = False) -> DataSourceStreamReader:
    given = options(FilesSourceConfig([str(path) for path in paths]), Rules(), pieces, once=once)
    # Spark gives the names of options back in small letters.
    source = RangesSource({name.lower(): value for name, value in given.items()})
    return source.streamReader(COLUMNS)


def latest(source: DataSourceStreamReader, start: Offset, limit: ReadLimit = _ALL) -> Offset:
    """Ask for the newest offset; both cross as JSON."""
    found: Offset = json.loads(json.dumps(source.latestOffset(json.loads(json.dumps(start)), limit)))
    return found


def planned(source: DataSourceStreamReader, start: Offset, end: Offset) -> list[list[tuple[Range, int]]]:
    """Return the ranges of a batch with their record times, task by task."""
    tasks = []
    for part in source.partitions(start, end):
        rows = source.read(part)
        tasks.append([found for batch in rows for found in ranges_of(batch)])
    return tasks


def batch(source: DataSourceStreamReader, start: Offset, end: Offset) -> list[tuple[str, int, bytes]]:
    """Return identity, offset and bytes of the lines of a batch, sorted."""
    lines = []
    for task in planned(source, start, end):
        for part, _ in task:
            found = read_records(part, LINES)
            assert found is not None
            lines += [(part.file.identity, offset, data) for data, offset in found]
    return sorted(lines)


def drain(source: DataSourceStreamReader, start: Offset, limit: ReadLimit = _ALL) -> tuple[Offset, list[bytes]]:
    """Take all there is; return the offset and the lines."""
    lines = []
    while (end := latest(source, start, limit)) != start:
        lines += [data for _, _, data in batch(source, start, end)]
        start = end
    return start, lines


Step = tuple[str, int, bytes]
_BYTES = st.lists(st.sampled_from([b"\n", b"a", b"b\n", b"\r\n", b"word ", b"\xff"]), max_size=12).map(b"".join)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "append", "append", "rotate", "poll"]), st.integers(0, 1), _BYTES), max_size=20
)


@given(
    steps=_STEPS,
    budgets=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    pieces=st.integers(1, 5),
    smallest=st.integers(1, 9),
)
def test_each_whole_line_comes_once_however_files_grow_and_are_renamed(
    steps: Sequence[Step], budgets: Sequence[int], pieces: int, smallest: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "SMALLEST_SPLIT", smallest)
        watched = [Path(folder) / "a.log", Path(folder) / "b.log"]
        written: dict[int, bytes] = {}
        batches: list[tuple[Offset, Offset, list[tuple[str, int, bytes]]]] = []
        start = reader(*watched).initialOffset()
        for number, (what, which, data) in enumerate([*steps, ("drain", 0, b"")]):
            path = watched[which]
            if what == "append" and data:
                with path.open("ab") as file:
                    file.write(data)
                written[path.stat().st_ino] = written.get(path.stat().st_ino, b"") + data
            elif (
                what == "rotate"
                and path.exists()
                and path.stat().st_ino in {entry["inode"] for entry in start["files"].values()}
            ):
                path.rename(f"{path}.{number}")
            while what in ("poll", "drain"):
                # Each time another reader, as after a restart.
                source = reader(*watched, pieces=pieces)
                end = latest(source, start, ReadMaxBytes(budgets[len(batches) % len(budgets)]))
                if end != start:
                    batches.append((start, end, batch(source, start, end)))
                    check_ranges(planned(source, start, end), written)
                if end == start or what == "poll":
                    start = end
                    break
                start = end
        whole = {inode: data[: data.rfind(b"\n") + 1] for inode, data in written.items()}
        expected = [line.removesuffix(b"\r") for data in whole.values() for line in data.split(b"\n")[:-1]]
        found = [data for _, _, lines in batches for _, _, data in lines]
        assert sorted(found) == sorted(expected)
        places = [place[:2] for _, _, lines in batches for place in lines]
        assert len(set(places)) == len(places)
        # Replayed long after, by another number of tasks, a batch has the same lines.
        for before, after, lines in batches:
            assert batch(reader(*watched, pieces=pieces + 1), before, after) == lines


def check_ranges(tasks: list[list[tuple[Range, int]]], written: dict[int, bytes]) -> None:
    """Ranges begin where a line begins and end where one ends; those of a file follow one another."""
    taken = sorted((part for task in tasks for part, _ in task), key=lambda part: (part.file.inode, part.start))
    for part in taken:
        data = written[part.file.inode]
        assert part.start < part.end <= part.file.end
        assert part.start == 0 or data[part.start - 1 : part.start] == b"\n"
        assert data[part.end - 1 : part.end] == b"\n"
    for part, after in pairwise(taken):
        assert part.file != after.file or part.end == after.start


def test_a_half_written_line_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntw")
    source = reader(log)
    start, lines = drain(source, source.initialOffset())
    assert lines == [b"one"]
    assert latest(source, start) == start
    with log.open("ab") as file:
        file.write(b"o\nthree\n")
    end = latest(source, start)
    assert [(offset, data) for _, offset, data in batch(source, start, end)] == [(4, b"two"), (8, b"three")]


def test_once_takes_what_was_there_when_it_began_and_the_unfinished_line_too(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo")
    source = reader(log, once=True)
    assert isinstance(source, SupportsTriggerAvailableNow)
    source.prepareForTriggerAvailableNow()
    with log.open("ab") as file:
        file.write(b" and a half\nthree\n")
    (tmp_path / "b.log").write_bytes(b"late\n")
    start, lines = drain(source, source.initialOffset(), ReadMaxBytes(1))
    assert lines == [b"one", b"two"]
    # What came later is for the next run.
    source = reader(tmp_path / "*.log", once=True)
    assert isinstance(source, SupportsTriggerAvailableNow)
    source.prepareForTriggerAvailableNow()
    assert sorted(drain(source, start)[1]) == [b" and a half", b"late", b"three"]


def test_the_record_time_is_when_the_batch_was_planned_and_never_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "a.log"
    source, start = reader(log), reader(log).initialOffset()
    times = []
    for line, moment in ((b"one\n", 5_000_000_999), (b"two\n", 3_000_000_000), (b"three\n", 9_000_000_000)):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        with log.open("ab") as file:
            file.write(line)
        end = latest(source, start)
        times += [record_time for task in planned(source, start, end) for _, record_time in task]
        start = end
    assert times == [5_000_000, 5_000_000, 9_000_000]


def test_nothing_new_leaves_the_offset_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n")
    source = reader(log)
    start = latest(source, source.initialOffset())
    assert json.dumps(latest(source, start)) == json.dumps(start)
    log.unlink()
    assert json.dumps(latest(source, start)) == json.dumps(start)


def test_a_file_that_was_filled_anew_has_the_same_offsets_and_other_names(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n")
    source = reader(log)
    middle = latest(source, source.initialOffset())
    before = batch(source, source.initialOffset(), middle)
    os.truncate(log, 0)
    assert latest(source, middle) == middle
    with log.open("ab") as file:
        file.write(b"1st\n2nd\n3rd\n")
    after = batch(source, middle, latest(source, middle))
    assert [(offset, data) for _, offset, data in after] == [(0, b"1st"), (4, b"2nd"), (8, b"3rd")]
    assert not {identity for identity, _, _ in before} & {identity for identity, _, _ in after}


@pytest.mark.parametrize("other", ["*.log", "a.???", "link.log", "hard.log", "./a.log"])
def test_a_file_that_two_paths_name_comes_once(other: str, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n")
    (tmp_path / "link.log").symlink_to(log)
    (tmp_path / "hard.log").hardlink_to(log)
    source = reader(log, f"{tmp_path}/{other}")
    assert drain(source, source.initialOffset(), ReadMaxBytes(4))[1] == [b"one", b"two"]


def test_a_batch_is_no_larger_than_its_bound(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.log").write_bytes(b"1234567\n" * 100)
    source = reader(tmp_path / "*.log")
    start, sizes = source.initialOffset(), []
    while (end := latest(source, start, ReadMaxBytes(1_000))) != start:
        sizes.append(sum(part.end - part.start for task in planned(source, start, end) for part, _ in task))
        start = end
    assert sizes == [1_000, 1_000, 400]
    assert drain(source, source.initialOffset(), ReadAllAvailable())[1] == [b"1234567"] * 300


def test_a_long_backlog_makes_no_other_file_wait(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"1234567\n" * 1_000)
    (tmp_path / "b.log").write_bytes(b"one\n")
    source = reader(tmp_path / "*.log")
    end = latest(source, source.initialOffset(), ReadMaxBytes(100))
    lines = [data for _, _, data in batch(source, source.initialOffset(), end)]
    # What the short one does not need the long one has.
    assert lines.count(b"one") == 1
    assert lines.count(b"1234567") == (100 - 4) // 8


def test_long_backlogs_share_a_batch(tmp_path: Path) -> None:
    for name, lines in (("a", 1_000), ("b", 2_000), ("c", 3_000)):
        (tmp_path / f"{name}.log").write_bytes(b"1234567\n" * lines)
    source = reader(tmp_path / "*.log")
    end = latest(source, source.initialOffset(), ReadMaxBytes(2_400))
    taken = [part for task in planned(source, source.initialOffset(), end) for part, _ in task]
    assert [part.end - part.start for part in taken] == [800] * 3


def test_a_file_that_is_renamed_before_anything_of_it_was_taken_is_known_if_it_was_seen(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"one\n")
    (tmp_path / "b.log").write_bytes(b"a long line\n")
    source = reader(tmp_path / "*.log")
    start = latest(source, source.initialOffset(), ReadMaxBytes(1))
    assert [data for _, _, data in batch(source, source.initialOffset(), start)] == [b"one"]
    (tmp_path / "b.log").rename(tmp_path / "b.old")
    assert drain(source, start)[1] == [b"a long line"]


def test_tasks_have_about_equal_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "SMALLEST_SPLIT", 64)
    (tmp_path / "large.log").write_bytes(b"1234567\n" * 1_000)
    for number in range(10):
        (tmp_path / f"small{number}.log").write_bytes(b"1234567\n" * 20)
    source = reader(tmp_path / "*.log", pieces=4)
    end = latest(source, source.initialOffset())
    shares = [sum(part.end - part.start for part, _ in task) for task in planned(source, source.initialOffset(), end)]
    assert sum(shares) == 9_600
    assert len(shares) == 4
    assert max(shares) < 1.2 * 9_600 / 4


def test_lines_written_between_the_last_look_and_the_rotation_are_taken(tmp_path: Path) -> None:
    log = tmp_path / "syslog"
    log.write_bytes(b"one\n")
    source = reader(log)
    start, _ = drain(source, source.initialOffset())
    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(tmp_path / "syslog.1")
    log.write_bytes(b"three\n")
    start, lines = drain(source, start, ReadMaxBytes(1))
    assert lines == [b"two", b"three"]
    # Rotated once more, it is not read again.
    (tmp_path / "syslog.1").rename(tmp_path / "syslog.2")
    assert drain(source, start)[1] == []


@pytest.mark.parametrize("paths", ["log/syslog", "log/sys*", "**/syslog", "log/**/syslog", "*/syslog", "**/*"])
def test_a_rotated_file_is_followed_until_it_is_gone(paths: str, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    log = tmp_path / "log" / "syslog"
    log.write_bytes(b"one\n")
    source = reader(f"{tmp_path}/{paths}")
    start, lines = drain(source, source.initialOffset())
    assert lines == [b"one"]
    with log.open("ab") as still_open:
        log.rename(f"{log}.1")
        log.write_bytes(b"new\n")
        for line in (b"two\n", b"three\n"):
            still_open.write(line)
            still_open.flush()
            start, lines = drain(source, start)
            assert line.rstrip() in lines


def test_a_file_that_is_no_longer_named_is_not_followed_to_another_name(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(b"one\n")
    source = reader(tmp_path / "*.log")
    start, _ = drain(source, source.initialOffset())
    with (tmp_path / "b.log").open("ab") as file:
        file.write(b"two\n")
    (tmp_path / "b.log").rename(tmp_path / "b.old")
    assert drain(reader(tmp_path / "a.log"), start)[1] == []
    assert drain(source, start)[1] == [b"two"]


def test_once_takes_the_rest_of_a_rotated_file(tmp_path: Path) -> None:
    log = tmp_path / "syslog"
    log.write_bytes(b"one\n")
    start, _ = drain(reader(log), reader(log).initialOffset())
    with log.open("ab") as file:
        file.write(b"two\n")
    log.rename(tmp_path / "syslog.1")
    log.write_bytes(b"three\n")
    source = reader(log, once=True)
    assert isinstance(source, SupportsTriggerAvailableNow)
    source.prepareForTriggerAvailableNow()
    assert sorted(drain(source, start)[1]) == [b"three", b"two"]


def test_a_file_that_vanished_after_planning_is_planned_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\ntwo\n")
    source = reader(log)
    end = latest(source, source.initialOffset())
    log.unlink()
    tasks = planned(source, source.initialOffset(), end)
    assert [(part.start, part.end) for task in tasks for part, _ in task] == [(0, 8)]
    assert read_records(tasks[0][0][0], LINES) is None
