"""
A corpus mined at one support, as slct and logcluster.pl do; nothing is published.

    snapshot ─► line filter ─► lines' words ─► frequent words ─► candidates ─► clusters ─► sorted
                               (RawLines: each pass reads)        (a dictionary)         └─► outliers: one pass more
                               (ShapedLines: one pass, a table)

Raw lines are split at ASCII white space and read anew in each pass, for nearly every one is distinct. By the default
rules a line's header is taken off, each program is mined by itself, and all passes go over its table of shapes.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from patterns.judge import Shaper
from patterns.line import exact_text
from patterns.rules import Rules
from training.candidates import Key, Keys, PositionKeys, WordKeys, candidates, key_of
from training.clusters import Cluster, Method, cluster
from training.corpus import CorpusLine, Progress
from training.errors import DictionaryError
from training.line_filter import LineFilter
from training.shapes import tabulate
from training.snapshot import Snapshot
from training.support import Support
from training.words import WeightedShape, Words, weighted, words_of

_RAW_WORD: Final = re.compile(r"\S+", re.ASCII)
_SPLIT_TOO: Final = b"\x1c\x1d\x1e\x1f"


class Place(NamedTuple):
    """Where a line belongs: its scope, ``""`` for raw lines, and its words."""

    scope: str
    words: Words


class Lines(Protocol):
    """
    The lines of a corpus as mining takes them.

    Attributes:
        left_out: Why lines are not mined → how many, once all were read: ``filter``, ``blank``, ``no_constant``. Blank
            raw lines are mined, and belong to no pattern.
    """

    left_out: Counter[str]

    def scopes(self) -> Mapping[str, Iterable[WeightedShape]]:
        """Return scope → the words of its lines, to be gone through as often as needed."""

    def place(self, line: bytes) -> Place | None:
        """Return where a line belongs; None for one that is not mined, for it is blank or has class words alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    What was mined.

    Attributes:
        clusters: With their scopes; the highest support first, then by scope and text in ascending order of bytes.
        frequent: Scope → what says which words are frequent.
        covered: Scope → keys of the lines that belong to a cluster.
        lines: How many lines were mined.
        candidates: How many candidates there were.
    """

    clusters: list[tuple[str, Cluster]]
    frequent: Mapping[str, Keys]
    covered: Mapping[str, Collection[Key]]
    lines: int
    candidates: int

    def is_outlier(self, place: Place | None) -> bool:
        """
        Tell whether a line belongs to no cluster.

        It is the key that counts: a line that looks like a cluster's pattern, but has another frequent word in a gap,
        is of another candidate, and an outlier where that is none.
        """
        if place is None or place.scope not in self.frequent:
            return True
        return key_of(place.words, self.frequent[place.scope]) not in self.covered[place.scope]


class RawLines:
    """Whole lines, split at ASCII white space; bytes that are no UTF-8 stay apart (`exact_text`)."""

    def __init__(self, snapshot: Snapshot, line_filter: LineFilter, progress: Progress) -> None:
        """Read nothing yet."""
        self.left_out: Counter[str] = Counter()
        self._snapshot, self._filter, self._progress = snapshot, line_filter, progress

    def __iter__(self) -> Iterator[WeightedShape]:
        """Yield each line that the filter lets through, once; a blank one has no words. Cost: one pass."""
        self.left_out.clear()
        for line in self._snapshot.lines(self._progress):
            mined = self._filter(line)
            if mined is None:
                self.left_out["filter"] += 1
            else:
                yield raw_words(mined), 1

    def scopes(self) -> Mapping[str, Iterable[WeightedShape]]:
        """Return the lines as one scope."""
        return {"": self}

    def place(self, line: bytes) -> Place:
        """Return the words of a line."""
        return Place("", raw_words(line))


def raw_words(line: bytes) -> Words:
    """Return what ASCII white space leaves of a line."""
    text = exact_text(line)
    # Python's own split is twice as fast; beyond ASCII, and at four control characters, it would split too often.
    if line.isascii() and len(line.translate(None, _SPLIT_TOO)) == len(line):
        return tuple(text.split())
    return tuple(_RAW_WORD.findall(text))


class ShapedLines:
    """Lines by their shapes, a scope for each program."""

    def __init__(self, snapshot: Snapshot, line_filter: LineFilter, rules: Rules, progress: Progress) -> None:
        """
        Tabulate the lines. Cost: one pass, and memory for the shapes.

        Raises:
            RulesError: The rules cannot be used.
        """
        self._shaper = Shaper(rules)
        self.left_out: Counter[str] = Counter()
        table, counts = tabulate(self._filtered(snapshot, line_filter, progress), rules, 0, lambda *_: None)
        self.left_out.update(counts.unjudged)
        self._scopes = {scope: weighted(shapes) for scope, shapes in table.scopes().items()}

    def _filtered(self, snapshot: Snapshot, line_filter: LineFilter, progress: Progress) -> Iterator[CorpusLine]:
        for line in snapshot.lines(progress):
            mined = line_filter(line)
            if mined is None:
                self.left_out["filter"] += 1
            else:
                yield CorpusLine(mined, 0)

    def scopes(self) -> Mapping[str, Iterable[WeightedShape]]:
        """Return the shapes of each scope."""
        return self._scopes

    def place(self, line: bytes) -> Place | None:
        """Return the scope and the words of a line's shape."""
        shaped = self._shaper.shape(line, 0)
        return None if shaped.unjudged else Place(shaped.scope, words_of(shaped.shape))


