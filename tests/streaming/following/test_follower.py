import gzip
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rotating import RotatedLog

from patterns.records import Records
from patterns.rules import Rules
from streaming.following import finding, ranges
from streaming.following.follower import Follower, State
from streaming.following.ranges import Range, read_records

LINES = Records(Rules())

Place = tuple[str, int, bytes]


def kept(state: State) -> State:
    """Return a state as it comes back from a checkpoint."""
    return msgspec.convert(json.loads(json.dumps(asdict(state))), State)


def lines_of(taken: Sequence[Range]) -> list[Place]:
    """Return identity, offset and bytes of the lines of ranges, none of which is gone."""
    found = []
    for part in taken:
        lines = read_records(part, LINES)
        assert lines is not None, part
        found += [(part.file.identity, offset, data) for data, offset in lines]
    return sorted(found)


def drain(follower: Follower, state: State, budget: int = 2**40) -> tuple[State, list[bytes]]:
    """Take all there is; return the state and the lines."""
    lines: list[bytes] = []
    while (after := follower.plan(state, budget)) is not state:
        lines += [data for _, _, data in lines_of(after.ranges_from(state))]
        state = after
    return state, lines


_WHAT = st.sampled_from(
    ["append"] * 6 + ["poll"] * 4 + ["rename", "rename", "copy", "pack", "pack", "finish", "restart"]
)
_WORDS = st.lists(st.sampled_from([b"\n", b"\n", b"a", b"b\n", b"\r\n", b"word ", b"\xff"]), max_size=5).map(b"".join)


