"""
Messages → kinds: what lines that are judged alike have in common, each judged once and remembered.

By the default rules a kind is a scope and a shape. By the raw rules nearly every line has a shape of its own: there a
kind is a scope and a best match, or none. In both, lines that differ only in words that no pattern has are searched
once, and all that are new in a piece of a text at once (kernels/search.py).
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from kernels.keys import KeyTable, grown, holders, paired
from kernels.messages import Messages
from kernels.rows import Numbers, RowTable
from kernels.search import OTHER, Search, Sought
from kernels.shapes import Known, Shapes
from kernels.spans import RAW_WORDS, Positions, ranges, within, words_of
from kernels.vocabulary import PADDING, Vocabulary
from patterns.judge import Judgement
from patterns.language import alternatives
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.words import CLASS_RUN, Splitter

_REMEMBERED: Final = 500_000
"""Kinds that are remembered, and rows of raw words."""

_REMEMBERED_NUMBERS: Final = 16 << 20
"""Numbers that such rows have in all."""


class Kind:
    """
    What lines that are judged alike have in common; two of one memory are equal only if they are one.

    Attributes:
        scope: Their scope.
        unjudged: Why they are not judged; None where they are.
        known: Their best match; None where no pattern matches.
        reason: Why they are outliers, as a verdict has it; None for those that are none.
    """

    __slots__ = ("_met", "_shape", "known", "reason", "scope", "unjudged")

    def __init__(
        self,
        scope: str,
        known: KnownPattern | None,
        reason: str | None,
        unjudged: str | None = None,
        shape: int = 0,
        met: Known | None = None,
    ) -> None:
        """Take a shape as its number among those that were met; of none there are none."""
        self.scope, self.known, self.reason, self.unjudged = scope, known, reason, unjudged
        self._shape, self._met = shape, met

    @property
    def shape(self) -> str | None:
        """Their shape, written out when it is asked for; None where each line has its own (raw rules)."""
        return None if self._met is None else self._met.text(self._shape)

    @property
    def outlier(self) -> bool:
        """Whether the lines were judged and are of no known kind."""
        return self.reason is not None


class Kinds(Protocol):
    """Numbers kinds, from 0, for as long as they are remembered."""

    kinds: list[Kind]

    def forget(self) -> None:
        """Forget all if it is too much; numbers that were given are of the list of before."""

    def of(self, group: Messages, scopes: Sequence[str]) -> Positions:
        """Return the number of each message's kind."""

    def of_line(self, judgement: Judgement) -> int:
        """Return the number of the kind of a line that was judged by itself."""


class Distinct:
    """Which kinds the lines of a piece have, and which of these each line has."""

    def __init__(self) -> None:
        self._places = np.zeros(256, np.int64)

    def of(self, numbers: Positions, kinds: Sequence[Kind]) -> tuple[list[Kind], Positions]:
        """Return the kinds in the order in which they come, and of each line the index of its kind among them."""
        self._places = grown(self._places, len(kinds))
        order = np.arange(len(numbers))
        # Of several that are written to one place the last one stays.
        self._places[numbers[::-1]] = order[::-1]
        distinct = numbers[self._places[numbers] == order]
        self._places[distinct] = np.arange(len(distinct))
        return [kinds[number] for number in distinct.tolist()], self._places[numbers]


class ShapeKinds:
    """Kinds by the default rules: scopes and shapes."""

    def __init__(self, pattern_set: PatternSet, matcher: Matcher) -> None:
        """Take the set, and what judges by it."""
        words = _words(pattern_set, without=CLASS_RUN)
        self._shapes = Shapes(pattern_set.rules, words)
        self._matcher = matcher
        self._first_unknown = len(words) + 1
        self._search = Search(pattern_set, matcher, {**_numbered(words, self._shapes.known.vocabulary), CLASS_RUN: 0})
        self._make()

    def _make(self) -> None:
        self._met = self._shapes.known
        self.kinds: list[Kind] = []
        self._table, self._sought = KeyTable(), Sought(self._search)
        self._scopes = _Scopes()

    def forget(self) -> None:
        """Forget all if it is too much."""
        self._shapes.forget()
        if (
            self._shapes.known is not self._met
            or len(self.kinds) > _REMEMBERED
            or self._sought.rows.size > _REMEMBERED
            or self._sought.rows.taken > _REMEMBERED_NUMBERS
        ):
            self._make()

    def of(self, group: Messages, scopes: Sequence[str]) -> Positions:
        """Return the number of each message's kind."""
        shapes, group.words = self._shapes.read(group.text, group.spans)
        return self._number(shapes, self._scopes.of(scopes)[group.scopes])

    def of_line(self, judgement: Judgement) -> int:
        """Return the number of the kind of a line that was judged by itself."""
        scope, shape = judgement.shaped.scope, judgement.shaped.shape
        return int(self._number(np.array([self._met.of_text(shape)]), self._scopes.of([scope]))[0])

    def _number(self, shapes: Positions, scopes: Positions) -> Positions:
        found = self._table.add(paired(shapes, scopes))
        if self._table.size > len(self.kinds):
            new = holders(found, len(self.kinds), self._table.size)
            self.kinds += self._judged(shapes[new], scopes[new])
        return found

    def _judged(self, shapes: Positions, scopes: Positions) -> list[Kind]:
        numbers, lengths = self._met.rows.at(shapes)
        begins = np.cumsum(lengths) - lengths
        judged = lengths > 0
        alone = np.flatnonzero(lengths == 1)
        judged[alone[numbers[begins[alone]] == 0]] = False
        numbers[numbers >= self._first_unknown] = OTHER
        names = [self._scopes.names[scope] for scope in scopes.tolist()]
        known = self._sought.best(numbers, lengths, names, judged)
        unjudged: list[str | None] = [None] * len(names)
        for index in np.flatnonzero(~judged).tolist():
            unjudged[index] = self._shapes.splitter.unjudged(CLASS_RUN if lengths[index] else "")
        return [
            Kind(scope, best, None if why else self._matcher.reason(scope, best), why, shape, self._met)
            for scope, best, why, shape in zip(names, known, unjudged, shapes.tolist(), strict=True)
        ]


