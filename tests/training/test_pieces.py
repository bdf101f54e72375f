"""Pieces and chunks: for any sizes, the lines of the file, in order; of a file that is what it was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.line import split_lines
from training.corpus import Corpus
from training.errors import CorpusError
from training.pieces import Piece, chunks, chunks_of, opened, together

# The dot: no packed file begins with it.
DATA = st.lists(
    st.binary(max_size=8) | st.sampled_from([b"\n", b"\r\n", b"\n\n", b"a\n", b"longer than any piece"]), max_size=12
).map(lambda parts: b"." + b"".join(parts))

SIZE = st.integers(1, 40)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be written anew by each example."""
    return tmp_path_factory.mktemp("pieces") / "log"


@given(data=DATA, most_bytes=SIZE, wanted=SIZE)
def test_the_chunks_of_all_pieces_are_the_file_and_each_line_is_in_one(
    path: Path, data: bytes, most_bytes: int, wanted: int
) -> None:
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus:
        found = [list(chunks(piece, wanted)) for piece in corpus.pieces(most_bytes)]

    flat = [chunk for of_piece in found for chunk in of_piece]
    assert b"".join(flat) == data
    assert all(flat)
    assert all(chunk.endswith(b"\n") for chunk in flat[:-1])
    # A chunk has what was wanted, but for the line that begins before it and ends behind.
    longest = max(map(len, data.split(b"\n"))) + 1
    assert all(len(chunk) < wanted + longest for chunk in flat)


@given(data=DATA, most_bytes=SIZE)
def test_a_piece_is_longer_than_was_asked_for_by_less_than_a_line(path: Path, data: bytes, most_bytes: int) -> None:
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus:
        pieces = corpus.pieces(most_bytes)

    longest = max(map(len, data.split(b"\n"))) + 1
    assert [piece.end for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]
    assert all(0 < piece.end - piece.start < most_bytes + longest for piece in pieces)


@given(data=DATA, most_bytes=SIZE, wanted=SIZE, longest=SIZE)
def test_of_a_line_that_is_too_long_the_start_is_given(
    path: Path, data: bytes, most_bytes: int, wanted: int, longest: int
) -> None:
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus:
        found = b"".join(chunk for piece in corpus.pieces(most_bytes) for chunk in chunks(piece, wanted, longest))

    assert found == b"\n".join(line[:longest] for line in data.split(b"\n"))


@given(data=DATA, most_bytes=SIZE, wanted=SIZE, longest=SIZE)
def test_of_each_line_the_offset_is_known(path: Path, data: bytes, most_bytes: int, wanted: int, longest: int) -> None:
    path.write_bytes(data)

    found = []
    with Corpus([str(path)]) as corpus:
        for piece in corpus.pieces(most_bytes):
            with opened(piece) as file:
                for offset, chunk in chunks_of(file, piece, wanted, longest):
                    found += [offset + at for at in range(len(chunk)) if not at or chunk[at - 1 : at] == b"\n"]

    assert found == [at for at in range(len(data)) if not at or data[at - 1 : at] == b"\n"]


@given(data=DATA, wanted=SIZE)
def test_lines_are_those_of_split_lines(path: Path, data: bytes, wanted: int) -> None:
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus, pytest.MonkeyPatch.context() as patched:
        patched.setattr("training.corpus._READ_BYTES", wanted)

        assert list(corpus.data(lambda *_: None)) == split_lines(data)


@given(data=DATA, more=st.binary(min_size=1, max_size=8), most_bytes=SIZE)
def test_what_is_written_meanwhile_is_in_no_piece(path: Path, data: bytes, more: bytes, most_bytes: int) -> None:
    path.write_bytes(data)

    with Corpus([str(path)]) as corpus:
        early = corpus.pieces(most_bytes)
        path.write_bytes(data + more)

        assert corpus.pieces(most_bytes) == early
        assert b"".join(chunk for piece in early for chunk in chunks(piece)) == data


def test_of_a_line_of_gigabytes_no_more_is_held_than_its_start(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"x")
        # A hole: it reads as zeros and takes no room.
        file.truncate(300_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"\nnext\n")

    with Corpus([str(path)]) as corpus:
        found = [chunk for piece in corpus.pieces() for chunk in chunks(piece, 1_000_000, 10)]

    assert found == [b"x" + bytes(9) + b"\n", b"next\n"]


def replaced(path: Path) -> None:
    (path.parent / "new").write_bytes(path.read_bytes())
    (path.parent / "new").replace(path)


def cut(path: Path) -> None:
    os.truncate(path, 3)


@pytest.mark.parametrize("change", [replaced, cut])
def test_a_piece_of_a_file_that_was_replaced_or_cut_is_an_error_and_so_is_cutting_it_up(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\nb\nc\n")

    with Corpus([str(path)]) as corpus:
        piece = corpus.pieces()[-1]
        change(path)

        with pytest.raises(CorpusError, match="log' was replaced or cut while it was mined"):
            next(chunks(piece))
        with pytest.raises(CorpusError, match="log' was replaced or cut while it was mined"):
            corpus.pieces(2)


def test_a_file_that_is_cut_between_two_chunks_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\nb\nc\n")

    with Corpus([str(path)]) as corpus:
        reading = chunks(corpus.pieces()[0], 2)
        assert next(reading) == b"a\n"
        os.truncate(path, 2)

        with pytest.raises(CorpusError, match="log' was replaced or cut while it was mined"):
            next(reading)


def test_a_piece_is_read_where_the_same_file_is_on_a_device_of_another_number(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"a\nb\n")
    fstat = os.fstat

    def elsewhere(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        return os.stat_result((*status[:2], status.st_dev + 1, *status[3:10]))

    with Corpus([str(path)]) as corpus:
        [piece] = corpus.pieces()
        monkeypatch.setattr(os, "fstat", elsewhere)
        assert list(chunks(piece)) == [b"a\nb\n"]


@given(st.lists(st.integers(1, 20), max_size=30), st.integers(1, 40))
def test_pieces_are_put_together_in_their_order_and_as_few_as_their_bytes_allow(sizes: list[int], most: int) -> None:
    pieces = [Piece(str(number), "", 5, 5 + size, 0, 0) for number, size in enumerate(sizes)]

    parts = together(pieces, most)

    assert [piece for part in parts for piece in part] == pieces
    held = [sum(piece.end - piece.start for piece in part) for part in parts]
    assert all(size <= most or len(part) == 1 for size, part in zip(held, parts, strict=True))
    assert all(one + other[0].end - other[0].start > most for one, other in zip(held, parts[1:], strict=False))
