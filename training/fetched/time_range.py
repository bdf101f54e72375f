"""
A range of record times, and how a user says its ends.

    2026-11-24  2026-11-25T12:00  2026-11-25T12:00+01:00     UTC where no zone is named
    today  yesterday                                         when the day began, in UTC
    90m  24h  7d  2w                                         so long ago
"""

import re
from datetime import UTC
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from patterns.timestamps import DAY, SECOND, iso, iso_reader

MILLISECOND: Final = 1_000

_AGO: Final = re.compile(r"([0-9]{1,4})([mhdw])")
_UNITS: Final = {"m": 60 * SECOND, "h": 3_600 * SECOND, "d": DAY, "w": 7 * DAY}
_DAYS_AGO: Final = {"today": 0, "yesterday": 1}

_read_iso = iso_reader(UTC)


class TimeRange(NamedTuple):
    """
    Record times from `start` to just before `end`.

    Attributes:
        start: In microseconds since 1970, but whole milliseconds, for Kafka and Elasticsearch have no more; None: from
            the first on.
        end: Likewise; None: to the last.
    """

    start: int | None = None
    end: int | None = None

    def holds(self, time: int) -> bool:
        """Tell whether a time is in the range."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def check(self) -> None:
        """
        Refuse a range in which no time can be.

        Raises:
            ValueError: It is one.
        """
        if self.start is not None and self.end is not None and self.start >= self.end:
            msg = f"{self}: nothing can be of that time; the first time is to be the earlier one"
            raise ValueError(msg)

    def __str__(self) -> str:
        start, end = self.as_run().values()
        return f"from {start or 'the first'} to {end or 'the last'}" if start or end else "of any time"

    def as_run(self) -> dict[str, str | None]:
        """Return the range as the manifest has it."""
        return {name: None if time is None else iso(time) for name, time in self._asdict().items()}


ANY_TIME: Final = TimeRange()


class Times(NamedTuple):
    """
    The times of lines that are learned from.

    Attributes:
        wanted: In which they are.
        excluded: In none of which they are: times of incidents.
    """

    wanted: TimeRange = ANY_TIME
    excluded: tuple[TimeRange, ...] = ()

    def holds(self, time: int) -> bool:
        """Tell whether lines of a time are learned from."""
        return self.wanted.holds(time) and not any(each.holds(time) for each in self.excluded)

    def chosen(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Do what `holds` does for many times at once."""
        chosen = _within(self.wanted, times)
        for each in self.excluded:
            chosen &= ~_within(each, times)
        return chosen


ALL_TIMES: Final = Times()


def _within(of: TimeRange, times: NDArray[np.int64]) -> NDArray[np.bool_]:
    within = np.ones(len(times), np.bool_)
    if of.start is not None:
        within &= times >= of.start
    if of.end is not None:
        within &= times < of.end
    return within


def parse_time(text: str, now: int) -> int:
    """
    Return the time that a text says, in microseconds since 1970, floored to milliseconds.

    Args:
        text: As the module's docstring has it.
        now: In microseconds since 1970.

    Raises:
        ValueError: It says none.
    """
    ago = _AGO.fullmatch(text)
    time: int | None
    if ago:
        time = now - int(ago[1]) * _UNITS[ago[2]]
    elif text in _DAYS_AGO:
        time = (now // DAY - _DAYS_AGO[text]) * DAY
    else:
        time = _read_iso(text, now)
    if time is None:
        msg = f"{text!r} is no time: give 2026-11-24, 2026-11-24T18:30, today, yesterday, or 24h or 7d for so long ago"
        raise ValueError(msg)
    return time // MILLISECOND * MILLISECOND
