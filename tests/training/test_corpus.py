"""A corpus as it was when mining began, read as often as needed, whatever becomes of its files meanwhile."""

import bz2
import errno
import gzip
import io
import lzma
import os
import pickle
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.timestamps import SECOND
from training.corpus import LONGEST_JUDGED, Corpus
from training.errors import CorpusError
from training.pieces import Piece, chunks

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
    temporary_file = tempfile.NamedTemporaryFile
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def recorded(prefix: str) -> IO[bytes]:
        made.append(temporary_file(prefix=prefix))
        return made[-1]

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", recorded)
    return made


def quiet(_lines: int, _done: int, _size: int) -> None:
    """Show no progress."""


def lines_of(corpus: Corpus) -> list[bytes]:
    """Return the lines, read by both methods."""
    data = list(corpus.data(quiet))
    assert [line.data for line in corpus.lines(quiet)] == data
    return data


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
    with Corpus([written(data)]) as corpus:
        assert lines_of(corpus) == lines_of(corpus) == expected
        assert corpus.size == len(data)


@pytest.mark.parametrize(("data", "expected"), LINES)
def test_standard_input_reads_as_a_file_does_and_twice(
    monkeypatch: pytest.MonkeyPatch, data: bytes, expected: list[bytes]
) -> None:
    standard_input(monkeypatch, data)

    with Corpus(["-"]) as corpus:
        assert lines_of(corpus) == lines_of(corpus) == expected
        assert corpus.size == len(data)


