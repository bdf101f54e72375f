"""The fleet over weeks: what its labels and its schedule promise to those who measure a nightly trainer with it."""

import gc
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest
from simulated_weeks import DAYS, NORMAL, VOLUME, days_of, learned_before

from commands.simulation.book import Book
from commands.simulation.chance import Chance
from commands.simulation.clock import Clock, Often
from commands.simulation.events.event import Event
from commands.simulation.events.script import Script
from commands.simulation.fleet import SimulatedLine
from commands.simulation.stage import Stage
from commands.simulation.volume import Volume
from commands.simulation.weeks import LEAST_LINES, MOST_DAYS, START, planned_events, simulate_days

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
    learned = learned_before(days)
    early = days_of([line for line in lines if line.time < learned])

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
        assert line.novel <= (line.time >= learned_before(days))
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
