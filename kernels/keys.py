"""
Keys of 64 bits → numbers, many at once: what the tables of words, rows and kinds are made of.

What is numbered may be longer than a key. Then who asks tells whether the number that a key has is of the same thing,
and another thing of that key goes on to a further key: numbers are exact, however keys collide.
"""

import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from kernels.spans import Flags, Positions

Keys = NDArray[np.uint64]
_Item = TypeVar("_Item", bound=np.generic)

# Another one in each process: who writes log lines cannot make words that all have one place.
_FACTOR: Final = np.uint64(secrets.randbits(64) | 1)
_NEXT: Final = np.uint64(0x9E3779B97F4A7C15)
_FEWEST_BITS: Final = 10
# A quarter of the places is taken at most, so that most keys are found at the first look.
_PLACES_A_KEY: Final = 4


class KeyTable:
    """
    Numbers keys from 0, in the order in which they first come. Open addressing, by columns.

    Attributes:
        size: How many keys have a number.
    """

    def __init__(self) -> None:
        self.size = 0
        self._make(_FEWEST_BITS)
        # By number + 1, for 0 is a place that is free.
        self._keys = np.zeros(1 + len(self._table) // _PLACES_A_KEY, np.uint64)

    def find(self, keys: Keys) -> Positions:
        """Return the number of each key; −1 where it has none."""
        places = self._places(keys)
        found: Positions = self._table[places].astype(np.int64)
        missed = self._keys[found] != keys
        # Another key may have taken the place: then it is in one that follows, and before the first that is free.
        left = np.flatnonzero(missed & (found > 0))
        while len(left):
            places[left] = (places[left] + 1) & (len(self._table) - 1)
            found[left] = numbers = self._table[places[left]]
            left = left[(self._keys[numbers] != keys[left]) & (numbers > 0)]
        found -= 1
        return found

    def add(self, keys: Keys) -> Positions:
        """Return the number of each key; those that have none get one."""
        numbers = self.find(keys)
        unseen = np.flatnonzero(numbers < 0)
        if len(unseen):
            _, first, which = np.unique(keys[unseen], return_index=True, return_inverse=True)
            order = np.argsort(first)
            ranks = np.empty_like(order)
            ranks[order] = np.arange(len(order))
            numbers[unseen] = self.size + ranks[which]
            self._put(keys[unseen[first[order]]])
        return numbers

    def number(
        self, keys: Keys, keep: Callable[[Positions], None], same: Callable[[Positions, Positions], Flags]
    ) -> Positions:
        """
        Return a number for each thing that has one of the keys: equal ones for equal things, and for no others.

        Args:
            keys: Equal for equal things.
            keep: Takes the indices of things that are new, in the order of their numbers, which are the next ones.
            same: Tells of things, by index, whether each is the one that was kept with a number.
        """
        which, own = np.arange(len(keys)), keys
        found = np.zeros(len(keys), np.int64)
        while len(which):
            known = self.size
            found[which] = numbers = self.add(own)
            if self.size > known:
                keep(which[holders(numbers, known, self.size)])
            others = np.flatnonzero(~same(which, numbers))
            which, own = which[others], further(own[others])
        return found

    def _put(self, keys: Keys) -> None:
        """Give distinct keys that have no number the next ones."""
        first = self.size + 1
        self.size += len(keys)
        self._keys = grown(self._keys, self.size + 1)
        self._keys[first : self.size + 1] = keys
        if self.size * _PLACES_A_KEY > len(self._table):
            self._make((self.size * _PLACES_A_KEY).bit_length())
            first = 1
        self._place(self._keys[first : self.size + 1], np.arange(first, self.size + 1, dtype=np.int32))

    def _make(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, np.int32)

    def _place(self, keys: Keys, numbers: NDArray[np.int32]) -> None:
        places = self._places(keys)
        left = np.arange(len(keys))
        while len(left):
            free = left[self._table[places[left]] == 0]
            # Of several that want a place the last one gets it.
            self._table[places[free]] = numbers[free]
            left = left[self._table[places[left]] != numbers[left]]
            places[left] = (places[left] + 1) & (len(self._table) - 1)

    def _places(self, keys: Keys) -> Positions:
        return ((keys * _FACTOR) >> self._shift).astype(np.int64)


def holders(numbers: Positions, first: int, behind: int) -> Positions:
    """Return for each number from the first on, up to what is behind the last, the index of one that has it."""
    found = np.zeros(behind - first, np.int64)
    which = np.flatnonzero(numbers >= first)
    found[numbers[which] - first] = which
    return found


def paired(high: NDArray[Any], low: NDArray[Any]) -> Keys:
    """Return a key for each pair of numbers that have 32 bits."""
    return (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)


def further(keys: Keys) -> Keys:
    """Return the keys that things go on to whose own are taken by others."""
    return mixed(keys + _NEXT)


def mixed(keys: Keys) -> Keys:
    """Return keys in which each bit depends on those of all; distinct ones stay distinct."""
    found = keys ^ (keys >> np.uint64(32))
    found *= _FACTOR
    found ^= found >> np.uint64(29)
    return found


def grown(column: NDArray[_Item], size: int) -> NDArray[_Item]:
    """Return a column with room for so many: itself, or a copy of twice as many."""
    if size <= len(column):
        return column
    larger = np.zeros(max(size, 2 * len(column)), column.dtype)
    larger[: len(column)] = column
    return larger
