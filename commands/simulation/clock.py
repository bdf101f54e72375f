"""
Simulated time: milliseconds since a Monday midnight (UTC), the rhythm of a day, and when a story begins.

Counting from a Monday makes the hour and the weekday a division; only a line that is written needs a `datetime`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from commands.simulation.chance import Chance

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clock:
    """Turns simulated milliseconds into moments and into the spellings that logs use."""

    def __init__(self, start: datetime) -> None:
        """Begin at `start`, which must know its zone; `self.start` is that moment in milliseconds."""
        utc = start.astimezone(UTC).replace(microsecond=0)
        midnight = utc.replace(hour=0, minute=0, second=0)
        self._monday = midnight - timedelta(days=midnight.weekday())
        self.start = (utc - self._monday) // timedelta(milliseconds=1)
        self.syslog = _once_a_second(self._syslog)
        self.access = _once_a_second(self._access)

    def moment(self, time: int) -> datetime:
        """`time` as an aware datetime."""
        return self._monday + timedelta(milliseconds=time)

    def date(self, time: int) -> str:
        """`time` as in file names: `2026-11-23`."""
        return f"{self.moment(time):%Y-%m-%d}"

    def _syslog(self, time: int) -> str:
        """`time` as in RFC 3164: `Nov  3 04:05:06`."""
        at = self.moment(time)
        return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"

    def _access(self, time: int) -> str:
        """`time` as in a web server's access log: `03/Nov/2026:04:05:06 +0000`."""
        at = self.moment(time)
        return f"{at.day:02d}/{MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S} +0000"


def _once_a_second(spell: Callable[[int], str]) -> Callable[[int], str]:
    """`spell` that works only when the second has changed; lines come in time order, so one memory is enough."""
    known, text = -1, ""

    def remembered(time: int) -> str:
        nonlocal known, text
        second = time // SECOND
        if second != known:
            known, text = second, spell(time)
        return text

    return remembered


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How busy each hour of the day is: 24 weights whose mean is 1, and the share of it left at the weekend."""

    hours: tuple[float, ...]
    weekend: float

    def weight(self, time: int) -> float:
        """How busy it is at `time`, 1 being the mean of a working day."""
        weight = self.hours[time // HOUR % 24]
        return weight * self.weekend if time % WEEK >= SATURDAY * DAY else weight


def _rhythm(spelled: str, weekend: float) -> Rhythm:
    """A rhythm from 24 whole numbers, midnight first, of any mean."""
    numbers = [int(number) for number in spelled.split()]
    mean = sum(numbers) / len(numbers)
    return Rhythm(tuple(number / mean for number in numbers), weekend)


STEADY = _rhythm("1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", 1.0)
OFFICE = _rhythm("1 1 1 1 1 2 6 18 36 44 46 42 28 36 42 42 38 28 14 7 4 3 2 1", 0.15)
SHOPPERS = _rhythm("9 6 4 3 3 4 7 12 18 23 26 28 30 28 26 25 26 29 33 37 38 32 23 14", 1.1)
NIGHT = _rhythm("12 14 14 12 10 6 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2 4 8", 1.0)


class When(Protocol):
    """The times at which a story begins."""

    def next(self, after: int, chance: Chance, /) -> int:
        """The first beginning later than `after`."""

    def unplanned(self, now: int) -> int:
        """The first moment from `now` on at which somebody could believably begin it by hand."""

    @property
    def everywhere(self) -> bool:
        """Whether it begins on all its hosts at once, or on one of them."""


@dataclass(frozen=True, slots=True)
class Often:
    """At random, `per_day` times a working day over the whole fleet, in a rhythm."""

    per_day: float
    rhythm: Rhythm = STEADY
    everywhere: bool = False

    def next(self, after: int, chance: Chance, /) -> int:
        """A random gap later; busy hours use it up faster than quiet ones."""
        gap = chance.gap() * DAY / self.per_day
        while True:
            weight = self.rhythm.weight(after)
            rest_of_hour = HOUR - after % HOUR
            if gap < rest_of_hour * weight:
                return after + int(gap / weight) + 1
            gap -= rest_of_hour * weight
            after += rest_of_hour

    def unplanned(self, now: int) -> int:
        """At once."""
        return now


@dataclass(frozen=True, slots=True)
class Every:
    """By the clock, on each host: each `period`, `offset` after its beginning (milliseconds; weeks begin on Monday)."""

    period: int
    offset: int = 0
    everywhere: bool = True

    def next(self, after: int, _chance: Chance, /) -> int:
        """The next time by the clock, one second late, as cron is."""
        planned = self.offset + SECOND
        return planned + ((after - planned) // self.period + 1) * self.period

    def unplanned(self, now: int) -> int:
        """On the next full minute, one second late."""
        return (now // MINUTE + 1) * MINUTE + SECOND


def daily(hour: int, minute: int) -> Every:
    """Every day at that time."""
    return Every(DAY, hour * HOUR + minute * MINUTE)


def weekly(weekday: int, hour: int, minute: int) -> Every:
    """Every week on that day, at that time."""
    return Every(WEEK, weekday * DAY + hour * HOUR + minute * MINUTE)
