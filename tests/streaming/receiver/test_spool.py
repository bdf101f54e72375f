"""The spool's writer where the disk has no room: nothing is lost, doubled or torn, and it goes on when there is."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from receiver_process import blocks_of, lost_of, messages_of

from streaming.errors import ReceiverError
from streaming.receiver.blocks import segment_path, segments, spool_id
from streaming.receiver.spool import SpoolWriter

_MAX = 4_194_304


@contextmanager
def files_of(size: int) -> Iterator[None]:
    """Let the disk refuse what goes over a size of each file, having taken what goes up to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1, 500, 1_030, 1_070, 2_500])
def test_a_disk_that_is_full_in_the_middle_of_blocks_loses_and_doubles_nothing(size: int, tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, _MAX)
    writer.lost["udp_dropped_full"] = 3
    sent = [bytes([each]) * 1_000 for each in b"abc"]
    for number, each in enumerate(sent):
        writer.add([each], f"10.0.0.{number}", "tcp", 1)
    with files_of(size):
        writer.flush()
        was_full = writer.is_full
        seen = messages_of(tmp_path)
        assert seen == sent[: len(seen)]
        assert segment_path(tmp_path, 1).stat().st_size <= size
    writer.flush()
    assert (was_full, writer.is_full, writer.waiting) == (True, False, 0)
    assert messages_of(tmp_path) == sent
    assert [block.number for block in blocks_of(tmp_path)] == [0, 1, 2]
    assert lost_of(tmp_path) == {"udp_dropped_full": 3}


def test_what_a_full_disk_does_not_take_at_the_end_is_counted(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, _MAX)
    writer.add([b"a", b"b"], "10.0.0.1", "tcp", 1)
    with files_of(5):
        assert writer.close() == 2
    assert segments(tmp_path) == {1: 0}


def test_at_the_end_what_waits_is_written_over_the_bound(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, _MAX)
    while not writer.is_full:
        writer.add([b"x" * 100_000], "10.0.0.1", "tcp", 1)
    writer.flush()
    before = len(messages_of(tmp_path))
    writer.add([b"last"], "10.0.0.1", "tcp", 1)
    writer.flush()
    assert len(messages_of(tmp_path)) == before
    assert writer.close() == 0
    assert messages_of(tmp_path)[-1] == b"last"


def test_starts_without_messages_leave_one_empty_segment_and_the_same_id(tmp_path: Path) -> None:
    SpoolWriter(tmp_path, _MAX).close()
    first = spool_id(tmp_path)
    SpoolWriter(tmp_path, _MAX).close()
    assert segments(tmp_path) == {1: 0}
    assert spool_id(tmp_path) == first


def test_a_damaged_id_is_an_error(tmp_path: Path) -> None:
    SpoolWriter(tmp_path, _MAX).close()
    (tmp_path / "id").write_bytes(b"\xff" * 16)
    with pytest.raises(ReceiverError, match="is damaged: it holds no id"):
        spool_id(tmp_path)
