"""
Which gaps of patterns took few values and have long taken no new one, so that a further one says something.

What varies by itself (process ids, times) soon has too many. What is new every day, as a date, has few enough for a
while: it is known by the days on which its values came first. Small amounts (a queue's length, a disk's temperature)
have few, too, and now and then one more: they are known by being most of the numbers of a range.

Where lines are few, their number proves nothing, but what they have in common does: of values that came on one day
alone there are others to come, of values that all came on several days there are hardly any.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from patterns.baselines import MOST_VALUES, Values
from training.config import Learning

LINES_FOR_A_NEW_ONE: Final = 500
"""Of the later half of the days, so many lines for each value that came first in it: else new ones are usual."""

MOST_AMOUNTS: Final = 4
"""Of fewer numbers side by side each may mean something, as 0 and 1 do."""

FEWEST_LINES: Final = 20
"""Of fewer lines nothing is said, whatever their values."""

_NUMBER: Final = re.compile(r"[0-9]{1,15}")


def values_of(
    pattern: str,
    gap: int,
    days: Mapping[int, tuple[int, Sequence[str] | None]],
    learning: Learning,
) -> Values | None:
    """
    Return the values that are usual of a gap; None where new ones are, or too little is known.

    Args:
        pattern: Its id.
        gap: Which of an event's parameters.
        days: Day → lines, and which values; None where they are too many.
        learning: How many days there are to be, and how many lines; of fewer each value is to be of so many days.
    """
    ordered = sorted(days)
    total = sum(lines for lines, _ in days.values())
    if len(ordered) < learning.least_days or total < min(learning.least_values, FEWEST_LINES):
        return None
    seen: Counter[str] = Counter()
    later = ordered[(len(ordered) + 1) // 2 :]
    new_later = lines_later = 0
    for day in ordered:
        lines, values = days[day]
        if values is None:
            return None
        if day in later:
            new_later += len(set(values) - seen.keys())
            lines_later += lines
        seen.update(values)
    if len(seen) > MOST_VALUES or lines_later < LINES_FOR_A_NEW_ONE * new_later or are_amounts(seen.keys()):
        return None
    proved = total >= learning.least_values and lines_later * 2 >= learning.least_values
    if not proved and min(seen.values()) < learning.least_days:
        return None
    return Values(pattern=pattern, gap=gap, values=tuple(sorted(seen)), lines=total)


def are_amounts(values: Collection[str]) -> bool:
    """Tell whether values differ in one number alone, and have half of the numbers of their range or more."""
    if len(values) <= MOST_AMOUNTS or len({_NUMBER.sub("0", value) for value in values}) > 1:
        return False
    varying = [set(numbers) for numbers in zip(*map(_NUMBER.findall, values), strict=True) if len(set(numbers)) > 1]
    if len(varying) != 1:
        return False
    numbers = set(map(int, varying[0]))
    return max(numbers) - min(numbers) < 2 * len(numbers)
