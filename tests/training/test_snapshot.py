"""A corpus as it was when mining began, read as often as needed, whatever becomes of its files meanwhile."""

import errno
import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import CorpusError
from training.snapshot import Snapshot

Written = Callable[[bytes], str]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write a file and return its path."""

    def write(data: bytes) -> str:
        (tmp_path / "log").write_bytes(data)
        return str(tmp_path / "log")

    return write


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[IO[bytes]]:
    """Collect the temporary files that are made, in a folder of their own."""
    made: list[IO[bytes]] = []
    temporary_file = tempfile.TemporaryFile
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def recorded() -> IO[bytes]:
        made.append(temporary_file())
        return made[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", recorded)
    return made


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def lines_of(snapshot: Snapshot) -> list[bytes]:
    return list(snapshot.lines(quiet))


def standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


LINES = [
    (b"", []),
    (b"a\nb\n", [b"a", b"b"]),
    (b"a\nb", [b"a", b"b"]),
    (b"\n\n", [b"", b""]),
    (b"\n", [b""]),
    (b"a\r\nb\r", [b"a", b"b"]),
    (b"a\r\r\n", [b"a\r"]),
    (b"a\rb\x00c\xff\x85\x0b\x0c\x1e\n", [b"a\rb\x00c\xff\x85\x0b\x0c\x1e"]),
]


@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_line_ends_at_its_line_feed_alone_and_loses_one_carriage_return(
    written: Written, data: bytes, expected: list[bytes]
) -> None:
    with Snapshot([written(data)]) as snapshot:
        assert lines_of(snapshot) == lines_of(snapshot) == expected
        assert snapshot.size == len(data)


@pytest.mark.parametrize(("data", "expected"), LINES)
def test_standard_input_reads_as_a_file_does_and_twice(
    monkeypatch: pytest.MonkeyPatch, data: bytes, expected: list[bytes]
) -> None:
    standard_input(monkeypatch, data)

    with Snapshot(["-"]) as snapshot:
        assert lines_of(snapshot) == lines_of(snapshot) == expected
        assert snapshot.size == len(data)


# The dot: no file that is compressed begins with it.
@given(data=st.binary(max_size=40).map(b".".__add__), more=st.binary(max_size=40))
def test_what_is_written_meanwhile_is_not_seen(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, more: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "growing"
    path.write_bytes(data)

    with Snapshot([str(path)]) as snapshot:
        before = lines_of(snapshot)
        with path.open("ab") as file:
            file.write(more)

        assert lines_of(snapshot) == before
        assert snapshot.size == len(data)


@pytest.mark.parametrize("more", [b" more\n", b"\nnext\n", b"\r\n", b"\n"])
def test_an_unfinished_last_line_stays_as_it_was(written: Written, more: bytes) -> None:
    path = written(b"first\nsecond")

    with Snapshot([path]) as snapshot:
        with Path(path).open("ab") as file:
            file.write(more)

        assert lines_of(snapshot) == [b"first", b"second"]


def test_what_is_written_while_it_is_read_is_not_seen(written: Written) -> None:
    path = written(b"a\nb\n")

    with Snapshot([path]) as snapshot:
        reading = snapshot.lines(quiet)
        first = next(reading)
        with Path(path).open("ab") as file:
            file.write(b"c\n")

        assert [first, *reading] == [b"a", b"b"]


def test_a_line_of_20_mb_is_whole(written: Written) -> None:
    long = b"0123456789" * 2_000_000

    with Snapshot([written(long + b"\r\nnext\n")]) as snapshot:
        first, second = lines_of(snapshot)

    assert (len(first), second) == (20_000_000, b"next")
    assert first == long


def test_files_are_read_in_the_order_given_and_as_often_as_given(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a1\na2")
    (tmp_path / "b").write_bytes(b"b1\n")

    with Snapshot([str(tmp_path / name) for name in "aba"]) as snapshot:
        # An unfinished line is no part of the next file's.
        assert lines_of(snapshot) == [b"a1", b"a2", b"b1", b"a1", b"a2"]
        assert snapshot.size == 5 + 3 + 5


def test_two_passes_can_go_on_at_the_same_time(written: Written) -> None:
    with Snapshot([written(b"a\nb\nc\n")]) as snapshot:
        assert list(zip(snapshot.lines(quiet), snapshot.lines(quiet), strict=True))[1] == (b"b", b"b")


def test_a_pipe_is_copied_and_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a\nb\r\nc",))
    writer.start()

    with Snapshot([str(path)]) as snapshot:
        writer.join()
        assert lines_of(snapshot) == lines_of(snapshot) == [b"a", b"b", b"c"]
        assert snapshot.size == 6


def test_a_file_that_says_that_it_has_no_bytes_is_read_all_the_same(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fstat = written(b"a\nb\n"), os.fstat

    def without_size(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        return os.stat_result((*status[:6], 0, *status[7:10]))

    monkeypatch.setattr(os, "fstat", without_size)
    with Snapshot([path]) as snapshot:
        assert lines_of(snapshot) == lines_of(snapshot) == [b"a", b"b"]
        assert snapshot.size == 4


def test_an_empty_file_stays_empty_though_it_grows(written: Written) -> None:
    path = written(b"")

    with Snapshot([path]) as snapshot:
        Path(path).write_bytes(b"a\n")

        assert lines_of(snapshot) == []


def test_nothing_is_copied_of_a_file_that_can_be_read_again(written: Written, copies: list[IO[bytes]]) -> None:
    with Snapshot([written(b"a\n")]) as snapshot:
        lines_of(snapshot)

    assert copies == []


def replaced(path: Path) -> None:
    (path.parent / "new").write_bytes(path.read_bytes())
    (path.parent / "new").replace(path)


def rotated(path: Path) -> None:
    path.rename(path.parent / "log.1")
    path.write_bytes(b"other\nlines\n")


def cut(path: Path) -> None:
    os.truncate(path, 3)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("change", [replaced, rotated, cut, emptied])
def test_a_file_that_was_replaced_or_cut_while_it_was_mined_is_an_error(
    written: Written, change: Callable[[Path], None]
) -> None:
    path = written(b"a\nb\n")

    with Snapshot([path]) as snapshot:
        lines_of(snapshot)
        change(Path(path))

        with pytest.raises(CorpusError, match=r"/log' was replaced or cut while it was mined; mine a copy, or a file"):
            # Before the first line: what is left of it may be another log.
            next(snapshot.lines(quiet))


def test_a_file_that_was_cut_in_the_middle_of_a_pass_is_an_error(written: Written) -> None:
    line = b"x" * 99 + b"\n"
    path = written(line * 100_000)

    with Snapshot([path]) as snapshot:
        reading = snapshot.lines(quiet)
        next(reading)
        os.truncate(path, 0)

        with pytest.raises(CorpusError, match="replaced or cut while it was mined"):
            list(reading)


def test_a_file_that_went_meanwhile_is_an_error(written: Written) -> None:
    path = written(b"a\n")

    with Snapshot([path]) as snapshot:
        Path(path).unlink()

        with pytest.raises(CorpusError, match="cannot be read: No such file or directory; check the path"):
            lines_of(snapshot)


def test_the_copy_is_gone_after_the_block(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")

    with Snapshot(["-"]) as snapshot:
        lines_of(snapshot)
        assert [copy.closed for copy in copies] == [False]

    assert [copy.closed for copy in copies] == [True]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_copy_is_gone_after_an_error_in_the_block(monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]]) -> None:
    standard_input(monkeypatch, b"a\n")

    def fail() -> None:
        with Snapshot(["-"]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [copy.closed for copy in copies] == [True]


def test_the_copy_is_gone_if_a_later_path_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")
    # The file goes between the look at all of them and its turn.
    monkeypatch.setattr("training.corpus.check", lambda _: 0)

    with pytest.raises(CorpusError, match="none' cannot be read: No such file"):
        Snapshot(["-", str(tmp_path / "none")])
    assert [copy.closed for copy in copies] == [True]


def test_the_copy_is_gone_if_the_disk_is_full(monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]]) -> None:
    standard_input(monkeypatch, b"a\n")

    def full(_source: Any, _target: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)

    with pytest.raises(OSError, match="No space left"):
        Snapshot(["-"])
    assert [copy.closed for copy in copies] == [True]


def test_nothing_is_copied_before_all_paths_were_looked_at(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")

    with pytest.raises(CorpusError, match="is a folder; name its files"):
        Snapshot(["-", str(tmp_path)])
    assert copies == []


def test_progress_is_told_now_and_then_and_its_last_word_is_that_all_is_read(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    told: list[tuple[int, int, int]] = []
    standard_input(monkeypatch, b"z\n" * 1_000)

    with Snapshot([written(b"ab\n" * 11_000), "-"]) as snapshot:
        for _ in range(2):
            list(snapshot.lines(lambda *numbers: told.append(numbers)))

    assert told == 2 * [(5_000, 15_000, 35_000), (10_000, 30_000, 35_000), (12_000, 35_000, 35_000)]


def test_an_empty_corpus_is_read_at_once() -> None:
    told: list[tuple[int, int, int]] = []

    with Snapshot([]) as snapshot:
        assert list(snapshot.lines(lambda *numbers: told.append(numbers))) == []

    assert told == [(0, 0, 0)]
