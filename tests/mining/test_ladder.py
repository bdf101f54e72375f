import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_ladder import climbed

from mining.clusters import Algorithm, Cluster, Method, mine
from mining.ladder import accepted, climb_down, levels, uncovered
from patterns.language import parse
from patterns.line import split_lines
from patterns.pattern_set import KnownPattern
from patterns.words import Splitter, WordRules

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]


def shapes_of(path: Path, lines: int | None = None) -> Counter[str]:
    splitter = Splitter(WordRules())
    shapes = Counter(splitter.shape(line.decode()) for line in split_lines(path.read_bytes())[:lines])
    return Counter({shape: lines for shape, lines in shapes.items() if not splitter.unjudged(shape)})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (1, [2, 1]),
        (20, [2, 1]),
        (39, [3, 2, 1]),
        (1000, [100, 50, 25, 12, 6, 3, 2, 1]),
        (100_000, [10_000, 5_000, 2_500, 1_250, 625, 312, 156, 78, 39, 19, 9, 4, 2, 1]),
    ],
)
def test_levels_halve_from_a_tenth_of_the_lines_to_two_and_end_with_one(lines: int, expected: list[int]) -> None:
    assert levels(lines) == expected


@pytest.mark.parametrize(
    ("constants", "plain", "expected"),
    [(0, 0, False), (1, 0, True), (7, 3, True), (7, 4, False), (2, 1, False), (3, 1, True)],
)
def test_a_cluster_is_accepted_if_seven_tenths_of_its_plain_words_are_constants(
    constants: int, plain: int, expected: bool
) -> None:
    pattern = mine([(("w",) * constants or (None,), 1)], 1, Method())
    cluster = Cluster(pattern[0].pattern, 1, plain) if constants else None

    assert (cluster is not None and accepted(cluster)) is expected


def found_of(shapes: Mapping[str, int], algorithm: Algorithm) -> set[tuple[object, ...]]:
    return {
        (found.cluster.pattern.constants, found.cluster.pattern.gaps, found.level, found.cluster.support)
        for found in climb_down(shapes, algorithm)
    }


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_ladder_finds_what_its_rules_say_word_by_word(loghub: Path, dataset: str, algorithm: Algorithm) -> None:
    shapes = shapes_of(loghub / dataset / f"{dataset}_2k.log", 250)

    assert found_of(shapes, algorithm) == climbed(shapes, slct=algorithm == "slct")


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(["", "", "", "INFO", "WARN", "FATAL"]),
            st.lists(st.sampled_from([*"abcdexyz", "INFO", "<*>"]), min_size=1, max_size=7),
        ).map(lambda parts: re.sub(r"<\*>( <\*>)+", "<*>", " ".join([parts[0], *parts[1]]).lstrip())),
        st.sampled_from([1, 1, 1, 2, 3, 9, 40]),
        max_size=25,
    ),
    st.sampled_from(["logcluster", "slct"]),
)
def test_whatever_the_lines_the_ladder_finds_what_its_rules_say(shapes: dict[str, int], algorithm: Algorithm) -> None:
    shapes.pop("<*>", None)

    found = found_of(shapes, algorithm)

    assert found == climbed(shapes, slct=algorithm == "slct")
    assert found == found_of(dict(sorted(shapes.items())), algorithm)
    assert not uncovered(shapes, [found.cluster for found in climb_down(shapes, algorithm)])


