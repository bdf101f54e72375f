"""
Words of many lines → numbers of those that a set of words has, 0 for any other; no object for a word.

A word's first eight bytes, its last eight and its length are a key, which is sought in a table with more than half of
its places free. Up to sixteen bytes the key is the word; of longer ones the bytes between are compared too. Most words
of logs have no such length together with such a first byte, and are not sought at all.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels.spans import Flags, Positions, Spans

_Numbers = NDArray[np.uint64]

PADDING: Final = 8
"""How many bytes must follow the last word in the data that words are sought in."""

_LOOKS: Final = 1 << 14
_FACTORS: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
# The first n bytes of a little-endian number.
_MASKS: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)


class _Keys(NamedTuple):
    """The first eight bytes of words and the last eight, of a shorter one twice the word, and how long they are."""

    first: _Numbers
    last: _Numbers
    lengths: NDArray[np.int32]

    @classmethod
    def of(cls, data: NDArray[np.uint8], words: Spans) -> "_Keys":
        lengths = (words.ends - words.starts).astype(np.int32)
        eights = _eights(data)
        first = eights[words.starts]
        first &= _MASKS[np.minimum(lengths, 8)]
        last, long = first.copy(), np.flatnonzero(lengths > 8)
        last[long] = eights[words.ends[long] - 8]
        return cls(first, last, lengths)

    def at(self, chosen: Positions) -> "_Keys":
        return _Keys(self.first[chosen], self.last[chosen], self.lengths[chosen])

    def places(self, bits: int) -> Positions:
        """Return where each is sought in a table of 2 to the power of `bits`."""
        mixed = (self.last + self.lengths.astype(np.uint64)) * np.uint64(_FACTORS[1])
        mixed ^= self.first * np.uint64(_FACTORS[0])
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(_FACTORS[0])
        return (mixed >> np.uint64(64 - bits)).astype(np.int64)


class Vocabulary:
    """Distinct words that are not empty, numbered from 1."""

    def __init__(self, words: Sequence[bytes]) -> None:
        """Take the words; the first has number 1. Cost: a pass over them."""
        self._bits = max(len(words) * 4, 16).bit_length()
        self._data = np.frombuffer(b"".join(words) + bytes(PADDING), np.uint8)
        lengths = np.array([0, *map(len, words)], np.int64)
        ends = np.cumsum(lengths)
        self._starts = ends - lengths
        keys = _Keys.of(self._data, Spans(self._starts[1:], ends[1:]))
        self._table = self._filled(keys.places(self._bits))
        self._likely = np.zeros(_LOOKS, np.bool_)
        self._likely[_looks(self._data, Spans(self._starts[1:], ends[1:]))] = True
        # Number 0 is of no word: no word is as long.
        none = _Keys(np.zeros(1, np.uint64), np.zeros(1, np.uint64), np.full(1, -1, np.int32))
        self._keys = _Keys(
            np.concatenate([none.first, keys.first]),
            np.concatenate([none.last, keys.last]),
            np.concatenate([none.lengths, keys.lengths]),
        )

    def numbers(self, data: NDArray[np.uint8], words: Spans) -> NDArray[np.int32]:
        """Return the number of each word; `data`, in which they are, has PADDING."""
        found = np.zeros(len(words.starts), np.int32)
        likely = np.flatnonzero(self._likely[_looks(data, words)])
        found[likely] = self._sought(data, words.at(likely))
        return found

    def _sought(self, data: NDArray[np.uint8], words: Spans) -> NDArray[np.int32]:
        keys = _Keys.of(data, words)
        places = keys.places(self._bits)
        found = self._table[places]
        same = self._same(data, words, keys, found)
        # Other words may have taken a word's place: it is in one that follows, and before the first that is free.
        left = np.flatnonzero(~same & (found > 0))
        while len(left):
            places[left] = (places[left] + 1) & (len(self._table) - 1)
            found[left] = numbers = self._table[places[left]]
            same[left] = now = self._same(data, words.at(left), keys.at(left), numbers)
            left = left[~now & (numbers > 0)]
        found[~same] = 0
        return found

    def _same(self, data: NDArray[np.uint8], words: Spans, keys: "_Keys", numbers: NDArray[np.int32]) -> Flags:
        same: Flags = self._keys.first[numbers] == keys.first
        same &= self._keys.last[numbers] == keys.last
        same &= self._keys.lengths[numbers] == keys.lengths
        longer = np.flatnonzero(same & (keys.lengths > 16))
        if len(longer):
            same[longer] = self._same_inside(data, words.at(longer), numbers[longer])
        return same

    def _same_inside(self, data: NDArray[np.uint8], words: Spans, numbers: NDArray[np.int32]) -> Flags:
        """Tell which words are those of their numbers also between the first eight bytes and the last eight."""
        same = np.ones(len(numbers), np.bool_)
        own, starts = self._starts[numbers], words.starts
        lengths = words.ends - starts
        for offset in range(8, int(lengths.max()) - 8, 8):
            there = np.flatnonzero(same & (lengths > offset + 8))
            same[there] = _eights(data)[starts[there] + offset] == _eights(self._data)[own[there] + offset]
        return same

    def _filled(self, places: Positions) -> NDArray[np.int32]:
        table = np.zeros(1 << self._bits, np.int32)
        for number, place in enumerate(places.tolist(), start=1):
            free = place
            while table[free]:
                free = (free + 1) & (len(table) - 1)
            table[free] = number
        return table


def _looks(data: NDArray[np.uint8], words: Spans) -> Positions:
    """Return of each word a number below _LOOKS: its length, if it is not long, and its first byte."""
    looks: Positions = np.minimum(words.ends - words.starts, _LOOKS // 256 - 1)
    looks <<= 8
    looks |= data[words.starts]
    return looks


def _eights(data: NDArray[np.uint8]) -> _Numbers:
    """Return the eight bytes from each place on as a number, without copying."""
    return np.ndarray(max(len(data) - 7, 0), np.dtype("<u8"), data, strides=(1,))
