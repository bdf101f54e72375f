"""Troubles that no new kind of line tells of: what the schedule says of them is so, and all else is as without them."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from simulated_weeks import NORMAL, learned_before, of_cause, within

from commands.simulation.events.event import CAUSES, Event
from commands.simulation.events.troubles import BURSTS, SORTS, VALUES
from commands.simulation.fleet import SimulatedLine
from commands.simulation.hosts import FLEET
from commands.simulation.weeks import LEAST_LINES, planned_events, simulate_days

DAYS, TROUBLES, VOLUME = 14, 8, 20_000


@pytest.fixture(scope="module")
def events() -> dict[str, Event]:
    return {event.id: event for event in planned_events(DAYS, 2, lines_per_day=VOLUME, troubles=TROUBLES)}


@pytest.fixture(scope="module")
def lines() -> list[SimulatedLine]:
    return list(simulate_days(DAYS, 2, lines_per_day=VOLUME, troubles=TROUBLES))


def host_of(line: SimulatedLine) -> str:
    return line.text.split()[3]


def of_event(lines: list[SimulatedLine], event: Event) -> list[SimulatedLine]:
    return [line for line in lines if line.event == event.id]


def test_there_are_as_many_as_asked_for_of_all_sorts_behind_the_days_for_learning(events: dict[str, Event]) -> None:
    troubles = [event for event in events.values() if event.cause in SORTS]

    assert Counter(event.cause for event in troubles) == dict.fromkeys(SORTS, TROUBLES // len(SORTS))
    assert all(event.windows[0][0] >= learned_before(DAYS) for event in troubles)


def test_all_other_events_are_as_without_them(events: dict[str, Event]) -> None:
    without = planned_events(DAYS, 2, lines_per_day=VOLUME)

    assert [event for event in events.values() if event.cause not in SORTS] == list(without)


@pytest.mark.parametrize("volume", [LEAST_LINES, 5_000, 60_000])
def test_they_are_the_same_in_a_fleet_of_any_volume(volume: int, events: dict[str, Event]) -> None:
    said = {event.id: event for event in planned_events(DAYS, 2, lines_per_day=volume, troubles=TROUBLES)}

    for event in events.values():
        if event.cause in SORTS:
            assert said[event.id] == event


def test_their_lines_are_within_their_windows_and_on_their_hosts(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    for event in events.values():
        if event.cause in {"burst", "value"}:
            said = of_event(lines, event)
            assert said
            assert all(within(event, line.time) for line in said)
            assert {host_of(line) for line in said} == set(event.hosts)


def test_no_line_of_theirs_is_of_a_new_kind(lines: list[SimulatedLine]) -> None:
    said = [line for line in lines if line.cause in SORTS]

    assert {line.cause for line in said} == {"burst", "value"} == set(SORTS) - set(CAUSES) - {"stopped", "silence"}
    assert {line.kind for line in said} <= set(NORMAL)
    assert not any(line.novel for line in said)


def test_a_burst_is_of_one_stranger_and_far_more_than_usual(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    for event in of_cause(events, "burst"):
        said = Counter(line.kind for line in of_event(lines, event))
        kind, times = said.most_common(1)[0]
        usual = Counter(line.time.date() for line in lines if line.kind == kind and line.event is None)
        hours = (event.windows[0][1] - event.windows[0][0]).total_seconds() / 3_600
        assert times / hours > 10 * max(usual.values()) / 24


def test_a_job_that_stops_is_not_said_on_its_host_until_it_is_started_again(
    events: dict[str, Event], lines: list[SimulatedLine]
) -> None:
    for event in of_cause(events, "stopped"):
        when = [line.time for line in lines if line.kind in event.gone and host_of(line) in event.hosts]
        begin, end = event.windows[0]
        gaps = sorted(later - earlier for earlier, later in pairwise(when))
        assert not any(begin <= time < end for time in when)
        assert any(time < begin for time in when)
        assert any(time >= end for time in when)
        assert gaps[-1] > 5 * gaps[len(gaps) // 2]


def test_a_silent_host_says_nothing_and_all_others_speak(events: dict[str, Event], lines: list[SimulatedLine]) -> None:
    for event in of_cause(events, "silence"):
        (host,) = event.hosts
        begin, end = event.windows[0]
        speakers = {host_of(line) for line in lines if begin <= line.time < end}
        assert {each.name for each in FLEET} - speakers == {host}


@pytest.mark.parametrize("seed", range(8))
def test_a_silence_swallows_no_line_of_an_event_on_that_host(seed: int) -> None:
    events = planned_events(DAYS, seed, troubles=TROUBLES)

    for silence in events:
        if silence.cause == "silence":
            (begin, end), (host,) = silence.windows[0], silence.hosts
            others = [event for event in events if host in event.hosts and event != silence]
            assert not any(since < end and until > begin for event in others for since, until in event.windows)


def test_a_value_was_never_there_before(events: dict[str, Event], lines: list[SimulatedLine]) -> None:
    usual = defaultdict(set)
    for line in lines:
        if line.cause != "value":
            usual[line.kind].update(line.text.split())

    for event in of_cause(events, "value"):
        said = of_event(lines, event)
        assert 3 <= len(said) <= 8
        assert set.intersection(*(set(line.text.split()) - usual[line.kind] for line in said))


def test_the_tables_are_of_kinds_that_have_few_values_and_of_stories_at_any_time() -> None:
    assert all(kind.template != NORMAL[kind.label].template for _, kind in VALUES)
    assert set(BURSTS) <= set(NORMAL)


def test_fewer_days_than_troubles_are_a_log_too() -> None:
    lines = list(simulate_days(2, 1, lines_per_day=LEAST_LINES, troubles=40))

    assert {line.cause for line in lines} >= {"burst", "value"}


def test_none_is_asked_for_with_a_number_below_zero() -> None:
    with pytest.raises(ValueError, match="troubles=-1"):
        planned_events(DAYS, 1, troubles=-1)
