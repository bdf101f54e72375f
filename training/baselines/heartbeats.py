"""
Which patterns come from a host at even distances, how long these are, and how late one may be.

Even is: nine of ten distances are within a tenth of their median (or two seconds: headers have whole ones). Of lines
that come by chance, less than one of ten is. All others are to be told from it, and nobody is woken for what often
stops by itself: but for one distance in a thousand, and one in any case, none is longer than three periods.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from patterns.baselines import Heartbeat
from training.baselines.rates import spread_of
from training.baselines.window import HOURS, Window

SHORTEST: Final = 10.0
"""Seconds. Where lines come as often, distances of whole seconds are even by themselves."""

LONGEST: Final = 26 * 3_600.0
"""Seconds: what runs once a day, by summer time or not."""

SELDOM: Final = 6 * 3_600.0

LEAST_BEATS: Final = 20
LEAST_SELDOM_BEATS: Final = 6
"""Distances that are to be known; the fewer of what comes less often than every six hours, for it has no more days."""

_EVEN_SHARE: Final = 0.9
_EVEN: Final = 0.1
_WHOLE_SECONDS: Final = 2.0
_STOPS: Final = 1_000
_LONGEST_USUAL: Final = 3.0
_SECONDS: Final = 3_600
_DIGITS: Final = 3


def heartbeat_of(
    pattern: str,
    host: str,
    seconds: Mapping[int, Sequence[int] | None],
    days: Iterable[int],
    last_hour: int,
    window: Window,
) -> Heartbeat | None:
    """
    Return the heartbeat that a pattern is on a host; None where it is none, or too little is known.

    Args:
        pattern: Its id.
        host: As headers name it; of ``""`` nobody could say what stopped.
        seconds: Hour since 1970 → its seconds with a line, ascending; None where they are too many.
        days: Of which there are lines of anything. Of others nothing is known.
        last_hour: The last hour of which there are lines of anything: what stopped long before is none any more.
        window: Which hours count.
    """
    too_many = sum(each is None for each in seconds.values())
    if not host or too_many > max(1, len(seconds) // 100):
        return None
    parts = list(_parts(seconds, set(days), window))
    gaps = [float(after - before) for part in parts for before, after in zip(part, part[1:], strict=False)]
    if len(gaps) < LEAST_SELDOM_BEATS:
        return None
    period = float(median(gaps))
    if not SHORTEST <= period <= LONGEST or len(gaps) < (LEAST_BEATS if period <= SELDOM else LEAST_SELDOM_BEATS):
        return None
    if len({beat // (HOURS * _SECONDS) for part in parts for beat in part}) < 2:
        return None
    even = sum(abs(gap - period) <= max(_EVEN * period, _WHOLE_SECONDS) for gap in gaps)
    if even < _EVEN_SHARE * len(gaps):
        return None
    longest = sorted(gaps)[-1 - max(1, len(gaps) // _STOPS)]
    if longest > _LONGEST_USUAL * period or (last_hour + 1) * _SECONDS - parts[-1][-1] > 3 * period + _SECONDS:
        return None
    # The even share alone says how exact it is; the longest usual distance, what it can be late by.
    tolerance = max(longest - period, 3 * spread_of(gaps, period), 1.0)
    return Heartbeat(
        pattern=pattern, host=host, period=period, tolerance=round(tolerance, _DIGITS), times=len(gaps) + len(parts)
    )


def _parts(seconds: Mapping[int, Sequence[int] | None], days: set[int], window: Window) -> Iterable[list[int]]:
    """Yield the beats in seconds since 1970, apart where between two of them lies what nobody knows."""
    part: list[int] = []
    known_to = None
    for hour in sorted(seconds):
        known = seconds[hour]
        if part and (known is None or not _known(known_to, hour, days, window)):
            yield part
            part = []
        part += [hour * _SECONDS + second for second in known or ()]
        known_to = hour
    if part:
        yield part


def _known(before: int | None, hour: int, days: set[int], window: Window) -> bool:
    """Tell whether all hours between two are known."""
    return before is None or all(
        between // HOURS in days and window.holds(between) for between in range(before + 1, hour)
    )
