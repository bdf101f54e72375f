import gzip
import io
import os
from pathlib import Path

import pytest

from patterns.timestamps import SECOND
from training import corpus
from training.errors import CorpusError


def lines_of(path: Path) -> list[bytes]:
    return [line.data for line in corpus.lines([str(path)])]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\r\nb", [b"a", b"b"]),
        (b"\n\n", [b"", b""]),
        (b"a\rb\x00c\xff\x85\n", [b"a\rb\x00c\xff\x85"]),
        (b"a\r\r\n", [b"a\r"]),
    ],
)
def test_a_line_ends_at_its_line_feed_alone_and_loses_one_carriage_return(
    tmp_path: Path, data: bytes, expected: list[bytes]
) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)

    assert lines_of(path) == expected


def test_of_an_endless_line_the_start_is_given_and_the_next_line_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * (40 * 1024 * 1024) + b"\nnext\n")

    first, second = lines_of(path)
    assert (len(first), second) == (16 * 1024 * 1024, b"next")


def test_the_record_time_of_a_line_is_when_its_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\n")
    os.utime(path, (1_000, 1_000))

    assert next(corpus.lines([str(path)])).record_time == 1_000 * SECOND


def test_standard_input_is_a_corpus_of_unknown_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\nb\n")))

    assert corpus.check(["-"]) == 0
    assert [line.data for line in corpus.lines(["-"])] == [b"a", b"b"]


def test_the_size_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"123")

    assert corpus.check([str(tmp_path / "a"), str(tmp_path / "b")]) == 8


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No such file or directory; check the path"):
        corpus.check([str(tmp_path / "none")])


def test_a_folder_is_a_clear_error_that_says_how_to_name_its_files(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"is a folder; name its files, for example .*\*\.log"):
        corpus.check([str(tmp_path)])


def test_a_compressed_file_is_a_clear_error_and_not_a_corpus_of_garbage(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(b"a\n"))

    with pytest.raises(CorpusError, match=r"compressed by gzip; unpack it, for example: zcat"):
        corpus.check([str(path)])


def test_a_name_with_a_nul_is_a_clear_error() -> None:
    with pytest.raises(CorpusError, match="cannot be read"):
        corpus.check(["a\0b"])
