"""Rates: too many as soon as it is so, too few when an hour that was listened to whole is over."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.alerts import HOUR
from streaming.config import AlertsConfig, RateConfig
from streaming.unusual.counting import HOURS_KEPT
from tests.streaming.unusual.world import MINUTE, START, Line, World, line, quiet, rate, told

_LEFT = "user *{1,1} left"
_CAME = "user *{1,1} came"


def left(hour: int, minute: int, host: str = "web1") -> Line:
    return line(START + hour * HOUR + minute * MINUTE, "user 7 left", host)


def ours(alert: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = alert["logwinnow"]
    return found


def test_too_many_is_told_as_soon_as_it_is_so_and_once_a_bucket(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 40, 6)])
    at = START + 10 * HOUR
    # 40 + 6 times the root of 40 is 77.9.
    assert world.step(at + 5 * MINUTE, *[left(10, 1)] * 77) == []
    [alert] = world.step(at + 6 * MINUTE, *[left(10, 5)] * 3)
    assert told([alert]) == [("rate", "web1")]
    assert ours(alert) | {"direction": "many", "observed": 80, "usual": 40.0, "spread": 6.0} == ours(alert)
    assert ours(alert)["hour"] == ours(alert)["bucket"].replace("T00", "T10") == "2025-12-18T10:00:00.000Z"
    assert "80 lines in the hour from 2025-12-18 10:00 UTC, usual are 40 ± 6 in 14 days" in alert["message"]
    assert ours(alert)["pattern"]["text"] == _LEFT
    assert world.step(at + 7 * MINUTE, *[left(10, 6)] * 200) == []
    assert world.step(at + 70 * MINUTE, *[left(11, 6)] * 200) == []
    [alert] = world.step(at + 24 * HOUR, *[left(34, 0)] * 200)
    assert ours(alert)["untold"] == 1


@pytest.mark.parametrize(
    ("usual", "spread", "lines", "is_told"),
    [
        # At least twenty lines beyond what is usual, however even that is.
        (1, 0, 21, False),
        (1, 0, 22, True),
        # A hundred by chance alone spread by ten: six times that.
        (100, 0, 160, False),
        (100, 0, 161, True),
        (100, 30, 280, False),
        (100, 30, 281, True),
    ],
)
def test_far_is_six_spreads_and_never_less_than_chance_makes(
    usual: float, spread: float, lines: int, is_told: bool, tmp_path: Path
) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", usual, spread)])
    assert bool(world.step(START + 30 * MINUTE, *[left(0, 1)] * lines)) == is_told


def test_each_hour_of_the_day_has_its_own_usual_and_hosts_are_apart(tmp_path: Path) -> None:
    hours = tuple((1_000.0 if hour == 3 else 10.0, 1.0) for hour in range(24))
    rows = [rate(_LEFT, host, 0) for host in ("web1", "web2")]
    world = World(tmp_path, [type(row)(pattern=row.pattern, host=row.host, days=7, hours=hours) for row in rows])
    assert world.step(START + 3 * HOUR + MINUTE, *[left(3, 0)] * 500) == []
    many = [*[left(5, 0)] * 20, *[left(5, 0, "web2")] * 50, *[left(5, 0, "web3")] * 500]
    assert told(world.step(START + 5 * HOUR + MINUTE, *many)) == [("rate", "web2")]


def hours_of(world: World, begin: int, end: int, per_hour: int) -> list[dict[str, Any]]:
    """Have so many lines an hour, in a batch a minute; return what is told."""
    made = []
    for minute in range(begin * 60, end * 60):
        lines = [left(minute // 60, minute % 60)] * (per_hour // 60)
        made += world.step(START + minute * MINUTE + MINUTE // 2, *lines)
    return made


def test_too_few_is_told_when_the_hour_is_over_and_ten_minutes(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5)])
    assert hours_of(world, 0, 3, 120) == []
    assert hours_of(world, 3, 4, 0) == []
    for minute in range(10):
        assert world.step(START + 4 * HOUR + minute * MINUTE) == []
    [alert] = world.step(START + 4 * HOUR + 10 * MINUTE)
    assert ours(alert) | {"direction": "few", "observed": 0, "usual": 120.0} == ours(alert)
    assert alert["message"].startswith("0 lines in the hour from 2025-12-18 03:00 UTC, usual are 120 ± 5")
    # Of the state nothing is left but the hours that are open.
    assert all(int(name.split()[1]) >= START // HOUR + 4 for name in tables(world) if name.startswith("hour"))


def tables(world: World) -> dict[str, Any]:
    return world.watch._file._tables.whole()


def test_an_hour_that_was_not_listened_to_whole_says_nothing_of_too_few(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5)])
    # Begun within the hour; then away for three hours, and back.
    assert hours_of(world, 0, 2, 120) == []
    world.restart()
    assert hours_of(world, 5, 6, 120) == []
    assert hours_of(world, 6, 7, 120) == []


def test_what_is_caught_up_with_is_counted_to_its_own_hours(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5)])
    assert hours_of(world, 0, 2, 120) == []
    missed = [left(hour, minute) for hour in (2, 3, 4) for minute in range(60) for _ in range(2)]
    flood = [left(3, 30)] * 500
    now = START + 5 * HOUR + MINUTE
    lines = [*missed, *flood]
    made = [*world.step(now, *lines[:400], full=True), *world.step(now + MINUTE, *lines[400:])]
    assert [(ours(alert)["direction"], ours(alert)["hour"][11:13]) for alert in made] == [("many", "03")]
    assert hours_of(world, 6, 7, 120) == []


def test_while_there_is_more_to_read_no_hour_is_closed(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5)])
    assert hours_of(world, 0, 3, 120) == []
    for minute in range(180, 300):
        assert world.step(START + minute * MINUTE, full=True) == []
    assert world.step(START + 300 * MINUTE, *[left(3, m) for m in range(60)] * 2, *[left(4, 0)] * 120) == []


def test_lines_that_come_after_their_hour_is_closed_keep_their_pair_from_being_told(tmp_path: Path) -> None:
    rows = [rate(_LEFT, "web1", 120, 5), rate(_CAME, "web1", 120, 5)]
    world = World(tmp_path, rows, quiet(repeat_after_hours=1))
    made = hours_of(world, 0, 2, 120)
    # From then on as from a file that is copied once an hour, at twenty past.
    for hour in range(2, 9):
        for minute in range(60):
            lump = [left(hour - 1, m) for m in range(60)] * 2 if minute == 20 and hour > 2 else []
            steady = [line(START + hour * HOUR + minute * MINUTE, "user 7 came")] * 2
            made += world.step(START + hour * HOUR + minute * MINUTE, *lump, *steady)
    assert [(ours(alert)["direction"], ours(alert)["hour"][11:13]) for alert in made] == [("few", "02")]


def test_a_pair_that_the_stream_never_heard_is_not_missed(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5), rate(_LEFT, "gone", 120, 5)])
    assert hours_of(world, 0, 5, 120) == []


def test_patterns_without_any_line_on_one_host_are_one_alert_and_of_all_hosts_too(tmp_path: Path) -> None:
    texts = [_LEFT, _CAME, "state is *{1,1} now"]
    rows = [rate(text, host, 60, 2) for text in texts for host in ("web1", "web2")]
    world = World(tmp_path, rows)
    messages = ("user 7 left", "user 7 came", "state is on now")

    def minutes(begin: int, end: int, *hosts: str) -> list[dict[str, Any]]:
        made = []
        for minute in range(begin, end):
            time = START + minute * MINUTE
            made += world.step(time, *[line(time, message, host) for host in hosts for message in messages])
        return made

    assert minutes(0, 180, "web1", "web2") == []
    [alert] = minutes(180, 260, "web1")
    assert told([alert]) == [("silent_host", "web2")]
    assert "no line of 3 of 3 usual patterns" in alert["message"]
    [alert] = minutes(260, 380, "other")
    assert told([alert]) == [("silent_source", "")]


def test_other_baselines_keep_the_state_of_pairs_that_stay(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 120, 5), rate(_CAME, "web1", 120, 5)])
    assert hours_of(world, 0, 2, 120) == []
    assert world.step(START + 2 * HOUR, *[left(2, 0)] * 100) == []
    world.learned([rate(_LEFT, "web1", 60, 5), rate(_LEFT, "web2", 60, 5)])
    [alert] = world.step(START + 2 * HOUR + MINUTE, *[left(2, 0)] * 10)
    assert (ours(alert)["observed"], ours(alert)["usual"]) == (110, 60.0)
    assert list(tables(world)["rates"]) == [f"{rate(_LEFT, 'web1', 0).pattern} web1"]


def test_over_the_cap_of_an_hour_one_alert_says_so(tmp_path: Path) -> None:
    hosts = [f"web{number}" for number in range(5)]
    world = World(tmp_path, [rate(_LEFT, host, 1) for host in hosts], quiet(per_hour=2))
    made = world.step(START + MINUTE, *[left(0, 0, host) for host in hosts for _ in range(30)])
    assert [kind for kind, _ in told(made)] == ["overflow", "rate", "rate"]


def test_lines_ahead_of_their_batch_are_of_its_hour_and_very_old_ones_of_none(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, "web1", 1, 0)])
    now = START + 48 * HOUR
    old = [left(48 - HOURS_KEPT - 1, 0)] * 50
    [alert] = world.step(now, *[left(70, 0)] * 30, *old)
    assert (ours(alert)["hour"][:13], ours(alert)["observed"]) == ("2025-12-20T00", 30)


_HOURS = 5


def told_by(
    folder: Path, lines: Sequence[Line], cuts: set[int], tasks: int, restarts: set[int]
) -> set[tuple[str, ...]]:
    """
    Return what is told of lines in the order of their times, in batches that are planned as their last line came.

    One begins with each hour: a stream without a step for longer has not listened.
    """
    config = AlertsConfig(rate=RateConfig(enabled=True, least_lines=3, factor=1.0, late_minutes=1))
    rows = [rate(_LEFT, host, usual) for host, usual in (("web1", 9), ("web2", 20))]
    world = World(folder, rows, config, seconds=3_600.0)
    at = 0
    for minute in sorted({*cuts, *range(0, 60 * _HOURS + 1, 60), 60 * _HOURS + 2}):
        until = START + minute * MINUTE
        end = next((number for number, (time, _) in enumerate(lines) if time > until), len(lines))
        world.step(until, *lines[at:end], tasks=tasks)
        at = end
        if minute in restarts:
            world.restart()
    return {(each["event"]["id"], ours(each)["kind"], ours(each)["hour"]) for each in world.sink.values()}


@given(
    minutes=st.lists(st.tuples(st.integers(0, 60 * _HOURS), st.sampled_from(["web1", "web2", "web3"])), max_size=150),
    cuts=st.sets(st.integers(0, 60 * _HOURS), max_size=9),
    tasks=st.integers(1, 3),
)
def test_the_same_is_told_however_lines_are_cut_into_batches_and_tasks_over_restarts(
    minutes: list[tuple[int, str]], cuts: set[int], tasks: int
) -> None:
    lines = [left(0, minute, host) for minute, host in sorted(minutes)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        assert told_by(Path(one), lines, cuts, tasks, cuts) == told_by(Path(other), lines, set(), 1, set())
