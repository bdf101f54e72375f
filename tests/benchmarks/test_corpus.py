from itertools import islice
from pathlib import Path

import pytest

from benchmarks.training import corpus


@pytest.mark.parametrize(("text", "lines"), [("500", 500), ("100k", 100_000), ("4M", 4_000_000)])
def test_amounts_are_read(text: str, lines: int) -> None:
    assert corpus.amount(text) == lines


@pytest.mark.parametrize("text", ["", "0", "-1", "k", "1.5M", "4m", "٣"])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no number of lines"):
        corpus.amount(text)


@pytest.mark.parametrize("name", corpus.MAKERS)
def test_a_made_file_has_its_lines_and_is_made_once(tmp_path: Path, name: str) -> None:
    made = corpus.made(name, 700, tmp_path / "cache")
    lines = made.path.read_bytes().splitlines()
    assert len(lines) == made.lines == 700
    made.path.write_bytes(b"kept\n")
    assert corpus.made(name, 700, tmp_path / "cache").path.read_bytes() == b"kept\n"


def test_what_a_broken_off_run_left_is_not_taken_for_the_file(tmp_path: Path) -> None:
    (tmp_path / "varied-5.partial").write_text("half a li")
    assert corpus.made("varied", 5, tmp_path).path.read_bytes().count(b"\n") == 5


def test_a_smaller_varied_file_is_the_start_of_a_larger_one() -> None:
    assert list(corpus.varied(50)) == list(islice(corpus.varied(5_000), 50))


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a\n", 1), (b"a\nb", 2), (b"\n\n", 2)])
def test_a_last_line_without_an_end_counts(tmp_path: Path, content: bytes, lines: int) -> None:
    (tmp_path / "log").write_bytes(content)
    assert corpus.given(tmp_path / "log").lines == lines
