"""What is usual: rates, heartbeats and values of lines that are known, and what is none of them."""

from random import Random

import pytest

from patterns.baselines import HOURS, MOST_VALUES
from patterns.observed import HOUR
from training.baselines.heartbeats import heartbeat_of
from training.baselines.rates import rate_of
from training.baselines.values import are_amounts, values_of
from training.baselines.window import Known, Window
from training.config import Learning
from training.fetched.time_range import TimeRange

DAY = 20_000
LEARNING = Learning(learn=True)


def known(days: int = 14, *, excluded: tuple[TimeRange, ...] = (), missing: frozenset[int] = frozenset()) -> Known:
    """Return whole days of which it is known, but for some."""
    there = frozenset(range(DAY, DAY + days)) - missing
    return Known(Window(DAY, DAY + days - 1, excluded), there, DAY * HOURS, (DAY + days) * HOURS - 1)


def hourly(days: int, lines: int) -> dict[int, int]:
    return dict.fromkeys(range(DAY * HOURS, (DAY + days) * HOURS), lines)


def beats(times: list[int]) -> dict[int, list[int]]:
    """Return seconds since the first day's begin by their hours."""
    found: dict[int, list[int]] = {}
    for time in sorted(set(times)):
        found.setdefault(DAY * HOURS + time // 3_600, []).append(time % 3_600)
    return found


def test_a_rate_is_the_median_of_an_hour_and_the_spread_around_it() -> None:
    lines = hourly(5, 30)
    lines |= {(DAY + day) * HOURS + 8: number for day, number in enumerate([30, 34, 38, 42, 1_000])}
    rate = rate_of("p", "h", lines, known(5), LEARNING)
    assert rate is not None
    assert rate.days == 5
    assert rate.hours[8] == (38.0, round(1.4826 * 4, 4))
    assert rate.hours[9] == (30.0, 0.0)


def test_an_hour_without_a_line_counts_as_none_from_the_first_day_of_a_pattern_on() -> None:
    lines = {hour: 30 for hour in hourly(9, 0) if hour // HOURS >= DAY + 4 and hour % HOURS in (6, 7)}
    rate = rate_of("p", "h", lines, known(9), LEARNING)
    assert rate is not None
    assert rate.days == 5
    assert [middle for middle, _ in rate.hours[5:9]] == [0.0, 30.0, 30.0, 0.0]


def test_what_has_stopped_for_most_of_the_days_has_no_rate() -> None:
    assert rate_of("p", "h", hourly(8, 30), known(14), LEARNING) is not None
    assert rate_of("p", "h", hourly(6, 30), known(14), LEARNING) is None


def test_days_of_which_nothing_is_known_and_excluded_hours_say_nothing_of_a_rate() -> None:
    away = frozenset({DAY + 1, DAY + 2, DAY + 3})
    lines = {hour: number for hour, number in hourly(7, 30).items() if hour // HOURS not in away}
    rate = rate_of("p", "h", lines, known(7, missing=away), LEARNING)
    assert rate is not None
    assert rate.days == 4
    assert rate.hours[0] == (30.0, 0.0)

    night = tuple(TimeRange((DAY + day) * HOURS * HOUR + 1, (DAY + day) * HOURS * HOUR + 2) for day in range(2))
    flooded = hourly(4, 30) | {DAY * HOURS: 9_000, (DAY + 1) * HOURS: 9_000}
    assert rate_of("p", "h", flooded, known(4, excluded=night), LEARNING) is None
    rate = rate_of("p", "h", flooded, known(4, excluded=night), Learning(least_days=2))
    assert rate is not None
    assert rate.hours[0] == (30.0, 0.0)


@pytest.mark.parametrize(("days", "lines", "learned"), [(3, 20, True), (2, 20, False), (3, 19, False)])
def test_of_few_days_or_lines_there_is_no_rate(days: int, lines: int, learned: bool) -> None:
    assert (rate_of("p", "h", hourly(days, lines), known(days), LEARNING) is not None) == learned


def test_an_even_pattern_is_a_heartbeat_and_what_comes_by_chance_is_none() -> None:
    random = Random(1)
    even = heartbeat_of("p", "h", beats([60 * n + random.randint(0, 3) for n in range(3 * 1_440)]), known(3))
    assert even is not None
    assert 59 <= even.period <= 61
    assert 6 <= even.tolerance <= 20
    assert even.times == 3 * 1_440
    chance = beats([random.randint(0, 3 * 86_400) for _ in range(3 * 1_440)])
    assert heartbeat_of("p", "h", chance, known(4)) is None


@pytest.mark.parametrize("period", [10, 11, 15, 20, 30, 60, 300, 3_600])
def test_chance_of_any_density_makes_no_heartbeat(period: int) -> None:
    for seed in range(20):
        random = Random(seed)
        chance = beats([random.randint(0, 2 * 86_400 - 1) for _ in range(2 * 86_400 // period)])
        assert heartbeat_of("p", "h", chance, known(2)) is None


def test_a_nightly_job_is_a_heartbeat_after_a_week() -> None:
    times = [day * 86_400 + 7_200 + day % 3 for day in range(8)]
    found = heartbeat_of("p", "h", beats(times), known(8))
    assert found is not None
    assert found.times == 8
    assert abs(found.period - 86_400) <= 1
    assert heartbeat_of("p", "h", beats(times[:6]), known(6)) is None


def test_an_outage_leaves_a_heartbeat_one_and_what_often_stops_is_none() -> None:
    minutes = list(range(0, 5 * 86_400, 60))
    outage = [time for time in minutes if not 100_000 < time < 130_000]
    found = heartbeat_of("p", "h", beats(outage), known(5))
    assert found is not None
    assert found.tolerance == 6.0
    by_day = [time for time in range(0, 5 * 86_400, 600) if 8 * 3_600 <= time % 86_400 < 18 * 3_600]
    assert heartbeat_of("p", "h", beats(by_day), known(5)) is None


def test_two_jobs_of_one_pattern_are_no_heartbeat() -> None:
    times = [*range(0, 3 * 86_400, 300), *range(117, 3 * 86_400, 900)]
    assert heartbeat_of("p", "h", beats(times), known(3)) is None


def test_what_stopped_long_ago_or_has_no_host_is_no_heartbeat() -> None:
    times = list(range(0, 3 * 86_400, 600))
    assert heartbeat_of("p", "h", beats(times), known(3)) is not None
    assert heartbeat_of("p", "", beats(times), known(3)) is None
    assert heartbeat_of("p", "h", beats(times), known(4)) is None


def test_over_what_nobody_knows_there_is_no_distance() -> None:
    times = [time for time in range(0, 6 * 86_400, 3_600) if time // 86_400 not in (2, 4)]
    assert heartbeat_of("p", "h", beats(times), known(6)) is None
    found = heartbeat_of("p", "h", beats(times), known(6, missing=frozenset({DAY + 2, DAY + 4})))
    assert found is not None
    assert found.period == 3_600
    assert found.times == 4 * 24


def test_over_an_hour_with_too_many_lines_there_is_no_distance() -> None:
    hourly_beats: dict[int, list[int] | None] = dict(beats(list(range(0, 9 * 86_400, 3_600))))
    found = heartbeat_of("p", "h", hourly_beats | dict.fromkeys([DAY * HOURS + 30, DAY * HOURS + 60]), known(9))
    assert found is not None
    assert found.tolerance == 360.0
    often = dict.fromkeys([DAY * HOURS + 30, DAY * HOURS + 60, DAY * HOURS + 90])
    assert heartbeat_of("p", "h", hourly_beats | often, known(9)) is None


def days_with(*values: list[str], lines: int = 100) -> dict[int, tuple[int, list[str] | None]]:
    return {DAY + day: (lines, some) for day, some in enumerate(values)}


def test_a_gap_that_has_long_taken_no_new_value_has_all_of_them() -> None:
    found = values_of("p", 1, days_with(["a"], ["b", "a"], ["a"], ["a"], ["b"]), LEARNING)
    assert found is not None
    assert found.values == ("a", "b")
    assert found.lines == 500
    assert found.gap == 1


def test_what_is_new_each_day_is_no_value() -> None:
    dates = [[f"2026-11-{day:02}"] for day in range(1, 15)]
    assert values_of("p", 0, days_with(*dates, lines=1_000), LEARNING) is None
    assert values_of("p", 0, days_with(["a"], ["a"], ["a"], ["b"]), LEARNING) is None


def test_a_new_value_in_many_lines_is_one_more() -> None:
    found = values_of("p", 0, days_with(["a"], ["a"], ["a"], ["b"], lines=300), LEARNING)
    assert found is not None
    assert found.values == ("a", "b")


def test_in_few_lines_values_are_all_if_each_came_on_three_days() -> None:
    found = values_of("p", 0, days_with(["a", "b"], ["a", "b"], ["b"], ["a"], lines=7), LEARNING)
    assert found is not None
    assert found.values == ("a", "b")
    assert values_of("p", 0, days_with(["a", "b"], ["a", "b"], ["a"], ["a"], lines=7), LEARNING) is None
    assert values_of("p", 0, days_with(["a", "b"], ["a", "b"], ["a"], ["a"], lines=30), LEARNING) is not None


def test_many_lines_of_the_first_days_prove_nothing_of_the_later_ones() -> None:
    first, later = days_with(["a", "b"], ["a"], lines=300), days_with([], [], ["a"], ["a"], lines=7)
    assert values_of("p", 0, {**later, **first}, LEARNING) is None
    assert values_of("p", 0, {**days_with([], [], ["a"], ["b"], ["b"], lines=7), **first}, LEARNING) is not None


def test_too_many_values_too_few_lines_or_days_say_nothing() -> None:
    many = [f"v{chr(97 + n)}" for n in range(MOST_VALUES + 1)]
    assert values_of("p", 0, days_with(many[1:], many[1:], many[1:]), LEARNING) is not None
    assert values_of("p", 0, days_with(many, many, many), LEARNING) is None
    assert values_of("p", 0, {**days_with(["a"], ["a"], ["a"]), DAY: (1, None)}, LEARNING) is None
    assert values_of("p", 0, days_with(["a"], ["a"], ["a"], lines=6), LEARNING) is None
    assert values_of("p", 0, days_with(["a"], ["a"], lines=1_000), LEARNING) is None


@pytest.mark.parametrize(
    ("values", "amounts"),
    [
        (["0", "1", "2", "3", "4"], True),
        (["0", "1", "2", "3"], False),
        (["12 secs", "14 secs", "15 secs", "16 secs", "11 secs"], True),
        (["1/60s", "2/60s", "3/60s", "5/60s", "7/60s"], True),
        (["1005", "1006", "1013", "1019", "1030"], False),
        (["200", "301", "304", "404", "500", "503"], False),
        (["/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd", "/dev/sde"], False),
        (["a1", "b2", "a3", "a4", "a5"], False),
    ],
)
def test_numbers_side_by_side_are_amounts(values: list[str], amounts: bool) -> None:
    assert are_amounts(values) == amounts