# The dot: no file that is compressed begins with it.
@given(data=st.binary(max_size=40).map(b".".__add__), more=st.binary(max_size=40))
def test_what_is_written_meanwhile_is_not_seen(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, more: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "growing"
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus:
        before = lines_of(corpus)
        with path.open("ab") as file:
            file.write(more)

        assert lines_of(corpus) == before
        assert corpus.size == len(data)


@pytest.mark.parametrize("more", [b" more\n", b"\nnext\n", b"\r\n", b"\n"])
def test_an_unfinished_last_line_stays_as_it_was(written: Written, more: bytes) -> None:
    path = written(b"first\nsecond")

    with Corpus([path]) as corpus:
        with Path(path).open("ab") as file:
            file.write(more)

        assert lines_of(corpus) == [b"first", b"second"]


def test_what_is_written_while_it_is_read_is_not_seen(written: Written) -> None:
    path = written(b"a\nb\n")

    with Corpus([path]) as corpus:
        reading = corpus.data(quiet)
        first = next(reading)
        with Path(path).open("ab") as file:
            file.write(b"c\n")

        assert [first, *reading] == [b"a", b"b"]


def test_a_line_of_20_mb_is_whole(written: Written) -> None:
    long = b"0123456789" * 2_000_000

    with Corpus([written(long + b"\r\nnext\n")]) as corpus:
        first, second = lines_of(corpus)

    assert (len(first), second) == (20_000_000, b"next")
    assert first == long


def test_files_are_read_in_the_order_given_and_as_often_as_given(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a1\na2")
    (tmp_path / "b").write_bytes(b"b1\n")

    with Corpus([str(tmp_path / name) for name in "aba"]) as corpus:
        # An unfinished line is no part of the next file's.
        assert lines_of(corpus) == [b"a1", b"a2", b"b1", b"a1", b"a2"]
        assert corpus.size == 5 + 3 + 5


def test_two_passes_can_go_on_at_the_same_time(written: Written) -> None:
    with Corpus([written(b"a\nb\nc\n")]) as corpus:
        assert list(zip(corpus.data(quiet), corpus.data(quiet), strict=True))[1] == (b"b", b"b")


def test_a_pipe_is_copied_and_read_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a\nb\r\nc",))
    writer.start()

    with Corpus([str(path)]) as corpus:
        writer.join()
        assert lines_of(corpus) == lines_of(corpus) == [b"a", b"b", b"c"]
        assert corpus.size == 6


def test_a_file_that_says_that_it_has_no_bytes_is_read_all_the_same(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, fstat = written(b"a\nb\n"), os.fstat

    def without_size(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        return os.stat_result((*status[:6], 0, *status[7:10]), {"st_mtime_ns": status.st_mtime_ns})

    with monkeypatch.context() as patched:
        patched.setattr(os, "fstat", without_size)
        corpus = Corpus([path])
    with corpus:
        assert lines_of(corpus) == lines_of(corpus) == [b"a", b"b"]
        assert corpus.size == 4


def test_an_empty_file_stays_empty_though_it_grows(written: Written) -> None:
    path = written(b"")

    with Corpus([path]) as corpus:
        Path(path).write_bytes(b"a\n")

        assert lines_of(corpus) == []


def test_nothing_is_copied_of_a_file_that_can_be_read_again(written: Written, copies: list[IO[bytes]]) -> None:
    with Corpus([written(b"a\n")]) as corpus:
        lines_of(corpus)

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

    with Corpus([path]) as corpus:
        lines_of(corpus)
        change(Path(path))

        with pytest.raises(CorpusError, match=r"/log' was replaced or cut while it was mined; mine a copy, or a file"):
            # Before the first line: what is left of it may be another log.
            next(corpus.data(quiet))


def test_a_file_that_was_cut_in_the_middle_of_a_pass_is_an_error(written: Written) -> None:
    line = b"x" * 99 + b"\n"
    path = written(line * 100_000)

    with Corpus([path]) as corpus:
        reading = corpus.data(quiet)
        next(reading)
        os.truncate(path, 0)

        with pytest.raises(CorpusError, match="replaced or cut while it was mined"):
            list(reading)


def test_a_file_that_went_meanwhile_is_an_error(written: Written) -> None:
    path = written(b"a\n")

    with Corpus([path]) as corpus:
        Path(path).unlink()

        with pytest.raises(CorpusError, match="cannot be read: No such file or directory; check the path"):
            lines_of(corpus)


def test_the_copy_is_gone_after_the_block(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")

    with Corpus(["-"]) as corpus:
        lines_of(corpus)
        assert [copy.closed for copy in copies] == [False]

    assert [copy.closed for copy in copies] == [True]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_copy_is_gone_after_an_error_in_the_block(monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]]) -> None:
    standard_input(monkeypatch, b"a\n")

    def fail() -> None:
        with Corpus(["-"]):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [copy.closed for copy in copies] == [True]


def test_the_copy_is_gone_if_a_later_path_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")
    gone = tmp_path / "gone"
    os.mkfifo(gone)
    copy = shutil.copyfileobj

    def removed_meanwhile(source: IO[bytes], target: IO[bytes]) -> None:
        gone.unlink(missing_ok=True)
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfileobj", removed_meanwhile)
    with pytest.raises(CorpusError, match="gone' cannot be copied to a temporary file: No such file"):
        Corpus(["-", str(gone)])
    assert [copy.closed for copy in copies] == [True, True]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_full_disk_is_told_and_the_copy_is_gone(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")

    def full(_source: Any, _target: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)

    with pytest.raises(CorpusError, match=r"'-' cannot be copied to a temporary file: No space left .* by TMPDIR"):
        Corpus(["-"])
    assert [copy.closed for copy in copies] == [True]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_nothing_is_copied_before_all_paths_were_looked_at(
    monkeypatch: pytest.MonkeyPatch, copies: list[IO[bytes]], tmp_path: Path
) -> None:
    standard_input(monkeypatch, b"a\n")

    with pytest.raises(CorpusError, match="none' cannot be read: No such file or directory; check the path"):
        Corpus(["-", str(tmp_path / "none")])
    assert copies == []


def test_standard_input_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"a\n")

    with Corpus(["-"]):
        assert not sys.stdin.buffer.closed


def test_progress_is_told_now_and_then_and_its_last_word_is_that_all_is_read(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    told: list[tuple[int, int, int]] = []
    standard_input(monkeypatch, b"z\n" * 1_000)

    with Corpus([written(b"ab\n" * 11_000), "-"]) as corpus:
        for _ in range(2):
            list(corpus.data(lambda *numbers: told.append(numbers)))

    assert told == 2 * [(11_000, 33_000, 35_000), (12_000, 35_000, 35_000)]


def test_an_empty_corpus_is_read_at_once() -> None:
    told: list[tuple[int, int, int]] = []

    with Corpus([]) as corpus:
        assert list(corpus.data(lambda *numbers: told.append(numbers))) == []

    assert told == [(0, 0, 0)]


def test_progress_of_a_packed_file_counts_packed_bytes(written: Written) -> None:
    told: list[tuple[int, int, int]] = []
    packed = gzip.compress(os.urandom(400_000).replace(b"\n", b"") + b"\n" * 6_000 + os.urandom(400_000))

    with Corpus([written(packed)]) as corpus:
        list(corpus.data(lambda *numbers: told.append(numbers)))

    assert len(told) == 2
    assert 6_000 <= told[0][0] < told[1][0]
    assert 300_000 < told[0][1] < len(packed)
    assert told[1][1:] == (len(packed), len(packed))


def test_of_an_endless_line_the_start_is_given_where_lines_are_judged_and_the_next_is_whole(written: Written) -> None:
    with Corpus([written(b"x" * (40 * 1024 * 1024) + b"\nnext\n")]) as corpus:
        first, second = [line.data for line in corpus.lines(quiet, LONGEST_JUDGED)]

    assert (len(first), second) == (16 * 1024 * 1024, b"next")


def test_the_record_time_of_a_line_is_when_its_file_was_written_in_whole_milliseconds(written: Written) -> None:
    path = written(b"a\n")
    # By a float, these milliseconds would be 122.
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))

    with Corpus([path]) as corpus:
        assert next(corpus.lines(quiet)).record_time == 1_700_000_000_123_000
        assert corpus.pieces()[0].record_time == 1_700_000_000_123_000


def test_the_record_time_of_standard_input_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"a\n")
    before = time.time_ns() // 1_000_000_000

    with Corpus(["-"]) as corpus:
        assert before - 1 <= next(corpus.lines(quiet)).record_time // SECOND <= time.time() + 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_packed_standard_input_is_unpacked(monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]) -> None:
    standard_input(monkeypatch, pack(b"a\r\nb"))

    with Corpus(["-"]) as corpus:
        assert lines_of(corpus) == lines_of(corpus) == [b"a", b"b"]


def test_files_packed_and_not_are_one_corpus_and_their_names_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"plain\n")
    (tmp_path / "b.log").write_bytes(gzip.compress(b"packed\n"))

    with Corpus([str(tmp_path)]) as corpus:
        assert lines_of(corpus) == [b"plain", b"packed"]
        assert corpus.size == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_pieces_are_in_order_and_pickle_and_empty_files_have_none(tmp_path: Path) -> None:
    for name, data in (("a", b"1\n2\n3\n4\n"), ("b", b""), ("c", gzip.compress(b"5\n6\n"))):
        (tmp_path / name).write_bytes(data)

    with Corpus([str(tmp_path)]) as corpus:
        pieces = pickle.loads(pickle.dumps(corpus.pieces(most_bytes=4)))

        assert [(Path(piece.path).name, piece.packing, piece.start) for piece in pieces] == [
            ("a", "", 0),
            ("a", "", 4),
            ("c", "gzip", 0),
        ]
        assert [list(chunks(piece)) for piece in pieces] == [[b"1\n2\n"], [b"3\n4\n"], [b"5\n6\n"]]


