from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from single_events import event_of

from streaming.errors import CheckpointError, SinkError
from streaming.sink import late as late_module
from streaming.sink.files import FilesSink
from streaming.sink.late import LateFiles, late_events
from streaming.source import DeadLetter, SourceLine

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

_DAY = 86_400_000_000
_NOON = 20_410 * _DAY + _DAY // 2  # 2025-11-18


def refuse(letter: DeadLetter) -> None:
    pytest.fail(f"files refuse nothing: {letter}")


class Clock:
    """A clock that is put."""

    def __init__(self) -> None:
        self.now = _NOON
        self.planned_last = 0

    def time_ns(self) -> int:
        return self.now * 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(late_module, "time", clock)
    return clock


@pytest.fixture
def sink(site: "Site") -> FilesSink:
    """The sink of the stream."""
    started = FilesSink(str(site.sink), "57ea0000")
    started.start()
    return started


def late(site: "Site", clock: Clock) -> LateFiles:
    """Return the late events of another replay."""
    made = late_events(FilesSink(str(site.sink), "57ea0000"), site.folder / "replay.json", lambda: clock.planned_last)
    assert isinstance(made, LateFiles)
    return made


def identity(number: int) -> str:
    return f"{number:020x}"


def write(events: LateFiles, *numbers: int) -> None:
    with events.part(refuse) as writer:
        for number in numbers:
            line = SourceLine(b"", b"", _NOON, identity(number), "", 0, {})
            writer.write(event_of({"n": number, "event": {"id": identity(number)}}, line))


def write_batch(sink: FilesSink, number: int, time: int = _NOON) -> None:
    with sink.part(number, 0, time, refuse) as writer:
        line = SourceLine(b"", b"", _NOON, identity(number), "", 0, {})
        writer.write(event_of({"n": number, "event": {"id": identity(number)}}, line))


def days(site: "Site") -> list[str]:
    return sorted(path.name for path in (site.sink / "events").iterdir())


def numbers(site: "Site") -> list[int]:
    return sorted(event["n"] for event in site.events())


def test_late_events_are_in_the_folder_of_today(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 1)
    write(late(site, clock), 2, 3)
    assert days(site) == ["2025-11-18"]
    assert numbers(site) == [1, 2, 3]


@pytest.mark.usefixtures("sink")
def test_every_part_of_every_replay_has_a_file_of_its_own(site: "Site", clock: Clock) -> None:
    first, second = late(site, clock), late(site, clock)
    for events, number in ((first, 1), (second, 2), (first, 3)):
        write(events, number)
    assert numbers(site) == [1, 2, 3]


def test_a_batch_that_is_replayed_leaves_late_events_alone(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 0)
    write(late(site, clock), 1)
    sink.begin(0)
    assert numbers(site) == [1]


@pytest.mark.usefixtures("sink")
def test_the_day_is_no_earlier_than_that_of_the_last_batch(site: "Site", clock: Clock) -> None:
    clock.planned_last = _NOON + _DAY
    write(late(site, clock), 1)
    assert days(site) == ["2025-11-19"]


def test_a_day_that_is_closed_gives_way_to_the_next(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 1)
    write_batch(sink, 2, _NOON + _DAY)
    sink.done(_NOON + 2 * _DAY)
    assert days(site) == ["2025-11-18.ndjson.zst", "2025-11-19.ndjson.zst"]
    write(late(site, clock), 3)
    assert days(site)[-1] == "2025-11-20"
    assert numbers(site) == [1, 2, 3]


def test_no_day_is_compacted_while_late_events_are_written(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 1)
    with late(site, clock).part(refuse) as writer:
        line = SourceLine(b"", b"", 0, identity(2), "", 0, {})
        writer.write(event_of({"n": 2, "event": {"id": identity(2)}}, line))
        # The stream is in the next day already.
        sink.done(_NOON + _DAY)
        assert days(site) == ["2025-11-18"]
    sink.done(_NOON + _DAY)
    assert days(site) == ["2025-11-18.ndjson.zst"]
    assert numbers(site) == [1, 2]


def test_a_replay_that_did_not_end_is_looked_up_where_it_wrote(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 9)
    killed = late(site, clock)
    assert not killed.unfinished()
    write(killed, 1, 2)
    again = late(site, clock)
    assert again.unfinished()
    again.look_up({identity(number) for number in (1, 2, 3)})
    write(again, 1, 2, 3)
    again.close()
    assert numbers(site) == [1, 2, 3, 9]
    assert not late(site, clock).unfinished()


def test_it_is_found_in_a_day_that_was_closed_since(site: "Site", clock: Clock, sink: FilesSink) -> None:
    write_batch(sink, 9)
    write(late(site, clock), 1)
    sink.done(_NOON + _DAY)
    clock.now = _NOON + _DAY
    second = late(site, clock)
    second.look_up({identity(1), identity(2)})
    write(second, 1, 2)
    # Killed again: both days are looked up by the third.
    third = late(site, clock)
    third.look_up({identity(1), identity(2), identity(3)})
    write(third, 1, 2, 3)
    assert numbers(site) == [1, 2, 3, 9]


@pytest.mark.usefixtures("sink")
def test_days_that_are_gone_by_age_hold_nothing(site: "Site", clock: Clock) -> None:
    write(late(site, clock), 1)
    FilesSink(str(site.sink), "57ea0000", keep_days=1).done(_NOON + 9 * _DAY)
    clock.now = _NOON + 9 * _DAY
    again = late(site, clock)
    again.look_up({identity(1)})
    write(again, 1)
    assert numbers(site) == [1]


@pytest.mark.usefixtures("sink")
def test_the_day_is_noted_before_its_first_event(site: "Site", clock: Clock) -> None:
    with late(site, clock).part(refuse):
        assert msgspec.json.decode((site.folder / "replay.json").read_bytes()) == {"days": ["2025-11-18"]}


@pytest.mark.parametrize("note", ["", "{}", '{"days": ["../../etc"]}', '{"days": ["2025-11-18\\n"]}'])
def test_a_damaged_note_is_named(note: str, site: "Site", clock: Clock) -> None:
    (site.folder / "replay.json").write_text(note)
    with pytest.raises(
        CheckpointError, match=r"replay.json' is damaged: .*: remove it if their events are not doubled"
    ):
        late(site, clock)


def test_a_folder_that_is_gone_is_named(site: "Site", clock: Clock, sink: FilesSink) -> None:
    events = late(site, clock)
    Path(sink.path).rename(site.folder / "elsewhere")
    with pytest.raises(SinkError, match=r"sink.files.path is .*: No such file or directory; check its rights"):
        write(events, 1)
