"""
The time in a line's header, as microseconds since 1970 UTC.

A timestamp without a year gets the year that puts it nearest to the *record time*: when the record reached us, the same
on every replay. So a line of December read in January is last year's, with no clock asked.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from patterns.errors import RulesError

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND

_HALF_A_YEAR = 182 * DAY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = {
    month: number
    for number, month in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}

TimeReader = Callable[[str, int], int | None]
"""(timestamp, record time) → time, None where the text is no time."""


def utc_day(time: int) -> str:
    """Return the UTC day of a time as ``YYYY-MM-DD``."""
    return _second(time // SECOND)[:10]


def iso(time: int) -> str:
    """Return a time as RFC 3339 with milliseconds, the form that Elasticsearch's dates have."""
    return f"{_second(time // SECOND)}.{time % SECOND // 1000:03}Z"


# Lines come by the second: many have the same.
@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    # isoformat gives the year four digits always, strftime on Linux does not: 0001 is what Go calls no time.
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def microseconds(moment: datetime) -> int:
    """
    Return an aware datetime as microseconds since 1970, exactly.

    Raises:
        OverflowError: In UTC it is not within the years 1 to 9999, so that no day could be named.
    """
    since = moment.astimezone(UTC) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def iso_reader(zone: tzinfo) -> TimeReader:
    """Read ISO 8601, as `datetime.fromisoformat` understands it; `zone` where the text names none."""

    def read(text: str, _record_time: int) -> int | None:
        try:
            moment = datetime.fromisoformat(text.replace(",", "."))
            return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
        except (ValueError, OverflowError):
            return None

    return read


def epoch_reader() -> TimeReader:
    """Read seconds since 1970, with a fraction or without."""

    def read(text: str, _record_time: int) -> int | None:
        try:
            time = round(float(text) * SECOND)
            datetime.fromtimestamp(time // SECOND, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return time

    return read


def rfc3164_reader(zone: tzinfo) -> TimeReader:
    """Read ``Nov  3 04:05:06``."""

    def in_year(year: int, text: str) -> int | None:
        try:
            moment = datetime(
                year, _MONTHS[text[:3]], int(text[4:6]), int(text[7:9]), int(text[10:12]), int(text[13:15]), tzinfo=zone
            )
            return microseconds(moment)
        except (ValueError, KeyError, OverflowError):
            return None

    return _nearest_year(in_year)


def strptime_reader(directives: str, zone: tzinfo) -> TimeReader:
    """
    Read what `datetime.strptime` reads by `directives`; names of months and days are the English ones.

    Raises:
        RulesError: It cannot read by them whatever the text.
    """
    has_year = "%Y" in directives or "%y" in directives
    _check(directives, directives if has_year else f"%Y {directives}")
    if has_year:
        return _cached(lambda text: _strptime(text, directives, zone))
    return _nearest_year(lambda year, text: _strptime(f"{year} {text}", f"%Y {directives}", zone))


def _check(directives: str, whole: str) -> None:
    """Refuse directives by which no time can be read: unknown ones, one twice, the year of a week."""
    try:
        datetime.strptime(_EPOCH.strftime(whole), whole)  # noqa: DTZ007 (only whether it can be read)
    except (ValueError, re.error) as error:
        raise RulesError(
            f"time is {directives!r}: datetime.strptime cannot read by it: {error}; "
            "give iso, epoch, or directives such as %b %d %H:%M:%S, each once"
        ) from None


def _strptime(text: str, directives: str, zone: tzinfo) -> int | None:
    try:
        moment = datetime.strptime(text, directives)  # noqa: DTZ007 (the zone follows)
        return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return None


def _cached(read: Callable[[str], int | None]) -> TimeReader:
    remembered = lru_cache(maxsize=4096)(read)
    return lambda text, _record_time: remembered(text)


def _nearest_year(in_year: Callable[[int, str], int | None]) -> TimeReader:
    remembered = lru_cache(maxsize=4096)(in_year)

    def read(text: str, record_time: int) -> int | None:
        year = datetime.fromtimestamp(record_time // SECOND, UTC).year
        this_year = remembered(year, text)
        if this_year is not None and abs(this_year - record_time) < _HALF_A_YEAR:
            return this_year
        # The 29th of February is a day of one year in four.
        around = (remembered(other, text) for other in range(max(year - 4, 1), min(year + 5, 9999)))
        return min((t for t in around if t is not None), key=lambda t: abs(t - record_time), default=None)

    return read
