from dataclasses import asdict

from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from training.fetched.counts import FetchCounts
from training.fetched.time_range import ANY_TIME
from training.limits import LeftOut
from training.shapes import CorpusCounts
from training.summary import WIDEST, summarise


def known(text: str, level: int, support: int, scope: str = "s") -> KnownPattern:
    return KnownPattern(scope, parse(text), level, support, support)


def table(*keys: tuple[str, str, str]) -> ShapeTable:
    return ShapeTable.of({ShapeKey(*key): ShapeCount(1) for key in keys})


RUN = {
    "corpus": CorpusCounts(lines=12, judged=10).as_run(),
    "fetched": [FetchCounts("kafka:logs", ANY_TIME, records=9, lines=9).as_run()],
    "added": {"w": 5},
    "left_out": asdict(LeftOut(shapes=1)),
}


def test_a_summary_counts_patterns_shapes_and_lines() -> None:
    patterns = PatternSet.of(Rules(), [known("a *{1,1}", 5, 2), known("b", 1, 1), known("c", 1, 0, "t")])
    shapes = table(("s", "a x", "d1"), ("s", "a x", "d2"), ("s", "b", "d1"), ("t", "b", "d1"))

    found = summarise("v", patterns, shapes, RUN)

    assert (found["version"], found["scopes"], found["patterns"], found["shapes"]) == ("v", 2, 3, 3)
    assert found["levels"] == {"5": 1, "1": 2}
    assert {key: found[key] for key in RUN} == RUN


def test_shares_are_of_the_lines_of_the_table_wherever_they_were_read() -> None:
    patterns = PatternSet.of(Rules(), [known("a *{1,1}", 5, 2), known("b", 1, 1)])
    shapes = table(("s", "a x", "d1"), ("s", "a x", "d2"), ("s", "b", "d1"), ("t", "b", "d1"))

    found = summarise("v", patterns, shapes, RUN)

    assert (found["covered"], found["coverage"]) == (3, 0.75)
    assert found["seen_once"] == {"patterns": 1, "lines": 1, "share": 0.25}


def test_the_widest_patterns_are_those_that_leave_most_words_open_for_each_constant() -> None:
    texts = [
        "a b c",
        "a *{1,1}",
        "a *{0,3}",
        "a b *{0,9}",
        "a *{2,}",
        "a b c *{1,2} d",
        "x *{1,9}",
        "y z *{0,4}",
        "*{0,7}",
    ]

    found = summarise("v", PatternSet.of(Rules(), [known(text, 5, 1) for text in texts]), table(), RUN)

    assert [widest["pattern"] for widest in found["widest"]] == [
        "a *{2,}",
        "x *{1,9}",
        "*{0,7}",
        "a b *{0,9}",
        "a *{0,3}",
    ]
    assert len(found["widest"]) == WIDEST


def test_patterns_without_open_words_are_not_among_the_widest() -> None:
    found = summarise("v", PatternSet.of(Rules(), [known("a *{1,1}", 5, 1), known("b", 5, 1)]), table(), RUN)

    assert found["widest"] == []
    assert found["coverage"] == 2