def test_a_piece_of_standard_input_is_read_by_its_copy_s_path(monkeypatch: pytest.MonkeyPatch) -> None:
    standard_input(monkeypatch, b"a\nb\n")

    with Corpus(["-"]) as corpus:
        (piece,) = corpus.pieces()
        assert Path(piece.path).read_bytes() == b"a\nb\n"
        assert list(chunks(piece)) == [b"a\nb\n"]


def test_a_link_is_read_as_the_file_that_it_led_to(written: Written, tmp_path: Path) -> None:
    target = written(b"a\n")
    (tmp_path / "link").symlink_to(target)

    with Corpus([str(tmp_path / "link")]) as corpus:
        (tmp_path / "link").unlink()

        assert lines_of(corpus) == [b"a"]


def test_whole_files_may_be_given_as_pieces_which_are_not_packed_whatever_they_begin_with(
    written: Written, tmp_path: Path
) -> None:
    path = tmp_path / "fetched"
    path.write_bytes(b"\x1f\x8b fetched\nlines\n")
    piece = Piece(str(path), "", 0, path.stat().st_size, 5 * SECOND, path.stat().st_ino)

    with Corpus([written(b"a\n")], [piece]) as corpus:
        assert lines_of(corpus) == [b"a", b"\x1f\x8b fetched", b"lines"]
        assert [line.record_time for line in corpus.lines(quiet)][1:] == [5 * SECOND] * 2
        assert [each.end - each.start for each in corpus.pieces(most_bytes=12)] == [2, 11, 6]
        assert corpus.size == 19


def test_uris_are_kept_for_engine_spark_and_refused_by_the_others(written: Written) -> None:
    with Corpus(["hdfs://host/a/*.gz", written(b"a\n")]) as corpus:
        assert corpus.uris == ["hdfs://host/a/*.gz"]
        assert len(corpus.pieces()) == 1
        assert corpus.size == 2
        with pytest.raises(CorpusError, match=r"'hdfs://host/a/\*.gz' is a URI, which engine python does not read; ch"):
            next(corpus.data(quiet))
