"""Heartbeats: late once a silence, one alert a host or source, nothing of time in which nobody listened."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from patterns.timestamps import SECOND
from streaming.config import HeartbeatConfig
from tests.streaming.unusual.world import MINUTE, START, Line, World, beat, line, quiet, rate, told

_BEAT = "beat *{1,1} of *{1,1}"
_STATE = "state is *{1,1} now"
_LEFT = "user *{1,1} left"

Alerts = list[dict[str, Any]]


def beats(time: int, *hosts: str, message: str = "beat 7 of 9") -> list[Line]:
    return [line(time, message, host) for host in hosts]


def minutes(
    world: World, begin: int, end: int, lines: Callable[[int], Iterable[Line]], *, every: int = 20, full: bool = False
) -> Alerts:
    """Take a step every so many seconds, with lines at whole minutes; return what is told."""
    made: Alerts = []
    for second in range(begin * 60, end * 60, every):
        time = START + second * SECOND
        made += world.step(time, *(lines(time) if second % 60 == 0 else ()), full=full)
    return made


def test_a_heartbeat_that_stops_is_told_once_and_again_when_it_stops_again_in_another_bucket(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "web2", 60, 4)])
    assert minutes(world, 0, 10, lambda time: beats(time, "web1", "web2")) == []
    # 60 + 3 times 4 + 60 seconds after the last, at nine.
    assert minutes(world, 10, 11, lambda time: beats(time, "web2")) == []
    [alert] = minutes(world, 11, 120, lambda time: beats(time, "web2"))
    assert told([alert]) == [("heartbeat", "web1")]
    ours = alert["logwinnow"]
    assert (ours["period"], ours["observed"], ours["last"]) == (60.0, 140.0, "2025-12-18T00:09:00.000Z")
    assert alert["@timestamp"] == "2025-12-18T00:11:20.000Z"
    assert alert["message"].startswith(
        "no line for 2 min 20 s, usual is one every 1 min; the last is of 2025-12-18 00:09:00 UTC: app: beat "
    )
    assert minutes(world, 120, 150, lambda time: beats(time, "web1", "web2")) == []
    assert minutes(world, 150, 160, lambda time: beats(time, "web2")) == []
    assert minutes(world, 160, 24 * 60, lambda time: beats(time, "web1", "web2"), every=60) == []
    [alert] = minutes(world, 24 * 60, 24 * 60 + 5, lambda time: beats(time, "web2"))
    assert alert["logwinnow"]["untold"] == 1


def test_when_it_comes_again_a_number_says_so(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60), beat(_BEAT, "web2", 60)])
    minutes(world, 0, 10, lambda time: beats(time, "web1", "web2"))
    minutes(world, 10, 20, lambda time: beats(time, "web2"))
    time = START + 20 * MINUTE
    counted = world.counted(time, [beats(time, "web1", "web2")])
    telling = world.watch.judge(world.batch + 1, time, counted, 2, world.live, lambda _time: True)
    assert telling.counts["heard_again"] == 1


def test_a_wrong_clock_on_the_host_changes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4)])
    for hours in (-3, 3):

        def ahead(time: int, off: int = hours * 60 * MINUTE) -> list[Line]:
            return beats(time + off, "web1")

        assert minutes(world, 0, 30, ahead) == []
        world = World(tmp_path / str(hours), world.rows)


def test_thirty_late_ones_on_one_host_are_one_alert(tmp_path: Path) -> None:
    messages = [_BEAT, _STATE, _LEFT]
    rows = [beat(text, host, 60, 4) for host in ("web1", "web2") for text in messages]
    world = World(tmp_path, rows)

    def all_of(time: int, *hosts: str) -> list[Line]:
        return [
            each
            for message in ("beat 7 of 9", "state is on now", "user 7 left")
            for each in beats(time, *hosts, message=message)
        ]

    assert minutes(world, 0, 10, lambda time: all_of(time, "web1", "web2")) == []
    [alert] = minutes(world, 10, 60, lambda time: all_of(time, "web2"))
    assert told([alert]) == [("silent_host", "web1")]
    assert "host web1 is silent: 3 of 3 heartbeats are missed" in alert["message"]
    # Two of three: each for itself, for it is no silent host.
    assert minutes(world, 60, 70, lambda time: all_of(time, "web1", "web2")) == []
    made = minutes(world, 70, 80, lambda time: [*all_of(time, "web2"), *beats(time, "web1")])
    assert told(made) == [("heartbeat", "web1")] * 2


def test_of_a_hundred_heartbeats_thirty_that_are_late_are_one_alert(tmp_path: Path) -> None:
    # More patterns than the set of these tests has, so by numbers alone.
    config = quiet(heartbeat=HeartbeatConfig(enabled=True, host_silent_from=3))
    rows = [
        type(row)(pattern=f"{n:012x}", host="web1", period=60, tolerance=4, times=9)
        for n in range(100)
        for row in [beat(_BEAT, "", 1)]
    ]
    world = World(tmp_path, [*rows, beat(_BEAT, "web2", 60)], config)
    made: Alerts = []
    for second in range(0, 1_800, 20):
        time = START + second * SECOND
        counted = world.counted(time, [beats(time, "web2")] if second % 60 == 0 else [])
        alive = range(100) if second < 600 else range(70)
        number = {key: n for n, key in enumerate(world.usual.heartbeat_of)}
        # Each at its own second of the minute.
        here = [n for n in alive if n % 3 == second // 20 % 3]
        counted.beats.update({number[f"{n:012x} web1"]: (1, time) for n in here})
        world.batch += 1
        telling = world.watch.judge(world.batch, time, counted, 1, world.live, lambda _time: True)
        world.watch.keep()
        made += [each.document for each in telling.alerts]
    assert told(made) == [("silent_host", "web1")]
    assert "host web1 is partly silent: 30 of 100 heartbeats are missed" in made[0]["message"]


def test_all_hosts_while_other_lines_come_are_the_silent_source(tmp_path: Path) -> None:
    hosts = [f"web{number}" for number in range(30)]
    world = World(tmp_path, [beat(_BEAT, host, 60, 4) for host in hosts])
    assert minutes(world, 0, 10, lambda time: beats(time, *hosts)) == []
    [alert] = minutes(world, 10, 60, lambda time: [line(time, "what is this")])
    assert told([alert]) == [("silent_source", "")]
    assert "source app is silent: 30 of 30 heartbeats of 30 hosts are missed" in alert["message"]
    # One comes back, and its neighbour is missed for itself from then on.
    assert minutes(world, 60, 70, lambda time: beats(time, "web3")) == []


def test_where_nothing_comes_at_all_the_clock_tells_that_the_source_is_silent_once(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_STATE, "web1", 600), beat(_BEAT, "web2", 60, 4)])
    assert minutes(world, 0, 10, lambda time: [*beats(time, "web1", "web2"), line(time, "state is on now")]) == []
    looks = [(minute, world.look(START + minute * MINUTE // 2)) for minute in range(20, 400)]
    [(at, [alert])] = [(minute, made) for minute, made in looks if made]
    assert told([alert]) == [("silent_source", "")]
    assert at == 23
    assert "no line at all since 2025-12-18 00:09:00 UTC, 2 of 3 heartbeats of 2 hosts are missed" in alert["message"]
    world.restart()
    assert world.look(START + 201 * MINUTE) == []
    # Back again: what does not come back with it is told for itself.
    assert minutes(world, 201, 203, lambda time: beats(time, "web1")) == []
    assert told(minutes(world, 203, 210, lambda time: beats(time, "web1"))) == [("heartbeat", "web2")]


def test_a_heartbeat_that_had_stopped_before_is_told_by_the_next_line_and_makes_no_silent_source(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "web2", 600, 4), beat(_BEAT, "web3", 600, 4)])
    assert minutes(world, 0, 10, lambda time: beats(time, "web1", "web2", "web3")) == []
    # One stops, and the next line of another host comes before it is late.
    assert world.step(START + 10 * MINUTE + 30 * SECOND, *beats(START + 10 * MINUTE, "web2")) == []
    looks = [world.look(START + 11 * MINUTE + second * SECOND) for second in range(0, 180, 30)]
    assert looks == [[]] * len(looks)
    assert told(world.step(START + 14 * MINUTE, *beats(START + 14 * MINUTE, "web3"))) == [("heartbeat", "web1")]


def test_by_rates_too_an_hour_without_any_line_is_the_silent_source(tmp_path: Path) -> None:
    world = World(tmp_path, [rate(_LEFT, host, 120, 4) for host in ("web1", "web2")])

    def steady(time: int) -> list[Line]:
        return beats(time, "web1", "web2", message="user 7 left") * 2

    assert minutes(world, 0, 60, steady) == []
    looks = [world.look(START + minute * MINUTE) for minute in range(60, 300)]
    [[alert]] = [made for made in looks if made]
    assert told([alert]) == [("silent_source", "")]
    assert "in the hour from 2025-12-18 01:00 UTC no line of 2 usual patterns of 2 hosts" in alert["message"]


@pytest.mark.parametrize("away", [3, 360])
def test_a_stream_that_was_down_tells_no_silence_of_that_time(away: int, tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "web2", 60, 4)])
    assert minutes(world, 0, 10, lambda time: beats(time, "web1", "web2")) == []
    world.restart()
    back = 10 + away
    missed = [each for minute in range(10, back) for each in beats(START + minute * MINUTE, "web1", "web1")]
    # The first batch of it is full, and the rest comes later.
    assert world.step(START + back * MINUTE, *missed[: len(missed) // 3], full=True) == []
    # Of one host they come before those of the other.
    assert world.step(START + back * MINUTE + 20 * SECOND, *missed[len(missed) // 3 :]) == []
    assert minutes(world, back + 1, back + 30, lambda time: beats(time, "web1", "web2")) == []
    assert told(minutes(world, back + 30, back + 40, lambda time: beats(time, "web1"))) == [("heartbeat", "web2")]


def test_nothing_is_missed_while_there_is_more_to_read(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "web2", 60, 4)])
    assert minutes(world, 0, 10, lambda time: beats(time, "web1", "web2")) == []
    assert minutes(world, 10, 60, lambda time: beats(time, "web2"), full=True) == []


def test_what_comes_in_lumps_is_told_once_and_then_waited_for(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "copied", 60, 4)])

    def lumps(time: int) -> list[Line]:
        minute = (time - START) // MINUTE
        lump = [beats(time - n * MINUTE, "copied")[0] for n in range(30)] if minute % 30 == 0 else []
        return [*beats(time, "web1"), *lump]

    world.config = quiet(repeat_after_hours=1)
    world.restart()
    made = minutes(world, 0, 360, lumps)
    assert told(made) == [("heartbeat", "copied")]
    # What stops for good is told, some time later.
    assert told(minutes(world, 360, 480, lambda time: beats(time, "web1"))) == [("heartbeat", "copied")]


def test_a_heartbeat_that_the_stream_never_heard_is_not_missed(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "gone", 60, 4)])
    assert minutes(world, 0, 60, lambda time: beats(time, "web1")) == []


def test_before_the_first_batch_a_look_tells_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4)])
    assert [world.look(START + minute * MINUTE) for minute in range(9)] == [[]] * 9


def test_where_the_cap_is_reached_a_silence_is_told_later(tmp_path: Path) -> None:
    world = World(tmp_path, [beat(_BEAT, "web1", 60, 4), beat(_BEAT, "web2", 60, 4)], quiet(per_hour=1))
    world.state = type(world.state)(hour=START // (60 * MINUTE), told=1)
    assert minutes(world, 0, 10, lambda time: beats(time, "web1", "web2")) == []
    made = minutes(world, 10, 62, lambda time: beats(time, "web1"))
    assert {kind for kind, _ in told(made[:-1])} == {"overflow"}
    assert told(made[-1:]) == [("heartbeat", "web2")]
    assert made[-1]["@timestamp"][11:13] == "01"
