"""Rows of numbers → a number for each distinct row; no object for a row."""

import numpy as np
from numpy.typing import NDArray

from kernels.keys import Keys, KeyTable, grown, mixed
from kernels.spans import Flags, Positions, ranges

Numbers = NDArray[np.int32]

_POWER = 0x9E3779B97F4A7C15
_INVERSE = pow(_POWER, -1, 1 << 64)


class RowTable:
    """
    Numbers rows from 0, in the order in which they first come.

    A row's key is the polynomial of its numbers modulo 2 to the power of 64, so that those of all rows are differences
    of one sum; rows of one key are compared.
    """

    def __init__(self) -> None:
        self._table = KeyTable()
        self._starts, self._lengths = np.zeros(256, np.int64), np.zeros(256, np.int64)
        self._numbers = np.zeros(4_096, np.int32)
        self._powers = self._inverses = np.ones(1, np.uint64)
        self.taken = 0

    @property
    def size(self) -> int:
        """How many distinct rows there are."""
        return self._table.size

    def add(self, numbers: Numbers, lengths: Positions) -> Positions:
        """
        Return the number of each row.

        Args:
            numbers: The rows, one after the other.
            lengths: How many numbers each has.
        """
        begins = np.cumsum(lengths) - lengths

        def keep(which: Positions) -> None:
            self._keep(numbers, begins[which], lengths[which])

        def same(which: Positions, rows: Positions) -> Flags:
            if len(which) == len(lengths):
                return self._same(numbers, lengths, rows)
            return self._same(numbers[ranges(begins[which], lengths[which])], lengths[which], rows)

        return self._table.number(self._keys(numbers, begins, lengths), keep, same)

    def at(self, rows: Positions) -> tuple[Numbers, Positions]:
        """Return some rows as `add` takes them."""
        lengths = self._lengths[rows]
        return self._numbers[ranges(self._starts[rows], lengths)], lengths

    def row(self, row: int) -> list[int]:
        """Return one row."""
        start = self._starts[row]
        found: list[int] = self._numbers[start : start + self._lengths[row]].tolist()
        return found

    def _keys(self, numbers: Numbers, begins: Positions, lengths: Positions) -> Keys:
        self._reach(len(numbers) + 1)
        sums = np.zeros(len(numbers) + 1, np.uint64)
        # No number counts for nothing, or rows of different lengths would have one key.
        terms = (numbers + 1).astype(np.uint64)
        terms *= self._powers[: len(numbers)]
        np.cumsum(terms, out=sums[1:])
        keys = sums[begins + lengths] - sums[begins]
        keys *= self._inverses[begins]
        return mixed(keys)

    def _reach(self, size: int) -> None:
        if size > len(self._powers):
            size = max(size, 2 * len(self._powers))
            self._powers, self._inverses = (_powers(base, size) for base in (_POWER, _INVERSE))

    def _keep(self, numbers: Numbers, begins: Positions, lengths: Positions) -> None:
        old, total = self._table.size - len(begins), int(lengths.sum())
        self._starts, self._lengths = grown(self._starts, self.size), grown(self._lengths, self.size)
        self._numbers = grown(self._numbers, self.taken + total)
        self._starts[old : self.size] = self.taken + np.cumsum(lengths) - lengths
        self._lengths[old : self.size] = lengths
        self._numbers[self.taken : self.taken + total] = numbers[ranges(begins, lengths)]
        self.taken += total

    def _same(self, numbers: Numbers, lengths: Positions, rows: Positions) -> Flags:
        same: Flags = self._lengths[rows] == lengths
        if not same.all():
            # What is compared must be as long.
            some = np.flatnonzero(same)
            begins = np.cumsum(lengths) - lengths
            same[some] = self._same(numbers[ranges(begins[some], lengths[some])], lengths[some], rows[some])
            return same
        differ = np.flatnonzero(self._numbers[ranges(self._starts[rows], lengths)] != numbers)
        if len(differ):
            same[np.searchsorted(np.cumsum(lengths), differ, side="right")] = False
        return same


def _powers(base: int, size: int) -> Keys:
    found = np.full(size, base, np.uint64)
    found[0] = 1
    return np.multiply.accumulate(found)
