"""
What a new pattern set has other than an old one, decided by the shapes that their patterns cover (patterns/covered.py).

A pattern is *gone* or *new* by its id. A new one *follows* an old one if a shape's best match was the one and is the
other. Then:

split      an old one is followed by two or more, and one of these is new and follows no other
merged     a new one follows two or more, and one of these is gone and followed by no other
widened    it covers all that it covered and more; or as much by larger gaps, or by fewer constants
narrowed   the other way round; of a split pattern that it covers less is said by `split`, of a merged one that it
           covers more by `merged`
changed    it covers some shapes more and others less, or as many and is of other words
state      what it is held to be, known or pending, is not what it was
gone       none of these: its shapes are covered by others now, or are outliers
added      none of these: its shapes were covered by others, or were outliers

An id that is gone and one that is new, which follow each other alone, are compared as one pattern: widened, narrowed or
changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from patterns.covered import NOTHING, Amount, Covered, Side, covered, other_rules
from patterns.language import Constant, Gap
from patterns.pattern_set import KnownPattern, PatternSet

ADDED, GONE, WIDENED, NARROWED, SPLIT, MERGED, CHANGED, STATE = CLASSES = (
    *("added", "gone", "widened", "narrowed"),
    *("split", "merged", "changed", "state"),
)


class Part(NamedTuple):
    """Shapes that one pattern covers; None for those that none does."""

    known: KnownPattern | None
    amount: Amount


@dataclass(frozen=True, slots=True)
class Change:
    """
    What became of patterns.

    Attributes:
        what: One of CLASSES.
        old: The patterns as they were, with what they covered, most lines first; of a merged one what it has of each.
        new: The patterns as they are, with what they cover; of a split one what each has of it.
        others: Of `added` and `widened` what covered these shapes, of `gone` and `narrowed` what covers them now, of
            `changed` both; of `split` and `merged` the part that is or was covered by nothing.
        amount: All shapes that it is about; of `widened` those that it covers more, of `narrowed` those that it covers
            less, of `changed` both.
    """

    what: str
    old: tuple[Part, ...]
    new: tuple[Part, ...]
    others: tuple[Part, ...]
    amount: Amount

    @property
    def scope(self) -> str:
        """The program whose lines it is about."""
        return next(part.known.scope for part in (*self.new, *self.old) if part.known)


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What a new set has other than an old one.

    Attributes:
        changes: By CLASSES; in each those of most lines first.
        same: Patterns of which there is nothing to say.
        silenced: Of both tables, outliers of the old set that are none of the new one.
        flagged: The other way round.
        other_rules: Names of the rules by which the sets read lines differently: then shapes stand for their examples.
        left_out: Shapes that could not be compared; only where rules differ.
    """

    changes: tuple[Change, ...]
    same: int
    silenced: Amount
    flagged: Amount
    other_rules: tuple[str, ...]
    left_out: int

    def of(self, what: str) -> list[Change]:
        """Return the changes of a class."""
        return [change for change in self.changes if change.what == what]


def compare(old: Side, new: Side) -> Comparison:
    """
    Compare two sets. Cost: as `covered`, and memory for the patterns and which of them share a shape.

    The same sets and tables give the same comparison, in the same order.
    """
    found = covered(old, new)
    compared = _Compared(old.patterns, new.patterns, found)
    changes = sorted(
        compared.changes,
        key=lambda change: (CLASSES.index(change.what), -change.amount.lines, _ids(change.old), _ids(change.new)),
    )
    differing = tuple(other_rules(old.patterns.rules, new.patterns.rules))
    return Comparison(tuple(changes), compared.same, found.silenced, found.flagged, differing, found.left_out)


