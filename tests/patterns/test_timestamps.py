"""Times of headers, told with a calendar of the tests' own."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.errors import RulesError
from patterns.timestamps import (
    DAY,
    SECOND,
    epoch_reader,
    iso,
    iso_reader,
    microseconds,
    rfc3164_reader,
    strptime_reader,
    utc_day,
)

BERLIN = ZoneInfo("Europe/Berlin")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORD = 1_795_435_200 * SECOND
"""NOON as microseconds since 1970."""

MOMENTS = st.integers(150_000_000, 3_950_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""Whole seconds from 1974 to 2095."""


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return microseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def test_a_moment_is_counted_in_microseconds_since_1970_whatever_its_zone() -> None:
    assert microseconds(NOON) == RECORD
    assert microseconds(NOON.astimezone(BERLIN)) == RECORD
    assert microseconds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=-1)) == -1


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (RECORD + 123_999, "2026-11-23T12:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (at(1, 1, 1), "0001-01-01T00:00:00.000Z"),
        (at(987, 6, 5), "0987-06-05T00:00:00.000Z"),
        (at(9999, 12, 31, 23, 59, 59), "9999-12-31T23:59:59.000Z"),
    ],
)
def test_a_time_is_written_with_milliseconds_and_four_digits_of_the_year(time: int, text: str) -> None:
    assert iso(time) == text
    assert utc_day(time) == text[:10]


@given(st.datetimes(timezones=st.timezones()))
def test_every_moment_that_can_be_counted_can_be_written(moment: datetime) -> None:
    try:
        time = microseconds(moment)
    except OverflowError:
        assert moment.year in (1, 9999)
    else:
        assert abs(time - microseconds(datetime.fromisoformat(iso(time)))) < 1000
        assert iso(time).startswith(utc_day(time))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2003-10-11T22:14:15Z", at(2003, 10, 11, 22, 14, 15)),
        ("2003-10-11T22:14:15", at(2003, 10, 11, 20, 14, 15)),
        ("2003-01-11T22:14:15", at(2003, 1, 11, 21, 14, 15)),
        ("2003-10-11 22:14:15+00:00", at(2003, 10, 11, 22, 14, 15)),
        ("2003-10-11T22:14:15-0730", at(2003, 10, 12, 5, 44, 15)),
        ("2003-10-11T22:14:15.000003Z", at(2003, 10, 11, 22, 14, 15) + 3),
        ("2003-10-11T22:14:15,25Z", at(2003, 10, 11, 22, 14, 15) + 250_000),
        ("2003-10-11T22:14:15.123456789Z", at(2003, 10, 11, 22, 14, 15) + 123_456),
        ("2003-10-11", at(2003, 10, 10, 22)),
        ("0001-01-01T00:00:00Z", at(1, 1, 1)),
    ],
)
def test_an_iso_time_is_in_the_zone_that_it_names_or_else_in_the_given_one(text: str, expected: int) -> None:
    assert iso_reader(BERLIN)(text, RECORD) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2003-02-29T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2003-10-11T24:00:01Z",
        "2003-10-11T22:14:15+99:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00",
    ],
)
def test_what_is_no_iso_time_of_the_years_1_to_9999_in_utc_is_no_time(text: str) -> None:
    assert iso_reader(ZoneInfo("Asia/Tokyo"))(text, RECORD) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1117838570", 1_117_838_570 * SECOND),
        ("1117838570.123456", 1_117_838_570 * SECOND + 123_456),
        ("-1.5", -1_500_000),
        ("-62135596800", at(1, 1, 1)),
        ("-62135596801", None),
        ("253402300800", None),
        ("1e400", None),
        ("nan", None),
        ("inf", None),
        ("today", None),
        ("", None),
    ],
)
def test_an_epoch_is_seconds_since_1970(text: str, expected: int | None) -> None:
    assert epoch_reader()(text, RECORD) == expected


@pytest.mark.parametrize(
    ("text", "record", "expected"),
    [
        ("Nov 23 11:59:59", at(2026, 11, 23, 12), at(2026, 11, 23, 11, 59, 59)),
        ("Nov  3 04:05:06", at(2026, 11, 23, 12), at(2026, 11, 3, 4, 5, 6)),
        ("Nov 24 00:00:00", at(2026, 11, 23, 12), at(2026, 11, 24)),
        ("Dec 31 23:59:59", at(2027, 1, 1, 0, 0, 1), at(2026, 12, 31, 23, 59, 59)),
        ("Jan  1 00:00:01", at(2026, 12, 31, 23, 59, 59), at(2027, 1, 1, 0, 0, 1)),
        ("Jan  1 00:00:00", at(2027, 1, 1), at(2027, 1, 1)),
        ("Jun 14 15:16:01", at(2026, 11, 23), at(2026, 6, 14, 15, 16, 1)),
        ("May 14 15:16:01", at(2026, 11, 23), at(2027, 5, 14, 15, 16, 1)),
        ("Feb 29 12:00:00", at(2024, 3, 1), at(2024, 2, 29, 12)),
        ("Feb 29 12:00:00", at(2025, 3, 1), at(2024, 2, 29, 12)),
        ("Feb 29 12:00:00", at(2026, 3, 2), at(2028, 2, 29, 12)),
        ("Feb 29 12:00:00", at(2026, 2, 27), at(2024, 2, 29, 12)),
        ("Feb 29 12:00:00", at(2099, 3, 1), at(2096, 2, 29, 12)),
        ("Feb 29 12:00:00", at(2101, 3, 1), at(2104, 2, 29, 12)),
    ],
)
def test_a_time_without_a_year_gets_the_one_that_puts_it_nearest_to_the_record(
    text: str, record: int, expected: int
) -> None:
    assert rfc3164_reader(ZoneInfo("UTC"))(text, record) == expected


