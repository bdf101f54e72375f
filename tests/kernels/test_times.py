"""Times by columns are those that the readers of patterns.timestamps tell one by one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kernels import times
from kernels.spans import Positions, Spans
from kernels.times import ISO, PADDING, RFC3164, Times
from patterns.rules import load_zone
from patterns.timestamps import (
    SECOND,
    TimeReader,
    epoch_reader,
    iso_reader,
    microseconds,
    rfc3164_reader,
    strptime_reader,
)

RECORD_TIME = microseconds(datetime(2026, 11, 23, 12, tzinfo=UTC))
# Clocks that shift by an hour, by half an hour, and a minute behind midnight; the last began by seconds.
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Monrovia"]

Read = Callable[[list[str], Times, int], list[int]]


def laid_out(texts: list[str]) -> tuple[NDArray[np.uint8], Spans]:
    """Return texts in a chunk, a line each."""
    encoded = [text.encode() for text in texts]
    lengths = np.array([len(text) for text in encoded], np.int64)
    ends = np.cumsum(lengths + 1) - 1
    return np.frombuffer(b"\n".join(encoded) + bytes(PADDING), np.uint8), Spans(ends - lengths, ends)


def listed(times: Positions) -> list[int]:
    return [int(time) for time in times]


def iso_times(texts: list[str], reader: Times, record_time: int) -> list[int]:
    data, spans = laid_out(texts)
    return listed(reader.at(data, spans, record_time))


def rfc3164_times(texts: list[str], reader: Times, record_time: int) -> list[int]:
    data, spans = laid_out(texts)
    return listed(reader.at(data, spans, record_time))


def each_time(texts: list[str], reader: Times, record_time: int) -> list[int]:
    return listed(reader.of(pa.array(texts, pa.string()), record_time))


def one_by_one(texts: list[str], reader: TimeReader, record_time: int) -> list[int]:
    return [record_time if time is None else time for time in (reader(text, record_time) for text in texts)]


DATES = st.one_of(
    st.builds(
        "{:04}-{:02}-{:02}".format, st.sampled_from([0, 1, 1970, 2024, 9999]), st.integers(0, 13), st.integers(0, 32)
    ),
    st.sampled_from(["20261011", "2026-W41-7", "2026W417", "2026W41", "2026-10-1", "2026-10-1é", "2026-W41"]),
)
SEPARATORS = st.sampled_from(["T", "T", " ", "t", "é", "…", "\0", ""])
CLOCKS = st.one_of(
    st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)),
    st.sampled_from(["10:00", "101112", "10:11:1", "1:11:11", "10-02:30:45", "10+02:30:45", "10:1é:12", "1٣:11:12"]),
)
FRACTIONS = st.one_of(
    st.just(""), st.builds("{}{}".format, st.sampled_from(".,:"), st.text("0123456789", max_size=18)), st.just(".1.2")
)
OFFSETS = st.sampled_from(
    [
        *("", "", "Z", "z", "ZZ", "+02:00", "-0930", "+14", "-24:00", "+02:00:30", "+020030", "+02:00:30.5", "+25:00"),
        *("\0", "é", ".5", ",5", ":5", "-", "+2", " +02:00", "5", "+02:0\0", "\0Z"),
    ]
)
ISO_TEXTS = st.lists(st.tuples(DATES, SEPARATORS, CLOCKS, FRACTIONS, OFFSETS).map("".join), max_size=6)


@given(ISO_TEXTS, st.sampled_from(ZONES))
def test_iso_times_are_those_of_the_reader_however_they_are_written(texts: list[str], zone: str) -> None:
    read = iso_reader(load_zone(zone))

    assert iso_times(texts, Times(read, ISO), RECORD_TIME) == one_by_one(texts, read, RECORD_TIME)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T10:00:00.1.5",
        "2026-01-02T10:00:00,1,5",
        "2026-01-02T10:00:00.1:5",
        "2026-01-02T10:00:00:5",
        "2026-01-02T10:00:00.",
        "2026-01-02T10:00:60",
        "2026-01-02T24:00:00",
        "2026-01-02T10:00:00.123456789",
        "2026-01-02T10:00:00.123456789012345",
        "2026-01-02T10:00:00.1234567890123456",
        "2026-01-02T10:00:00.123456789+02:00",
        "2026W41T10-02:30:45.5",
        "20260102…10:00:00",
        "20260102…10:00:00+02:00",
        "-",
        "",
    ],
)
def test_an_iso_time_of_a_rare_form_is_that_of_the_reader(text: str) -> None:
    read = iso_reader(UTC)

    assert iso_times([text, "2026-01-02T10:00:00Z"], Times(read, ISO), 7) == one_by_one(
        [text, "2026-01-02T10:00:00Z"], read, 7
    )


def local_hours(zone: str, around: datetime) -> list[datetime]:
    """Return minutes of the local clock around an instant."""
    begin = around.astimezone(load_zone(zone)).replace(tzinfo=None, second=0, microsecond=0)
    return [begin + timedelta(minutes=minutes, seconds=minutes % 60) for minutes in range(-200, 200)]


SHIFTS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 3, 14, 3, 31, tzinfo=UTC)),
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),
    ("Africa/Monrovia", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "shift"), SHIFTS)
def test_where_a_clock_shifts_each_minute_is_read_as_the_reader_does(zone: str, shift: datetime) -> None:
    moments = local_hours(zone, shift)
    iso, rfc3164 = iso_reader(load_zone(zone)), rfc3164_reader(load_zone(zone))
    record_time = microseconds(shift + timedelta(days=20))

    texts = [moment.isoformat() + ".25" for moment in moments]
    assert iso_times(texts, Times(iso, ISO), record_time) == one_by_one(texts, iso, record_time)
    texts = [f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}" for moment in moments]
    assert rfc3164_times(texts, Times(rfc3164, RFC3164), record_time) == one_by_one(texts, rfc3164, record_time)


MONTHS = ["Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Oct", "Nov", "Dec"]
RFC3164_TEXTS = st.builds(
    "{}{}{}{}{:02}:{:02}:{:02}".format,
    st.sampled_from(MONTHS),
    st.sampled_from(" \t"),
    st.one_of(st.integers(0, 39).map("{:2}".format), st.sampled_from(["\v1", "\t3", "07"])),
    st.sampled_from(" \v"),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
)
INSTANTS = st.integers(631_152_000, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
RECORD_TIMES = st.one_of(
    st.just(0),
    st.integers(1, 9998).map(lambda year: microseconds(datetime(year, 1, 1, tzinfo=UTC))),
    INSTANTS.map(microseconds),
)


@given(st.lists(RFC3164_TEXTS, max_size=6), st.sampled_from(ZONES), RECORD_TIMES)
def test_times_without_a_year_are_those_of_the_reader(texts: list[str], zone: str, record_time: int) -> None:
    read = rfc3164_reader(load_zone(zone))

    assert rfc3164_times(texts, Times(read, RFC3164), record_time) == one_by_one(texts, read, record_time)


@given(
    INSTANTS,
    st.sampled_from(ZONES),
    st.sampled_from([182.0, 182.5, 183.0, -182.0, -182.5, -183.0]),
    st.integers(-4000, 4000),
)
def test_half_a_year_from_the_record_time_the_year_is_that_of_the_reader(
    record: datetime, zone: str, days: float, seconds: int
) -> None:
    read, record_time = rfc3164_reader(load_zone(zone)), microseconds(record)
    moments = [record + timedelta(days=days, seconds=seconds + step) for step in range(-3600, 3600, 97)]
    texts = [f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}" for moment in moments]

    assert rfc3164_times(texts, Times(read, RFC3164), record_time) == one_by_one(texts, read, record_time)


@pytest.mark.parametrize("seconds", [-1200, 0, 1200])
def test_within_an_hour_the_nearest_year_may_change_where_one_has_a_shift_of_the_clock_then(seconds: int) -> None:
    zone = load_zone("America/St_Johns")
    read = rfc3164_reader(zone)
    one, other = (microseconds(datetime(year, 3, 11, 1, 30, tzinfo=zone)) for year in (2006, 2007))
    texts = [f"Mar 11 01:{minute:02}:00" for minute in range(60)]
    record_time = (one + other) // 2 + seconds * SECOND

    assert rfc3164_times(texts, Times(read, RFC3164), record_time) == one_by_one(texts, read, record_time)


def test_the_29th_of_february_is_that_of_a_leap_year() -> None:
    texts = ["Feb 29 10:11:12", "Feb 28 10:11:12", "Mar  1 10:11:12"]
    read = rfc3164_reader(UTC)
    record_time = microseconds(datetime(2025, 12, 1, tzinfo=UTC))

    found = rfc3164_times(texts, Times(read, RFC3164), record_time)

    assert found[0] == microseconds(datetime(2024, 2, 29, 10, 11, 12, tzinfo=UTC))
    assert found == one_by_one(texts, read, record_time)


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("%Y/%m/%d %H:%M:%S", ["2026/01/02 03:04:05", "2026/13/02 03:04:05", "", "2026/01/02", "2026/01/02 3:04:05"]),
        ("%d.%b %H:%M:%S", ["29.Feb 01:02:03", "1.Jan 01:02:03", "1.Jan 01:02:03", "1.Xyz"]),
        ("%d.%B %H:%M:%S", ["29.February 01:02:03", "01.May 01:02:03", "01.May 01:02:03"]),
        ("%H:%M, %d.%m.%Y", ["01:02, 03.04.2026"]),
        ("%y%m%d %H%M%S", ["081109 203615", "081109  03615", "081109 0361 5", "81109  203615"]),
        (f"%H:%M:%S{'.' * 70} %d.%m.%Y", [f"01:02:03{'.' * 70} 03.04.2026", "01:02"]),
    ],
)
def test_times_are_those_of_the_reader_whether_their_places_vary_or_not(written: str, texts: list[str]) -> None:
    read = strptime_reader(written, UTC)

    assert each_time(texts, Times(read, written), RECORD_TIME) == one_by_one(texts, read, RECORD_TIME)


DIRECTIVES = [
    RFC3164,
    *("%Y%m%d%H%M%S", "%y%m%d %H%M%S", "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %Y", "%S:%M:%H %d.%m.%y"),
    *("%m.%d %H:%M:%S", "%H:%M:%S %m%d", "%y%m%d%M%S%H", "%d%m %M%S", "%Y é %m-%d %H:%M:%S", "%H%M%S%z %d %b"),
    *("%m  %d %H:%M:%S", "%m %d\t%H %M %S"),
]
CHANGES = st.tuples(
    st.integers(0, 30), st.integers(0, 2), st.sampled_from(["", "", " ", "  ", "0", "1", "6", "59", "é"])
)
WRITTEN = st.tuples(INSTANTS, st.lists(CHANGES, max_size=2))


@given(st.sampled_from(DIRECTIVES), st.lists(WRITTEN, max_size=6), st.sampled_from(ZONES), RECORD_TIMES)
def test_times_by_directives_are_those_of_the_reader_however_they_are_written(
    directives: str, moments: list[tuple[datetime, list[tuple[int, int, str]]]], zone: str, record_time: int
) -> None:
    read = strptime_reader(directives, load_zone(zone))
    texts = []
    for moment, changes in moments:
        text = moment.strftime(directives)
        for at, removed, added in changes:
            text = text[:at] + added + text[at + removed :]
        texts.append(text)

    assert each_time(texts, Times(read, directives), record_time) == one_by_one(texts, read, record_time)


def test_a_time_by_directives_is_read_once_an_hour_too() -> None:
    asked: list[str] = []

    def read(text: str, record_time: int) -> int | None:
        asked.append(text)
        return strptime_reader("%d/%b/%Y:%H:%M:%S %z", UTC)(text, record_time)

    texts = [f"02/Jan/2026:10:{minute:02}:07 +0100" for minute in range(60)]
    each_time([*texts, "of no time"], Times(read, "%d/%b/%Y:%H:%M:%S %z"), RECORD_TIME)

    assert asked[:2] == ["02/Jan/2026:10:00:00 +0100", "02/Jan/2026:10:59:59 +0100"]
    assert asked[-1] == "of no time"
    assert not set(texts) & set(asked)


EPOCHS = st.one_of(
    st.integers(0, 10**13).map(str),
    st.floats(0, 1e11).map(str),
    st.sampled_from(["-7", "1e3", "nan", "inf", "1e400", "x", "", " 5 ", "1_0", "007", "٣", "99999999999", "1.5"]),
)


@given(st.lists(EPOCHS, max_size=6))
def test_seconds_since_1970_are_those_of_the_reader_however_they_are_written(texts: list[str]) -> None:
    assert each_time(texts, Times(epoch_reader(), "epoch"), 7) == one_by_one(texts, epoch_reader(), 7)


@pytest.mark.parametrize("record_time", [7, np.array([7, 8, 9, 10])])
def test_a_missing_timestamp_is_the_record_time(record_time: int | Positions) -> None:
    texts = pa.array([None, "12", None, ""], pa.string())
    own = [7] * 4 if isinstance(record_time, int) else record_time.tolist()

    assert Times(epoch_reader(), "epoch").of(texts, record_time).tolist() == [own[0], 12 * SECOND, *own[2:]]
    no_times = pa.array([None] * 4, pa.string())
    for written in ("epoch", "%H:%M:%S", "%d %B"):
        assert Times(epoch_reader(), written).of(no_times, record_time).tolist() == own


@pytest.mark.parametrize("read", [iso_times, rfc3164_times, each_time])
@pytest.mark.parametrize("written", [ISO, RFC3164, "epoch", "%B"])
def test_of_no_timestamps_there_are_no_times(read: Read, written: str) -> None:
    assert read([], Times(iso_reader(UTC), written), 7) == []


@given(
    st.lists(RFC3164_TEXTS, min_size=2, max_size=5), st.lists(st.sampled_from([0, RECORD_TIME]), min_size=2, max_size=3)
)
def test_each_record_time_is_asked_for_anew(texts: list[str], record_times: list[int]) -> None:
    read = rfc3164_reader(UTC)
    reader = Times(read, RFC3164)

    for record_time in record_times:
        assert rfc3164_times(texts, reader, record_time) == one_by_one(texts, read, record_time)


@given(ISO_TEXTS, ISO_TEXTS)
def test_hours_that_are_forgotten_are_read_again(texts: list[str], more: list[str]) -> None:
    assume(texts and more)
    read = iso_reader(UTC)
    reader = Times(read, ISO)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(times, "_REMEMBERED_HOURS", 1)
        found = [iso_times(each, reader, RECORD_TIME) for each in (texts, more, texts)]

    assert found == [one_by_one(each, read, RECORD_TIME) for each in (texts, more, texts)]
    assert len(reader._hours) <= 1


def test_an_hour_is_read_twice_and_no_timestamp_in_it() -> None:
    asked: list[str] = []

    def read(text: str, record_time: int) -> int | None:
        asked.append(text)
        return iso_reader(UTC)(text, record_time)

    iso_times([f"2026-01-02T10:{minute:02}:07.{minute}Z" for minute in range(60)], Times(read, ISO), RECORD_TIME)

    assert asked == ["2026-01-02T10:00:00Z", "2026-01-02T10:59:59Z"]
