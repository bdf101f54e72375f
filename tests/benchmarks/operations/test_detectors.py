"""What each detector tells of some lines."""

import os
from pathlib import Path

import pytest

from benchmarks.operations.detectors import Day, Detector, Line
from benchmarks.operations.ours import EachLine, Ours
from benchmarks.operations.rivals import Changes, Drain, Shapes
from benchmarks.operations.watched import Watched
from benchmarks.operations.weeks import Weeks
from patterns.timestamps import DAY, SECOND

_FIRST = 1_794_787_200 * SECOND  # 2026-11-16
_NEW = "backdoor number 7 opened by mallory"
_KNOWN = [f"Accepted password for {user} from 10.0.0.{number}" for user in ("ann", "bob") for number in range(9)]


_WHO = ("ann", "bob", "cid", "dora", "eve", "fay", "gil", "hal", "ida", "jon", "kay", "leo")


def day(folder: Path, number: int, *messages: str) -> Day:
    """A day with three lines a minute."""
    lines = [
        Line(
            100 * number + at,
            f"Nov {16 + number} 00:{at // 3:02}:{at % 3 * 20:02} web1 sshd[7]: {message}".encode(),
            time,
        )
        for at, message in enumerate(messages)
        for time in [_FIRST + number * DAY + at * 20 * SECOND]
    ]
    path = folder / f"{number}.log"
    path.write_bytes(b"".join(line.data + b"\n" for line in lines))
    return Day(path, lines, _FIRST + (number + 1) * DAY)


def told(detector: Detector, folder: Path, *days: list[str], beside: Detector | None = None) -> list[list[int]]:
    """The numbers of the lines that it, or who stands beside it, tells of each day; the first day is for learning."""
    detector.learn([day(folder, 0, *_KNOWN)])
    found = []
    for number, messages in enumerate(days, start=1):
        live = day(folder, number, *messages)
        alerts = list(detector.judge(live))
        if beside is not None:
            alerts = list(beside.judge(live))
        found.append([alert.line - 100 * number for alert in alerts if alert.line is not None])
        detector.night(live)
    return found


def test_ours_tells_a_shape_once_a_day_until_it_was_seen_on_two(tmp_path: Path) -> None:
    days = [[_KNOWN[0], _NEW, _NEW]] * 3

    assert told(Ours("ours", "", tmp_path / "store"), tmp_path, *days) == [[1], [1], []]


def test_ours_without_nights_tells_it_every_day(tmp_path: Path) -> None:
    days = [[_KNOWN[0], _NEW, _NEW]] * 3

    assert told(Ours("ours", "", tmp_path / "store", every=0), tmp_path, *days) == [[1], [1], [1]]


def clockwork(folder: Path, number: int, until: int = 1_440, *, at: int = -1) -> Day:
    """A day on which a job is done every ten minutes, until some minute; a door is opened each, once by a stranger."""
    begin, said = _FIRST + number * DAY, []
    for minute in range(1_440):
        who = "mallory" if minute == at else _WHO[minute * 7 % len(_WHO)]
        said.append((minute, f"web1 doord[7]: door was opened by {who}"))
        if minute % 10 == 0 and minute < until:
            said.append((minute, "db1 backupd[8]: all is saved"))
    lines = [
        Line(10_000 * number + row, f"Nov {16 + number} {minute // 60:02}:{minute % 60:02}:00 {text}".encode(), time)
        for row, (minute, text) in enumerate(said)
        for time in [begin + minute * 60 * SECOND]
    ]
    path = folder / f"{number}.log"
    path.write_bytes(b"".join(line.data + b"\n" for line in lines))
    return Day(path, lines, begin + DAY)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch keeps its state durably after each minute, for a machine that stops: this one does not."""
    monkeypatch.setattr(os, "fsync", lambda _file: None)


@pytest.mark.usefixtures("steady")
def test_baselines_tell_a_value_on_its_line_and_what_stopped_since_when(tmp_path: Path) -> None:
    ours = Ours("ours", "", tmp_path / "store", baselines=True)
    watched = Watched("watched", "", tmp_path / "watch", ours)
    ours.learn([clockwork(tmp_path, number) for number in range(3)])
    usual, other = clockwork(tmp_path, 3), clockwork(tmp_path, 4, until=600, at=7)

    assert list(ours.judge(usual)) == list(watched.judge(usual)) == []
    ours.night(usual)
    assert list(ours.judge(other)) == []
    value, stopped = watched.judge(other)

    assert (value.kind, value.line) == ("value", other.lines[8].number)
    assert value.time == other.lines[8].time
    assert (stopped.kind, stopped.line, stopped.host, stopped.program) == ("heartbeat", None, "db1", "backupd")
    assert stopped.begin == _FIRST + 4 * DAY + 590 * 60 * SECOND
    assert 600 * 60 * SECOND < stopped.time - _FIRST - 4 * DAY < 610 * 60 * SECOND


@pytest.mark.usefixtures("steady")
def test_baselines_tell_all_that_ours_tells(tmp_path: Path) -> None:
    ours = Ours("ours", "", tmp_path / "store", baselines=True)
    days = [[_KNOWN[0], _NEW, _NEW]] * 3

    assert told(ours, tmp_path, *days, beside=Watched("watched", "", tmp_path / "watch", ours)) == [[1], [1], []]


def test_an_alert_a_line_tells_each(tmp_path: Path) -> None:
    days = [[_KNOWN[0], _NEW, _NEW]] * 3
    ours = Ours("ours", "", tmp_path / "store")

    assert told(ours, tmp_path, *days, beside=EachLine("lines", "", ours)) == [[1, 2], [1, 2], []]


def test_masked_shapes_are_told_once_for_ever(tmp_path: Path) -> None:
    assert told(Shapes("shapes", ""), tmp_path, [_KNOWN[0], _NEW, _NEW], [_NEW]) == [[1], []]


def test_drain_tells_a_new_cluster_once_and_where_asked_for_one_that_changes(tmp_path: Path) -> None:
    days = [[_KNOWN[0], _NEW, _NEW, _NEW.replace("mallory", "trudy")], [_NEW]]
    drain = Drain("drain", "", masks=True)
    beside = Drain("drain", "", masks=True)

    assert told(drain, tmp_path, *days) == [[1], []]
    assert told(beside, tmp_path, *days, beside=Changes("changes", "", beside)) == [[1, 3], []]


def test_days_have_the_lines_of_their_files_and_a_label_for_each(tmp_path: Path) -> None:
    weeks = Weeks(days=3, seed=1, lines_per_day=300, novel_kinds=4, troubles=4)
    days = list(weeks.play(tmp_path))

    assert [line.number for each in days for line in each.lines] == list(range(len(weeks.labels)))
    assert [each.path.read_bytes().splitlines() for each in days] == [
        [line.data for line in each.lines] for each in days
    ]
    assert all(each.end - DAY <= line.time < each.end for each in days for line in each.lines)
    assert [line.time for each in days for line in each.lines] == [label.time for label in weeks.labels]
    assert [each.path.stat().st_mtime * SECOND for each in days] == [each.end for each in days]
    assert {label.event for label in weeks.labels if label.event} <= {event.id for event in weeks.events()}