@given(
    steps=st.lists(st.tuples(_WHAT, st.integers(0, 1), _WORDS), max_size=40),
    budgets=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    paths=st.sampled_from([["a.log", "b.log"], ["*.log"], ["?.log", "a.log"], ["."]]),
)
def test_each_line_comes_once_however_files_grow_and_are_rotated_packed_or_copied_and_cut(
    steps: Sequence[tuple[str, int, bytes]], budgets: Sequence[int], paths: Sequence[str]
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        patch.setattr(ranges, "SMALLEST_SPLIT", 8)
        watched = [f"{folder}/{path}" for path in paths]
        logs = [RotatedLog(folder / "a.log"), RotatedLog(folder / "b.log")]
        follower = Follower(watched, LINES)
        state = follower.plan(State(), 1)
        batches: list[tuple[State, State, list[Place]]] = []

        def poll(budget: int) -> bool:
            nonlocal state
            after = follower.plan(state, budget)
            if after is state:
                return False
            after = kept(after)
            batches.append((state, after, lines_of(after.ranges_from(state))))
            state = after
            return True

        for number, (what, which, data) in enumerate(steps):
            if what == "append":
                # No two contents begin alike, as where each line has its time.
                logs[which].append(b"%d %s" % (number, data))
            elif what == "poll":
                poll(budgets[number % len(budgets)])
            elif what == "restart":
                follower = Follower(watched, LINES)
            else:
                getattr(logs[which], what)()
        for log in logs:
            log.finish()
        while poll(budgets[0]):
            pass
        found = [place for _, _, lines in batches for place in lines]
        assert sorted(data for _, _, data in found) == sorted(line for log in logs for line in log.lines())
        assert len({place[:2] for place in found}) == len(found)
        # Replayed long after, a batch has the same lines.
        for before, after, lines in batches:
            assert lines_of(after.ranges_from(before)) == lines


@pytest.fixture
def log(tmp_path: Path) -> RotatedLog:
    return RotatedLog(tmp_path / "app.log")


@pytest.fixture
def follower(log: RotatedLog) -> Follower:
    return Follower([str(log.path)], LINES)


@pytest.fixture
def begun(follower: Follower, log: RotatedLog) -> State:
    """The state of a stream that has read one line."""
    log.append(b"first\n")
    return drain(follower, State())[0]


def gone(taken: Sequence[Range]) -> int:
    """Return how many bytes of ranges cannot be read."""
    return sum(part.end - part.start for part in taken if read_records(part, LINES) is None)


def test_of_a_stream_that_begins_older_rotated_files_are_no_business(log: RotatedLog, follower: Follower) -> None:
    log.append(b"old\n")
    log.rename()
    past = time.time() - 60
    os.utime(f"{log.path}.1", (past, past))
    log.append(b"new\n")
    state, lines = drain(follower, State())
    assert lines == [b"new"]
    assert drain(Follower([str(log.path)], LINES), state)[1] == []


def test_what_came_and_was_rotated_and_packed_while_nothing_ran_is_read_also_if_nothing_was_there_before(
    log: RotatedLog, follower: Follower
) -> None:
    state = follower.plan(State(), 1)
    assert (state.files, state.planned_at > 0) == ({}, True)
    for number in range(5):
        log.append(b"line %d\nhalf %d" % (number, number))
        log.rename()
        log.pack()
    log.finish()
    state, lines = drain(Follower([str(log.path)], LINES), state)
    assert sorted(lines) == sorted(b"%s %d" % (word, number) for word in (b"line", b"half") for number in range(5))
    assert drain(Follower([str(log.path)], LINES), state)[1] == []


def test_rotated_files_of_before_the_last_look_stay_unread_when_their_entries_are_forgotten(
    log: RotatedLog, follower: Follower, begun: State
) -> None:
    log.rename()
    log.append(b"second\n")
    old = 1_000_000_000
    os.utime(f"{log.path}.1", (old, old))
    state, lines = drain(follower, begun)
    assert (lines, [file.at for file in state.files.values()]) == ([b"second"], [str(log.path)])
    log.append(b"third\n")
    assert drain(Follower([str(log.path)], LINES), state)[1] == [b"third"]


def test_a_log_that_a_glob_names_with_its_rotations_is_read_once(log: RotatedLog) -> None:
    watched = [f"{log.path}*"]
    state = State()
    for number in range(4):
        log.append(b"line %d\n" % number)
        log.rename() if number % 2 else log.copy()
        log.finish()
        state, lines = drain(Follower(watched, LINES), state)
        assert lines == [b"line %d" % number]


def test_what_was_cut_before_it_was_read_is_a_gap_of_as_many_bytes_as_were_seen(
    log: RotatedLog, follower: Follower, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    log.append(b"1234567\n" * 10)
    state = follower.plan(begun, 16)
    os.truncate(log.path, 0)
    log.path.write_bytes(b"of today\n")
    after = follower.plan(state, 1_000)
    assert gone(after.ranges_from(state)) == 64
    found = [data for part in after.ranges_from(state) for data, _ in read_records(part, LINES) or ()]
    assert found == [b"of today"]
    assert follower.plan(after, 1_000) is after


def test_logs_that_begin_with_the_same_lines_are_told_apart_also_behind_a_gap(
    log: RotatedLog, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    header = b"#fields: time host message\n" * 100
    log.append(header + b"1 web1 hello\n" * 10)
    state = follower.plan(State(), len(header) + 30)
    for number in range(2, 5):
        os.truncate(log.path, 0)
        with log.path.open("ab") as file:
            file.write(header + b"%d web1 hello\n" % number * 20)
        after = follower.plan(state, 10**6)
        found = [data for part in after.ranges_from(state) for data, _ in read_records(part, LINES) or ()]
        assert found == header.split(b"\n")[:-1] + [b"%d web1 hello" % number] * 20
        assert gone(after.ranges_from(state)) == (104 if number == 2 else 0)
        state = after


def test_the_rest_of_a_file_that_is_in_no_place_yet_is_found_by_the_task_if_it_comes(
    log: RotatedLog, follower: Follower, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    log.append(b"1234567\n" * 10)
    state = follower.plan(begun, 16)
    content = log.path.read_bytes()
    os.truncate(log.path, 0)
    after = follower.plan(state, 1_000)
    Path(f"{log.path}.1").write_bytes(content)
    assert [data for _, _, data in lines_of(after.ranges_from(state))] == [b"1234567"] * 8


def test_a_packed_file_that_was_not_whole_is_read_when_it_is(log: RotatedLog, follower: Follower, begun: State) -> None:
    packed = gzip.compress(b"first\n" + b"second\n")
    log.path.unlink()
    rotated = Path(f"{log.path}.1.gz")
    for size in (0, 12, len(packed) - 4):
        rotated.write_bytes(packed[:size])
        assert follower.plan(begun, 1_000) is begun
    rotated.write_bytes(packed)
    os.utime(rotated)
    assert drain(follower, begun)[1] == [b"second"]


def test_what_was_read_whole_before_it_was_cut_leaves_no_gap(log: RotatedLog, follower: Follower, begun: State) -> None:
    os.truncate(log.path, 0)
    assert follower.plan(begun, 1_000) is begun


def test_a_file_that_is_nowhere_is_waited_for_and_then_a_gap(
    log: RotatedLog, follower: Follower, begun: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(b"1234567\n" * 10)
    state = follower.plan(begun, 16)
    away = tmp_path / "away"
    away.mkdir()
    log.path.rename(away / "app.log")
    assert follower.plan(state, 1_000) is state
    # Come back, it goes on.
    (away / "app.log").rename(log.path)
    back = follower.plan(state, 16)
    assert [data for _, _, data in lines_of(back.ranges_from(state))] == [b"1234567"] * 2
    log.path.unlink()
    assert follower.plan(back, 1_000) is back
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    after = follower.plan(back, 1_000)
    assert gone(after.ranges_from(back)) == 48
    assert follower.plan(after, 1_000) is after


def test_files_of_a_disk_that_is_not_mounted_are_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "a.log").write_bytes(b"one\ntwo\n")
    follower = Follower([f"{disk}/*.log"], LINES)
    state = follower.plan(State(), 4)
    disk.rename(tmp_path / "unmounted")
    assert follower.plan(state, 100) is state
    (tmp_path / "unmounted").rename(disk)
    assert drain(follower, state)[1] == [b"two"]


def test_a_disk_that_has_another_number_after_a_restart_has_the_same_files(
    log: RotatedLog, follower: Follower, begun: State
) -> None:
    (file,) = begun.files.values()
    moved = State(begun.planned_at, {file.identity: replace(file, device=file.device + 1)})
    log.append(b"second\n")
    state, lines = drain(follower, moved)
    assert lines == [b"second"]
    assert set(state.files) == {file.identity}


@pytest.mark.parametrize(("content", "lines"), [(b"12345678\n" * 200, []), (b"start\n", [b"start"])])
def test_a_log_that_was_restored_by_a_copy_goes_on_but_one_of_a_few_bytes_begins_anew(
    content: bytes, lines: list[bytes], log: RotatedLog, follower: Follower
) -> None:
    log.append(content)
    state, _ = drain(follower, State())
    (log.path.with_name("other")).write_bytes(content)
    log.path.with_name("other").rename(log.path)
    log.append(b"last\n")
    assert drain(follower, state)[1] == [*lines, b"last"]


def test_a_symbolic_link_that_is_pointed_at_another_file_leaves_the_first_to_be_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    first, second = tmp_path / "files" / "1", tmp_path / "files" / "2"
    link = tmp_path / "current.log"
    first.write_bytes(b"one\n")
    link.symlink_to(first)
    follower = Follower([str(link)], LINES)
    state, _ = drain(follower, State())
    with first.open("ab") as file:
        file.write(b"two\n")
    second.write_bytes(b"three\n")
    link.unlink()
    link.symlink_to(second)
    state, lines = drain(follower, state)
    assert sorted(lines) == [b"three", b"two"]
    assert {file.path for file in state.files.values()} == {str(link)}


def test_a_half_line_at_the_end_of_a_rotated_file_is_a_line_when_nobody_writes_to_it_any_more(
    log: RotatedLog, follower: Follower, begun: State
) -> None:
    log.append(b"second\nhalf")
    log.rename()
    state, lines = drain(follower, begun)
    assert lines == [b"second"]
    past = Path(f"{log.path}.1").stat().st_mtime - 100
    os.utime(f"{log.path}.1", (past, past))
    assert drain(follower, state)[1] == [b"half"]


def test_a_file_that_may_not_be_read_makes_no_other_wait_and_is_no_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.following.follower.MISSED_SECONDS", 0)
    for name in "ab":
        (tmp_path / f"{name}.log").write_bytes(b"one\ntwo\n")
    follower = Follower([f"{tmp_path}/*.log"], LINES)
    state = follower.plan(State(), 8)
    opened = os.open

    def refuse(path: str, *given: int) -> int:
        if path.endswith("a.log"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *given)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        state, lines = drain(Follower([f"{tmp_path}/*.log"], LINES), state)
        assert lines == [b"two"]
    assert drain(Follower([f"{tmp_path}/*.log"], LINES), state)[1] == [b"two"]


def test_a_file_that_gives_way_to_a_folder_or_a_pipe_is_left_and_taken_up_when_it_is_back(
    log: RotatedLog, follower: Follower, begun: State
) -> None:
    log.path.rename(log.path.with_name("kept"))
    log.path.mkdir()
    assert follower.plan(begun, 1_000) is begun
    log.path.rmdir()
    os.mkfifo(log.path)
    assert follower.plan(begun, 1_000) is begun
    log.path.unlink()
    log.path.with_name("kept").rename(log.path)
    log.append(b"second\n")
    assert drain(follower, begun)[1] == [b"second"]


def test_what_is_no_text_is_passed_over_in_a_folder_and_read_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "wtmp").write_bytes(b"\7\0\0\0line\n")
    (tmp_path / "syslog").write_bytes(b"one\n")
    assert drain(Follower([str(tmp_path)], LINES), State())[1] == [b"one"]
    assert drain(Follower([f"{tmp_path}/w*"], LINES), State())[1] == [b"\7\0\0\0line"]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_file_that_is_renamed_or_packed_just_behind_the_search_is_not_read_again(
    is_packed: bool, log: RotatedLog, follower: Follower, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.rename()
    if is_packed:
        log.pack()
        log.finish()
    monkeypatch.setattr(finding.Finder, "locate", lambda *_: {})
    assert follower.plan(begun, 1_000) is begun


def test_a_log_that_is_cut_just_while_its_half_copy_is_looked_at_is_not_read_again(
    log: RotatedLog, follower: Follower, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(b"second\nthird\n")
    state, _ = drain(follower, begun)
    log.copy()
    opened = finding.Finder.open

    def finish_copy(finder: finding.Finder, path: str) -> object:
        if path == str(log.path):
            monkeypatch.undo()
            log.finish()
            log.append(b"of today\n" * 10)
        return opened(finder, path)

    monkeypatch.setattr(finding.Finder, "open", finish_copy)
    assert follower.plan(state, 1_000) is state
    assert drain(follower, state)[1] == [b"of today"] * 10


def test_a_file_that_moved_past_a_look_is_found_by_the_next_though_it_is_older_by_then(
    log: RotatedLog, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(b"second\n")
    other = log.path.with_name("other.log.1")
    whole = Follower([str(log.path), str(log.path.with_name("other.log"))], LINES)
    listed = finding.Finder.listing

    def behind_the_listing(finder: finding.Finder, folder: str) -> object:
        found = listed(finder, folder)
        if not other.exists():
            other.write_bytes(b"came\n")
            past = time.time() - 5
            os.utime(other, (past, past))
        return found

    monkeypatch.setattr(finding.Finder, "listing", behind_the_listing)
    monkeypatch.setattr("streaming.following.look._MARGIN", 0)
    disturbed = whole.plan(replace(begun, seen_at=begun.seen_at - 10_000_000), 1_000)
    monkeypatch.undo()
    monkeypatch.setattr("streaming.following.look._MARGIN", 0)
    assert [data for _, _, data in lines_of(disturbed.ranges_from(begun))] == [b"second"]
    assert drain(whole, disturbed)[1] == [b"came"]


def test_a_packed_file_is_not_what_is_known_while_its_original_is_beside_it(
    log: RotatedLog, follower: Follower, begun: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = log.path.read_bytes()
    plain, packed = Path(f"{log.path}.2"), Path(f"{log.path}.2.gz")
    log.path.rename(plain)
    packed.write_bytes(gzip.compress(content))
    # As it is when both are there, but not in a listing of a moment ago.
    listed = finding.Finder.listing

    def without_the_plain(finder: finding.Finder, folder: str) -> finding.Listing | None:
        found = listed(finder, folder)
        assert found is not None
        inodes = {inode: [path for path in paths if path != str(plain)] for inode, paths in found.inodes.items()}
        return found._replace(inodes=inodes, paths=found.paths - {str(plain)})

    with monkeypatch.context() as patch:
        patch.setattr(finding.Finder, "listing", without_the_plain)
        assert follower.plan(begun, 1_000) is begun
    assert follower.plan(begun, 1_000) is begun


def test_a_thousand_rotations_leave_no_thousand_entries(log: RotatedLog, follower: Follower, begun: State) -> None:
    state, past = begun, log.path.stat().st_mtime - 10 * 86_400
    for number in range(100):
        log.append(b"line %d\n" % number)
        state, _ = drain(follower, state)
        os.utime(log.path, (past, past))
        log.path.unlink() if number % 2 else os.truncate(log.path, 0)
        os.utime(log.path, (past, past)) if log.path.exists() else None
    assert len(state.files) <= 100
