"""
The lines of a corpus as mining at one support takes them, whichever engine reads them.

    RawLines, and their kin in each engine      whole lines, split at ASCII white space; read anew in each pass
    ShapedLines, and theirs                     counted by scope and shape in one pass; the rest goes over the counts
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

from mining.candidates import CandidateTable, Key, Keys, candidates, key_of
from mining.clusters import Method
from mining.support import Support
from mining.words import Words, weighted
from patterns.line import exact_text
from training.corpus import Progress

_RAW_WORD: Final = re.compile(r"\S+", re.ASCII)
_SPLIT_TOO: Final = b"\x1c\x1d\x1e\x1f"


class Place(NamedTuple):
    """Where a line belongs: its scope, ``""`` for raw lines, and its words."""

    scope: str
    words: Words


class Coverage(NamedTuple):
    """
    What says which lines belong to a cluster.

    Attributes:
        keys: Scope → what makes keys of its lines.
        covered: Scope → keys of the lines that belong to a cluster.
    """

    keys: Mapping[str, Keys]
    covered: Mapping[str, Collection[Key]]

    def is_outlier(self, place: Place | None) -> bool:
        """
        Tell whether a line belongs to no cluster.

        It is the key that counts: a line that looks like a cluster's pattern, but has another frequent word in a gap,
        is of another candidate, and an outlier where that is none.
        """
        if place is None or place.scope not in self.keys:
            return True
        return key_of(place.words, self.keys[place.scope]) not in self.covered[place.scope]


class Lines(Protocol):
    """
    The lines of a corpus.

    Attributes:
        left_out: Why lines are not mined → how many, once all were read: ``filter``, ``blank``, ``no_constant``. Blank
            raw lines are mined, and belong to no pattern.
    """

    left_out: Counter[str]

    def scopes(self) -> Collection[str]:
        """Return the scopes; raw lines are all of the scope ``""``."""

    def keys(self, scope: str, support: Support, method: Method) -> Keys:
        """
        Find the frequent words of a scope.

        Raises:
            CorpusError: Lines cannot be read.
        """

    def candidates(self, scope: str, keys: Keys, support: Support, method: Method) -> CandidateTable:
        """
        Find the candidates of a scope: those that `cluster` needs at this support, and by this method.

        Raises:
            CorpusError: Lines cannot be read.
        """

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """
        Yield the lines, as they stand in the corpus, that belong to no cluster; what the filter rejects is none.

        Args:
            coverage: Of the same lines.
            progress: Called now and then.

        Raises:
            CorpusError: Lines cannot be read.
        """


class ShapedLines:
    """Lines that were counted by scope and shape; engines say how they find the outliers among them."""

    def __init__(self, scopes: Mapping[str, Mapping[str, int]], left_out: Counter[str]) -> None:
        """Take scope → shape → lines, and the lines that are not mined."""
        self.left_out = left_out
        self._shapes = {scope: weighted(shapes) for scope, shapes in scopes.items()}

    def scopes(self) -> Collection[str]:
        """Return the scopes."""
        return self._shapes.keys()

    def keys(self, scope: str, support: Support, method: Method) -> Keys:
        """Find the frequent words of a scope. Cost: one pass over its shapes."""
        return method.keys(self._shapes[scope], support)

    def candidates(self, scope: str, keys: Keys, _support: Support, _method: Method) -> CandidateTable:
        """Find the candidates of a scope. Cost: one pass over its shapes."""
        return candidates(self._shapes[scope], keys)


def raw_words(line: bytes) -> Words:
    """Return what ASCII white space leaves of a line."""
    text = exact_text(line)
    # Python's own split is twice as fast; beyond ASCII, and at four control characters, it would split too often.
    if line.isascii() and len(line.translate(None, _SPLIT_TOO)) == len(line):
        return tuple(text.split())
    return tuple(_RAW_WORD.findall(text))