@given(
    MOMENTS,
    MOMENTS,
)
def test_no_other_year_would_put_the_time_nearer_to_the_record(moment: datetime, received: datetime) -> None:
    text = f"{MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S}"
    record = microseconds(received)

    distances = []
    for year in range(received.year - 9, received.year + 10):
        try:
            distances.append(abs(microseconds(moment.replace(year=year)) - record))
        except ValueError:
            assert (moment.month, moment.day) == (2, 29)

    for reader in (rfc3164_reader(ZoneInfo("UTC")), strptime_reader("%b %d %H:%M:%S", ZoneInfo("UTC"))):
        found = reader(text, record)
        assert found is not None
        assert abs(found - record) == min(distances)


@given(
    MOMENTS,
    st.integers(-180 * DAY, 180 * DAY),
)
def test_a_line_that_arrives_within_half_a_year_gets_its_own_year_back(moment: datetime, later: int) -> None:
    text = f"{MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S}"

    assert rfc3164_reader(ZoneInfo("UTC"))(text, microseconds(moment) + later) == microseconds(moment)


def test_a_time_without_a_year_is_in_the_given_zone() -> None:
    read = rfc3164_reader(BERLIN)

    assert read("Nov 23 11:59:59", at(2026, 11, 23, 12)) == at(2026, 11, 23, 10, 59, 59)
    assert read("Jul 23 11:59:59", at(2026, 7, 23, 12)) == at(2026, 7, 23, 9, 59, 59)
    assert read("Jan  1 00:30:00", at(2026, 12, 31, 23, 40)) == at(2026, 12, 31, 23, 30)


@pytest.mark.parametrize("text", ["Nov 31 00:00:00", "Feb 30 00:00:00", "Nov  0 00:00:00", "Nov 23 24:00:00", "Foo  1"])
def test_a_day_of_no_year_is_no_time(text: str) -> None:
    assert rfc3164_reader(ZoneInfo("UTC"))(text, RECORD) is None


def test_the_same_text_is_another_year_for_another_record() -> None:
    read = rfc3164_reader(ZoneInfo("UTC"))

    years = [iso(time)[:4] for year in (1999, 2026, 1999) if (time := read("Nov 23 10:00:00", at(year, 11, 23)))]

    assert years == ["1999", "2026", "1999"]


@pytest.mark.parametrize(
    ("directives", "text", "expected"),
    [
        ("%y%m%d %H%M%S", "081109 203615", at(2008, 11, 9, 19, 36, 15)),
        ("%a %b %d %H:%M:%S %Y", "Sun Dec 04 04:47:44 2005", at(2005, 12, 4, 3, 47, 44)),
        ("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700", at(2000, 10, 10, 20, 55, 36)),
        ("%m.%d %H:%M:%S", "10.30 16:49:06", at(2026, 10, 30, 15, 49, 6)),
        ("%b %d %H:%M:%S.%f", "Nov 01 00:00:00.5", at(2026, 10, 31, 23) + 500_000),
        ("%Y-%m-%d", "yesterday", None),
        ("%m.%d", "10.32", None),
        ("%Y-%m-%d %H:%M:%S %z", "0001-01-01 00:00:00 +0100", None),
    ],
)
def test_directives_read_a_time_with_or_without_its_year(directives: str, text: str, expected: int | None) -> None:
    assert strptime_reader(directives, BERLIN)(text, RECORD) == expected


@pytest.mark.parametrize("directives", ["%Q", "%", "%d %d", "%c", "%s", "%Y %Y", "%G-%V-%u", "%T", "%-d.%m"])
def test_directives_that_no_text_could_meet_are_refused(directives: str) -> None:
    with pytest.raises(RulesError, match=r"^time is .* give iso, epoch, or directives") as refused:
        strptime_reader(directives, ZoneInfo("UTC"))

    assert repr(directives) in str(refused.value)


def test_a_zone_of_its_own_outranks_the_given_one() -> None:
    moment = NOON.astimezone(timezone(timedelta(hours=-7)))

    assert strptime_reader("%Y-%m-%dT%H:%M:%S%z", BERLIN)(f"{moment:%Y-%m-%dT%H:%M:%S%z}", 0) == RECORD