class _Compared:
    """The classes of all patterns."""

    def __init__(self, old: PatternSet, new: PatternSet, found: Covered) -> None:
        self._old, self._new = _by_id(old), _by_id(new)
        self._followers: dict[str, dict[str, Amount]] = {}
        self._origins: dict[str, dict[str, Amount]] = {}
        for (before, now), amount in found.flows.items():
            self._followers.setdefault(before, {})[now] = amount
            self._origins.setdefault(now, {})[before] = amount
        self.changes: list[Change] = []
        self.same = 0
        for each in self._old.keys() | self._new.keys():
            there_are = len(self.changes)
            self._classify(each)
            self.same += each in self._old and each in self._new and len(self.changes) == there_are

    def _classify(self, each: str) -> None:
        old, new = each in self._old, each in self._new
        split, merged = old and self._is_split(each), new and self._is_merged(each)
        if split:
            self._add(SPLIT, [self._before(each)], self._after_by(each))
        if merged:
            self._add(MERGED, self._before_by(each), [self._after(each)])
        if old and new:
            self._pair(each, each, split=split, merged=merged)
            if self._old[each].state != self._new[each].state:
                self._add(STATE, [self._before(each)], [self._after(each)])
        elif new and not merged and (origin := self._replaced(each)) is not None:
            self._pair(origin, each, split=False, merged=False)
        elif new and not merged and not self._is_of_split(each):
            self._add(ADDED, [], [self._after(each)], self._before_by(each))
        elif old and not split and not self._is_of_merger(each) and self._replacement(each) is None:
            self._add(GONE, [self._before(each)], [], self._after_by(each))

    def _before(self, old: str) -> Part:
        """Return an old pattern with all that it covered."""
        return Part(self._old[old], _total(self._followers.get(old, {}).values()))

    def _after(self, new: str) -> Part:
        return Part(self._new[new], _total(self._origins.get(new, {}).values()))

    def _before_by(self, new: str) -> list[Part]:
        """Return what covered the shapes of a new pattern."""
        return [Part(self._old.get(each), amount) for each, amount in self._origins.get(new, {}).items()]

    def _after_by(self, old: str) -> list[Part]:
        return [Part(self._new.get(each), amount) for each, amount in self._followers.get(old, {}).items()]

    def _followed_by(self, old: str) -> set[str]:
        return self._followers.get(old, {}).keys() - {NOTHING}

    def _follows(self, new: str) -> set[str]:
        return self._origins.get(new, {}).keys() - {NOTHING}

    def _is_split(self, old: str) -> bool:
        parts = self._followed_by(old)
        return len(parts) > 1 and any(part not in self._old and len(self._follows(part)) == 1 for part in parts)

    def _is_merged(self, new: str) -> bool:
        parts = self._follows(new)
        return len(parts) > 1 and any(part not in self._new and len(self._followed_by(part)) == 1 for part in parts)

    def _is_of_split(self, new: str) -> bool:
        """Tell whether a new pattern follows one alone, which is split then."""
        follows = self._follows(new)
        return len(follows) == 1 and len(self._followed_by(*follows)) > 1

    def _is_of_merger(self, old: str) -> bool:
        followed_by = self._followed_by(old)
        return len(followed_by) == 1 and len(self._follows(*followed_by)) > 1

    def _replaced(self, new: str) -> str | None:
        """Return the pattern that is gone, which a new one follows and nothing else does."""
        follows = self._follows(new)
        if len(follows) != 1:
            return None
        (origin,) = follows
        return origin if origin not in self._new and self._followed_by(origin) == {new} else None

    def _replacement(self, old: str) -> str | None:
        followed_by = self._followed_by(old)
        if len(followed_by) != 1:
            return None
        (new,) = followed_by
        return new if new not in self._old and self._follows(new) == {old} else None

    def _pair(self, old: str, new: str, *, split: bool, merged: bool) -> None:
        """Compare a pattern with what it was; what a split or a merger says already is not said again."""
        before, now = self._before(old), self._after(new)
        gained = [] if merged else [part for part in self._before_by(new) if part.known is not before.known]
        lost = [] if split else [part for part in self._after_by(old) if part.known is not now.known]
        if gained and lost:
            self._add(CHANGED, [before], [now], [*gained, *lost])
        elif gained or lost:
            self._add(WIDENED if gained else NARROWED, [before], [now], gained or lost)
        elif not split and not merged:
            what = _said_by_words(self._old[old], self._new[new])
            if what is not None:
                self._add(what, [before], [now])

    def _add(self, what: str, old: list[Part], new: list[Part], others: Iterable[Part] = ()) -> None:
        """Add a change; `others` say what it is about, or else the patterns do."""
        nothing = [part for part in (*old, *new) if part.known is None]
        others = [*others, *nothing]
        about = [*(old if what == MERGED else new if what == SPLIT else others or new)]
        before, now = (_ordered(part for part in some if part.known is not None) for some in (old, new))
        self.changes.append(Change(what, before, now, _ordered(others), _total(part.amount for part in about)))


def _by_id(patterns: PatternSet) -> dict[str, KnownPattern]:
    """Return the patterns by id; where the operator decided about a mined one, the mined one."""
    found: dict[str, KnownPattern] = {}
    for known in patterns.patterns:
        if known.id not in found or known.level:
            found[known.id] = known
    return found


def _said_by_words(old: KnownPattern, new: KnownPattern) -> str | None:
    """Return what the texts of patterns say that cover the same shapes; None if they are the same."""
    before, now = old.pattern, new.pattern
    if before == now:
        return None
    if before.constants == now.constants:
        larger = all(map(_holds, now.gaps, before.gaps))
        return WIDENED if larger else NARROWED if all(map(_holds, before.gaps, now.gaps)) else CHANGED
    if _is_part(now.constants, before.constants):
        return WIDENED
    return NARROWED if _is_part(before.constants, now.constants) else CHANGED


def _holds(outer: Gap, inner: Gap) -> bool:
    """Tell whether a gap may take whatever another one may."""
    return outer[0] <= inner[0] and (outer[1] is None or (inner[1] is not None and inner[1] <= outer[1]))


def _is_part(fewer: Sequence[Constant], more: Sequence[Constant]) -> bool:
    """Tell whether words are among others in the same order."""
    rest = iter(more)
    return all(any(word == other for other in rest) for word in fewer)


def _total(amounts: Iterable[Amount]) -> Amount:
    total = Amount()
    for amount in amounts:
        total.add(amount)
    return total


def _ordered(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: (-part.amount.lines, part.known.id if part.known else NOTHING)))


def _ids(parts: Iterable[Part]) -> list[str]:
    return [part.known.id if part.known else NOTHING for part in parts]
