import os
from dataclasses import replace
from pathlib import Path

import pytest

from streaming.errors import SourceError
from streaming.source import ranges
from streaming.source.following import Followed, look
from streaming.source.ranges import FileLine, Range, expand, read_lines, split, take


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


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["a.log"], ["a.log"]),
        (["*.log"], ["a.log", "b.log"]),
        (["b.log", "a.log", "*.log", "?.log"], ["a.log", "b.log"]),
        (["**/*.log"], ["a.log", "b.log", "below/c.log"]),
        (["below*"], []),
        (["none.log", "none/*.log", "a.log/x", "nul\0.log"], []),
    ],
)
def test_paths_and_globs_name_each_file_once_and_in_order(paths: list[str], found: list[str], tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("b.log", "a.log", "below/c.log"):
        write(tmp_path / name, b"x\n")
    assert expand([f"{tmp_path}/{path}" for path in paths]) == [f"{tmp_path}/{path}" for path in found]


def test_a_folder_or_a_pipe_as_a_path_is_an_error_that_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"is no regular file; name its files, for example .*/\*\.log"):
        expand([f"{tmp_path}/"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=r"pipe' is no regular file"):
        expand([f"{tmp_path}/pipe"])
    assert expand([f"{tmp_path}/*"]) == []


def test_a_glob_passes_over_compressed_files_and_a_path_to_one_is_an_error(tmp_path: Path) -> None:
    for name in ("syslog", "syslog.1", "syslog.2.gz", "syslog.3.xz", "syslog.4.zst", "syslog.5.bz2"):
        write(tmp_path / name, b"x\n")
    assert expand([f"{tmp_path}/syslog*"]) == [f"{tmp_path}/syslog", f"{tmp_path}/syslog.1"]
    with pytest.raises(SourceError, match=r"syslog\.2\.gz' is compressed; unpack it"):
        expand([f"{tmp_path}/syslog.2.gz"])


def test_a_name_that_is_no_utf8_is_an_error(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.log")).write_bytes(b"x\n")
    with pytest.raises(SourceError, match="must be UTF-8"):
        expand([f"{tmp_path}/*.log"])


@pytest.mark.parametrize("name", ["with space.log", "zeile\n.log", "größe.log", "a'b\"c.log"])
def test_any_utf8_name_is_followed(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, b"x\n")
    assert expand([f"{tmp_path}/*.log"]) == [str(path)]
    assert list(read_lines(Range(taken(path), 0, 2)) or ()) == [FileLine(b"x", 0)]


@pytest.mark.parametrize(
    ("start", "budget", "unfinished", "end"),
    [
        (0, 100, False, 12),
        (0, 100, True, 15),
        (0, 12, False, 12),
        (0, 11, False, 8),
        (0, 4, False, 4),
        (0, 1, False, 4),
        (0, 3, False, 4),
        (0, 4, True, 4),
        (0, 1, True, 4),
        (4, 1, False, 8),
        (12, 1, False, 12),
        (12, 1, True, 15),
        (12, 100, True, 15),
        (0, 0, True, 0),
        (15, 9, True, 15),
    ],
)
def test_a_batch_takes_whole_lines_within_its_budget_but_one_at_least(
    start: int, budget: int, end: int, tmp_path: Path, *, unfinished: bool
) -> None:
    file = replace(seen(write(tmp_path / "a", b"one\ntwo\n333\n444")), end=start)
    assert take(file, 15, budget, take_unfinished=unfinished) == end


def test_a_line_longer_than_the_budget_and_any_buffer_is_taken_whole(tmp_path: Path) -> None:
    long = b"x" * 300_000 + b"\n"
    file = seen(write(tmp_path / "a", long + b"next\n" + long))
    assert take(file, len(long) * 2 + 5, 10, take_unfinished=False) == len(long)
    assert take(replace(file, end=len(long)), len(long) * 2 + 5, 10, take_unfinished=False) == len(long) + 5


def test_nothing_is_taken_of_a_file_that_gave_way_to_another_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = seen(path)
    path.rename(tmp_path / "a.1")
    write(path, b"longer than it was\n" * 9)
    assert take(file, path.stat().st_size, 1_000, take_unfinished=False) == 0


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_pieces_are_whole_lines_that_follow_one_another(
    pieces: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "SMALLEST_SPLIT", 10)
    content = b"".join(b"%d\n" % (10**number) for number in range(20))
    file = taken(write(tmp_path / "a", content))
    cut = list(split(Range(file, 3, file.end), pieces))
    assert [part.start for part in cut] == [3, *(part.end for part in cut[:-1])]
    assert cut[-1].end == len(content)
    assert all(content[part.end - 1 : part.end] == b"\n" for part in cut)
    assert 1 < len(cut) <= pieces if pieces > 1 else len(cut) == 1


def test_small_ranges_are_not_cut(tmp_path: Path) -> None:
    file = taken(write(tmp_path / "a", b"x\n" * 500_000))
    assert list(split(Range(file, 0, file.end), 64)) == [Range(file, 0, file.end)]


def test_lines_end_at_line_feeds_alone_and_lose_one_carriage_return(tmp_path: Path) -> None:
    file = taken(write(tmp_path / "a", b"a\r\nb\rc\n\n\r\r\n\x0b\x0c\x1c\xc2\x85\n"))
    lines = list(read_lines(Range(file, 0, file.end)) or ())
    assert lines == [(b"a", 0), (b"b\rc", 3), (b"", 7), (b"\r", 8), (b"\x0b\x0c\x1c\xc2\x85", 11)]


def test_a_range_is_read_from_a_file_that_was_renamed_meanwhile(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    path.rename(tmp_path / "a.1")
    write(path, b"another\n")
    assert list(read_lines(Range(file, 6, 13)) or ()) == [FileLine(b"second", 6)]


@pytest.mark.parametrize("now", [None, b"", b"first\n", b"other\nlonger\nand longer\n"])
def test_a_range_of_a_file_that_is_no_longer_what_it_was_is_gone(now: bytes | None, tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    path.unlink() if now is None else write(path, now)
    assert read_lines(Range(file, 6, 13)) is None