def test_without_seen_once_what_is_left_at_the_bottom_has_no_pattern() -> None:
    shapes = {"a b": 30, "c d": 1}

    assert {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster")} == {"a b", "c d"}
    assert {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster", seen_once=False)} == {"a b"}


def test_an_over_wide_cluster_does_not_swallow_kinds_that_were_never_seen() -> None:
    shapes = {f"the {word} is" + " x" * 0: 1 for word in ("red", "green", "blue")} | {"the end": 1}

    assert "the *{1,1} is" not in {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster")}


def test_an_empty_scope_has_no_patterns() -> None:
    assert climb_down({}, "logcluster") == []


# Patterns of the last set


def held_of(shapes: dict[str, int]) -> list[KnownPattern]:
    """Return what the ladder finds, as a set has it."""
    return [
        KnownPattern("", found.cluster.pattern, found.level, found.cluster.support, found.cluster.support)
        for found in climb_down(shapes, "logcluster")
    ]


def texts_of(shapes: dict[str, int], held: Sequence[KnownPattern] = ()) -> set[str]:
    return {found.cluster.pattern.text for found in climb_down(shapes, "logcluster", held=held)}


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_same_lines_give_the_same_patterns_again_when_those_are_held(loghub: Path, dataset: str) -> None:
    shapes = shapes_of(loghub / dataset / f"{dataset}_2k.log")
    held = held_of(shapes)

    again = texts_of(shapes, held)

    first = {known.pattern.text for known in held if known.support > 1}
    assert len(first & again) >= 0.98 * len(first)


def test_a_pattern_near_its_level_holds_where_it_would_be_another_without_having_been_there() -> None:
    # 100 lines of a scope of 1,000 are the first level; a night later there are 97.
    before = {"job <*> of ann is done": 100, "job <*> of bob is done": 40, "nothing happens at all": 860}
    after = {**before, "job <*> of ann is done": 97, "nothing happens at all": 880}
    held = [known for known in held_of(before) if "ann" in known.pattern.text]
    assert [known.level for known in held] == [100]

    assert "job *{1,1} of ann is done" not in texts_of(after)
    # At the level that takes the place of its own, though it has less lines.
    levels_of = {found.cluster.pattern.text: found.level for found in climb_down(after, "logcluster", held=held)}
    assert levels_of["job *{1,1} of ann is done"] == 101


def test_a_pattern_that_lost_half_of_its_level_falls_by_one() -> None:
    before = {"job <*> of ann is done": 100, "job <*> of bob is done": 40, "nothing happens at all": 860}
    held = [known for known in held_of(before) if "ann" in known.pattern.text]

    found = [
        {each.cluster.pattern.text: each.level for each in climb_down(after, "logcluster", held=held)}
        for after in (
            {**before, "job <*> of ann is done": ann, "nothing happens at all": 960 - ann} for ann in (50, 49)
        )
    ]

    assert [each["job *{1,1} of ann is done"] for each in found] == [100, 50]


def test_many_patterns_give_place_to_one_that_has_clearly_more_than_its_level() -> None:
    users = [
        f"user {name} came home" for name in ("ann", "bob", "cem", "dan", "eva", "fay", "gus", "hal", "ida", "jon")
    ]
    few = [KnownPattern("", parse(text), 4, 4, 4) for text in users]
    shapes = {"nothing happens at all": 360, **dict.fromkeys(users, 4)}

    # 40 lines are the first level of 400.
    assert texts_of(shapes) == {"nothing happens at all", "user *{1,1} came home"}
    assert texts_of(shapes, few) == {"nothing happens at all", "user *{1,1} came home"}
    levels_of = {found.cluster.pattern.text: found.level for found in climb_down(shapes, "logcluster", held=few)}
    # But a level later than without them.
    assert levels_of["user *{1,1} came home"] == 20


def test_what_was_seen_once_is_never_held() -> None:
    held = [KnownPattern("", parse("user ann came home"), 1, 1, 1)]
    shapes = {f"user {name} came home": 1 for name in ("ann", "bob", "cem")}

    assert texts_of(shapes, held) == {"user *{1,1} came home"}


# Severities


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"INFO ready": 9, "FATAL disk gone": 1}, {"INFO ready", "(FATAL|INFO) disk gone"}),
        ({"INFO ready": 9, "FATAL ready": 1}, {"(FATAL|INFO) ready"}),
        ({"INFO ready": 9, "ready": 1}, {"INFO ready", "ready"}),
        ({"WARN ready": 9, "WARNING late": 1}, {"(WARN|WARNING) ready", "(WARN|WARNING) late"}),
        (
            {"INFO ready": 9, "WARN disk full": 1, "FATAL gone": 1},
            {"INFO ready", "(INFO|WARN) disk full", "(FATAL|INFO|WARN) gone"},
        ),
        ({"FATAL <*>": 9, "INFO ready": 1}, {"FATAL *{1,1}", "INFO ready"}),
        ({"FATAL": 9, "INFO ready": 1}, {"FATAL", "INFO ready"}),
    ],
)
def test_a_pattern_has_the_severities_of_its_lines_and_the_milder_ones_of_its_program(
    shapes: dict[str, int], expected: set[str]
) -> None:
    assert texts_of(shapes) == expected


@pytest.mark.parametrize(
    ("shape", "known"),
    [("INFO disk gone", True), ("WARN disk gone", True), ("FATAL disk gone", False), ("FATAL ready", False)],
)
def test_what_was_never_as_grave_is_new_and_what_is_milder_is_not(shape: str, known: bool) -> None:
    found = climb_down({"INFO ready": 9, "WARN disk gone": 3, "FATAL over": 1}, "logcluster")

    assert (uncovered({shape: 1}, [each.cluster for each in found]) == {}) is known


def test_a_word_in_front_of_each_line_makes_no_pattern_wider() -> None:
    shapes = {f"INFO {word} set to <*>": 1 for word in ("tickTime", "maxSessionTimeout", "initLimit")}

    assert texts_of(shapes) == {f"{shape.removesuffix('<*>')}*{{1,1}}" for shape in shapes}


@pytest.mark.parametrize(
    ("held", "shapes", "expected"),
    [
        # A program that begins to say WARN changes no pattern of the last set.
        (
            ["(FATAL|INFO) gone"],
            {"FATAL gone": 1, "INFO x": 1, "WARN y": 1},
            {"(FATAL|INFO) gone", "INFO x", "(INFO|WARN) y"},
        ),
        # What a set without severities had apart stays apart.
        (["INFO a b", "FATAL a b"], {"FATAL a b": 5, "INFO a b": 5}, {"INFO a b", "FATAL a b"}),
        # A graver one stands beside the one that is held.
        (["INFO a b"], {"FATAL a b": 5, "INFO a b": 5}, {"INFO a b", "FATAL a b"}),
        (["a b"], {"FATAL a b": 5, "a b": 5}, {"FATAL a b", "a b"}),
        # And of what is not there any more, nothing is.
        (["DEBUG a b"], {"INFO a b": 5}, {"INFO a b"}),
    ],
)
def test_patterns_of_the_last_set_keep_their_severities(
    held: list[str], shapes: dict[str, int], expected: set[str]
) -> None:
    assert texts_of(shapes, [KnownPattern("", parse(text), 2, 5, 5) for text in held]) == expected


def test_the_lines_of_a_pattern_are_shared_out_where_it_becomes_several() -> None:
    found = climb_down({"FATAL a b": 5, "INFO a b": 3, "a b": 2}, "logcluster")

    assert {(each.cluster.pattern.text, each.cluster.support) for each in found} == {
        ("(FATAL|INFO) a b", 8),
        ("a b", 2),
    }
