"""Counts on disk: the same as in memory, for any runs and any words; no file is left, and a full disk is an error."""

import resource
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.errors import SpillError
from mining.spill import Spill
from patterns.line import exact_text

# Whatever bytes a line may have.
WORDS = st.binary(min_size=1, max_size=6).map(lambda word: exact_text(word.replace(b"\n", b"-")))
RUNS = st.lists(st.dictionaries(WORDS | st.sampled_from("abc"), st.integers(1, 2**40), max_size=8), max_size=5)


@contextmanager
def room(size: int) -> Iterator[None]:
    """Let no file grow beyond a number of bytes, as a disk without more room would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@given(RUNS, st.integers(1, 2**41))
def test_counts_of_all_runs_add_up(runs: list[dict[str, int]], least: int) -> None:
    total: Counter[str] = Counter()
    for run in runs:
        total.update(run)

    with Spill() as spill:
        for run in runs:
            spill.add(run.items())
        found = list(spill.reaching(least))

    assert Counter(found) == Counter({word for word, number in total.items() if number >= least})


@pytest.mark.parametrize(
    "word",
    [
        *(
            "\x00",
            "\x1c",
            "\x1d",
            "\x1e",
            "\x1f",
            "\x7f",
            "\x85",
            "\xa0",
            "\u2028",
            "\ufeff",
            "\U0001f600",
            "é",
            "e\u0301",
        ),
        *("a\rb", "a\tb", "1 2", "\\n", "\udcff", "\udcc3", "a\udc80\udc80b", "\udced\udca0\udc80", "x" * 1_000_000),
    ],
    ids=lambda word: ascii(word)[:20],
)
def test_a_word_comes_back_as_it_was(word: str) -> None:
    with Spill() as spill:
        for _ in range(2):
            spill.add([(word, 1), (word + ".", 3), ("." + word, 1)])

        assert set(spill.reaching(2)) == {word, word + ".", "." + word}
        assert list(spill.reaching(3)) == [word + "."]


def test_there_is_one_file_from_the_first_run_on_until_the_end(files: list[IO[bytes]], tmp_path: Path) -> None:
    with Spill() as spill:
        assert (spill.used, len(files)) == (False, 0)
        for _ in range(300):
            spill.add([("a", 1), ("b", 2)])
        assert (spill.used, [file.closed for file in files]) == (True, [False])
        assert list(spill.reaching(600)) == ["b"]

    assert [file.closed for file in files] == [True]
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_gone_after_an_error_in_the_block(files: list[IO[bytes]], tmp_path: Path) -> None:
    def fail() -> None:
        with Spill() as spill:
            spill.add([("a", 1)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.closed for file in files] == [True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 100_000], ids=["found_when_read", "found_when_written"])
def test_a_full_disk_is_an_error_that_says_where_and_leaves_no_file(
    files: list[IO[bytes]], tmp_path: Path, size: int
) -> None:
    def fill() -> None:
        with Spill() as spill:
            # What is in the file's buffer meets the disk later: when it is read, or closed.
            spill.add((f"word{number}", 1) for number in range(size))
            list(spill.reaching(1))

    with room(0), pytest.raises(SpillError) as refused:
        fill()

    assert str(refused.value) == (
        f"the distinct words are too many to be counted in memory, and a temporary file in {str(tmp_path)!r} cannot "
        "take them: File too large; set TMPDIR to a folder with room, or mine by the default rules, which leave fewer "
        "words"
    )
    assert [file.closed for file in files] == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_is_not_there_is_the_same_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    with Spill() as spill, pytest.raises(SpillError, match=r"/none' cannot take them: No such file.*; set TMPDIR to"):
        spill.add([("a", 1)])
