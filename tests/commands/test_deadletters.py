"""`logwinnow deadletters` over files, with the sink `files`; with real servers it is in tests/servers."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commands.__main__ import main
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from streaming.letters import row_of
from streaming.sink import files as files_sink
from streaming.source import DeadLetter

_PLANNED = 1_795_000_000_123_456  # 2026-11-18T11:06:40.123Z


@dataclass(frozen=True)
class Letters:
    """A folder of dead letters, and what `logwinnow deadletters` is told of it."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "dead-letters" / "2026-11-18" / "00000007-57ea-00000.ndjson"

    def write(self, *letters: DeadLetter | bytes) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rows = [each if isinstance(each, bytes) else msgspec.json.encode(row_of(each, _PLANNED)) for each in letters]
        self.file.write_bytes(b"".join(row + b"\n" for row in rows))

    def run(self, *arguments: str, **settings: str) -> int:
        given = {
            "dead_letters.path": f"{self.folder}/dead-letters",
            "patterns.store": f"{self.folder}/patterns",
            "sink.files.path": f"{self.folder}/out",
            "source.kind": "kafka",
            "source.kafka.format": "json",
            **settings,
        }
        return main(["deadletters", *arguments, *(f"--set={key}={value}" for key, value in given.items())])

    def events(self) -> list[dict[str, Any]]:
        rows = [row for file in self.folder.glob("out/events/*/*.ndjson") for row in file.read_bytes().splitlines()]
        return [json.loads(row) for row in rows]

    def alerts(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_bytes()) for file in self.folder.glob("out/alerts/*/*.json")]


def letter(offset: int, raw: bytes | None, reason: str = "no_line", place: str = "logs/1") -> DeadLetter:
    return DeadLetter(f"{offset:020x}", place, offset, _PLANNED - 1, reason, "it was said why", raw)


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    """A folder with a pattern set, and no letters yet."""
    known = [KnownPattern("", parse("user *{1,1} left"), 2, 2, 2)]
    Store(f"{tmp_path}/patterns").publish(PatternSet.of(Rules(), known), ShapeTable.of({}), {})
    return Letters(tmp_path)


