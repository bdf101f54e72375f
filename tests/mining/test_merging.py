import pytest

from mining.clusters import Cluster
from mining.ladder import accepted, climb_down
from mining.merging import merged, opened, takes_in
from patterns.language import parse
from patterns.pattern_set import KnownPattern


def levels_of(shapes: dict[str, int]) -> dict[str, int]:
    return {found.cluster.pattern.text: found.level for found in climb_down(shapes, "logcluster")}


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("a *{1,1} b", "a x b", True),
        ("a *{1,1} b", "a *{1,1} b", False),
        ("a *{0,1} b", "a *{1,1} b", True),
        ("a *{1,1} b", "a *{0,1} b", False),
        ("a *{1,1} b", "a x *{0,1} b", False),
        ("a *{1,2} b", "a x *{0,1} b", True),
        ("a *{1,} b", "a *{2,} x b", True),
        ("a *{1,9} b", "a *{1,} b", False),
        ("a *{1,1}", "a x y", False),
        ("a *{1,1} b *{2,2}", "a b b x y", True),
        ("*{0,1} a", "b a", True),
        ("b *{1,1}", "a b", False),
    ],
)
def test_a_pattern_takes_in_another_iff_its_gaps_hold_what_that_one_has_there(
    wide: str, narrow: str, expected: bool
) -> None:
    assert takes_in(parse(wide), parse(narrow)) is expected


def test_patterns_at_positions_are_taken_in_by_such_ones_alone() -> None:
    assert takes_in(parse("a *{1,1}", positional=True), parse("a b", positional=True))
    assert not takes_in(parse("a *{1,1}"), parse("a b", positional=True))


def test_what_only_some_lines_have_at_their_end_is_another_kind() -> None:
    shapes = {
        "authentication failure uid= <*> tty= ssh ruser= rhost= <*>": 50,
        "authentication failure uid= <*> tty= ssh ruser= rhost= <*> user= root": 3,
        **{f"authentication failure uid= <*> tty= ssh ruser= rhost= <*> user= {name}": 1 for name in ("ann", "bob")},
        "nothing happens at all": 60,
    }

    assert levels_of(shapes) == {
        "nothing happens at all": 11,
        "authentication failure uid= *{1,1} tty= ssh ruser= rhost= *{1,1}": 11,
        "authentication failure uid= *{1,1} tty= ssh ruser= rhost= *{1,1} user= *{1,1}": 5,
    }


# Of the names, too, there are two lines each, so that none of these kinds is mined at level 2.
SEEN_ONCE = {
    shape: 1
    for name in ("uucp", "news")
    for shape in (f"Failed password for {name} from <*>", f"quota of {name} is over")
}


def test_a_frequent_value_and_those_that_were_seen_once_are_one_kind() -> None:
    assert levels_of({"Failed password for root from <*>": 250, **SEEN_ONCE}) == {
        "Failed password for *{1,1} from *{1,1}": 25,
        "quota of uucp is over": 1,
        "quota of news is over": 1,
    }


@pytest.mark.parametrize(
    "shapes",
    [
        # Each of them frequent: these may be the only two that there are.
        {"link of port <*> is up": 250, "link of port <*> is down": 20},
        # One other word: it says what happens, perhaps.
        {"Accepted password for alice": 250, "Accepted publickey for alice": 1},
        # Two words differ.
        {"Failed password for root from <*>": 250, "Failed login for uucp from <*>": 1},
        # Too much would be open: 2 of 3 words.
        {"state changed up": 250, "state changed down": 1},
        # A class word in the place of a word.
        {"Failed password for root from <*>": 250, "Failed password for <*> from <*>": 1},
    ],
)
def test_a_pattern_stays_closed(shapes: dict[str, int]) -> None:
    assert set(levels_of(shapes)) == {shape.replace("<*>", "*{1,1}") for shape in shapes}


def test_a_pattern_of_the_last_set_stays_beside_one_that_takes_it_in() -> None:
    root = KnownPattern("", parse("Failed password for root from *{1,1}"), 25, 250, 250)
    shapes = {"Failed password for root from <*>": 250, **SEEN_ONCE}

    found = climb_down(shapes, "logcluster", held=[root])

    assert {each.cluster.pattern.text for each in found} == {
        "Failed password for root from *{1,1}",
        "Failed password for *{1,1} from *{1,1}",
        "quota of uucp is over",
        "quota of news is over",
    }


def test_a_pattern_that_is_open_already_is_not_opened_further_though_it_comes_from_the_last_set() -> None:
    held = KnownPattern("", parse("user *{1,1} did one or the other thing at *{1,1} on host alpha"), 6, 8, 8)
    shapes = {
        **{f"user {name} did one or the other thing at <*> on host alpha": 2 for name in ("ann", "bob", "cem", "dan")},
        "nothing happens at all": 60,
        "user <*> did one or the other thing at <*> on host beta": 1,
    }

    for last in ([], [held]):
        found = {each.cluster.pattern.text for each in climb_down(shapes, "logcluster", held=last)}
        assert "user *{1,1} did one or the other thing at *{1,1} on host *{1,1}" not in found


def test_without_kinds_seen_once_nothing_is_opened() -> None:
    shapes = {"Failed password for root from <*>": 250, **SEEN_ONCE}

    found = climb_down(shapes, "logcluster", seen_once=False)

    assert [each.cluster.pattern.text for each in found] == ["Failed password for root from *{1,1}"]


def test_merged_adds_lines_and_takes_the_highest_level() -> None:
    wide, narrow, once = (Cluster(parse(text), lines, 0) for text, lines in [("a *{1,1} b", 2), ("a x b", 9), ("c", 1)])

    assert merged([(narrow, 9), (wide, 2), (once, 1)], []) == [(Cluster(wide.pattern, 11, 0), 9), (once, 1)]


def test_what_is_seen_once_takes_in_nothing() -> None:
    # Its gap is a class word.
    found = [(Cluster(parse("a x b"), 9, 0), 9), (Cluster(parse("a *{1,1} b"), 1, 0), 1)]

    assert merged(found, []) == found


def test_opened_asks_whether_the_result_is_accepted() -> None:
    found = [(Cluster(parse("a b c d x"), 9, 0), 9), *((Cluster(parse(f"a b c d {word}"), 1, 0), 1) for word in "yz")]

    assert opened(found, accepted) == [(Cluster(parse("a b c d *{1,1}"), 0, 1), 2)]
    assert opened(found, lambda _: False) == []
