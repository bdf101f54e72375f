import os
import pickle
from collections.abc import Iterable
from pathlib import Path

import pytest

from streaming.dead_letters import Failure
from streaming.dead_letters import files as files_module
from streaming.dead_letters.files import FileLetters, LetterFolder
from streaming.dead_letters.letter import KeptLetter, Sender
from streaming.errors import SinkError, StreamingError
from streaming.source import DeadLetter

_DAY = 86_400_000_000
_NOON = 20_410 * _DAY + _DAY // 2  # 2025-11-18


def letter(number: int, reason: str = "refused", raw: bytes | None = b"x") -> DeadLetter:
    return DeadLetter(f"{number:020x}", "logs/0", number, _NOON, reason, f"detail {number}", raw)


def keep(
    folder: Path,
    numbers: Iterable[int | DeadLetter],
    *,
    batch: int = 0,
    part: int = 0,
    at: int = _NOON,
    stream: str = "a",
) -> None:
    """Keep a part of letters."""
    letters = FileLetters(str(folder), Sender("kafka", "app", stream))
    letters.start()
    with letters.part(batch, part, at) as bury:
        for each in numbers:
            bury(letter(each) if isinstance(each, int) else each)


class Damaged(list[tuple[str, str]]):
    def __call__(self, place: str, why: str) -> None:
        self.append((place, why))


def offsets(folder: Path) -> list[int]:
    damaged = Damaged()
    found = [each.offset for each in LetterFolder(str(folder)).letters(damaged)]
    assert damaged == []
    return found


def settle(folder: Path, done: Iterable[int], failed: Iterable[int] = ()) -> None:
    """Settle all bundles that have one of `done` or `failed`."""
    numbers = {*done, *failed}
    for bundle in LetterFolder(str(folder)).bundles(lambda each: each.offset in numbers, Damaged()):
        ids = {each.id for each in bundle.letters()}
        assert ids <= {letter(number).event_id for number in numbers}
        again = {letter(number).event_id: Failure("no_line", "new") for number in failed}
        bundle.settle(ids, again, "replayed")


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_part_is_a_file_of_its_batch_in_the_folder_of_its_day(tmp_path: Path) -> None:
    keep(tmp_path, [1, 2], batch=7, part=1)
    assert files(tmp_path) == ["2025-11-18/00000007-a-00001.ndjson"]
    [first, second] = LetterFolder(str(tmp_path)).letters(Damaged())
    assert first.letter == letter(1)
    assert (second.kind, second.source, second.stream, second.batch, second.planned_at) == (
        "kafka",
        "app",
        "a",
        7,
        _NOON,
    )


def test_an_earlier_try_of_a_batch_is_forgotten_and_no_other_batch(tmp_path: Path) -> None:
    for batch, stream in ((1, "a"), (2, "a"), (1, "b")):
        keep(tmp_path, [batch], batch=batch, stream=stream)
    FileLetters(str(tmp_path), Sender("kafka", "app", "a")).begin(1)
    assert files(tmp_path) == ["2025-11-18/00000001-b-00000.ndjson", "2025-11-18/00000002-a-00000.ndjson"]


def test_what_keeps_letters_survives_pickling() -> None:
    letters = FileLetters("/x", Sender("kafka", "app", "a"))
    assert pickle.loads(pickle.dumps(letters)) == letters


def test_letters_come_by_the_planning_of_their_batches_whoever_kept_them(tmp_path: Path) -> None:
    keep(tmp_path, [4], batch=9, at=_NOON + _DAY)
    keep(tmp_path, [3], batch=1, at=_NOON + 9, stream="b")
    keep(tmp_path, [1, 2], batch=2, at=_NOON + 5)
    keep(tmp_path, [0], batch=7, at=_NOON, stream="c")
    assert offsets(tmp_path) == [0, 1, 2, 3, 4]


def test_a_letter_that_two_streams_kept_comes_once(tmp_path: Path) -> None:
    keep(tmp_path, [1, 2])
    keep(tmp_path, [2, 3], stream="b", at=_NOON + 1)
    assert offsets(tmp_path) == [1, 2, 3]


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_a_folder_without_letters_has_none(folder: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert offsets(tmp_path / folder) == []


def test_what_no_stream_wrote_is_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, [1])
    (tmp_path / "2025-11-18" / ".00000009-a-00000.ndjson.0123abcd").write_text("half a ro")
    (tmp_path / "2025-11-18" / "notes.txt").write_text("mine")
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "00000001-a-00000.ndjson").write_text("x")
    assert offsets(tmp_path) == [1]


