"""The fleet over weeks: what its labels and its schedule promise to those who measure a nightly trainer with it."""

import gc
import json
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest

from commands.simulation.book import Book
from commands.simulation.chance import Chance
from commands.simulation.clock import Clock, Often
from commands.simulation.events.drifts import VALUES, WORDS
from commands.simulation.events.event import CAUSES, Event
from commands.simulation.events.plan import learning_days
from commands.simulation.events.script import Script
from commands.simulation.events.seasons import SEASONS
from commands.simulation.fleet import SimulatedLine
from commands.simulation.programs import STORIES
from commands.simulation.stage import Stage
from commands.simulation.volume import Volume
from commands.simulation.weeks import LEAST_LINES, MOST_DAYS, START, planned_events, simulate_days

DAYS = 21
VOLUME = 500
LONG_TIMES = [(7, 1), (14, 2), (14, 3), (30, 4)]
NORMAL = {step.kind.label: step.kind for story in STORIES for step in story.steps}


@pytest.fixture(scope="module")
def three_weeks() -> list[SimulatedLine]:
    return list(simulate_days(DAYS, 1, lines_per_day=VOLUME))


@pytest.fixture(scope="module")
def schedule() -> dict[str, Event]:
    return {event.id: event for event in planned_events(DAYS, 1, lines_per_day=VOLUME)}


@pytest.fixture(scope="module", params=LONG_TIMES, ids=lambda param: f"{param[0]} days, seed {param[1]}")
def long_time(request: pytest.FixtureRequest) -> tuple[int, dict[str, Event], list[SimulatedLine]]:
    days, seed = request.param
    events = {event.id: event for event in planned_events(days, seed, lines_per_day=VOLUME)}
    return days, events, list(simulate_days(days, seed, lines_per_day=VOLUME))


def _within(event: Event, moment: datetime) -> bool:
    return any(begin <= moment < end for begin, end in event.windows)


def _of(events: dict[str, Event], cause: str) -> list[Event]:
    return [event for event in events.values() if event.cause == cause]


def _days_of(lines: list[SimulatedLine]) -> dict[str, set[date]]:
    seen = defaultdict(set)
    for line in lines:
        seen[line.kind].add(line.time.date())
    return seen


def _learned_before(days: int) -> datetime:
    return START + timedelta(days=learning_days(days))


# What the log is


def test_the_lines_are_in_time_order(three_weeks: list[SimulatedLine]) -> None:
    assert all(earlier.time <= later.time for earlier, later in pairwise(three_weeks))


def test_there_are_lines_on_each_day_and_on_no_other(three_weeks: list[SimulatedLine]) -> None:
    days = [START.date() + timedelta(days=number) for number in range(DAYS)]

    assert sorted({line.time.date() for line in three_weeks}) == days


def test_the_same_options_give_the_same_lines(three_weeks: list[SimulatedLine]) -> None:
    assert list(simulate_days(DAYS, 1, lines_per_day=VOLUME)) == three_weeks


def test_another_seed_gives_other_lines_and_another_schedule(schedule: dict[str, Event]) -> None:
    other = planned_events(DAYS, 2, lines_per_day=VOLUME)

    assert [event.windows for event in other] != [event.windows for event in schedule.values()]
    assert list(islice(simulate_days(2, 1), 200)) != list(islice(simulate_days(2, 2), 200))


def test_the_zone_of_the_start_makes_no_difference() -> None:
    east = START.astimezone(timezone(timedelta(hours=9)))

    assert list(islice(simulate_days(3, 1, start=east), 500)) == list(islice(simulate_days(3, 1), 500))


@pytest.mark.parametrize("volume", [2_000, 20_000, 60_000])
def test_a_working_day_has_about_as_many_lines_as_asked_for(volume: int) -> None:
    lines = simulate_days(1, 5, lines_per_day=volume, novel_kinds=0)

    assert 0.85 * volume < sum(1 for _ in lines) < 1.3 * volume


def test_memory_does_not_grow_with_the_lines() -> None:
    lines = simulate_days(MOST_DAYS, 1, lines_per_day=2_000)

    def held_after(count: int) -> int:
        for _ in islice(lines, count):
            pass
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = held_after(4_000)
        late = held_after(30_000)
    finally:
        tracemalloc.stop()
    assert late - early < 600_000


def test_it_is_an_iterator() -> None:
    assert isinstance(simulate_days(MOST_DAYS, 1, lines_per_day=10**6), Iterator)


@pytest.mark.parametrize("days", [1, 2, 3, 4])
def test_few_days_are_a_log_too(days: int) -> None:
    lines = list(simulate_days(days, 1, lines_per_day=LEAST_LINES))

    assert {line.time.date() for line in lines} == {START.date() + timedelta(days=day) for day in range(days)}
    assert any(line.event for line in lines) == (days > 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": 0},
        {"days": MOST_DAYS + 1},
        {"seed": -1},
        {"lines_per_day": LEAST_LINES - 1},
        {"novel_kinds": -1},
        {"start": datetime(2026, 11, 16)},  # noqa: DTZ001 - that is the point
        {"start": datetime(2026, 11, 16, 8, tzinfo=UTC)},
    ],
)
def test_arguments_without_sense_are_refused_at_once(wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"days": 7, "seed": 1} | wrong

    with pytest.raises(ValueError, match="give"):
        simulate_days(**arguments)  # type: ignore[arg-type]


# Fair labels


