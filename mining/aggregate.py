"""
Aggregate supports: a candidate also counts the lines of candidates that are more specific than it.

    LogCluster   (--aggrsup) Y is more specific than X iff X's words embed in Y's, in order, and each gap of X holds
                 whatever Y may have there: its own gaps and the words that are swallowed, at their least and most.
    SLCT         (-j) Y is more specific than X iff it has all of X's words at their positions, and as many words where
                 candidates are anchored.

Added are each candidate's own lines, those of candidates below the support too; X itself may have been below it. So a
line may support several clusters.

Which candidates have all words of X is found by an index over words, and only those are compared: a rare word's
candidates are a short list; those of a common word are the bits of one integer, so that to intersect them takes
microseconds whatever their number. benchmarks/candidates.py measures it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from mining.candidates import Candidate, Key, Keys, WordKeys

_THRESHOLDS: Final = 64
"""How many lengths have a set of their own; others use the next one that is wider, and are compared one by one."""


class _Reach(NamedTuple):
    """
    How many words a line of a candidate has up to a place, at the least and at the most.

    Index 0 is the start, index i the i-th constant, and the last one the end; each counts itself, the start does not.
    """

    least: list[int]
    most: list[int]


@dataclass(slots=True)
class Aggregated:
    """
    What aggregating found.

    Attributes:
        supports: Key → aggregate support, of those candidates for which it is enough.
        covered: Keys of these and of all that are more specific than one of them.
    """

    supports: dict[Key, int] = field(default_factory=dict)
    covered: set[Key] = field(default_factory=set)


def aggregate(candidates: Mapping[Key, Candidate], support: int, keys: Keys) -> Aggregated:
    """
    Return the candidates with an aggregate support of at least `support`.

    Args:
        candidates: All of them; those with little support count too.
        support: Least number of lines.
        keys: What made the keys.

    Cost: no pass over lines. Time grows as the number of pairs (X, Y) in which Y has X's words, for those X that can
    reach the support at all; memory as the number of words in all candidates.

    Source: logcluster.pl 0.10 --aggrsup, slct 0.05 -j (docs/COMPARISON.md); neither paper has it.
    """
    index = _Index(candidates, keys)
    found = Aggregated()
    for row in range(len(index.keys)):
        specific = index.more_specific(row, support)
        total = sum(map(index.supports.__getitem__, specific))
        if total >= support:
            found.supports[index.keys[row]] = total
            found.covered.update(map(index.keys.__getitem__, specific))
    return found


class _Index:
    """The candidates by their words. Rows are numbered by falling support, so that what is summed first counts most."""

    def __init__(self, candidates: Mapping[Key, Candidate], keys: Keys) -> None:
        ordered = sorted(candidates.items(), key=lambda item: -item[1].support)
        self.keys = [key for key, _ in ordered]
        self.supports = [candidate.support for _, candidate in ordered]
        self._candidates = [candidate for _, candidate in ordered]
        self._reach = [_reach(candidate) for candidate in self._candidates]
        self._words = [
            _required(candidate, reach, keys) for candidate, reach in zip(self._candidates, self._reach, strict=True)
        ]
        # SLCT's words lie at fixed places: who has all of them is more specific, and nothing is left to compare.
        self._positional = not isinstance(keys, WordKeys)
        self._rows = self._by_word()
        self._uses = {word: len(rows) for word, rows in self._rows.items()}
        # As bits a set takes n/8 bytes whatever its size; as a list it costs more to go through from n/1000 rows on. So
        # there are at most a thousand such sets for each word of a line.
        self._short = max(16, len(ordered) // 1024)
        self._bits = {word: self._as_bits(rows) for word, rows in self._rows.items() if len(rows) > self._short}
        self._planes = self._support_planes()
        self._at_least = _Thresholds([reach.least[-1] for reach in self._reach])
        self._at_most = _Thresholds([-reach.most[-1] for reach in self._reach])

    def more_specific(self, row: int, support: int) -> list[int]:
        """Return a row and those more specific than it; nothing if all that have its words are too few lines."""
        possible = self._with_words_of(row, support)
        if self._positional or sum(map(self.supports.__getitem__, possible)) < support:
            return possible
        general, reach = self._candidates[row], self._reach[row]
        return [
            other
            for other in possible
            if other == row or _embeds(general, reach, self._candidates[other].constants, self._reach[other])
        ]

    def _with_words_of(self, row: int, support: int) -> list[int]:
        words = sorted(self._words[row], key=self._uses.__getitem__)
        if words[0] not in self._bits:
            return self._of_rare(words, support)
        common = self._bits[words[0]]
        for word in words[1:]:
            common &= self._bits[word]
        if not self._positional:
            common &= self._at_least.not_below(self._reach[row].least[-1])
            common &= self._at_most.not_below(-self._reach[row].most[-1])
        return list(_rows_of(common)) if self._sum(common) >= support else []

    def _of_rare(self, words: Sequence[Hashable], support: int) -> list[int]:
        """Return the rows that have all words, which begin with the rarest, so that the list is soon short."""
        rows = self._rows[words[0]]
        for word in words[1:]:
            if len(rows) < support and sum(map(self.supports.__getitem__, rows)) < support:
                return []
            if len(rows) == 1:
                break
            rows = [other for other in rows if word in self._words[other]]
        return rows

    def _sum(self, rows: int) -> int:
        return sum((rows & plane).bit_count() << power for power, plane in enumerate(self._planes))

    def _by_word(self) -> dict[Hashable, list[int]]:
        rows: dict[Hashable, list[int]] = defaultdict(list)
        for row, words in enumerate(self._words):
            for word in words:
                rows[word].append(row)
        return rows

    def _support_planes(self) -> list[int]:
        """Return for each power of two the rows whose support has it: to sum a set of rows is to count bits."""
        powers = range(max(self.supports, default=0).bit_length())
        return [
            self._as_bits(row for row, support in enumerate(self.supports) if support >> power & 1) for power in powers
        ]

    def _as_bits(self, rows: Iterable[int]) -> int:
        return _as_bits(rows, len(self.keys))


class _Thresholds:
    """For some values the rows whose value is not below it, as bits."""

    def __init__(self, values: Sequence[int]) -> None:
        distinct = sorted(set(values))
        self._values = distinct[:: max(1, len(distinct) // _THRESHOLDS)]
        self._rows: list[int] = []
        falling = sorted(range(len(values)), key=lambda row: -values[row])
        bits, taken = bytearray(len(values) // 8 + 1), 0
        for least in reversed(self._values):
            while taken < len(falling) and values[falling[taken]] >= least:
                bits[falling[taken] >> 3] |= 1 << (falling[taken] & 7)
                taken += 1
            self._rows.append(int.from_bytes(bits, "little"))
        self._rows.reverse()

    def not_below(self, value: int) -> int:
        """Return the rows with at least this value, and perhaps some with less; `value` is that of a row."""
        return self._rows[bisect_right(self._values, value) - 1]


def _required(candidate: Candidate, reach: _Reach, keys: Keys) -> frozenset[Hashable]:
    """Return what a more specific candidate has too: words; for SLCT words at places, and the end where anchored."""
    if isinstance(keys, WordKeys):
        return frozenset(candidate.constants)
    placed: set[Hashable] = set(zip(reach.least[1:], candidate.constants, strict=False))
    return frozenset(placed | {reach.least[-1]} if keys.anchored else placed)


def _reach(candidate: Candidate) -> _Reach:
    least = list(accumulate((gap + 1 for gap in candidate.least), initial=0))
    return _Reach(least, list(accumulate((gap + 1 for gap in candidate.most), initial=0)))


def _embeds(general: Candidate, bounds: _Reach, words: Sequence[str], reach: _Reach) -> bool:
    """
    Tell whether a candidate of these words is more specific than the general one.

    Left to right it keeps the places in `words` at which the constants so far can end, as `reach` numbers them. A gap
    between two places holds the words between them, as few or as many as a line may have there.
    """
    if bounds.least[-1] > reach.least[-1] or bounds.most[-1] < reach.most[-1]:
        return False
    starts = [0]
    for constant, least, most in zip(general.constants, general.least, general.most, strict=False):
        places = [at for at, word in enumerate(words, start=1) if word == constant]
        starts = _reached(starts, places, reach, least, most)
        if not starts:
            return False
    return bool(_reached(starts, [len(words) + 1], reach, general.least[-1], general.most[-1]))


def _reached(starts: list[int], places: list[int], reach: _Reach, least: int, most: int) -> list[int]:
    """Return the places to which a gap of `least` to `most` words leads from one of `starts`, whatever the line."""
    reached = []
    for place in places:
        fewest, highest = reach.least[place] - least, reach.most[place] - most - 1
        for start in starts:
            if start < place and reach.least[start] < fewest and reach.most[start] >= highest:
                reached.append(place)
                break
    return reached


def _as_bits(rows: Iterable[int], size: int) -> int:
    bits = bytearray(size // 8 + 1)
    for row in rows:
        bits[row >> 3] |= 1 << (row & 7)
    return int.from_bytes(bits, "little")


def _rows_of(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, ascending."""
    text = bin(bits)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
