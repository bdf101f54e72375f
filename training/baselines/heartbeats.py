"""
Which patterns come from a host at even distances, how long these are, and how late one may be.

Even is: nine of ten distances are within a tenth of their median (or two seconds: headers have whole ones). Of lines
that come by chance, one of ten is. Nobody is to be woken for what often stops by itself: but for one distance in a
thousand, and one in any case, which may be the incidents of these days, none is longer than three periods.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from patterns.baselines import HOURS, Heartbeat
from training.baselines.rates import spread_of
from training.baselines.window import Known

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
    pattern: str, host: str, seconds: Mapping[int, Sequence[int] | None], known: Known
) -> Heartbeat | None:
    """
    Return the heartbeat that a pattern is on a host; None where it is none, or too little is known.

    Args:
        pattern: Its id.
        host: As headers name it; of ``""`` nobody could say what stopped.
        seconds: Hour since 1970 → its seconds with a line, ascending; None where they are too many.
        known: Of which hours it is known.
    """
    too_many = sum(each is None for each in seconds.values())
    if not host or too_many > max(1, len(seconds) // 100):
        return None
    parts = list(_parts(seconds, known))
    gaps = sorted(float(after - before) for part in parts for before, after in pairwise(part))
    if not gaps or len({beat // (HOURS * _SECONDS) for part in parts for beat in part}) < 2:
        return None
    period, longest = float(median(gaps)), gaps[-1 - min(max(1, len(gaps) // _STOPS), len(gaps) - 1)]
    # What stopped long before the last line of anything is none any more.
    stopped = (known.last_hour + 1) * _SECONDS - parts[-1][-1] > _LONGEST_USUAL * period + _SECONDS
    if stopped or longest > _LONGEST_USUAL * period or not _is_even(gaps, period):
        return None
    tolerance = max(longest - period, 3 * spread_of(gaps, period), _within(period))
    return Heartbeat(
        pattern=pattern, host=host, period=period, tolerance=round(tolerance, _DIGITS), times=len(gaps) + len(parts)
    )


def _is_even(gaps: Sequence[float], period: float) -> bool:
    enough = LEAST_BEATS if period <= SELDOM else LEAST_SELDOM_BEATS
    if not SHORTEST <= period <= LONGEST or len(gaps) < enough:
        return False
    return sum(abs(gap - period) <= _within(period) for gap in gaps) >= _EVEN_SHARE * len(gaps)


def _within(period: float) -> float:
    """Return by how much an even distance may differ from the period."""
    return max(_EVEN * period, _WHOLE_SECONDS)


def _parts(seconds: Mapping[int, Sequence[int] | None], known: Known) -> Iterator[list[int]]:
    """Yield the beats in seconds since 1970, apart where between two of them lies what nobody knows."""
    part: list[int] = []
    before = min(seconds)
    for hour in sorted(seconds):
        beats = seconds[hour]
        if part and (beats is None or not all(map(known.holds, range(before + 1, hour)))):
            yield part
            part = []
        part += [hour * _SECONDS + second for second in beats or ()]
        before = hour
    if part:
        yield part