def test_normal_kinds_are_seen_on_two_days_for_learning_or_never(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    days, _, lines = long_time
    learned = _learned_before(days)
    early = _days_of([line for line in lines if line.time < learned])

    known = {kind for kind, on in early.items() if len(on) >= 2}
    calm = {line.kind for line in lines if line.cause in {"normal", "new_host", "drift"}}
    assert calm <= known
    assert len(calm) > 0.99 * len(NORMAL)


def test_a_kind_that_was_not_learned_in_time_is_left_out() -> None:
    book, clock, day = Book(), Clock(START), timedelta(days=1)
    book.at(Often(4), ("bastion",)).story("""
        0        tool.begun  begun
        100000   tool.ended  ended, more than a day later
    """)
    (story,) = book.stories
    stage = Stage(Script(), Volume(1, {story: story}, {story: frozenset({"bastion"})}), clock, Chance(1))
    stage.rehearse(clock.start, 2)

    said = [
        (clock.moment(telling.scene.time) - START >= 2 * day, stage.said(story, telling.scene.machine, telling.kind, 0))
        for telling in islice(stage.traffic.tellings(), 100)
    ]

    assert {(late, kind and kind[0].label) for late, kind in said} == {
        (False, "tool.begun"),
        (False, "tool.ended"),
        (True, "tool.begun"),
        (True, None),
    }


def test_a_novel_kind_is_first_seen_in_its_event(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    days, events, lines = long_time
    brought = {kind for event in events.values() for kind in event.kinds}

    assert {line.kind for line in lines if line.novel}.isdisjoint(NORMAL)
    for line in lines:
        assert line.novel <= (line.time >= _learned_before(days))
        assert line.event is None or (line.kind in events[line.event].kinds) == (line.kind in brought)


def test_a_kind_is_novel_always_or_never(long_time: tuple[int, dict[str, Event], list[SimulatedLine]]) -> None:
    verdicts = defaultdict(set)
    for line in long_time[2]:
        verdicts[line.kind].add(line.novel)

    assert {kind for kind, novel in verdicts.items() if len(novel) > 1} == set()


def test_causes_say_what_is_novel(three_weeks: list[SimulatedLine]) -> None:
    novel = {(line.cause, line.novel) for line in three_weeks}

    assert novel == {
        ("normal", False),
        ("new_host", False),
        ("drift", False),
        ("deployment", True),
        ("novelty", True),
        ("incident", True),
        ("incident", False),  # the flood
        ("seasonal", False),  # what ran while all was learned
        ("seasonal", True),
    }


# Events


def test_every_line_of_an_event_is_within_its_windows(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    assert [line for line in lines if line.event and not _within(events[line.event], line.time)] == []


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

    assert {line.cause for line in lines if line.time < _learned_before(days)} <= {"normal", "seasonal"}


def test_several_programs_are_deployed(schedule: dict[str, Event]) -> None:
    deployed = _of(schedule, "deployment")

    assert len({event.programs for event in deployed}) == len(deployed) == 3


def test_a_deployment_brings_kinds_and_ends_others_for_good(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in _of(events, "deployment"):
        begun = event.windows[0][0]
        before = {line.kind for line in lines if line.time < begun}
        after = {line.kind for line in lines if line.time >= begun + timedelta(seconds=1)}
        assert set(event.gone) <= before - after
        assert before.isdisjoint(event.kinds)


def test_what_a_deployment_brings_is_seen_on_two_days(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time
    days = _days_of(lines)

    for event in _of(events, "deployment"):
        assert {kind for kind in event.kinds if len(days[kind]) < 2} == set()


def test_a_new_host_speaks_first_when_it_joins_and_says_what_is_known(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in _of(events, "new_host"):
        (host,) = event.hosts
        said = [line for line in lines if line.text.split()[3] == host]
        assert 0 <= (said[0].time - event.windows[0][0]).total_seconds() < 60
        assert {line.kind for line in said if line.cause == "new_host"} <= set(NORMAL)
        assert len(said) > 20


def test_an_incident_lasts_hours_and_some_of_it_recurs_on_the_next_day(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in _of(events, "incident"):
        (begin, end), (again, _) = event.windows
        assert timedelta(hours=2) < end - begin < timedelta(hours=7)
        assert begin.date() == end.date() == again.date() - timedelta(days=1)
        days = _days_of([line for line in lines if line.event == event.id])
        recurring = {kind for kind in event.kinds if len(days[kind]) == 2}
        assert set() < recurring < set(event.kinds)


def test_an_incident_has_storms_of_novel_kinds_and_a_flood_of_known_ones(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in _of(events, "incident"):
        times = Counter((line.kind, line.novel) for line in lines if line.event == event.id)
        assert max(count for (_, novel), count in times.items() if novel) >= 40
        flood = {kind for kind, novel in times if not novel}
        assert flood <= set(NORMAL)
        assert max(times[kind, False] for kind in flood) >= 20


def test_a_drift_keeps_the_kind_and_grows(three_weeks: list[SimulatedLine], schedule: dict[str, Event]) -> None:
    drifts = {event.id: event for event in _of(schedule, "drift")}
    labels = {drift.label for drift in WORDS + VALUES}

    assert {line.kind for line in three_weeks if line.event in drifts} <= labels
    assert len(drifts) == 2


def test_a_decommissioned_service_is_silent_for_good(
    long_time: tuple[int, dict[str, Event], list[SimulatedLine]],
) -> None:
    _, events, lines = long_time

    for event in _of(events, "decommission"):
        end = event.windows[0][0] + timedelta(seconds=1)
        assert set(event.gone) <= {line.kind for line in lines if line.time < end}
        assert {line.kind for line in lines if line.time >= end}.isdisjoint(event.gone)


def test_jobs_of_the_calendar_run_on_their_days_alone() -> None:
    lines = list(simulate_days(50, 3, lines_per_day=LEAST_LINES))
    days = _days_of(lines)

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