def test_a_place_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        StreamingError, match=r"cannot be read from '.*/file': Not a directory; check dead_letters.path"
    ):
        offsets(tmp_path / "file")
    keep(tmp_path, [1])
    (tmp_path / "2025-11-18" / "00000001-a-00000.ndjson").mkdir()
    with pytest.raises(StreamingError, match=r"00000001-a-00000.ndjson': Is a directory"):
        offsets(tmp_path)


def test_damaged_rows_are_told_with_their_place_and_stop_nothing(tmp_path: Path) -> None:
    keep(tmp_path, [1, 2])
    [name] = files(tmp_path)
    file = tmp_path / name
    first, second = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([b"\x1b[31m", first, first[:-9], b"", second, b'{"no": "end"']))
    damaged = Damaged()
    assert [each.offset for each in LetterFolder(str(tmp_path)).letters(damaged)] == [1, 2]
    assert [place for place, _ in damaged] == [f"{file}:{number}" for number in (1, 3, 4, 6)]


def test_a_file_that_is_removed_meanwhile_is_passed_over(tmp_path: Path) -> None:
    for batch in (1, 2, 3):
        keep(tmp_path, [batch], batch=batch, at=_NOON + batch)
    letters = LetterFolder(str(tmp_path)).letters(Damaged())
    assert next(letters).offset == 1
    FileLetters(str(tmp_path), Sender("kafka", "app", "a")).begin(2)
    assert [each.offset for each in letters] == [3]


@pytest.mark.parametrize(("size", "bundles"), [(1, [[1, 3], [5], [7]]), (2, [[1, 3], [5, 7]]), (3, [[1, 3, 5], [7]])])
def test_a_bundle_is_what_is_wanted_of_whole_files(
    size: int, bundles: list[list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_module, "BUNDLE", size)
    for batch, numbers in enumerate(([1, 2, 3], [4], [5, 6], [7])):
        keep(tmp_path, numbers, batch=batch, at=_NOON + batch)
    asked: list[int] = []

    def is_odd(each: KeptLetter) -> bool:
        asked.append(each.offset)
        return each.offset % 2 == 1

    found = []
    for bundle in LetterFolder(str(tmp_path)).bundles(is_odd, Damaged()):
        found.append([each.offset for each in bundle.letters()])
        bundle.settle({letter(number).event_id for number in range(8)}, {}, "replayed")
    assert found == bundles
    assert asked == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_done_with_leaves_and_the_rest_stays_in_order(tmp_path: Path) -> None:
    keep(tmp_path, [1, 2, 3, 4])
    settle(tmp_path, done=[1, 3])
    assert offsets(tmp_path) == [2, 4]
    settle(tmp_path, done=[2, 4])
    assert files(tmp_path) == []
    # A stream may just be about to write into it.
    assert (tmp_path / "2025-11-18").is_dir()


def test_what_failed_again_stays_with_its_bytes_and_says_why_now(tmp_path: Path) -> None:
    keep(tmp_path, [1, letter(2, raw=b"\x00\xff"), 3])
    settle(tmp_path, done=[1], failed=[2])
    [second, third] = LetterFolder(str(tmp_path)).letters(Damaged())
    assert second.letter == letter(2, raw=b"\x00\xff")._replace(reason="no_line", detail="new")
    assert third.letter == letter(3)


def test_damaged_rows_stay_byte_for_byte(tmp_path: Path) -> None:
    keep(tmp_path, [1, 2])
    [name] = files(tmp_path)
    first, second = (tmp_path / name).read_bytes().splitlines()
    (tmp_path / name).write_bytes(b"\n".join([b"\x1b[31m \xff", first, b"{}", second, b'{"no": "end"']))
    settle(tmp_path, done=[1, 2])
    assert (tmp_path / name).read_bytes() == b'\x1b[31m \xff\n{}\n{"no": "end"\n'


def test_letters_of_megabytes_stay_whole(tmp_path: Path) -> None:
    huge = bytes(range(256)) * 40_000
    keep(tmp_path, [1, letter(2, raw=huge), 3])
    settle(tmp_path, done=[1])
    assert [each.raw for each in LetterFolder(str(tmp_path)).letters(Damaged())] == [huge, b"x"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, [1, 2])
    [name] = files(tmp_path)
    before = (tmp_path / name).read_bytes()

    def fails(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fails)
        with pytest.raises(SinkError, match=r"dead_letters.path is .*: No space left on device; check its rights"):
            settle(tmp_path, done=[1])
    assert files(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before
    # What a replay that was killed left.
    left = tmp_path / "2025-11-18" / f".{Path(name).name}.0123abcd"
    left.write_bytes(b"half")
    settle(tmp_path, done=[1])
    assert not left.exists()
    assert offsets(tmp_path) == [2]
