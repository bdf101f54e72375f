"""Packed files: unpacked whole and in bounded memory, or an error; never silently short."""

import bz2
import gzip
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.packing import packing_of
from training.corpus import Corpus
from training.errors import CorpusError
from training.pieces import chunks

Pack = Callable[[bytes], bytes]


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


PACKS: dict[str, Pack] = {"gzip": gzip.compress, "bzip2": bz2.compress, "zstd": zstd, "xz": lzma.compress}

every_packing = pytest.mark.parametrize("packing", PACKS)

LINES = b"".join(b"line %d of many\n" % number for number in range(5_000))

ROOT = Path(__file__).resolve().parents[2]


def unpacked(path: Path, wanted: int = 1_000) -> bytes:
    with Corpus([str(path)]) as corpus:
        return b"".join(chunk for piece in corpus.pieces(10) for chunk in chunks(piece, wanted))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be written anew by each example."""
    return tmp_path_factory.mktemp("packed") / "log"


@every_packing
@given(members=st.lists(st.binary(max_size=60), min_size=1, max_size=4), wanted=st.integers(1, 30))
def test_members_one_after_the_other_are_read_as_one(
    path: Path, packing: str, members: list[bytes], wanted: int
) -> None:
    path.write_bytes(b"".join(map(PACKS[packing], members)))

    assert unpacked(path, wanted) == b"".join(members)


@every_packing
def test_a_packing_is_known_by_the_first_bytes_also_of_nothing(packing: str) -> None:
    assert packing_of(PACKS[packing](b"a\n")[:10]) == packing
    assert packing_of(PACKS[packing](b"")[:10]) == packing


@pytest.mark.parametrize("start", [b"", b"\x1f", b"BZh9 is what this line begins with", b"P*M", b"7zXZ", b"(\xb5\n"])
def test_a_line_that_begins_a_little_like_a_packed_file_is_text(start: bytes) -> None:
    assert packing_of(start[:10]) == ""


@every_packing
@pytest.mark.parametrize("members", [1, 2])
def test_a_file_that_was_cut_anywhere_is_an_error(path: Path, packing: str, members: int) -> None:
    whole = PACKS[packing](LINES)
    before = whole * (members - 1)

    for length in sorted({10, 12, 20, len(whole) // 2, len(whole) - 9, len(whole) - 4, len(whole) - 1}):
        path.write_bytes(before + whole[:length])
        with pytest.raises(CorpusError, match=rf"log' is no whole {packing} file: .*; wait until it is written, fetch"):
            unpacked(path)


@every_packing
def test_a_broken_byte_anywhere_gives_an_error_or_all_that_was_packed(path: Path, packing: str) -> None:
    whole = PACKS[packing](LINES) * 2

    for at in range(10, len(whole), len(whole) // 50):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert len(unpacked(path)) == 2 * len(LINES)
        except CorpusError as error:
            assert "is no whole" in str(error)  # noqa: PT017 (either of the two is right)


@every_packing
def test_what_is_no_member_behind_the_last_is_an_error(path: Path, packing: str) -> None:
    path.write_bytes(PACKS[packing](LINES) + b"and then some text")

    with pytest.raises(CorpusError, match=f"is no whole {packing} file"):
        unpacked(path)


def test_zeros_between_and_behind_xz_streams_are_padding(path: Path) -> None:
    path.write_bytes(lzma.compress(b"a\n") + bytes(300_000) + lzma.compress(b"b\n") + bytes(4))

    assert unpacked(path) == b"a\nb\n"


def test_an_xz_file_that_wants_too_much_memory_is_an_error(path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    path.write_bytes(lzma.compress(b"a\n", filters=filters))

    with pytest.raises(CorpusError, match="is no whole xz file: Memory usage limit exceeded"):
        unpacked(path)


@every_packing
def test_a_packed_file_that_grows_is_read_to_where_it_ended(path: Path, packing: str) -> None:
    path.write_bytes(PACKS[packing](b"a\n"))

    with Corpus([str(path)]) as corpus:
        with path.open("ab") as file:
            file.write(PACKS[packing](b"b\n"))

        assert list(corpus.data(lambda *_: None)) == [b"a"]


@every_packing
def test_a_packed_file_that_is_cut_while_it_is_read_was_cut_and_is_not_called_broken(path: Path, packing: str) -> None:
    path.write_bytes(PACKS[packing](os.urandom(3_000_000) + b"\n") * 2)

    with Corpus([str(path)]) as corpus:
        reading = chunks(corpus.pieces()[0], 1_000)
        next(reading)
        os.truncate(path, 20)

        with pytest.raises(CorpusError, match="log' was replaced or cut while it was mined"):
            list(reading)


UNPACK = """
import re, sys
from pathlib import Path
from training.corpus import Corpus
from training.pieces import chunks
with Corpus(sys.argv[1:]) as corpus:
    print(sum(len(chunk) for piece in corpus.pieces() for chunk in chunks(piece, longest=20_000_000)))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read below /proc: run it on Linux")
@every_packing
@pytest.mark.parametrize("line", [bytes(99) + b"\n", bytes(100)], ids=["lines", "one line"])
def test_a_file_that_unpacks_to_much_more_than_memory_should_hold_takes_little(
    path: Path, packing: str, line: bytes
) -> None:
    path.write_bytes(PACKS[packing](line * 200_000) * 20)

    ended = subprocess.run(
        [sys.executable, "-c", UNPACK, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    read, peak = map(int, ended.stdout.split())
    assert read == (400_000_000 if line.endswith(b"\n") else 20_000_000)
    assert peak < 200_000
