"""
Which patterns share most words with a shape: what is nearest to an outlier.

Who has a word is a list of ranks, and how often each comes in several lists is counted by columns: an outlier may share
common words with thousands of patterns.
"""

from collections.abc import Iterator, KeysView, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from patterns.language import alternatives
from patterns.pattern_set import KnownPattern

USES_READ: Final = 4_096
"""
How many uses of words are read for a verdict, rarest words first: a word that thousands of patterns have says little of
which is near, and an outlier must not cost a pass over the set.
"""


class Alike:
    """Patterns by their words. It may be shared by threads."""

    def __init__(self, patterns: Sequence[KnownPattern]) -> None:
        """Take the patterns; of equally near ones the first comes first. Cost: a pass over them."""
        self._patterns = patterns
        ranks: dict[str, list[int]] = {}
        sizes = []
        for rank, known in enumerate(patterns):
            distinct = {word for constant in known.pattern.constants for word in alternatives(constant)}
            sizes.append(len(distinct))
            for word in distinct:
                ranks.setdefault(word, []).append(rank)
        self._sizes = np.array(sizes, np.int64)
        self._ranks = np.fromiter(chain.from_iterable(ranks.values()), np.int32)
        self._spans: dict[str, tuple[int, int]] = {}
        end = 0
        for word, found in ranks.items():
            self._spans[word] = end, end + len(found)
            end += len(found)

    @property
    def words(self) -> KeysView[str]:
        """All words that a pattern has as a constant or an alternative."""
        return self._spans.keys()

    def uses(self, word: str) -> int:
        """Return how many patterns have one of `words`."""
        start, end = self._spans[word]
        return end - start

    def nearest(self, wanted: set[str], size: int, most: int, read: int | None) -> Iterator[tuple[float, KnownPattern]]:
        """
        Yield the patterns with the largest share of common words (Jaccard), and this share; none without such a word.

        Args:
            wanted: Distinct words of a shape; those that no pattern has may be left out.
            size: How many they are with those.
            most: How many patterns are wanted.
            read: How many uses of words are read; None for all.
        """
        spans = [self._spans[word] for word in sorted(self._spans.keys() & wanted)]
        if not spans:
            return
        spans.sort(key=lambda span: span[1] - span[0])
        uses = np.concatenate([self._ranks[start:end] for start, end in spans])[:read]
        uses.sort()
        last = np.ones(len(uses), np.bool_)
        np.not_equal(uses[1:], uses[:-1], out=last[:-1])
        ends = last.nonzero()[0]
        ranks, shared = uses[ends], ends + 1
        shared[1:] -= shared[:-1].copy()
        shares = shared / (self._sizes[ranks] + (size - shared))
        # Ranks ascend, so that of equals the first stays first.
        order: NDArray[np.int64] = shares.argmax()[None] if most == 1 else np.argsort(-shares, kind="stable")[:most]
        for share, rank in zip(shares[order].tolist(), ranks[order].tolist(), strict=True):
            yield share, self._patterns[rank]
