"""What a new set has other than an old one: held to the definitions, with each shape judged by `re`."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.comparison import CLASSES, Change, Comparison, compare
from patterns.covered import Side
from patterns.decided import decided
from patterns.decisions import Decision, Decisions
from patterns.language import parse
from patterns.pattern_set import PENDING, KnownPattern, PatternSet, best_match_order
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.words import WordRules

Shape = tuple[str, str]
Counts = dict[Shape, int]


def known(text: str, scope: str = "", level: int = 2, state: str = "known") -> KnownPattern:
    return KnownPattern(scope, parse(text), level, support=1, mined_support=1, state=state)


def table(counts: Counts) -> ShapeTable:
    rows = {}
    for (scope, shape), count in counts.items():
        # Two days of a shape are two rows.
        for day, share in (("2026-11-01", 1), ("2026-11-02", count - 1)):
            if share:
                rows[ShapeKey(scope, shape, day)] = row = ShapeCount()
                row.add(share, 1, 2, [f"{scope}: {shape} {day}"])
    return ShapeTable.of(rows)


def side(counts: Counts, *patterns: KnownPattern, rules: Rules | None = None) -> Side:
    return Side(PatternSet.of(rules or Rules(), patterns), table(counts))


def shapes(*texts: str) -> Counts:
    return {("", text): len(text) for text in texts}


Numbers = tuple[str, frozenset[str], frozenset[str], int, int]
"""Class, ids, how many shapes, and of how many lines."""

Told = tuple[str, tuple[str, ...], tuple[str, ...]]


def told(found: Comparison) -> set[Told]:
    """Return class, old and new texts of each change."""
    return {(change.what, _texts(change.old), _texts(change.new)) for change in found.changes}


def _texts(parts: object) -> tuple[str, ...]:
    return tuple(sorted(part.known.pattern.text for part in parts if part.known))  # type: ignore[attr-defined]


WORDS = ["a", "b", "<*>"]
SHAPES = [" ".join(words) for length in (1, 2, 3) for words in permutations([*WORDS, "a"], length)]
TEXTS = ["a", "a b", "b a", "a *{1,1}", "a *{1,2}", "a *{0,2}", "*{1,1} a", "*{0,2} b", "a b *{0,1}", "(a|b) *{1,1}"]

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(["", "p"]), st.sampled_from(SHAPES)), st.integers(1, 5), max_size=12
).map(lambda counts: {key: count for key, count in counts.items() if key[1] != "<*>"})
SETS = st.lists(
    st.builds(
        known,
        st.sampled_from(TEXTS),
        st.sampled_from(["", "p"]),
        st.integers(1, 3),
        st.sampled_from(["known", "pending"]),
    ),
    max_size=5,
    unique_by=lambda found: found.id,
)


class Oracle:
    """Follows the definitions over sets of shapes."""

    def __init__(self, old: list[KnownPattern], new: list[KnownPattern], *tables: Counts) -> None:
        self.old, self.new = {k.id: k for k in old}, {k.id: k for k in new}
        self.tables = tables
        self.every = {shape for counts in tables for shape in counts}
        self.before = {shape: _judged(old, shape) for shape in self.every}
        self.now = {shape: _judged(new, shape) for shape in self.every}
        self.split = {o for o in self.old if self._split(o)}
        self.merged = {n for n in self.new if self._merged(n)}

    def of_old(self, o: str | None) -> set[Shape]:
        return {shape for shape, found in self.before.items() if found == o}

    def of_new(self, n: str | None) -> set[Shape]:
        return {shape for shape, found in self.now.items() if found == n}

    def followers(self, o: str) -> set[str]:
        return {n for n in self.new if self.of_old(o) & self.of_new(n)}

    def followed(self, n: str) -> set[str]:
        return {o for o in self.old if self.of_old(o) & self.of_new(n)}

    def _split(self, o: str) -> bool:
        new = self.followers(o)
        return len(new) >= 2 and any(n not in self.old and self.followed(n) == {o} for n in new)

    def _merged(self, n: str) -> bool:
        old = self.followed(n)
        return len(old) >= 2 and any(o not in self.new and self.followers(o) == {n} for o in old)

    def one_for_one(self) -> list[tuple[str, str]]:
        gone, new = self.old.keys() - self.new.keys(), self.new.keys() - self.old.keys()
        return [(o, n) for o in gone for n in new if self.followers(o) == {n} and self.followed(n) == {o}]

    def lines(self, about: set[Shape]) -> int:
        return max(sum(counts.get(shape, 0) for shape in about) for counts in self.tables)

    def changes(self) -> Counter["Numbers"]:
        pairs = [*self.one_for_one(), *((p, p) for p in self.old.keys() & self.new.keys())]
        olds, news = {o for o, _ in pairs}, {n for _, n in pairs}
        told = [
            *(("split", {o}, self.followers(o), self.of_old(o)) for o in self.split),
            *(("merged", self.followed(n), {n}, self.of_new(n)) for n in self.merged),
            *(change for o, n in pairs for change in self._of_pair(o, n)),
            *(
                ("gone", {o}, set(), self.of_old(o))
                for o in self.old.keys() - olds - self.split
                if not any(self.followers(o) == {n} for n in self.merged)
            ),
            *(
                ("added", set(), {n}, self.of_new(n))
                for n in self.new.keys() - news - self.merged
                if not any(self.followed(n) == {o} for o in self.split)
            ),
        ]
        return Counter(
            (what, frozenset(old), frozenset(new), len(about), self.lines(about)) for what, old, new, about in told
        )

    def _of_pair(self, o: str, n: str) -> Iterator[tuple[str, set[str], set[str], set[Shape]]]:
        if o == n and self.old[o].state != self.new[o].state:
            yield "state", {o}, {o}, self.of_new(o)
        more = set() if n in self.merged else self.of_new(n) - self.of_old(o)
        less = set() if o in self.split else self.of_old(o) - self.of_new(n)
        if more or less:
            yield "changed" if more and less else "widened" if more else "narrowed", {o}, {n}, more | less
        elif o not in self.split and n not in self.merged and (what := _by_words(self.old[o], self.new[n])):
            yield what, {o}, {n}, self.of_new(n)


def _judged(patterns: list[KnownPattern], shape: Shape) -> str | None:
    for each in sorted(patterns, key=best_match_order):
        if each.scope == shape[0] and re.search(each.pattern.regex(), shape[1]):
            return each.id
    return None


def _by_words(old: KnownPattern, new: KnownPattern) -> str | None:
    """Compare texts: by words that are no gap, then by what short shapes they match."""
    if old.pattern == new.pattern:
        return None
    one, two = old.pattern.constants, new.pattern.constants
    if one != two:
        if two in _parts(one):
            return "widened"
        return "narrowed" if one in _parts(two) else "changed"
    long = [" ".join(words) for length in range(1, 7) for words in permutations(["a", "b", *["<*>"] * 4], length)]
    before, now = ({shape for shape in long if re.search(each.pattern.regex(), shape)} for each in (old, new))
    return "widened" if before < now else "narrowed" if now < before else "changed"


def _parts(words: tuple[object, ...]) -> set[tuple[object, ...]]:
    parts: set[tuple[object, ...]] = {()}
    for word in words:
        parts |= {(*part, word) for part in parts}
    return parts


def in_numbers(change: Change) -> Numbers:
    ids = [frozenset(part.known.id for part in parts if part.known) for parts in (change.old, change.new)]
    return change.what, ids[0], ids[1], change.amount.shapes, change.amount.lines


@given(SETS, SETS, COUNTS, COUNTS)
def test_the_classes_follow_their_definitions(
    old: list[KnownPattern], new: list[KnownPattern], one: Counts, two: Counts
) -> None:
    oracle = Oracle(old, new, one, two)

    found = compare(side(one, *old), side(two, *new))

    assert Counter(map(in_numbers, found.changes)) == oracle.changes()
    about = {part.known.id for change in found.changes for part in (*change.old, *change.new) if part.known}
    named_alone = {
        part.known.id
        for change in found.changes
        if change.what not in {"split", "merged"} or len(change.old) == len(change.new) == 1
        for part in (*change.old, *change.new)
        if part.known
    }
    stayed = oracle.old.keys() & oracle.new.keys()
    assert len(stayed - about) <= found.same <= len(stayed - named_alone)


@given(SETS, SETS, COUNTS, COUNTS)
def test_what_is_silenced_and_flagged_follows_the_verdicts(
    old: list[KnownPattern], new: list[KnownPattern], one: Counts, two: Counts
) -> None:
    oracle = Oracle(old, new, one, two)

    def is_outlier(patterns: dict[str, KnownPattern], found: str | None) -> bool:
        return found is None or patterns[found].state == PENDING

    verdicts = {
        shape: (is_outlier(oracle.old, oracle.before[shape]), is_outlier(oracle.new, oracle.now[shape]))
        for shape in oracle.every
    }

    found = compare(side(one, *old), side(two, *new))

    for amount, verdict in ((found.silenced, (True, False)), (found.flagged, (False, True))):
        about = {shape for shape in oracle.every if verdicts[shape] == verdict}
        assert (amount.shapes, amount.lines) == (len(about), oracle.lines(about))
        assert amount.old_lines == sum(one.get(shape, 0) for shape in about)


@given(SETS, SETS, COUNTS, COUNTS)
def test_the_other_way_round_is_the_other_way_round(
    old: list[KnownPattern], new: list[KnownPattern], one: Counts, two: Counts
) -> None:
    opposite = dict(
        zip(CLASSES, ("gone", "added", "narrowed", "widened", "merged", "split", "changed", "state"), strict=True)
    )
    there = Counter(change.what for change in compare(side(one, *old), side(two, *new)).changes)
    back = Counter(change.what for change in compare(side(two, *new), side(one, *old)).changes)

    assert {opposite[what]: number for what, number in there.items()} == dict(back)


@given(SETS, COUNTS, COUNTS)
def test_of_the_same_set_there_is_nothing_to_say(patterns: list[KnownPattern], one: Counts, two: Counts) -> None:
    found = compare(side(one, *patterns), side(two, *patterns))

    assert (found.changes, found.same) == ((), len(patterns))
    assert found.silenced.shapes == found.flagged.shapes == 0


CASES: list[tuple[str, list[str], list[str], Counts, set[Told]]] = [
    ("added", ["x"], ["x", "y"], shapes("x", "y"), {("added", (), ("y",))}),
    ("gone", ["x", "y"], ["x"], shapes("x", "y"), {("gone", ("y",), ())}),
    (
        "merged",
        ["user a in", "user b in"],
        ["user *{1,1} in"],
        shapes("user a in", "user b in"),
        {("merged", ("user a in", "user b in"), ("user *{1,1} in",))},
    ),
    (
        "split",
        ["user *{1,1} in"],
        ["user a in", "user b in"],
        shapes("user a in", "user b in"),
        {("split", ("user *{1,1} in",), ("user a in", "user b in"))},
    ),
    (
        "split of one that stays",
        ["a *{1,1}"],
        ["a *{1,1}", "a b"],
        shapes("a b", "a c"),
        {("split", ("a *{1,1}",), ("a *{1,1}", "a b"))},
    ),
    ("larger gap", ["a *{1,1}"], ["a *{1,2}"], shapes("a b", "a b c"), {("widened", ("a *{1,1}",), ("a *{1,2}",))}),
    ("smaller gap", ["a *{1,2}"], ["a *{1,1}"], shapes("a b"), {("narrowed", ("a *{1,2}",), ("a *{1,1}",))}),
    ("fewer words", ["a b c"], ["a *{1,1} c"], shapes("a b c"), {("widened", ("a b c",), ("a *{1,1} c",))}),
    (
        "each of the old with each of the new",
        ["a *{1,1}", "b *{1,1}"],
        ["*{1,1} c", "*{1,1} d"],
        shapes("a c", "a d", "b c", "b d"),
        {
            *(("gone", (text,), ()) for text in ("a *{1,1}", "b *{1,1}")),
            *(("added", (), (text,)) for text in ("*{1,1} c", "*{1,1} d")),
        },
    ),
    ("other words", ["a *{1,1}"], ["*{1,1} b"], shapes("a b"), {("changed", ("a *{1,1}",), ("*{1,1} b",))}),
]


@pytest.mark.parametrize(("old", "new", "counts", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_a_class_is_what_its_name_says(old: list[str], new: list[str], counts: Counts, expected: set[Told]) -> None:
    assert told(compare(side(counts, *map(known, old)), side(counts, *map(known, new)))) == expected


def test_lines_are_those_of_the_table_that_has_more() -> None:
    old = side({("", "a"): 5, ("", "b"): 1}, known("a"), known("b"))
    new = side({("", "a"): 7, ("", "c"): 2}, known("c"))

    found = {change.what: change.amount for change in compare(old, new).changes}
    gone = {_texts(change.old): change.amount.lines for change in compare(old, new).of("gone")}

    assert gone == {("a",): 7, ("b",): 1}
    assert (found["added"].shapes, found["added"].old_lines, found["added"].new_lines) == (1, 0, 2)


def test_what_covers_the_shapes_of_a_pattern_that_is_gone_is_said() -> None:
    counts = {("", "a b"): 3, ("", "a c"): 2}
    narrow = known("a b", level=9)
    [gone] = compare(side(counts, known("a *{1,1}", level=5), known("a b", level=3)), side(counts, narrow)).of("gone")

    assert [(part.known and part.known.pattern.text, part.amount.lines) for part in gone.others] == [
        ("a b", 3),
        (None, 2),
    ]
    assert gone.amount.examples == [f": a {word} 2026-11-0{day}" for word, day in (("c", 1), ("b", 1), ("c", 2))]


def test_the_operators_decisions_count_in_both_sets() -> None:
    counts = {("", "a b"): 3}
    decisions = Decisions((Decision(do="accept", shape="a b"), Decision(do="reject", pattern="c *{1,1}")))
    sides = [
        Side(decided(PatternSet.of(Rules(), patterns), decisions), table(counts))
        for patterns in ([known("a *{1,1}"), known("c *{1,2}")], [known("a *{1,2}"), known("c *{1,1}")])
    ]

    found = compare(*sides)

    assert found.silenced.shapes == found.flagged.shapes == 0
    assert {change.what for change in found.changes} <= {"widened", "narrowed"}


def test_sets_of_other_rules_are_compared_by_their_examples_and_say_so() -> None:
    line = "sent 12 bytes to alpha"
    row = ShapeCount()
    row.add(4, 1, 2, [line])
    classes = {**WordRules().classes, "greek": "alpha|beta"}
    others = Rules(words=WordRules(classes=classes))
    old = Side(
        PatternSet.of(Rules(), [known("sent *{1,1} bytes to alpha")]),
        ShapeTable.of({ShapeKey("", "sent <*> bytes to alpha", "2026-11-01"): row}),
    )
    new = Side(
        PatternSet.of(others, [known("sent *{1,1} bytes to *{1,1}")]),
        ShapeTable.of({ShapeKey("", "sent <*> bytes to <*>", "2026-11-01"): row}),
    )

    found = compare(old, new)

    assert found.other_rules == ("words",)
    assert told(found) == {("widened", ("sent *{1,1} bytes to alpha",), ("sent *{1,1} bytes to *{1,1}",))}
    assert found.changes[0].amount.lines == 4


def test_a_shape_that_one_set_does_not_judge_is_left_out_and_counted() -> None:
    row = ShapeCount()
    row.add(1, 1, 2, ["alpha"])
    others = Rules(words=WordRules(classes={"any": r"\S+"}))
    old = Side(PatternSet.of(Rules(), [known("alpha")]), ShapeTable.of({ShapeKey("", "alpha", "2026-11-01"): row}))

    found = compare(old, Side(PatternSet.of(others, [known("beta")]), ShapeTable.of({})))

    assert found.left_out == 1


def test_patterns_of_one_program_say_nothing_of_another() -> None:
    counts = {("p", "a"): 1, ("q", "a"): 1}
    found = compare(side(counts, known("a", "p")), side(counts, known("a", "p"), known("a", "q")))

    [added] = found.changes
    assert (added.what, added.scope, added.amount.lines) == ("added", "q", 1)


def test_the_same_sets_give_the_same_comparison_in_the_same_order() -> None:
    counts = {("", f"a{letter} b"): 3 for letter in "abcdefghijkl"}
    old = [known(f"a{letter} *{{1,1}}") for letter in "abcdefgh"]
    new = [known(f"a{letter} *{{1,2}}") for letter in "efghijkl"]

    one, two = (compare(side(counts, *old), side(counts, *some)) for some in (new, new[::-1]))

    assert [in_numbers(change) for change in one.changes] == [in_numbers(change) for change in two.changes]
    assert [change.what for change in one.changes] == sorted((change.what for change in one.changes), key=CLASSES.index)
