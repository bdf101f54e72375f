"""
How many lines of which kind there were when: exact by the second, coarser only where that would be too many rows.

A row is (kind, interval) → lines, both in one integer, sorted. Real logs have far fewer rows than lines.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from commands.reporting.figures import Bins

MOST_ROWS: Final = 4_000_000
"""Of 16 bytes each; where there are more, the intervals become wider."""

_WIDTHS: Final = (1, 60, 3_600, 86_400)
_BITS: Final = 39
_OFFSET: Final = 1 << (_BITS - 1)
"""Seconds since 1970 of years 1 to 9999, made positive, have so many bits."""

_INTERVALS: Final = (1 << _BITS) - 1

Integers = npt.NDArray[np.int64]


class Timeline:
    """Lines by kind and time. Kinds are numbers from 0."""

    def __init__(self) -> None:
        """Begin with none."""
        self._keys: Integers = np.empty(0, np.int64)
        self._counts: Integers = np.empty(0, np.int64)
        self._widths = list(_WIDTHS)

    def add(self, kinds: Integers, seconds: Integers) -> None:
        """Add a line for each kind and its time in seconds since 1970."""
        keys = kinds << _BITS | seconds // self._widths[0] + _OFFSET
        self._merge(np.concatenate([self._keys, keys]), np.concatenate([self._counts, np.ones_like(keys)]))
        while len(self._keys) > MOST_ROWS and len(self._widths) > 1:
            factor = self._widths[1] // self._widths.pop(0)
            intervals = (self._keys & _INTERVALS) - _OFFSET
            self._merge(self._keys >> _BITS << _BITS | intervals // factor + _OFFSET, self._counts)

    def days(self) -> dict[int, int]:
        """Return day since 1970 → lines."""
        days, which = np.unique(self._seconds // 86_400, return_inverse=True)
        return dict(zip(days.tolist(), _sums(which, self._counts, len(days)).tolist(), strict=True))

    def lines(self, kinds: int) -> list[int]:
        """Return the lines of each of so many kinds."""
        found: list[int] = _sums(self._kinds, self._counts, kinds).tolist()
        return found

    def series(self, rows: Integers, bins: Bins) -> Integers:
        """Return lines by bins: a kind's are in the row that `rows` has for it. Lines of other times are in none."""
        at = (self._seconds - bins.start) // bins.width
        inside = (at >= 0) & (at < bins.number)
        cells = (rows[self._kinds] * bins.number + at)[inside]
        number = int(rows.max()) + 1
        return _sums(cells, self._counts[inside], number * bins.number).reshape(number, bins.number)

    @property
    def _kinds(self) -> Integers:
        return self._keys >> _BITS

    @property
    def _seconds(self) -> Integers:
        return ((self._keys & _INTERVALS) - _OFFSET) * self._widths[0]

    def _merge(self, keys: Integers, counts: Integers) -> None:
        self._keys, which = np.unique(keys, return_inverse=True)
        self._counts = _sums(which, counts, len(self._keys))


def _sums(places: npt.NDArray[Any], numbers: Integers, size: int) -> Integers:
    """Return for each place from 0 the sum of its numbers, exactly below 2⁵³."""
    return np.bincount(places, weights=numbers, minlength=size).astype(np.int64)
