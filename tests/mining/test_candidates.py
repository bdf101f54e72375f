"""Second pass, by the examples that the papers and the modules give."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining import candidates as module
from mining.candidates import Candidate, PositionKeys, WordKeys, candidates, key_of
from mining.words import Position, WeightedShape


def shapes(*lines: str) -> list[WeightedShape]:
    """Return lines of words, each once; ``<*>`` is a run of class words."""
    return [(tuple(None if word == "<*>" else word for word in line.split()), 1) for line in lines]


def logcluster_candidates(shapes: list[WeightedShape], frequent: frozenset[str]) -> list[Candidate]:
    return list(candidates(shapes, WordKeys(frequent)).candidates.values())


def slct_candidates(shapes: list[WeightedShape], frequent: frozenset[Position], *, anchored: bool) -> list[Candidate]:
    return list(candidates(shapes, PositionKeys(frequent, anchored)).candidates.values())


INTERFACE = frozenset({"Interface", "down", "at"})


def test_a_candidate_of_logcluster_is_the_frequent_words_in_order_with_gaps_of_the_others() -> None:
    found = logcluster_candidates(
        shapes("Interface eth down at now", "Interface eth zero down at <*> again"), INTERFACE
    )

    assert found == [Candidate(("Interface", "down", "at"), 2, [0, 1, 0, 1], [0, 2, 0, 2], [0, 2, 0, 1])]


@pytest.mark.parametrize(
    ("lines", "supports"),
    [
        (["Interface x down at", "x Interface down at y"], {("Interface", "down", "at"): 2}),
        (["down at", "at down"], {("down", "at"): 1, ("at", "down"): 1}),
        (["down x down", "down down", "down"], {("down", "down"): 2, ("down",): 1}),
        (["x y", "<*> x"], {}),
        ([], {}),
    ],
)
def test_lines_are_one_candidate_of_logcluster_iff_their_frequent_words_are_the_same_in_order(
    lines: list[str], supports: dict[tuple[str, ...], int]
) -> None:
    found = logcluster_candidates(shapes(*lines), INTERFACE)

    assert {candidate.constants: candidate.support for candidate in found} == supports


FREQUENT = frozenset({(0, "a"), (1, "b"), (2, "a")})


@pytest.mark.parametrize(
    ("anchored", "supports"),
    [
        (True, [(("a",), 2), (("a", "a"), 1), (("a", "b"), 1), (("a", "b"), 2), (("a", "b", "a"), 1), (("b",), 1)]),
        (False, [(("a",), 2), (("a", "a"), 1), (("a", "b"), 3), (("a", "b", "a"), 1), (("b",), 1)]),
    ],
    ids=["anchored", "published"],
)
def test_lines_are_one_candidate_of_slct_iff_their_words_at_frequent_positions_are_the_same(
    anchored: bool, supports: list[tuple[tuple[str, ...], int]]
) -> None:
    lines = shapes("a b x", "a b <*>", "a b", "a b a", "a x a", "x b", "a x", "a y", "x")

    found = slct_candidates(lines, FREQUENT, anchored=anchored)

    assert sorted((candidate.constants, candidate.support) for candidate in found) == supports


def test_a_candidate_of_slct_keeps_its_holes_apart_from_its_neighbours() -> None:
    found = slct_candidates(shapes("x b", "<*> b y z"), FREQUENT, anchored=False)

    assert found == [Candidate(("b",), 2, [1, 0], [1, 2], [1, 2])]


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=5), max_size=10))
def test_each_line_with_a_frequent_word_supports_exactly_one_candidate(lines: list[list[str | None]]) -> None:
    weighted = [(tuple(line), 2) for line in lines]
    with_word = sum(2 for line in lines if {"a", "b"} & set(line))
    at_place = sum(2 for line in lines if line[0] == "a" or line[1:2] == ["b"] or line[2:3] == ["a"])

    of_words = logcluster_candidates(weighted, frozenset({"a", "b"}))
    assert sum(candidate.support for candidate in of_words) == with_word
    for anchored in (True, False):
        of_places = slct_candidates(weighted, FREQUENT, anchored=anchored)
        assert sum(candidate.support for candidate in of_places) == at_place


def test_joining_a_line_does_not_change_what_another_candidate_was_made_of() -> None:
    lines = shapes("down x at", "down x y at", "at x", "at x y")

    one, other = logcluster_candidates(lines, INTERFACE)

    assert (one.least, one.most) == ([0, 1, 0], [0, 2, 0])
    assert (other.least, other.most) == ([0, 1], [0, 2])


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=5).map(tuple), max_size=10), st.booleans())
def test_a_line_finds_its_candidate_again_by_its_key(lines: list[tuple[str | None, ...]], anchored: bool) -> None:
    for keys in (WordKeys(frozenset({"a", "b"})), PositionKeys(FREQUENT, anchored)):
        table = candidates([(line, 1) for line in lines], keys)
        counts = Counter(key for line in lines if (key := key_of(line, keys)) is not None)

        assert {key: candidate.support for key, candidate in table.candidates.items()} == counts
        assert table.lines == len(lines)


@pytest.mark.parametrize("turn", [1, -1])
def test_gaps_of_class_words_and_of_others_are_told_apart_though_they_are_as_long(turn: int) -> None:
    given: list[WeightedShape] = [(("up", None), 3), (("up", "link"), 1)]

    (found,) = candidates(given[::turn], WordKeys(frozenset({"up"}))).candidates.values()

    assert (found.support, found.least, found.most, found.plain) == (4, [0, 1], [0, 1], [0, 1])


def test_gaps_are_the_same_however_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[WeightedShape] = [(("up", *["x"] * number, "b"), 1) for number in (3, 0, 1, 3)]
    expected = candidates(lines, WordKeys(frozenset({"up", "b"})))
    monkeypatch.setattr(module, "_REMEMBERED_GAPS", 1)

    found = candidates(lines, WordKeys(frozenset({"up", "b"})))

    assert found == expected
    assert found.candidates["up", "b"].most == [0, 3, 0]
