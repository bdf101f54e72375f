"""What happens to the fleet over weeks: each event as its schedule and its labels say."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

from simulated_weeks import NORMAL, VOLUME, days_of, learned_before, of_cause, within

from commands.simulation.events.drifts import VALUES, WORDS
from commands.simulation.events.event import CAUSES, Event
from commands.simulation.events.seasons import SEASONS
from commands.simulation.fleet import SimulatedLine
from commands.simulation.weeks import LEAST_LINES, START, simulate_days

# Events


def test_every_line_of_an_event_is_within_its_windows(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    assert [line for line in lines if line.event and not within(events[line.event], line.time)] == []


def test_a_line_has_the_cause_of_its_event(long_time: tuple[int, dict[str, Event], list[SimulatedLine]]) -> None:
    _, events, lines = long_time

    for line in lines:
        assert line.cause in CAUSES
        assert line.cause == (events[line.event].cause if line.event else "normal")


def test_every_event_has_lines_and_all_its_kinds(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time
    said = defaultdict(set)
    for line in lines:
        said[line.event].add(line.kind)

    for event in events.values():
        assert event.kinds == () or set(event.kinds) <= said[event.id], event.id
        assert said[event.id] or event.cause == "decommission", event.id


def test_all_sorts_of_events_occur_from_seven_days_on(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    events = long_time[1]

    assert {event.cause for event in events.values()} == {*CAUSES, "decommission"} - {"normal"}


def test_nothing_but_jobs_happens_while_all_is_learned(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    days, _, lines = long_time

    assert {line.cause for line in lines if line.time < learned_before(days)} <= {"normal", "seasonal"}


def test_several_programs_are_deployed(schedule: dict[str, Event]) -> None:
    deployed = of_cause(schedule, "deployment")

    assert len({event.programs for event in deployed}) == len(deployed) == 3


def test_a_deployment_brings_kinds_and_ends_others_for_good(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in of_cause(events, "deployment"):
        begun = event.windows[0][0]
        before = {line.kind for line in lines if line.time < begun}
        after = {line.kind for line in lines if line.time >= begun + timedelta(seconds=1)}
        assert set(event.gone) <= before - after
        assert before.isdisjoint(event.kinds)


def test_what_a_deployment_brings_is_seen_on_two_days(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time
    days = days_of(lines)

    for event in of_cause(events, "deployment"):
        assert {kind for kind in event.kinds if len(days[kind]) < 2} == set()


def test_a_new_host_speaks_first_when_it_joins_and_says_what_is_known(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in of_cause(events, "new_host"):
        (host,) = event.hosts
        said = [line for line in lines if line.text.split()[3] == host]
        assert 0 <= (said[0].time - event.windows[0][0]).total_seconds() < 60
        assert {line.kind for line in said if line.cause == "new_host"} <= set(NORMAL)
        assert len(said) > 20


def test_an_incident_lasts_hours_and_some_of_it_recurs_on_the_next_day(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in of_cause(events, "incident"):
        (begin, end), (again, _) = event.windows
        assert timedelta(hours=2) < end - begin < timedelta(hours=7)
        assert begin.date() == end.date() == again.date() - timedelta(days=1)
        days = days_of([line for line in lines if line.event == event.id])
        recurring = {kind for kind in event.kinds if len(days[kind]) == 2}
        assert set() < recurring < set(event.kinds)


def test_an_incident_has_storms_of_novel_kinds_and_a_flood_of_known_ones(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in of_cause(events, "incident"):
        times = Counter((line.kind, line.novel) for line in lines if line.event == event.id)
        assert max(count for (_, novel), count in times.items() if novel) >= 40
        flood = {kind for kind, novel in times if not novel}
        assert flood <= set(NORMAL)
        assert max(times[kind, False] for kind in flood) >= 20


def test_a_drift_keeps_the_kind_and_grows(three_weeks: list[SimulatedLine], schedule: dict[str, Event]) -> None:
    drifts = {event.id: event for event in of_cause(schedule, "drift")}
    labels = {drift.label for drift in WORDS + VALUES}

    assert {line.kind for line in three_weeks if line.event in drifts} <= labels
    assert len(drifts) == 2


def test_a_decommissioned_service_is_silent_for_good(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in of_cause(events, "decommission"):
        end = event.windows[0][0] + timedelta(seconds=1)
        assert set(event.gone) <= {line.kind for line in lines if line.time < end}
        assert {line.kind for line in lines if line.time >= end}.isdisjoint(event.gone)


def test_jobs_of_the_calendar_run_on_their_days_alone() -> None:
    lines = list(simulate_days(50, 3, lines_per_day=LEAST_LINES))
    days = days_of(lines)

    for season in SEASONS:
        expected = {START.date() + timedelta(days=number) for number in range(50)}
        expected = {day for day in expected if season.falls_on(day)}
        assert expected
        for kind in {step.kind.label for step in season.story.steps}:
            assert days[kind] == expected


def test_a_job_that_runs_while_all_is_learned_is_no_news() -> None:
    first_of_december = datetime(2026, 12, 1, tzinfo=UTC)
    closed = [
        {
            line.novel
            for line in simulate_days(21, 1, start=start, lines_per_day=VOLUME)
            if line.kind == "CRON.monthly_accounts"
        }
        for start in (first_of_december, START)
    ]

    assert closed == [{False}, {True}]


def test_hostile_lines_are_among_the_novelties(three_weeks: list[SimulatedLine]) -> None:
    novel = [line.text for line in three_weeks if line.cause == "novelty"]

    assert any("\x1b[2J" in text for text in novel)
    assert any("<script>" in text for text in novel)
    assert not any("\x1b" in line.text for line in three_weeks if line.cause != "novelty")


def test_without_novel_kinds_all_else_happens() -> None:
    causes = {line.cause for line in simulate_days(7, 1, lines_per_day=VOLUME, novel_kinds=0)}

    assert causes == set(CAUSES) - {"novelty"}


def test_an_event_as_json_names_itself_as_labels_do(schedule: dict[str, Event]) -> None:
    for event in schedule.values():
        told = json.loads(event.json())
        assert told["event"] == event.id
        assert [[datetime.fromisoformat(moment) for moment in window] for window in told["windows"]] == [
            list(window) for window in event.windows
        ]
        assert tuple(told["kinds"]) == event.kinds
