"""
Best matches of many shapes at once: as patterns.scope_index says one by one.

    rows of words ─► patterns whose rarest constant is among them ─► that have no constant which is not
                  ─► that take as many words ─► constants at fixed places: are they there? ─► the first in order
                                             └► others: patterns/fitting.py

A row that shares its rarest constants with very many patterns is searched by itself (patterns/scope_index.py files
patterns under two of them), so that no set makes the columns long.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels.keys import Keys, KeyTable, grown, holders, mixed, paired
from kernels.rows import Numbers, RowTable
from kernels.spans import Flags, Positions, ranges
from patterns.fitting import fits, places
from patterns.language import Pattern, alternatives
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet

OTHER: Final = -1
"""Stands in rows for a word that no pattern has."""

_MOST: Final = 256
"""How many patterns one row is compared with by columns."""

_BOUNDLESS: Final = (1 << 63) - 1
_NONE: Final = _BOUNDLESS
_ANY: Final = (1 << 32) - 1
"""Stands for a word of every row, in the key of patterns without a constant."""


class Search:
    """
    The patterns of a set by columns. Not thread-safe.

    Attributes:
        patterns: All of them, scope by scope, each scope's in best-match order.
        scopes: Scope → its number.
    """

    def __init__(self, pattern_set: PatternSet, matcher: Matcher, words: Mapping[str, int]) -> None:
        """
        File the patterns. Cost: a pass over them.

        Args:
            pattern_set: The set.
            matcher: Judges by the same set.
            words: Word → its number, for each word that a pattern has.
        """
        self._matcher = matcher
        self._texts = {number: word for word, number in words.items()}
        self.patterns = [known for group in pattern_set.scopes.values() for known in group]
        self.scopes = {scope: number for number, scope in enumerate(pattern_set.scopes)}
        self._names = list(pattern_set.scopes)
        self._ranks = {id(known): rank for rank, known in enumerate(self.patterns)}
        read = [_Read.of(known.pattern, words) for known in self.patterns]
        self._least = np.array([each.least for each in read], np.int64)
        self._most = np.array([each.most for each in read], np.int64)
        self._fixed = np.array([each.fixed for each in read], np.bool_)
        # Constants that are one word, pattern after pattern: which, and where each stands if all places are fixed.
        self._sizes = np.array([len(each.constants) for each in read], np.int64)
        self._begins = np.cumsum(self._sizes) - self._sizes
        self._constants = np.array([word for each in read for word in each.constants], np.int32)
        self._places = np.array([place for each in read for place in each.places], np.int64)
        owners = np.repeat(np.arange(len(read)), self._sizes)
        self._masks = np.zeros(len(read), np.uint64)
        np.bitwise_or.at(self._masks, owners, _bits(self._constants))
        self._file(owners, read)

    def best(self, numbers: Numbers, lengths: Positions, scopes: Positions) -> Positions:
        """
        Return for each row the index of its best match in `patterns`; −1 where there is none.

        Args:
            numbers: The rows, one after the other: numbers of `words`, OTHER for any other word.
            lengths: How many words each has, one at least.
            scopes: The number of each row's scope.
        """
        begins = np.cumsum(lengths) - lengths
        found = np.full(len(lengths), _NONE)
        if not len(lengths):
            return found
        rows, ranks, many = self._candidates(numbers, lengths, scopes)
        has = np.bitwise_or.reduceat(_bits(numbers), begins)
        likely = np.flatnonzero((self._masks[ranks] & ~has[rows]) == 0)
        rows, ranks = rows[likely], ranks[likely]
        likely = np.flatnonzero((self._least[ranks] <= lengths[rows]) & (lengths[rows] <= self._most[ranks]))
        rows, ranks = rows[likely], ranks[likely]
        fixed = self._fixed[ranks]
        there = self._in_their_places(numbers, begins[rows[fixed]], ranks[fixed])
        np.minimum.at(found, rows[fixed][there], ranks[fixed][there])
        edges = [*begins.tolist(), len(numbers)]
        self._fit(numbers, edges, rows[~fixed], ranks[~fixed], found)
        for row in many.tolist():
            shape = " ".join(self._words(numbers[edges[row] : edges[row + 1]]))
            known = self._matcher.match(self._names[scopes[row]], shape)
            found[row] = _NONE if known is None else self._ranks[id(known)]
        found[found == _NONE] = -1
        return found

    def _candidates(
        self, numbers: Numbers, lengths: Positions, scopes: Positions
    ) -> tuple[Positions, Positions, Positions]:
        """Return pairs of rows and the patterns filed under their words; and the rows that have too many of these."""
        known = np.flatnonzero(numbers != OTHER)
        rows = np.repeat(np.arange(len(lengths)), lengths)[known]
        keys = paired(scopes[rows], numbers[known])
        if self._any:
            rows = np.concatenate([rows, np.arange(len(lengths))])
            keys = np.concatenate([keys, paired(scopes, np.full(len(lengths), _ANY))])
        spans = self._table.find(keys)
        hit = np.flatnonzero(spans >= 0)
        rows, starts = rows[hit], self._spans[spans[hit]]
        uses = self._spans[spans[hit] + 1] - starts
        many = np.bincount(rows, uses, len(lengths)) > _MOST
        few = np.flatnonzero(~many[rows])
        rows, starts, uses = rows[few], starts[few], uses[few]
        return np.repeat(rows, uses), self._filed[ranges(starts, uses)], np.flatnonzero(many)

    def _in_their_places(self, numbers: Numbers, begins: Positions, ranks: Positions) -> Flags:
        """Tell which patterns, all of fixed places, have their constants in the rows that begin there."""
        sizes = self._sizes[ranks]
        which = ranges(self._begins[ranks], sizes)
        differ = numbers[np.repeat(begins, sizes) + self._places[which]] != self._constants[which]
        fits: Flags = np.ones(len(ranks), np.bool_)
        fits[np.searchsorted(np.cumsum(sizes), np.flatnonzero(differ), side="right")] = False
        return fits

    def _fit(self, numbers: Numbers, edges: Sequence[int], rows: Positions, ranks: Positions, found: Positions) -> None:
        """Try patterns with other gaps, each on its row, where `found` has none that is better."""
        where: dict[int, dict[str, int]] = {}
        order = np.lexsort((ranks, rows))
        for row, rank in zip(rows[order].tolist(), ranks[order].tolist(), strict=True):
            if rank < found[row]:
                start, end = edges[row], edges[row + 1]
                if row not in where:
                    where[row] = places(self._words(numbers[start:end]))
                if fits(self.patterns[rank].pattern, where[row], end - start):
                    found[row] = rank

    def _words(self, numbers: Numbers) -> list[str]:
        return [self._texts.get(number, "\n") for number in numbers.tolist()]

    def _file(self, owners: Positions, read: Sequence["_Read"]) -> None:
        """File each pattern under its rarest constant, or under all words of one that has alternatives."""
        scopes = np.array([self.scopes[known.scope] for known in self.patterns], np.int64)
        keys = paired(scopes[owners], self._constants)
        _, which, uses = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.lexsort((uses[which], owners))
        first = order[np.flatnonzero(np.diff(owners[order], prepend=-1))]
        others = [(rank, word) for rank, each in enumerate(read) if not each.constants for word in each.options]
        ranks = np.concatenate([owners[first], np.array([rank for rank, _ in others], np.int64)])
        words = np.array([word for _, word in others], np.int64)
        keys = np.concatenate([keys[first], paired(scopes[ranks[len(first) :]], words)])
        order = np.lexsort((ranks, keys))
        distinct, starts = np.unique(keys[order], return_index=True)
        self._filed, self._spans = ranks[order], np.append(starts, len(order))
        self._any = bool((words == _ANY).any())
        self._table = KeyTable()
        self._table.add(distinct)


class Sought:
    """
    Remembers what was searched.

    Attributes:
        rows: Scope and words of each search; all words that no pattern has are one.
    """

    def __init__(self, search: Search) -> None:
        """Search by these patterns."""
        self._search = search
        self.rows = RowTable()
        self._best = np.zeros(256, np.int64)

    def best(
        self, numbers: Numbers, lengths: Positions, scopes: Sequence[str], judged: Flags
    ) -> list[KnownPattern | None]:
        """Return the best match of each row; None for one that is not to be judged, or whose scope has no pattern."""
        own = np.array([self._search.scopes.get(scope, -1) for scope in scopes], np.int64)
        which = np.flatnonzero(judged & (own >= 0))
        begins = np.cumsum(lengths) - lengths
        sizes = lengths[which] + 1
        # Before its words a row has its scope.
        rows = np.zeros(int(sizes.sum()), np.int32)
        starts = np.cumsum(sizes) - sizes
        rows[starts] = own[which]
        rows[ranges(starts + 1, sizes - 1)] = numbers[ranges(begins[which], sizes - 1)]
        known = self.rows.size
        found = self.rows.add(rows, sizes)
        if self.rows.size > known:
            new = which[holders(found, known, self.rows.size)]
            self._best = grown(self._best, self.rows.size)
            chosen = numbers[ranges(begins[new], lengths[new])]
            self._best[known : self.rows.size] = self._search.best(chosen, lengths[new], own[new])
        best: list[KnownPattern | None] = [None] * len(scopes)
        patterns = self._search.patterns
        for index, rank in zip(which.tolist(), self._best[found].tolist(), strict=True):
            if rank >= 0:
                best[index] = patterns[rank]
        return best


class _Read(NamedTuple):
    """
    What is read of a pattern.

    Attributes:
        least: Words at least.
        most: Words at most.
        fixed: Whether all constants are one word, and stand at fixed places.
        constants: Those that are one word.
        places: Where they stand if `fixed`; else zeros.
        options: Of a pattern without these the alternatives of the first constant; _ANY where there is none.
    """

    least: int
    most: int
    fixed: bool
    constants: list[int]
    places: list[int]
    options: list[int]

    @classmethod
    def of(cls, pattern: Pattern, words: Mapping[str, int]) -> "_Read":
        gaps, number = pattern.gaps, len(pattern.constants)
        constants = [words[constant] for constant in pattern.constants if isinstance(constant, str)]
        least = number + sum(least for least, _ in gaps)
        most = min(number + sum(_BOUNDLESS if most is None else most for _, most in gaps), _BOUNDLESS)
        options = [_ANY] if not number else [words[word] for word in alternatives(pattern.constants[0])]
        fixed = len(constants) == number > 0 and all(least == most for least, most in gaps[:-1])
        places = [0] * len(constants)
        if fixed:
            places = [at - 1 for at in accumulate(least + 1 for least, _ in gaps[:-1])]
        return cls(least, most, fixed, constants, places, options)


def _bits(words: NDArray[Any]) -> Keys:
    """Return for each word one of 64 bits."""
    return np.uint64(1) << (mixed(words.astype(np.uint64)) >> np.uint64(58))
