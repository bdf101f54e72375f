import os
from dataclasses import replace
from pathlib import Path

import pytest

from streaming.errors import SourceError
from streaming.source import following
from streaming.source.following import Followed, find_renamed, look
from streaming.source.ranges import Range, read_lines, take


def write(path: Path, data: bytes) -> Path:
    """Write a file in place, so that it keeps its inode."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.truncate()
        file.write(data)
    return path


def seen(path: Path, before: Followed | None = None) -> Followed:
    """Look at a file that has a line."""
    file = look(str(path), {before.key: before} if before else {}, take_unfinished=False)
    assert file is not None
    return file


def taken(path: Path, before: Followed | None = None) -> Followed:
    """Return what is known of a file once all its whole lines are taken."""
    file = seen(path, before)
    return replace(file, end=take(file, path.stat().st_size, 2**30, take_unfinished=False))


@pytest.mark.parametrize("content", [b"", b"half a line"])
def test_a_file_without_a_whole_line_is_not_followed_yet(content: bytes, tmp_path: Path) -> None:
    assert look(str(write(tmp_path / "a", content)), {}, take_unfinished=False) is None


def test_a_file_that_is_not_there_is_not_followed(tmp_path: Path) -> None:
    assert look(str(tmp_path / "none"), {}, take_unfinished=False) is None


def test_a_file_keeps_its_identity_while_it_grows_and_when_it_is_renamed(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\n")
    before = taken(path)
    write(path, b"first\nsecond\nth")
    path = path.rename(tmp_path / "b")
    after = seen(path, before)
    assert (after.identity, after.end, after.path) == (before.identity, 6, str(path))


def test_a_long_first_line_is_told_by_its_start_and_keeps_its_identity_when_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"x" * 2_000)
    before = seen(path)
    assert before.first_bytes == 1_024
    write(path, b"x" * 2_000 + b"\nsecond\n")
    assert seen(path, before).identity == before.identity


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"first\nsecond\n", b"fir\n"),
        (b"first\nsecond\n", b"first\n"),
        (b"first\nsecond\n", b"other\nsecond\nthird\n"),
        (b"first\n", b"other\n"),
        (b"first\n", b"first line\n"),
        (b"only one long line\n", b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"),
    ],
)
def test_a_file_that_was_emptied_and_filled_anew_is_another_generation(
    before: bytes, after: bytes, tmp_path: Path
) -> None:
    path = write(tmp_path / "a", before)
    old = taken(path)
    write(path, after)
    new = taken(path, old)
    assert (new.generation, new.end, new.key) == (1, len(after), old.key)
    assert new.identity != old.identity
    # It is known by its own first line, whose length has nothing to do with the old one's.
    assert new.first_bytes == after.index(b"\n") + 1


def test_a_generation_that_has_no_whole_line_yet_waits(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    old = taken(path)
    for content in (b"", b"half"):
        write(path, content)
        assert look(str(path), {old.key: old}, take_unfinished=False) is None
    assert seen(write(path, b"half a line\n"), old).generation == 1


def test_only_the_very_file_counts_as_renamed(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    assert list(find_renamed([file])) == []
    path.rename(tmp_path / "a.1")
    write(path, b"first\nsecond\nthird\n")
    assert list(find_renamed([file])) == [replace(file, path=str(tmp_path / "a.1"))]
    write(tmp_path / "a.1", b"of another time\n")
    assert list(find_renamed([file])) == []
    (tmp_path / "a.1").unlink()
    # Its name would have to cross as text.
    other = taken(path)
    path.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    assert list(find_renamed([other])) == []
    assert list(find_renamed([file, replace(file, path="/no/such/folder/a")])) == []


def test_a_file_that_may_not_be_read_is_an_error_that_says_how_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a", b"x\n")

    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"a' cannot be read: Permission denied; check its rights"):
        look(str(path), {}, take_unfinished=False)


def test_a_file_that_vanishes_between_two_looks_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a", b"x\n")
    file = taken(path)
    status = path.stat()
    path.unlink()
    monkeypatch.setattr(following, "stat_file", lambda _path: status)
    assert look(str(path), {file.key: file}, take_unfinished=False) is None
    assert take(replace(file, end=0), 2, 9, take_unfinished=False) == 0
    assert read_lines(Range(file, 0, 2)) is None
