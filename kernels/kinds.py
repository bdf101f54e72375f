"""
Messages → kinds: what lines that are judged alike have in common, each judged once and remembered.

By the default rules a kind is a scope and a shape. By the raw rules nearly every line has a shape of its own: there a
kind is a scope and a best match, or none, and lines that differ only in words that no pattern has are searched once.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from kernels.messages import Messages
from kernels.shapes import Shapes, ranges
from kernels.spans import RAW_WORDS, Positions, side_by_side, within, words_of
from kernels.vocabulary import PADDING, Vocabulary
from patterns.alike import words_of as words_of_constant
from patterns.judge import Judgement
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.words import Splitter

_REMEMBERED: Final = 100_000
_OTHER: Final = "\n"


class Kind(NamedTuple):
    """
    What lines that are judged alike have in common.

    Attributes:
        scope: Their scope.
        shape: Their shape; None where each line has its own (raw rules).
        unjudged: Why they are not judged; None where they are.
        known: Their best match; None where no pattern matches.
        reason: Why they are outliers, as a verdict has it; None for those that are none.
    """

    scope: str
    shape: str | None
    unjudged: str | None
    known: KnownPattern | None
    reason: str | None

    @property
    def outlier(self) -> bool:
        """Whether the lines were judged and are of no known kind."""
        return self.reason is not None


class Index:
    """Numbers kinds in the order in which they come."""

    def __init__(self, kinds: list[Kind]) -> None:
        """Add kinds to this list."""
        self._kinds = kinds
        # By which object they are: to compare them takes longer than all the rest.
        self._numbers: dict[int, int] = {}

    def of(self, kind: Kind) -> int:
        """Return the number of a kind."""
        number = self._numbers.setdefault(id(kind), len(self._kinds))
        if number == len(self._kinds):
            self._kinds.append(kind)
        return number


class ShapeKinds:
    """Kinds by the default rules: scopes and shapes."""

    def __init__(self, pattern_set: PatternSet, matcher: Matcher) -> None:
        """Take the set, and what judges by it."""
        self._shapes = Shapes(pattern_set.rules)
        self._matcher = matcher
        self._remembered: dict[tuple[str, str], Kind] = {}

    def of(self, group: Messages, scopes: Sequence[str], index: Index) -> Positions:
        """Return the number of each message's kind."""
        texts: dict[str, int] = {}
        shapes, group.words = self._shapes.read(group.text, group.spans, texts)
        names = list(texts)
        keys, which = np.unique(shapes * len(scopes) + group.scopes, return_inverse=True)
        found = [index.of(self._kind(scopes[key % len(scopes)], names[key // len(scopes)])) for key in keys.tolist()]
        return np.array(found, np.int64)[which]

    def of_line(self, judgement: Judgement) -> Kind:
        """Return the kind of a line that was judged by itself."""
        return self._kind(judgement.shaped.scope, judgement.shaped.shape)

    def _kind(self, scope: str, shape: str) -> Kind:
        kind = self._remembered.get((scope, shape))
        if kind is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            kind = self._remembered[scope, shape] = self._judged(scope, shape)
        return kind

    def _judged(self, scope: str, shape: str) -> Kind:
        unjudged = self._shapes.splitter.unjudged(shape)
        if unjudged:
            return Kind(scope, shape, unjudged, None, None)
        known = self._matcher.best(scope, shape)
        return Kind(scope, shape, None, known, self._matcher.reason(scope, known))


class RawKinds:
    """Kinds by the raw rules: scopes and rows of the words that a pattern has."""

    def __init__(self, pattern_set: PatternSet, matcher: Matcher) -> None:
        """Take the set, and what judges by it."""
        self._splitter = Splitter(pattern_set.rules.words)
        self._matcher = matcher
        constants = (constant for known in pattern_set.patterns for constant in known.pattern.constants)
        words = sorted({word for constant in constants for word in words_of_constant(constant)})
        self._words = [_OTHER, *words]
        # A word that is no UTF-8 is of no line that is.
        self._vocabulary = Vocabulary([word.encode(errors="surrogatepass") for word in words])
        self._remembered: dict[tuple[str, bytes], Kind] = {}
        self._kinds: dict[tuple[str, str | None, str | None], Kind] = {}

    def of(self, group: Messages, scopes: Sequence[str], index: Index) -> Positions:
        """Return the number of each message's kind."""
        rows = self._rows(group).dictionary_encode()
        distinct = rows.dictionary.to_pylist()
        numbers = rows.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        if len(scopes) == 1:
            found: Positions = np.array([index.of(self._of_row(scopes[0], row)) for row in distinct], np.int64)[numbers]
            return found
        keys, which = np.unique(numbers * len(scopes) + group.scopes, return_inverse=True)
        names = ((scopes[key % len(scopes)], distinct[key // len(scopes)]) for key in keys.tolist())
        return np.array([index.of(self._of_row(*name)) for name in names], np.int64)[which]

    def of_line(self, judgement: Judgement) -> Kind:
        """Return the kind of a line that was judged by itself."""
        verdict = judgement.verdict
        return self._kind(judgement.shaped.scope, judgement.shaped.unjudged, verdict.known if verdict else None)

    def _rows(self, group: Messages) -> pa.Array:
        """Return each message as the bytes of its words' numbers."""
        words = words_of(group.text, RAW_WORDS).spans
        first, behind = within(words, group.spans)
        lengths = behind - first
        if int(lengths.sum()) < len(words.starts):
            words = words.at(ranges(first, lengths))
        numbers = self._vocabulary.numbers(np.frombuffer(group.text + bytes(PADDING), np.uint8), words)
        return side_by_side(numbers, lengths * numbers.itemsize)

    def _of_row(self, scope: str, row: bytes) -> Kind:
        kind = self._remembered.get((scope, row))
        if kind is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
                self._kinds.clear()
            known = None
            if row:
                numbers = np.frombuffer(row, np.int32).tolist()
                known = self._matcher.match(scope, " ".join([self._words[number] for number in numbers]))
            unjudged = None if row else self._splitter.unjudged("")
            kind = self._remembered[scope, row] = self._kind(scope, unjudged, known)
        return kind

    def _kind(self, scope: str, unjudged: str | None, known: KnownPattern | None) -> Kind:
        kind = Kind(scope, None, unjudged, known, None if unjudged else self._matcher.reason(scope, known))
        return self._kinds.setdefault((scope, unjudged, known.id if known else None), kind)
