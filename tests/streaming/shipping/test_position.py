from pathlib import Path

import pytest

from patterns.records import Records
from patterns.rules import Rules
from streaming.errors import CheckpointError
from streaming.following.follower import Follower, State
from streaming.shipping.position import Position


def test_what_is_pending_is_still_pending_after_a_crash_and_shipped_once_it_arrived(tmp_path: Path) -> None:
    with Position.held(str(tmp_path)) as position:
        assert (position.shipped, position.pending) == (State(), None)
        position.plan(State(1))
    with Position.held(str(tmp_path)) as position:
        assert (position.shipped, position.pending) == (State(), State(1))
        position.arrived()
    with Position.held(str(tmp_path)) as position:
        assert (position.shipped, position.pending) == (State(1), None)
        position.arrived()
        assert position.shipped == State(1)


def test_a_file_whose_name_is_no_utf8_is_remembered(tmp_path: Path) -> None:
    log = tmp_path / "\udcff.log"
    log.write_bytes(b"one\n")
    follower = Follower([f"{tmp_path}/*.log"], Records(Rules()))
    with Position.held(str(tmp_path)) as position:
        position.plan(planned := follower.plan(State(), 100))
        position.arrived()
    with Position.held(str(tmp_path)) as position:
        assert position.shipped == planned
        assert follower.plan(position.shipped, 100) is position.shipped


def test_a_position_has_one_shipper(tmp_path: Path) -> None:
    with (
        Position.held(str(tmp_path)),
        pytest.raises(CheckpointError, match="in use by another `logwinnow ship`; stop it, or give this one its own"),
        Position.held(str(tmp_path)),
    ):
        pass


def test_a_damaged_position_says_what_becomes_of_it(tmp_path: Path) -> None:
    (tmp_path / "position.json").write_bytes(b'{"shipped": {"planned_at": "now"}}')
    with (
        pytest.raises(CheckpointError, match=r"position\.json' cannot be read: .*; restore it, or remove it"),
        Position.held(str(tmp_path)),
    ):
        pass


def test_a_position_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(CheckpointError, match=r"^position is '.*file/below': Not a directory; check the path"),
        Position.held(f"{tmp_path}/file/below"),
    ):
        pass
