"""
Words of many lines → numbers of those that are known, 0 for any other; no object for a word.

A word's key is made of its first eight bytes, its last eight, its length and, of a longer one, all between; what has
the same key is compared. Most words of logs have no such length together with such a first byte as one of a pattern
has, and are not sought at all.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kernels.keys import Keys, KeyTable, further, grown, mixed
from kernels.spans import Flags, Positions, Spans, ranges, side_by_side

_Eights = NDArray[np.uint64]

PADDING: Final = 8
"""How many bytes must follow the last word in the data that words are sought in."""

_LOOKS: Final = 1 << 14
_SHORT: Final = 16
"""Bytes of words that lie in the first eight and the last eight."""

_LONG: Final = 128
"""Bytes of words that are read by columns; longer ones one by one, for each eight bytes take a turn of all."""

_FACTOR: Final = np.uint64(0xC2B2AE3D27D4EB4F)
# The first n bytes of a little-endian number.
_MASKS: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)


class _Ends(NamedTuple):
    """The first eight bytes of words and the last eight, of a shorter one twice the word, and how long they are."""

    first: _Eights
    last: _Eights
    lengths: Positions

    @classmethod
    def of(cls, data: NDArray[np.uint8], words: Spans) -> "_Ends":
        lengths = words.ends - words.starts
        eights = _eights(data)
        first = eights[words.starts]
        first &= _MASKS[np.minimum(lengths, 8)]
        last, long = first.copy(), np.flatnonzero(lengths > 8)
        last[long] = eights[words.ends[long] - 8]
        return cls(first, last, lengths)

    def at(self, chosen: Positions) -> "_Ends":
        return _Ends(self.first[chosen], self.last[chosen], self.lengths[chosen])


class Vocabulary:
    """
    Distinct words that are not empty, numbered from 1.

    Attributes:
        taken: How many bytes they have.
        first: The numbers of those that it was made with: 1, 2, … in their order, unless keys collide.
    """

    def __init__(self, words: Sequence[bytes] = ()) -> None:
        """Take distinct words. Cost: a pass over them."""
        self._table = KeyTable()
        self._data = np.zeros(4_096, np.uint8)
        self.taken = 0
        self._starts = np.zeros(256, np.int64)
        # Number 0 is of no word: no word is as long.
        self._kept = _Ends(np.zeros(256, np.uint64), np.zeros(256, np.uint64), np.full(256, -1))
        self._likely = np.zeros(_LOOKS, np.bool_)
        self.first: list[int] = []
        if words:
            ends = np.cumsum([len(word) for word in words])
            starts = np.concatenate([[0], ends[:-1]])
            data = np.frombuffer(b"".join(words) + bytes(PADDING), np.uint8)
            self.first = self.add(data, Spans(starts, ends)).tolist()

    @property
    def size(self) -> int:
        """How many they are."""
        return self._table.size

    def numbers(self, data: NDArray[np.uint8], words: Spans) -> NDArray[np.int32]:
        """Return the number of each word, 0 for one that has none; `data`, in which they are, has PADDING."""
        found = np.zeros(len(words.starts), np.int32)
        which = np.flatnonzero(self._likely[_looks(data, words)])
        words = words.at(which)
        ends = _Ends.of(data, words)
        keys = _keys(data, words, ends)
        while len(which):
            numbers = self._table.find(keys) + 1
            there = np.flatnonzero(numbers)
            same = self._same(data, words.at(there), ends.at(there), numbers[there])
            found[which[there[same]]] = numbers[there[same]]
            others = there[~same]
            which, words, ends, keys = which[others], words.at(others), ends.at(others), further(keys[others])
        return found

    def add(self, data: NDArray[np.uint8], words: Spans) -> NDArray[np.int32]:
        """Return the number of each word; one that has none gets the next. `data` has PADDING."""
        ends = _Ends.of(data, words)

        def keep(which: Positions) -> None:
            self._keep(data, words.at(which), ends.at(which))

        def same(which: Positions, numbers: Positions) -> Flags:
            if len(which) == len(words.starts):
                return self._same(data, words, ends, numbers + 1)
            return self._same(data, words.at(which), ends.at(which), numbers + 1)

        return (self._table.number(_keys(data, words, ends), keep, same) + 1).astype(np.int32)

    def texts(self, first: int) -> pa.Array:
        """Return the words from a number on, in order, as binary."""
        begin = int(self._starts[first]) if first <= self.size else self.taken
        return side_by_side(self._data[begin : self.taken].tobytes(), self._kept.lengths[first : self.size + 1])

    def text(self, number: int) -> str:
        """Return the word of a number, which is UTF-8."""
        start = self._starts[number]
        return self._data[start : start + self._kept.lengths[number]].tobytes().decode()

    def _keep(self, data: NDArray[np.uint8], words: Spans, ends: _Ends) -> None:
        """Keep new words, the last of the table."""
        size, total = self.size + 1, int(ends.lengths.sum())
        old = size - len(words.starts)
        self._data = grown(self._data, self.taken + total + PADDING)
        self._data[self.taken : self.taken + total] = data[ranges(words.starts, ends.lengths)]
        self._starts = grown(self._starts, size)
        self._starts[old:size] = self.taken + np.cumsum(ends.lengths) - ends.lengths
        self.taken += total
        first, last, lengths = self._kept
        self._kept = _Ends(grown(first, size), grown(last, size), grown(lengths, size))
        for column, own in zip(self._kept, ends, strict=True):
            column[old:size] = own
        self._likely[_looks(data, words)] = True

    def _same(self, data: NDArray[np.uint8], words: Spans, ends: _Ends, numbers: Positions) -> Flags:
        same: Flags = self._kept.first[numbers] == ends.first
        same &= self._kept.last[numbers] == ends.last
        same &= self._kept.lengths[numbers] == ends.lengths
        longer = np.flatnonzero(same & (ends.lengths > _SHORT))
        if len(longer):
            same[longer] = self._same_inside(data, words.at(longer), numbers[longer])
        return same

    def _same_inside(self, data: NDArray[np.uint8], words: Spans, numbers: Positions) -> Flags:
        """Tell which words are those of their numbers also between the first eight bytes and the last eight."""
        same = np.ones(len(numbers), np.bool_)
        own, starts = self._starts[numbers], words.starts
        lengths = words.ends - starts
        there = np.arange(len(numbers))
        for offset in range(8, min(int(lengths.max()), _LONG) - 8, 8):
            there = there[lengths[there] > offset + 8]
            same[there] &= _eights(data)[starts[there] + offset] == _eights(self._data)[own[there] + offset]
        for index in np.flatnonzero(same & (lengths > _LONG)).tolist():
            here = data[starts[index] : words.ends[index]]
            same[index] = np.array_equal(here, self._data[own[index] : own[index] + lengths[index]])
        return same


def _keys(data: NDArray[np.uint8], words: Spans, ends: _Ends) -> Keys:
    keys = ends.last + ends.lengths.astype(np.uint64)
    keys *= _FACTOR
    keys ^= ends.first
    longer = np.flatnonzero(ends.lengths > _SHORT)
    if len(longer):
        keys[longer] = _keys_inside(data, words.at(longer), keys[longer])
    return mixed(keys)


def _keys_inside(data: NDArray[np.uint8], words: Spans, keys: Keys) -> Keys:
    lengths, eights = words.ends - words.starts, _eights(data)
    there = np.arange(len(keys))
    for offset in range(8, min(int(lengths.max()), _LONG) - 8, 8):
        there = there[lengths[there] > offset + 8]
        keys[there] = mixed(keys[there]) + eights[words.starts[there] + offset]
    for index in np.flatnonzero(lengths > _LONG).tolist():
        keys[index] = hash(data[words.starts[index] : words.ends[index]].tobytes()) & (1 << 64) - 1
    return keys


def _looks(data: NDArray[np.uint8], words: Spans) -> Positions:
    """Return of each word a number below _LOOKS: its length, if it is not long, and its first byte."""
    looks: Positions = np.minimum(words.ends - words.starts, _LOOKS // 256 - 1)
    looks <<= 8
    looks |= data[words.starts]
    return looks


def _eights(data: NDArray[np.uint8]) -> _Eights:
    """Return the eight bytes from each place on as a number, without copying."""
    return np.ndarray(max(len(data) - 7, 0), np.dtype("<u8"), data, strides=(1,))
