"""The state beside the checkpoint: exact over restarts and replays, bounded, refused where it is damaged."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.baselines import Row
from patterns.timestamps import SECOND
from streaming.errors import CheckpointError
from streaming.unusual import state as module
from streaming.unusual.state import StateFile
from tests.streaming.unusual.world import MINUTE, START, Line, World, beat, few_values, line, rate

_BEAT = "beat *{1,1} of *{1,1}"
_STATE = "state is *{1,1} now"
_LEFT = "user *{1,1} left"


def path(folder: Path) -> Path:
    return folder / "unusual" / "state.ndjson"


def test_a_batch_that_is_judged_again_begins_where_it_began(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    for batch in range(3):
        file.before(batch).put("t", "k", batch)
        file.keep((batch, 0))
    # A crash after the state was kept, and before the batch was done.
    again = StateFile(tmp_path)
    assert again.before(2).table("t") == {"k": 1}
    again.before(2).put("t", "k", 7)
    again.keep((2, 0))
    assert StateFile(tmp_path).before(3).table("t") == {"k": 7}


def test_a_batch_that_was_broken_off_leaves_nothing(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.before(0).put("t", "k", 0)
    file.keep((0, 0))
    file.before(1).put("t", "k", 1)
    # The same process tries again.
    assert file.before(1).table("t") == {"k": 0}
    file.keep((1, 0))
    assert StateFile(tmp_path).before(2).table("t") == {"k": 0}


def test_looks_come_after_their_batch_and_before_the_next(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.before(4).put("t", "batch", 4)
    file.keep((4, 0))
    for number in range(1, 4):
        step, tables = file.after_last()
        assert step == (4, number - 1)
        tables.put("t", "look", number)
        file.keep((4, number))
    assert StateFile(tmp_path).before(5).table("t") == {"batch": 4, "look": 3}
    assert StateFile(tmp_path).after_last()[0] == (4, 3)


def test_a_row_without_its_end_is_of_a_step_that_is_not_done(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    for batch in range(2):
        file.before(batch).put("t", "k", batch)
        file.keep((batch, 0))
    whole = path(tmp_path).read_bytes()
    for length in range(whole.rindex(b"\n", 0, -1) + 1, len(whole)):
        path(tmp_path).write_bytes(whole[:length])
        assert StateFile(tmp_path).before(1).table("t") == {"k": 0}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{}\n", "row 1"),
        (b"nonsense\n", "row 1"),
        (b'{"logwinnow-unusual":2,"step":[0,0],"tables":{}}\n', "format 2"),
        (b'{"logwinnow-unusual":1,"step":[7,0],"tables":{}}\n', "row 1 is of step"),
        (b'{"logwinnow-unusual":1,"step":[0,0],"tables":{}}\nnonsense\n', "row 2"),
    ],
)
def test_what_is_damaged_is_said_with_its_mend(data: bytes, why: str, tmp_path: Path) -> None:
    path(tmp_path).parent.mkdir()
    path(tmp_path).write_bytes(data)
    with pytest.raises(CheckpointError, match=why) as raised:
        StateFile(tmp_path).before(3)
    assert "remove it" in str(raised.value)


_CHANGES = st.lists(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)),
            st.tuples(st.just("drop"), st.sampled_from("ab"), st.sampled_from("xyz"), st.just(0)),
            st.tuples(st.just("clear"), st.sampled_from("ab"), st.just(""), st.just(0)),
        ),
        max_size=5,
        # What is removed is not begun anew in the same step.
    ).map(lambda some: sorted(some, key=lambda each: each[0] == "clear")),
    max_size=12,
)


@given(changes=_CHANGES, restarts=st.sets(st.integers(0, 12)), least=st.integers(1, 400))
def test_whatever_is_changed_is_read_again_also_when_the_file_was_written_anew(
    changes: list[list[tuple[str, str, str, int]]],
    restarts: set[int],
    least: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("state")
    expected: dict[str, dict[str, Any]] = {"a": {}, "b": {}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LEAST_BYTES", least)
        file = StateFile(folder)
        for batch, of_batch in enumerate(changes):
            tables = file.before(batch)
            for do, table, key, value in of_batch:
                if do == "put":
                    tables.put(table, key, value)
                    expected[table][key] = value
                elif do == "clear":
                    tables.clear(table)
                    expected[table].clear()
                else:
                    tables.drop(table, key)
                    expected[table].pop(key, None)
            file.keep((batch, 0))
            if batch in restarts:
                file = StateFile(folder)
        found = StateFile(folder).before(len(changes))
    assert {name: dict(found.table(name)) for name in "ab"} == expected


def test_a_table_is_not_begun_anew_in_the_step_that_removes_it(tmp_path: Path) -> None:
    tables = StateFile(tmp_path).before(0)
    tables.put("t", "k", 1)
    tables.clear("t")
    with pytest.raises(ValueError, match="'t' was removed in this step"):
        tables.put("t", "k", 2)


def test_the_file_is_written_anew_before_it_has_many_times_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEAST_BYTES", 2_000)
    file = StateFile(tmp_path)
    largest = 0
    for batch in range(500):
        tables = file.before(batch)
        for key in range(10):
            tables.put("t", f"key {key}", batch)
        file.keep((batch, 0))
        largest = max(largest, path(tmp_path).stat().st_size)
    assert largest < 4_000


def some_batches() -> Iterator[tuple[int, list[Line]]]:
    """Yield times of batches and their lines, in which everything there is to tell happens."""
    chance = random.Random(5)
    for number in range(250):
        time = START + number * 30 * SECOND
        minute = number // 2
        lines = [line(time, "user 7 left", host) for host in ("web1", "web2") for _ in range(chance.randrange(3))]
        lines += [line(time, "beat 7 of 9", host) for host in ("web1", "web2") if minute < 40 or host == "web1"]
        lines += [line(time, f"state is {'on' if chance.random() < 0.97 else chance.choice('abc')} now")]
        if 61 <= minute <= 63:
            lines += [line(time, "user 8 left", "web1")] * 60
        yield time, [] if minute > 110 else lines


def told_over(folder: Path, crash: int, *, kept: bool) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Return what a stream tells that is killed in one of its batches and started again; and the state it leaves."""
    rows: list[Row] = [
        *(rate(_LEFT, host, 60, 4) for host in ("web1", "web2")),
        *(beat(_BEAT, host, 60, 4) for host in ("web1", "web2")),
        few_values(_STATE, 0, "on"),
    ]
    world = World(folder, rows)
    for number, (time, lines) in enumerate(some_batches()):
        if number == crash:
            state = world.state
            world.step(time, *lines, keep=kept)
            world.state = state
            world.restart()
            world.step(time, *reversed(lines), tasks=3, again=True)
        else:
            world.step(time, *lines)
        if number == 230:
            for minute in range(1, 90):
                world.look(time + minute * MINUTE)
                if minute == crash % 90:
                    world.restart()
            break
    return world.sink, StateFile(folder).after_last()[1].whole()


@pytest.mark.parametrize("kept", [False, True])
def test_killed_in_any_batch_it_tells_and_keeps_the_same(kept: bool, tmp_path: Path) -> None:
    expected = told_over(tmp_path / "whole", -1, kept=True)
    kinds = {each["logwinnow"]["kind"] for each in expected[0].values()}
    assert kinds == {"rate", "heartbeat", "value", "silent_source"}
    for crash in (0, 82, 83, 123, 200):
        sink, tables = told_over(tmp_path / str(crash), crash, kept=kept)
        assert sink.keys() == expected[0].keys()
        assert tables == expected[1]