Said = Callable[[], tuple[str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Return what was printed, and what was told on standard error, since asked last."""

    def since() -> tuple[str, str]:
        printed, told = capsys.readouterr()
        return printed, told

    return since


def test_letters_are_listed_with_where_they_stood_and_why_and_counted_by_reason(letters: Letters, said: Said) -> None:
    letters.write(letter(1, b"{broken"), letter(2, None, "no_value"), letter(3, b"{", "no_line"))
    assert letters.run("list") == 0
    printed, told = said()
    assert len(printed.splitlines()) == 4
    assert all(part in printed for part in ("logs/1", "it was said why", "{broken", "no_value", "2026-11-18T11:06:40"))
    assert told == "3 dead letters (2 no_line, 1 no_value)\n"
    assert letters.run("list", "--reason", "no_value") == 0
    assert said()[1] == "1 dead letter (1 no_value)\n"


def test_as_json_a_letter_has_its_bytes(letters: Letters, said: Said) -> None:
    letters.write(letter(1, b"\xff\x00<b>"))
    assert letters.run("list", "--json") == 0
    (row,) = map(json.loads, said()[0].splitlines())
    assert base64.b64decode(row["raw"]) == b"\xff\x00<b>"
    assert (row["event_id"], row["place"], row["offset"], row["reason"]) == (f"{1:020x}", "logs/1", 1, "no_line")


@pytest.mark.parametrize("raw", [b"\x1b[2J\x07", b"<script>", b"[red]x[/red]", b"\xff\x00", b"x" * 10_000_000, b""])
def test_no_bytes_of_a_letter_reach_the_terminal_as_they_are(raw: bytes, letters: Letters, said: Said) -> None:
    letters.write(letter(1, raw))
    assert letters.run("list") == 0
    printed, _ = said()
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert len(printed) < 1_000


def test_any_time_of_a_producer_can_be_listed(letters: Letters, said: Said) -> None:
    letters.write(letter(1, b"x")._replace(record_time=2**62), letter(2, b"x")._replace(record_time=-(2**62)))
    assert letters.run("list") == 0
    assert str(2**62) in said()[0]


def test_without_letters_there_is_nothing_to_list_or_to_replay(letters: Letters, said: Said) -> None:
    assert letters.run("list") == letters.run("replay") == 0
    assert said()[1] == "0 dead letters\n0 events, 0 new alerts, 0 left\n"


def test_a_damaged_row_is_told_and_the_others_are_listed_and_kept(letters: Letters, said: Said) -> None:
    letters.write(b"{no json", letter(1, b'{"message": "user a left"}'), b"[]", b'{"id": "x"}')
    assert letters.run("list") == 0
    _, told = said()
    assert told.count("no dead letter") == 3
    assert f"{letters.file}:1:" in told.replace("\n", "")
    assert letters.run("replay") == 0
    assert letters.file.read_bytes() == b'{no json\n[]\n{"id": "x"}\n'


def test_what_becomes_an_event_leaves_the_files_and_the_rest_stays_with_its_new_reason(
    letters: Letters, said: Said
) -> None:
    letters.write(
        letter(1, b'{"message": "user a left"}'),
        letter(2, b'{"message": "what is this"}'),
        letter(3, b"{"),
        letter(4, None, "no_value"),
    )
    assert letters.run("replay") == 1
    assert said()[1] == "2 events, 1 new alert, 2 left (1 no_line, 1 no_value)\n"
    events = sorted(letters.events(), key=lambda event: event["event"]["id"])
    assert [event["event"]["original"] for event in events] == ["user a left", "what is this"]
    assert [event["event"]["id"] for event in events] == [f"{n:020x}" for n in (1, 2)]
    assert events[0]["kafka"] == {"topic": "logs", "partition": 1, "offset": 1}
    assert events[0]["event"]["created"].startswith("2026-11-18T11:06:40")
    left = [json.loads(row) for row in letters.file.read_bytes().splitlines()]
    assert sorted(row["offset"] for row in left) == [3, 4]
    assert {row["planned_at"] for row in left} == {_PLANNED}
    assert any("no JSON object" in row["detail"] for row in left)
    # A second try finds nothing new.
    assert letters.run("replay") == 1
    assert len(letters.events()) == 2
    assert len(letters.alerts()) == 1


def test_a_file_without_letters_goes(letters: Letters) -> None:
    letters.write(letter(1, b'{"message": "user a left"}'))
    assert letters.run("replay") == 0
    assert not letters.file.exists()


def test_the_format_that_was_mended_is_the_one_that_counts(letters: Letters) -> None:
    letters.write(letter(1, b"user a left"))
    assert letters.run("replay") == 1
    assert letters.run("replay", **{"source.kafka.format": "plain"}) == 0
    assert [event["event"]["original"] for event in letters.events()] == ["user a left"]


def test_a_crash_before_the_letters_are_taken_out_doubles_nothing(letters: Letters) -> None:
    letters.write(letter(1, b'{"message": "user a left"}'), letter(2, b'{"message": "odd"}'))
    before = letters.file.read_bytes()
    assert letters.run("replay") == 0
    letters.file.write_bytes(before)
    assert letters.run("replay") == 0
    assert len(letters.events()) == 2
    assert len(letters.alerts()) == 1


def test_a_sink_that_cannot_be_written_leaves_all_letters(
    letters: Letters, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters.write(letter(1, b'{"message": "user a left"}'))
    before = letters.file.read_bytes()

    def full(_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_sink, "sync_folder", full)
    assert letters.run("replay") == 1
    assert "No space left" in said()[1]
    assert letters.file.read_bytes() == before


def test_letters_of_a_reason_can_be_dropped(letters: Letters, said: Said) -> None:
    letters.write(letter(1, None, "no_value"), letter(2, b"{"))
    assert letters.run("drop", "--reason", "no_value") == 0
    assert said()[1] == "1 dead letter removed\n"
    assert [json.loads(row)["offset"] for row in letters.file.read_bytes().splitlines()] == [2]


def test_what_a_task_still_writes_is_not_touched(letters: Letters, said: Said) -> None:
    letters.write(letter(1, b"{"))
    letters.file.rename(letters.file.with_name(f".{letters.file.name}.abcd"))
    assert letters.run("list") == 0
    assert said()[1] == "0 dead letters\n"


def test_a_line_of_a_file_that_was_refused_is_an_event_with_its_path(letters: Letters) -> None:
    letters.write(letter(1, b"user a left", "refused", "/var/log/syslog"))
    assert letters.run("replay", **{"source.kind": "files"}) == 0
    assert letters.events()[0]["log"] == {"file": {"path": "/var/log/syslog"}, "offset": 1}
