"""
A storm of new shapes → few provisional patterns, each of which is told as one kind.

A *storm* is more than `condense_above` shapes of one scope that are told anew in one bucket: those of the batch, and
those that batches before it told one by one, whose texts are kept. They are mined (mining/condensed.py), and a shape
that a provisional pattern matches is of its kind from then on, in this batch and in later ones. A line whose pattern in
the set has the id of a provisional one is of its kind too: the next training adopts ids.

Everything follows from the state and the batch's shapes, in whatever order they come.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from heapq import nsmallest
from typing import Final, NamedTuple

import msgspec

from mining.condensed import MOST_CHARACTERS, MOST_SHAPES, condense
from patterns.judge import shape_id
from patterns.language import Pattern, join_gaps, parse
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from streaming.tally import OutlierShape

REMEMBERED_PATTERNS: Final = 500
"""Provisional patterns that are kept, those told last first: a forgotten one loses its untold count."""

REMEMBERED_ALONE: Final = 2_000
"""Texts of shapes that were told one by one, in all; and REMEMBERED_OF_SCOPE of one scope, the latest ones."""

REMEMBERED_OF_SCOPE: Final = 200

LONGEST: Final = 1_024
"""Characters of a shape and of a scope; a longer one is told by itself."""


class ProvisionalState(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    A provisional pattern.

    Attributes:
        scope: Of its shapes.
        text: The pattern.
        told_in: Hour since 1970 at which the bucket began in which it was told last; -1: held back, never told.
        untold: Lines since then.
        wide: Whether it is too wide to be learned.
    """

    scope: str
    text: str
    told_in: int = -1
    untold: int = 0
    wide: bool = False


# Of each storm, however many there are at once.
_LEAST_MINED: Final = 200
_LEAST_CHARACTERS: Final = 20_000

Alone = tuple[str, str, int]
"""Scope and text of a shape that was told by itself, and the hour at which its bucket began."""


class Kind(NamedTuple):
    """
    What is told as one: shapes of one scope and bucket.

    Attributes:
        pattern: Id of the provisional pattern that stands for them; None for one shape by itself.
        start: Hour since 1970 at which the bucket began.
        shapes: By their first lines.
    """

    pattern: str | None
    start: int
    shapes: list[OutlierShape]


