import re
from collections import Counter
from pathlib import Path

import pytest

from patterns.line import split_lines
from patterns.words import Splitter, WordRules
from training.clusters import Algorithm, Cluster, Method, mine
from training.ladder import accepted, climb_down, levels
from training.words import weighted

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]


def shapes_of(path: Path) -> Counter[str]:
    splitter = Splitter(WordRules())
    shapes = Counter(splitter.shape(line.decode()) for line in split_lines(path.read_bytes()))
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


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_a_level_is_classic_mining_of_the_shapes_that_no_earlier_pattern_matches(
    loghub: Path, dataset: str, algorithm: Algorithm
) -> None:
    shapes = shapes_of(loghub / dataset / f"{dataset}_2k.log")
    found = climb_down(shapes, algorithm)

    left = dict(shapes)
    for level in levels(sum(shapes.values())):
        taken = {cluster for cluster, at in found if at == level}
        classic = set(mine(weighted(left), level, Method(algorithm))) if left else set()
        wide = {c for c in classic if 10 * len(c.pattern.constants) < 7 * (len(c.pattern.constants) + c.plain)}
        assert taken == (classic - wide if level > 1 else classic)
        expressions = [re.compile(cluster.pattern.regex()) for cluster in taken]
        left = {shape: n for shape, n in left.items() if not any(e.match(shape) for e in expressions)}
    assert not left


def test_without_seen_once_what_is_left_at_the_bottom_has_no_pattern() -> None:
    shapes = {"a b": 30, "c d": 1}

    assert {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster")} == {"a b", "c d"}
    assert {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster", seen_once=False)} == {"a b"}


def test_an_over_wide_cluster_does_not_swallow_kinds_that_were_never_seen() -> None:
    shapes = {f"the {word} is" + " x" * 0: 1 for word in ("red", "green", "blue")} | {"the end": 1}

    assert "the *{1,1} is" not in {str(found.cluster.pattern) for found in climb_down(shapes, "logcluster")}


def test_an_empty_scope_has_no_patterns() -> None:
    assert climb_down({}, "logcluster") == []
