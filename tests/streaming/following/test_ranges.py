import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.records import Records
from patterns.rules import Rules
from streaming.following import ranges
from streaming.following.content import open_content
from streaming.following.followed import Followed, begun
from streaming.following.ranges import Bounds, FileLine, Range, read_records, split, take

LINES = Records(Rules())


def write(path: Path, data: bytes) -> Path:
    """Write a file in place, so that it keeps its inode."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.truncate()
        file.write(data)
    return path


def seen(path: Path, end: int = 0) -> Followed:
    """Return a file that has a line, taken up to a byte."""
    content = open_content(str(path))
    assert content is not None
    with content:
        file = begun(str(path), str(path), content, (), take_unfinished=False)
        assert file is not None
        return file.taken_to(content, end)


def taken(path: Path) -> Followed:
    """Return what is known of a file once all its whole lines are taken."""
    return take(seen(path), Bounds(path.stat().st_size, 2**30, unfinished=False), LINES)


@pytest.mark.parametrize("name", ["with space.log", "zeile\n.log", "größe.log", "a'b\"c.log", "\udcff.log"])
def test_a_file_of_any_name_is_read(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, b"x\n")
    assert list(read_records(Range(taken(path), 0, 2), LINES) or ()) == [(b"x", 0)]


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
    file = seen(write(tmp_path / "a", b"one\ntwo\n333\n444"), start)
    assert take(file, Bounds(15, budget, unfinished=unfinished), LINES).end == end


def test_a_line_longer_than_the_budget_and_any_buffer_is_taken_whole(tmp_path: Path) -> None:
    long = b"x" * 300_000 + b"\n"
    file = seen(write(tmp_path / "a", long + b"next\n" + long))
    after = take(file, Bounds(len(long) * 2 + 5, 10, unfinished=False), LINES)
    assert after.end == len(long)
    assert take(after, Bounds(len(long) * 2 + 5, 10, unfinished=False), LINES).end == len(long) + 5


@pytest.mark.parametrize("pack", [None, gzip.compress])
def test_a_line_without_end_is_cut_where_a_task_could_not_hold_it(
    pack: Callable[[bytes], bytes] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "LONGEST_LINE", 100)
    data = b"first\n" + b"x" * 250 + b"\nlast\n"
    path = write(tmp_path / ("a.gz" if pack else "a"), pack(data) if pack else data)
    file, cuts = seen(path), []
    while (after := take(file, Bounds(len(data), 10, unfinished=False), LINES)).end > file.end:
        cuts.append(after.end)
        file = after
    assert cuts == [6, 106, 206, 257, 262]
    assert b"".join(line for line, _ in read_records(Range(file, 6, 206), LINES) or ()) == b"x" * 200


def test_the_hole_that_a_file_has_which_was_cut_under_a_program_that_does_not_append_is_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "LONGEST_LINE", 1_000)
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(5_000)
        file.seek(5_000)
        file.write(b"one\ntwo\n")
    followed = seen(path)
    found: list[FileLine] = []
    while (after := take(followed, Bounds(5_008, 900, unfinished=False), LINES)).end > followed.end:
        found += read_records(Range(after, followed.end, after.end), LINES) or ()
        followed = after
    assert found == [(b"one", 5_000), (b"two", 5_004)]


def test_nothing_is_taken_of_a_file_that_gave_way_to_another_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = seen(path)
    path.rename(tmp_path / "a.1")
    write(path, b"longer than it was\n" * 9)
    assert take(file, Bounds(path.stat().st_size, 1_000, unfinished=False), LINES) == file


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_pieces_are_whole_lines_that_follow_one_another(
    pieces: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "SMALLEST_SPLIT", 10)
    content = b"".join(b"%d\n" % (10**number) for number in range(20))
    file = taken(write(tmp_path / "a", content))
    cut = list(split(Range(file, 3, file.end), pieces, LINES))
    assert [part.start for part in cut] == [3, *(part.end for part in cut[:-1])]
    assert cut[-1].end == len(content)
    assert all(content[part.end - 1 : part.end] == b"\n" for part in cut)
    assert 1 < len(cut) <= pieces if pieces > 1 else len(cut) == 1


def test_small_ranges_are_not_cut(tmp_path: Path) -> None:
    file = taken(write(tmp_path / "a", b"x\n" * 500_000))
    assert list(split(Range(file, 0, file.end), 64, LINES)) == [Range(file, 0, file.end)]


def test_lines_end_at_line_feeds_alone_and_lose_one_carriage_return(tmp_path: Path) -> None:
    file = taken(write(tmp_path / "a", b"a\r\nb\rc\n\n\r\r\n\x0b\x0c\x1c\xc2\x85\n"))
    lines = list(read_records(Range(file, 0, file.end), LINES) or ())
    assert lines == [(b"a", 0), (b"b\rc", 3), (b"", 7), (b"\r", 8), (b"\x0b\x0c\x1c\xc2\x85", 11)]


def test_a_range_is_read_from_a_file_that_was_renamed_meanwhile(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    path.rename(tmp_path / "renamed")
    write(path, b"another\n")
    assert list(read_records(Range(file, 6, 13), LINES) or ()) == [(b"second", 6)]


def test_a_range_is_read_from_what_became_of_a_file_that_was_packed_or_copied_and_cut_meanwhile(tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    write(tmp_path / "a.2", b"first\nanother\n")
    write(tmp_path / "a.1", b"first\nsecond\nthird\n")
    write(path, b"first\nof today\n")
    assert list(read_records(Range(file, 6, 13), LINES) or ()) == [(b"second", 6)]
    (tmp_path / "a.1.gz").write_bytes(gzip.compress((tmp_path / "a.1").read_bytes()))
    (tmp_path / "a.1").unlink()
    assert list(read_records(Range(file, 6, 13), LINES) or ()) == [(b"second", 6)]
    (tmp_path / "a.1.gz").unlink()
    assert read_records(Range(file, 6, 13), LINES) is None


def test_a_range_of_a_file_that_is_away_this_moment_is_read_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    (tmp_path / "away").mkdir()
    path.rename(tmp_path / "away" / "a")
    pauses: list[float] = []

    def come_back(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            (tmp_path / "away" / "a").rename(path)

    monkeypatch.setattr("time.sleep", come_back)
    assert list(read_records(Range(file, 6, 13), LINES) or ()) == [(b"second", 6)]
    assert len(pauses) == 3


@pytest.mark.parametrize("now", [None, b"", b"first\n", b"other\nlonger\nand longer\n"])
def test_a_range_of_a_file_that_is_no_longer_what_it_was_is_gone(now: bytes | None, tmp_path: Path) -> None:
    path = write(tmp_path / "a", b"first\nsecond\n")
    file = taken(path)
    path.unlink() if now is None else write(path, now)
    assert read_records(Range(file, 6, 13), LINES) is None