class Condensing:
    """Sorts the shapes that are to be told in a batch."""

    def __init__(
        self, condense_above: int, provisional: Mapping[str, ProvisionalState], alone: Iterable[Alone]
    ) -> None:
        """
        Take the state up.

        Args:
            condense_above: So many shapes of a scope are told one by one; 0 for any number.
            provisional: Id → provisional pattern.
            alone: Shapes that were told one by one.
        """
        self._above = condense_above
        self.provisional = dict(provisional)
        self._alone = dict.fromkeys(alone)
        self._mined: set[tuple[str, int]] = set()
        self._matchers: dict[tuple[str, int], Matcher] = {}

    def kinds(self, shapes: Iterable[tuple[OutlierShape, int]]) -> list[Kind]:
        """
        Return what is to be told, by the first lines.

        Args:
            shapes: Those that were not told in their bucket, each once, by their first lines; and the hour at which the
                bucket began.

        Cost: see `condense`; of all storms together no more than MOST_SHAPES and MOST_CHARACTERS are mined, or
            _LEAST_MINED of each.
        """
        self._matchers.clear()
        groups: dict[tuple[str | OutlierShape, int], list[OutlierShape]] = defaultdict(list)
        rest: dict[tuple[str, int], list[OutlierShape]] = defaultdict(list)
        for shape, start in shapes:
            known = self._known(shape, start)
            if known is None:
                rest[shape.scope, start].append(shape)
            else:
                groups[known, start].append(shape)
        storms = self._storms(rest)
        for (scope, start), texts in sorted(storms.items()):
            self._mine(scope, start, _some(scope, texts, len(storms)))
        self._matchers.clear()
        for (scope, start), new in sorted(rest.items()):
            for shape in new:
                known = self._matched(shape, start) if (scope, start) in storms else None
                groups[known or shape, start].append(shape)
                if known is None:
                    self._remember(shape, start)
        kinds = [Kind(of if isinstance(of, str) else None, start, same) for (of, start), same in groups.items()]
        return sorted(kinds, key=lambda kind: place(kind.shapes[0]))

    def close(self) -> tuple[dict[str, ProvisionalState], tuple[Alone, ...]]:
        """Return the state for the next batch, bounded."""
        latest = sorted(self.provisional.items(), key=lambda item: (-item[1].told_in, -item[1].untold, item[0]))
        alone: list[Alone] = []
        of_scope: Counter[str] = Counter()
        # What came last stays; of another bucket it says nothing any more.
        newest_first = list(self._alone)[::-1]
        for each in sorted(newest_first, key=lambda each: -each[2]):
            of_scope[each[0]] += 1
            if of_scope[each[0]] <= REMEMBERED_OF_SCOPE and len(alone) < REMEMBERED_ALONE:
                alone.append(each)
        return dict(sorted(latest[:REMEMBERED_PATTERNS])), tuple(reversed(alone))

    def _remember(self, shape: OutlierShape, start: int) -> None:
        if self._above and _is_short(shape.scope, shape.shape):
            self._alone.pop((shape.scope, shape.shape, start), None)
            self._alone[shape.scope, shape.shape, start] = None

    def _known(self, shape: OutlierShape, start: int) -> str | None:
        """Return the provisional pattern of a shape: of its id, where the set has that by now, or one that matches."""
        if not self.provisional:
            return None
        of_set = _decode_first.decode(shape.first).logwinnow.pattern.id
        return of_set if of_set in self.provisional else self._matched(shape, start)

    def _matched(self, shape: OutlierShape, start: int) -> str | None:
        key = shape.scope, start
        if key not in self._matchers:
            self._matchers[key] = _matcher(
                each
                for identity, each in self.provisional.items()
                if each.scope == shape.scope
                # A wide one is of one storm: in another bucket it must be mined again.
                and (not each.wide or each.told_in in {-1, start} or (identity, start) in self._mined)
            )
        known = self._matchers[key].match(shape.scope, shape.shape)
        return known.id if known else None

    def _storms(self, new: Mapping[tuple[str, int], Iterable[OutlierShape]]) -> dict[tuple[str, int], set[str]]:
        """Return the scopes and buckets that have a storm, and its shapes: the new ones and those told before."""
        if not self._above:
            return {}
        every = {
            key: {shape.shape for shape in shapes if _is_short(key[0], shape.shape)} for key, shapes in new.items()
        }
        for scope, text, start in self._alone:
            if (scope, start) in every:
                every[scope, start].add(text)
        return {key: texts for key, texts in every.items() if len(texts) > self._above}

    def _mine(self, scope: str, start: int, shapes: Collection[str]) -> None:
        """Mine the shapes of a storm."""
        for found in condense(shapes, self._above):
            identity = found.pattern.identity(scope)
            known = self.provisional.get(identity, ProvisionalState(scope, found.pattern.text, wide=found.wide))
            text = _joined(parse(known.text), found.pattern).text
            self.provisional[identity] = msgspec.structs.replace(known, text=text, wide=known.wide or found.wide)
            self._mined.add((identity, start))


def place(shape: OutlierShape) -> tuple[int, str, int, str, str]:
    """Return where the first line of a shape stands, as an order of alerts."""
    return shape.record_time, shape.place, shape.offset, shape.scope, shape.shape


def _some(scope: str, shapes: Iterable[str], storms: int) -> list[str]:
    """Return no more shapes of one of several storms than are mined: a hash chooses, not who floods a log."""
    most, characters = max(MOST_SHAPES // storms, _LEAST_MINED), max(MOST_CHARACTERS // storms, _LEAST_CHARACTERS)
    taken = []
    for shape in nsmallest(most, shapes, key=lambda shape: (shape_id(scope, shape), shape)):
        characters -= len(shape)
        if characters < 0:
            break
        taken.append(shape)
    return taken


def _matcher(provisional: Iterable[ProvisionalState]) -> Matcher:
    # What the ladder would accept goes before what is wide.
    known = (KnownPattern(each.scope, parse(each.text), 1 - each.wide, 0, 0) for each in provisional)
    return Matcher(PatternSet.of(Rules(), known))


def _joined(one: Pattern, other: Pattern) -> Pattern:
    """Return a pattern of the words of both, with gaps as wide as both have them."""
    return Pattern(one.constants, tuple(map(join_gaps, zip(one.gaps, other.gaps, strict=True))))


def _is_short(scope: str, shape: str) -> bool:
    return len(shape) <= LONGEST and len(scope) <= LONGEST


class _OfSet(msgspec.Struct, frozen=True):
    id: str = ""


class _Ours(msgspec.Struct, frozen=True):
    pattern: _OfSet = _OfSet()


class _First(msgspec.Struct, frozen=True):
    logwinnow: _Ours = _Ours()


_decode_first: Final = msgspec.json.Decoder(_First)
