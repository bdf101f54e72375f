"""
How often a pattern's lines come from a host in each hour of the day: median, and spread around it.

A robust pair, for days of an incident are among those that are learned from: half of the days may be anything before
the median is (Rousseeuw and Croux, Alternatives to the Median Absolute Deviation, 1993).
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from patterns.baselines import HOURS, Rate
from training.baselines.window import Known
from training.config import Learning

NORMAL: Final = 1.4826
"""Median distances from the median in a standard deviation of a normal distribution."""

_DIGITS: Final = 4


def rate_of(pattern: str, host: str, lines: Mapping[int, int], known: Known, learning: Learning) -> Rate | None:
    """
    Return what is usual of a pattern on a host; None where nothing is, or too little is known.

    Args:
        pattern: Its id.
        host: As headers name it.
        lines: Hour since 1970 → lines; an hour that is not there had none.
        known: Of which hours it is known.
        learning: How many days there are to be, and how many lines.

    Returns:
        Hours without a line count as none from the pair's first day on: before it, the machine or its software may not
        have been there. They count to the last day, so that what has stopped for half of the days is usual no more.
    """
    if max(lines.values()) < learning.least_lines:
        return None
    first_day = min(lines) // HOURS
    days = sorted(day for day in known.days if day >= first_day)
    samples: list[list[int]] = [[] for _ in range(HOURS)]
    for day in days:
        for hour in range(day * HOURS, (day + 1) * HOURS):
            if known.holds(hour):
                samples[hour % HOURS].append(lines.get(hour, 0))
    if min(map(len, samples)) < learning.least_days:
        return None
    usual = tuple(map(_robust, samples))
    if max(middle for middle, _ in usual) < learning.least_lines:
        return None
    return Rate(pattern=pattern, host=host, days=len(days), hours=usual)


def spread_of(values: Sequence[float], middle: float) -> float:
    """Return what of a normal distribution is the standard deviation, by the median distance from the middle."""
    return NORMAL * median(abs(value - middle) for value in values)


def _robust(values: Sequence[int]) -> tuple[float, float]:
    middle = float(median(values))
    return middle, round(spread_of(values, middle), _DIGITS)