class RawKinds:
    """Kinds by the raw rules: scopes and rows of the words that a pattern has."""

    def __init__(self, pattern_set: PatternSet, matcher: Matcher) -> None:
        """Take the set, and what judges by it."""
        self._blank = Splitter(pattern_set.rules.words).unjudged("")
        self._matcher = matcher
        words = _words(pattern_set)
        self._vocabulary = Vocabulary([word.encode(errors="surrogatepass") for word in words])
        self._search = Search(pattern_set, matcher, _numbered(words, self._vocabulary))
        self._make()

    def _make(self) -> None:
        self.kinds: list[Kind] = []
        self._numbers: dict[tuple[str, str | None, str | None], int] = {}
        self._rows, self._table, self._sought = RowTable(), KeyTable(), Sought(self._search)
        self._kind = np.zeros(256, np.int64)
        self._scopes = _Scopes()

    def forget(self) -> None:
        """Forget all if it is too much."""
        if self._table.size > _REMEMBERED or self._rows.taken > _REMEMBERED_NUMBERS:
            self._make()

    def of(self, group: Messages, scopes: Sequence[str]) -> Positions:
        """Return the number of each message's kind."""
        rows = self._rows.add(*self._words(group))
        own = self._scopes.of(scopes)[group.scopes]
        known = self._table.size
        found = self._table.add(paired(rows, own))
        if self._table.size > known:
            new = holders(found, known, self._table.size)
            self._kind = grown(self._kind, self._table.size)
            self._kind[known : self._table.size] = self._judged(rows[new], own[new])
        return self._kind[found]

    def of_line(self, judgement: Judgement) -> int:
        """Return the number of the kind of a line that was judged by itself."""
        verdict = judgement.verdict
        return self._of(judgement.shaped.scope, judgement.shaped.unjudged, verdict.known if verdict else None)

    def _words(self, group: Messages) -> tuple[Numbers, Positions]:
        """Return each message as the numbers of its words, one message after the other, and how many each has."""
        words = words_of(group.text, RAW_WORDS).spans
        first, behind = within(words, group.spans)
        lengths = behind - first
        if int(lengths.sum()) < len(words.starts):
            words = words.at(ranges(first, lengths))
        return self._vocabulary.numbers(np.frombuffer(group.text + bytes(PADDING), np.uint8), words), lengths

    def _judged(self, rows: Positions, scopes: Positions) -> list[int]:
        numbers, lengths = self._rows.at(rows)
        numbers[numbers == 0] = OTHER
        names = [self._scopes.names[scope] for scope in scopes.tolist()]
        known = self._sought.best(numbers, lengths, names, lengths > 0)
        return [
            self._of(scope, None if length else self._blank, best)
            for scope, length, best in zip(names, lengths.tolist(), known, strict=True)
        ]

    def _of(self, scope: str, unjudged: str | None, known: KnownPattern | None) -> int:
        key = scope, unjudged, known.id if known else None
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.kinds)
            reason = None if unjudged else self._matcher.reason(scope, known)
            self.kinds.append(Kind(scope, known, reason, unjudged))
        return number


class _Scopes:
    """Numbers scopes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def of(self, scopes: Sequence[str]) -> Positions:
        return np.array([self._of(scope) for scope in scopes], np.int64)

    def _of(self, scope: str) -> int:
        number = self._numbers.get(scope)
        if number is None:
            number = self._numbers[scope] = len(self.names)
            self.names.append(scope)
        return number


def _words(pattern_set: PatternSet, *, without: str = "") -> list[str]:
    """Return all words that a pattern has."""
    constants = {constant for known in pattern_set.patterns for constant in known.pattern.constants}
    return sorted({word for constant in constants for word in alternatives(constant)} - {without})


def _numbered(words: Sequence[str], vocabulary: Vocabulary) -> dict[str, int]:
    return dict(zip(words, vocabulary.first, strict=True))