def mine_corpus(lines: Lines, support: Support, method: Method, dictionary: Mapping[str, Keys] | None = None) -> Found:
    """
    Mine each scope of a corpus.

    Args:
        lines: The corpus.
        support: Least number of lines of a frequent word and of a cluster; a share is one of the scope's lines.
        method: How.
        dictionary: Scope → frequent words; they are not counted then, and a scope that it lacks has none.

    Raises:
        DictionaryError: The dictionary has none of the corpus's scopes.

    Cost: one pass over the lines for frequent words, unless there is a dictionary, and one for candidates.
    """
    frequent: dict[str, Keys] = {}
    covered: dict[str, Collection[Key]] = {}
    clusters: list[tuple[str, Cluster]] = []
    mined = number = 0
    scopes = lines.scopes()
    if dictionary is not None and scopes and dictionary.keys().isdisjoint(scopes):
        raise DictionaryError(
            f"the dictionary has words of {_some(dictionary)}, and the lines are of {_some(scopes)}: nothing would be "
            "frequent; make it by --write-words from lines of the same programs"
        )
    for scope, shapes in scopes.items():
        if dictionary is None:
            keys = method.keys(shapes, support)
        else:
            keys = dictionary.get(scope) or _nothing_frequent(method)
        table = candidates(shapes, keys)
        found = cluster(table, keys, support, method)
        frequent[scope], covered[scope] = keys, found.covered
        clusters += [(scope, each) for each in found.clusters]
        mined += table.lines
        number += len(table.candidates)
    return Found(sorted(clusters, key=_order), frequent, covered, mined, number)


def outliers(
    snapshot: Snapshot, line_filter: LineFilter, lines: Lines, found: Found, progress: Progress
) -> Iterator[bytes]:
    """Yield the lines, as they stand in the corpus, that belong to no cluster; rejected ones are none. One pass."""
    for line in snapshot.lines(progress):
        mined = line_filter(line)
        if mined is not None and found.is_outlier(lines.place(mined)):
            yield line


def _some(scopes: Iterable[str]) -> str:
    named = sorted(scopes)
    return ", ".join([*(scope or "no program" for scope in named[:3]), *(["…"] if named[3:] else [])]) or "no program"


def _nothing_frequent(method: Method) -> Keys:
    return WordKeys(frozenset()) if method.algorithm == "logcluster" else PositionKeys(frozenset(), method.anchored)


def _order(found: tuple[str, Cluster]) -> tuple[int, bytes, bytes]:
    scope, each = found
    return -each.support, scope.encode(errors="surrogateescape"), each.pattern.text.encode(errors="surrogateescape")
