"""Which times a range holds, and how a user says its ends."""

from datetime import UTC, datetime

import pytest

from patterns.timestamps import microseconds
from training.fetched.time_range import ANY_TIME, TimeRange, parse_time


def at(*moment: int) -> int:
    return microseconds(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]


NOW = at(2026, 11, 25, 10, 30, 15, 123_456)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24", at(2026, 11, 24)),
        ("2026-11-24T18:30", at(2026, 11, 24, 18, 30)),
        ("2026-11-24 18:30:05", at(2026, 11, 24, 18, 30, 5)),
        ("2026-11-24T18:30:05.123999Z", at(2026, 11, 24, 18, 30, 5, 123_000)),
        ("2026-11-24T18:30+01:00", at(2026, 11, 24, 17, 30)),
        ("2026-11-24T00:30-02:00", at(2026, 11, 24, 2, 30)),
        ("1969-12-31T23:59:59.999999", -1_000),
        ("today", at(2026, 11, 25)),
        ("yesterday", at(2026, 11, 24)),
        ("0m", at(2026, 11, 25, 10, 30, 15, 123_000)),
        ("90m", at(2026, 11, 25, 9, 0, 15, 123_000)),
        ("24h", at(2026, 11, 24, 10, 30, 15, 123_000)),
        ("7d", at(2026, 11, 18, 10, 30, 15, 123_000)),
        ("2w", at(2026, 11, 11, 10, 30, 15, 123_000)),
    ],
)
def test_a_time_is_a_date_or_so_long_ago_in_whole_milliseconds(text: str, time: int) -> None:
    assert parse_time(text, NOW) == time


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-13-01", "2026-02-29", "24", "h", "-1h", "24H", "1.5h", "99999d", "tomorrow", "\u0661h", "24h "],
)
def test_what_is_no_time_is_told_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time: give 2026-11-24, .*yesterday.*24h") as told:
        parse_time(text, NOW)
    assert repr(text) in str(told.value)


def test_a_range_holds_its_start_and_not_its_end() -> None:
    some = TimeRange(1_000, 3_000)

    assert [some.holds(time) for time in (0, 1_000, 2_999, 3_000)] == [False, True, True, False]
    assert [TimeRange(1_000).holds(time) for time in (0, 1_000, 10**18)] == [False, True, True]
    assert [TimeRange(end=1_000).holds(time) for time in (-1, 999, 1_000)] == [True, True, False]
    assert ANY_TIME.holds(-1)


def test_a_range_that_holds_nothing_is_refused() -> None:
    TimeRange(0, 1_000).check()
    for start, end in ((1_000, 1_000), (2_000, 1_000)):
        with pytest.raises(ValueError, match="the first time is to be the earlier one"):
            TimeRange(start, end).check()


@pytest.mark.parametrize(
    ("some", "said"),
    [
        (ANY_TIME, "of any time"),
        (TimeRange(at(2026, 11, 24)), "from 2026-11-24T00:00:00.000Z to the last"),
        (TimeRange(end=at(2026, 11, 24)), "from the first to 2026-11-24T00:00:00.000Z"),
        (TimeRange(0, 1_000), "from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.001Z"),
    ],
)
def test_a_range_says_itself(some: TimeRange, said: str) -> None:
    assert str(some) == said
