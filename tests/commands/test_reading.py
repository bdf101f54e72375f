"""Lines as they arrive: the same lines however they come, and no line too long for memory."""

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import reading
from commands.reading import batches, check, lines_of
from patterns.line import split_lines
from patterns.records import Records
from patterns.rules import Rules
from training.errors import CorpusError


class Arriving(io.BufferedIOBase):
    """What comes in the given parts, and then ends."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = iter(parts)

    def read1(self, _size: int = -1, /) -> bytes:
        return next((part for part in self._parts if part), b"")


@given(st.lists(st.binary(max_size=6) | st.sampled_from([b"\n", b"\r\n", b"\r", b"a\n", b"\n\n", b"\r\r\n"])))
def test_lines_are_the_same_in_whatever_parts_they_arrive(parts: list[bytes]) -> None:
    found = [line for lines in lines_of(Arriving(parts)) for line in lines]

    assert found == split_lines(b"".join(parts))


def test_a_part_gives_its_whole_lines_at_once() -> None:
    assert list(lines_of(Arriving([b"a\nb\nc", b"d", b"\n", b"e"]))) == [[b"a", b"b"], [b"cd"], [b"e"]]


def test_of_a_line_too_long_the_start_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 5)

    assert list(lines_of(Arriving([b"abc", b"defg", b"hi\nj\n", b"k"]))) == [[b"abcde", b"j"], [b"k"]]


def test_batches_are_numbered_by_file_and_have_its_time(tmp_path: Path) -> None:
    paths = [tmp_path / "a.log", tmp_path / "b.log"]
    for path in paths:
        path.write_bytes(b"x\n" * 600_000)
        os.utime(path, (1_700_000_000, 1_700_000_000.5))

    found = list(batches([str(path) for path in paths], Records(Rules())))

    assert [(batch.file, batch.first) for batch in found if batch.first == 1] == [(str(path), 1) for path in paths]
    assert {batch.record_time for batch in found} == {1_700_000_000_500_000}
    assert len(found) == 4
    for path in paths:
        of_path = [batch for batch in found if batch.file == str(path)]
        assert [batch.first for batch in of_path] == [1, 1 + len(of_path[0].lines)]
        assert sum(len(batch.lines) for batch in of_path) == 600_000


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone\.log' cannot be read: No such file or directory"):
        list(batches([str(tmp_path / "gone.log")], Records(Rules())))


@pytest.mark.parametrize(
    ("pack", "unpack"),
    [(gzip.compress, "zcat"), (bz2.compress, "bzcat"), (lzma.compress, "xzcat")],
    ids=["gzip", "bzip2", "xz"],
)
def test_a_packed_file_is_refused_with_the_way_to_unpack_it(
    tmp_path: Path, pack: Callable[[bytes], bytes], unpack: str
) -> None:
    (tmp_path / "app.log").write_bytes(pack(b"a\n"))

    with pytest.raises(
        CorpusError, match=rf"is packed by \w+; unpack it, for example: {unpack} FILE \| logwinnow match"
    ):
        check(["-", str(tmp_path / "app.log")])


@pytest.mark.parametrize(
    ("path", "told"), [(".", "is a folder; name its files"), ("none", "cannot be read: No such"), ("a\0b", "embedded")]
)
def test_what_cannot_be_judged_is_refused_before_the_first_line(path: str, told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        check(["-", path])
