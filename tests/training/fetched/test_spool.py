"""The spool: lines by the hour, in few open files, and gone at the end."""

import errno
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.envelope import plain_line
from patterns.timestamps import iso
from training.corpus import Corpus
from training.errors import CorpusError
from training.fetched.spool import HOUR, LATEST, Spool

NOON = 1_795_521_600_000_000
"""2026-11-24T12:00Z."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which is empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def lines_of(spool: Spool) -> list[tuple[bytes, int]]:
    with Corpus([], spool.pieces()) as corpus:
        return [(line.data, line.record_time) for line in corpus.lines(lambda *_: None)]


def test_lines_of_an_hour_are_a_piece_with_the_hour_as_record_time() -> None:
    with Spool() as spool:
        for line, time in ((b"b", NOON), (b"a", NOON - 1), (b"d", NOON + HOUR), (b"c", NOON + HOUR - 1)):
            spool.add(line, time)

        assert lines_of(spool) == [(b"a", NOON - HOUR), (b"b", NOON), (b"c", NOON), (b"d", NOON + HOUR)]
        names = [Path(piece.path).name for piece in spool.pieces()]
        assert names == ["2026-11-24T11", "2026-11-24T12", "2026-11-24T13"]


@pytest.mark.parametrize(
    ("time", "stands"),
    [(-1, 0), (-(10**18), 0), (0, 0), (LATEST + 10**18, LATEST), (LATEST, LATEST), (LATEST - 1, LATEST - HOUR)],
)
def test_a_time_that_no_header_can_say_has_the_nearest_that_it_can(time: int, stands: int) -> None:
    with Spool() as spool:
        spool.add(b"a", time)

        assert lines_of(spool) == [(b"a", stands)]
        assert iso(stands)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", b""),
        (b"a\n", b"a"),
        (b"a\r\n", b"a"),
        (b"a\r", b"a"),
        (b"a\nb\r\nc\n", b"a b c"),
        (b"\n\n", b" "),
        (b"\x00\xff\x85\x0b", b"\x00\xff\x85\x0b"),
        (b"\x1f\x8b\x08\x00 says that it is packed", b"\x1f\x8b\x08\x00 says that it is packed"),
        (b"\x28\xb5\x2f\xfd and so does this", b"\x28\xb5\x2f\xfd and so does this"),
        (b"x" * 20_000_000, b"x" * 20_000_000),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_whatever_is_added_is_one_line(data: bytes, line: bytes) -> None:
    with Spool() as spool:
        spool.add(data, NOON)
        spool.add(b"next", NOON)

        assert [found for found, _ in lines_of(spool)] == [line, b"next"]


@given(st.lists(st.tuples(st.binary(max_size=12), st.integers(0, 9)), max_size=60), st.integers(1, 4))
def test_lines_come_back_by_hour_and_in_order_however_few_files_are_open(
    given_lines: list[tuple[bytes, int]], open_files: int
) -> None:
    with Spool(open_files=open_files) as spool:
        for line, hour in given_lines:
            spool.add(line, hour * HOUR)

        expected = sorted([(plain_line(line), hour * HOUR) for line, hour in given_lines], key=lambda each: each[1])
        assert lines_of(spool) == expected


def test_no_more_files_are_open_than_allowed_and_those_are_the_latest_written(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, IO[Any]]] = []
    open_path = Path.open

    def recorded(path: Path, *mode: Any, **options: Any) -> IO[Any]:
        opened.append((path.name[-2:], open_path(path, *mode, **options)))
        return opened[-1][1]

    monkeypatch.setattr(Path, "open", recorded)
    with Spool(open_files=2) as spool:
        for hour in (1, 2, 1, 3, 1, 2, 1, 1):
            spool.add(b"a", hour * HOUR)

        assert [(hour, file.closed) for hour, file in opened] == [
            ("01", False),
            ("02", True),
            ("03", True),
            ("02", False),
        ]
        spool.pieces()
        assert all(file.closed for _, file in opened)


def full(mode: str) -> Callable[..., IO[bytes]]:
    """Return what opens files that take nothing more, at once or only when they are closed."""

    class Full(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, _data: Any, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    return lambda *_, **__: io.BufferedWriter(Full(), 1 if mode == "at once" else 2**20)


@pytest.mark.parametrize("mode", ["at once", "when closed"])
def test_a_full_disk_is_told_and_nothing_is_left(mode: str, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", full(mode))

    def fill() -> None:
        with Spool() as spool:
            spool.add(b"a", NOON)
            spool.add(b"b", NOON + HOUR)
            spool.pieces()

    with pytest.raises(CorpusError, match=r"cannot be written to '.*temporary/.*: No space left.*make room.*TMPDIR"):
        fill()
    assert list(temporary.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(
        CorpusError, match="No such file or directory; make room there, or name another folder by TMPDIR"
    ):
        Spool()
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"Not a directory; .*name another by \$\.spark\.staging"):
        Spool(str(tmp_path / "file"))


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, CorpusError])
def test_the_folder_is_gone_at_the_end_whatever_ended_it(temporary: Path, error: type[BaseException] | None) -> None:
    def fill() -> None:
        with Spool() as spool:
            spool.add(b"a", NOON)
            assert [path.stat().st_mode & 0o777 for path in temporary.iterdir()] == [0o700]
            if error:
                raise error

    if error:
        with pytest.raises(error):
            fill()
    else:
        fill()
    assert list(temporary.iterdir()) == []


def test_a_shared_folder_is_made_where_it_is_named_open_to_whoever_may_and_gone_at_the_end(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o022)
    try:
        with Spool("shared/by all") as spool:
            spool.add(b"a", NOON)
            [piece] = spool.pieces()
            folder = Path(piece.path).parent

            assert folder.is_absolute()
            assert folder.parent == tmp_path / "shared" / "by all"
            assert folder.stat().st_mode & 0o777 == 0o755
            assert list(temporary.iterdir()) == []
    finally:
        os.umask(before)
    assert list((tmp_path / "shared" / "by all").iterdir()) == []
