"""The matcher against regular expressions tried one by one, and its verdicts on outliers against a plain search."""

import csv
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining.clusters import Algorithm
from patterns import matcher as module
from patterns.fitting import first_difference
from patterns.judge import Judge
from patterns.language import Constant, Gap, Pattern, parse
from patterns.line import split_lines
from patterns.matcher import NEW_PROGRAM, NO_PATTERN, Matcher, parameters
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.timestamps import DAY
from patterns.words import CLASS_RUN, Splitter, WordRules
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]


def pattern_set(*texts: str, scope: str = "") -> PatternSet:
    """Return a set of these patterns whose best-match order is the given one."""
    levels = range(len(texts) + 1, 1, -1)
    return PatternSet.of(
        Rules(), [KnownPattern(scope, parse(text), level, 1, 1) for text, level in zip(texts, levels, strict=True)]
    )


def tried(patterns: PatternSet, scope: str, shape: str) -> KnownPattern | None:
    """Return the first pattern in best-match order whose regular expression matches."""
    return next((known for known in patterns.scopes.get(scope, ()) if compiled(known.pattern).search(shape)), None)


@cache
def compiled(pattern: Pattern) -> re.Pattern[str]:
    return re.compile(pattern.regex())


def raw_lines(folder: Path, dataset: str) -> list[bytes]:
    return split_lines((folder / dataset / f"{dataset}_2k.log").read_bytes())


def contents(folder: Path, dataset: str) -> list[bytes]:
    with (folder / dataset / f"{dataset}_2k.log_structured.csv").open(encoding="utf-8", newline="") as file:
        return [row["Content"].encode() for row in csv.DictReader(file)]


def trained(lines: list[bytes], rules: Rules, algorithm: Algorithm) -> PatternSet:
    table, _ = tabulate([CorpusLine(line, DAY) for line in lines], rules)
    return describe(mine_scopes(table, Mining(algorithm=algorithm)), table, rules)


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("share", [0.1, 1], ids=["from a tenth", "from all"])
@pytest.mark.parametrize("what", ["raw", "content"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_each_line_of_a_real_log_gets_the_first_pattern_whose_regular_expression_matches(
    dataset: str, what: str, share: float, algorithm: Algorithm, loghub: Path
) -> None:
    lines = raw_lines(loghub, dataset) if what == "raw" else contents(loghub, dataset)
    rules = Rules() if what == "raw" else Rules(header="plain")
    patterns = trained(lines[: int(len(lines) * share)], rules, algorithm)
    judge, judged = Judge(patterns), 0
    expected: dict[tuple[str, str], KnownPattern | None] = {}

    for line in lines:
        (_, scope, shape, unjudged, _), verdict = judge.judge(line, DAY)
        if unjudged is None:
            judged += 1
            assert verdict is not None
            if (scope, shape) not in expected:
                expected[scope, shape] = tried(patterns, scope, shape)
            assert verdict.known == expected[scope, shape], shape
            assert verdict.outlier == (verdict.known is None)

    assert judged > 1900
    assert share < 1 or None not in expected.values()


WORDS = st.sampled_from(["a", "b", "c", "d", CLASS_RUN])
PLAIN_WORDS = st.sampled_from(["a", "b", "c", "d"])
CONSTANTS = PLAIN_WORDS | st.sampled_from([("a", "b"), ("b", "c"), ("a", "c", "d")])
GAPS: st.SearchStrategy[Gap] = st.sampled_from([(0, 0), (0, 0), (0, 1), (1, 1), (1, 3), (2, 2), (0, None), (1, None)])


@st.composite
def known_patterns(draw: st.DrawFn) -> KnownPattern:
    constants: list[Constant] = draw(st.lists(CONSTANTS, max_size=4))
    gaps = draw(st.lists(GAPS, min_size=len(constants) + 1, max_size=len(constants) + 1))
    if not constants and gaps == [(0, 0)]:
        gaps = [(1, 1)]
    scope, level, mined = draw(st.sampled_from(["", "s"])), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return KnownPattern(scope, Pattern(tuple(constants), tuple(gaps)), level, 0, mined)


SETS = st.lists(known_patterns(), max_size=12, unique_by=lambda known: (known.scope, known.pattern.text)).map(
    lambda known: PatternSet.of(Rules(), known)
)
SHAPES = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)


@given(SETS, st.lists(SHAPES, min_size=1, max_size=8))
def test_the_best_match_is_the_first_whose_regular_expression_matches(patterns: PatternSet, shapes: list[str]) -> None:
    matcher = Matcher(patterns)

    for shape in shapes:
        for scope in ("", "s"):
            expected = tried(patterns, scope, shape)
            assert matcher.match(scope, shape) == expected
            verdict = matcher.verdict(scope, shape)
            assert verdict.known == expected
            assert matcher.verdict(scope, shape) == verdict


def most_alike(patterns: list[KnownPattern], shape: str) -> KnownPattern | None:
    """Return the first pattern with the largest share of words in common, counting each word once."""
    wanted = set(shape.split(" ")) - {CLASS_RUN}
    best, found = 0.0, None
    for known in patterns:
        words = {word for c in known.pattern.constants for word in ((c,) if isinstance(c, str) else c)}
        share = len(words & wanted) / len(words | wanted) if words else 0
        if share > best:
            best, found = share, known
    return found


@given(SETS, SHAPES, st.sampled_from(["", "s", "t"]))
def test_an_outliers_nearest_pattern_shares_most_words_with_it(patterns: PatternSet, shape: str, scope: str) -> None:
    verdict = Matcher(patterns).verdict(scope, shape)

    if verdict.known is not None:
        assert (verdict.reason, verdict.nearest) == (None, None)
        return
    of_scope = list(patterns.scopes.get(scope, ()))
    assert verdict.reason == (NO_PATTERN if of_scope else NEW_PROGRAM)
    expected = most_alike(of_scope or list(patterns.patterns), shape)
    assert (verdict.nearest.known if verdict.nearest else None) == expected
    if verdict.nearest:
        difference = first_difference(verdict.nearest.known.pattern, shape.split(" "))
        if difference:
            assert verdict.nearest.difference == difference
        else:
            assert verdict.nearest.known.scope != scope
            assert verdict.nearest.difference.word == 0


@given(SETS, SHAPES, st.sampled_from(["", "s", "t"]), st.integers(1, 4))
def test_the_nearest_patterns_are_those_with_the_largest_shares_of_common_words(
    patterns: PatternSet, shape: str, scope: str, most: int
) -> None:
    matcher = Matcher(patterns)
    wanted = set(shape.split(" ")) - {CLASS_RUN}
    left = list(patterns.scopes.get(scope, ())) or list(patterns.patterns)

    def share(known: KnownPattern) -> float:
        words = {word for c in known.pattern.constants for word in ((c,) if isinstance(c, str) else c)}
        return len(words & wanted) / len(words | wanted) if words else 0

    expected = sorted(filter(share, left), key=lambda known: -share(known))[:most]
    found = matcher.nearest(scope, shape, most)
    assert [near.known for near in found] == expected
    verdict = matcher.verdict(scope, shape)
    if verdict.nearest:
        assert found[0] == verdict.nearest


@pytest.mark.parametrize(
    ("texts", "shape", "expected"),
    [
        (["a b", "a *{0,}"], "a b", "a b"),
        (["a *{0,}", "a b"], "a b", "a *{0,}"),
        (["a *{0,}", "a b"], "a c", "a *{0,}"),
        (["*{2,2}", "a b"], "a b", "*{2,2}"),
        (["a b", "*{2,2}"], "c d", "*{2,2}"),
        (["(a|b) c"], "b c", "(a|b) c"),
        (["(a|b) c"], "d c", None),
        (["a *{1,1} a"], "a b a", "a *{1,1} a"),
        (["a *{1,1} a"], "a b", None),
        (["a <*> b"], "a <*> b", "a <*> b"),
        ([], "a", None),
    ],
)
def test_a_shape_gets_its_best_match(texts: list[str], shape: str, expected: str | None) -> None:
    known = Matcher(pattern_set(*texts)).verdict("", shape).known

    assert (known.pattern.text if known else None) == expected


def test_a_pattern_matches_in_its_own_scope_alone() -> None:
    matcher = Matcher(pattern_set("session opened for *{1,1}", scope="sshd"))

    assert matcher.match("sshd", "session opened for root") is not None
    assert matcher.match("su", "session opened for root") is None
    assert matcher.match("", "session opened for root") is None


@pytest.mark.parametrize(
    ("scope", "shape", "reason", "nearest", "difference"),
    [
        (
            "sshd",
            "session closed for root",
            NO_PATTERN,
            "session opened *{1,2}",
            "word 2: expected opened, found closed",
        ),
        ("sshd", "session opened a b c", NO_PATTERN, "session opened *{1,2}", "word 5: expected end of line, found c"),
        ("su", "session opened for root", NEW_PROGRAM, "session opened *{1,2}", "program: expected sshd, found su"),
        ("", "session opened for root", NEW_PROGRAM, "session opened *{1,2}", "program: expected sshd, found none"),
        ("su", "session closed", NEW_PROGRAM, "session opened *{1,2}", "word 2: expected opened, found closed"),
        ("sshd", "nothing alike", NO_PATTERN, None, None),
    ],
)
def test_an_outlier_says_why_and_what_is_nearest(
    scope: str, shape: str, reason: str, nearest: str | None, difference: str | None
) -> None:
    patterns = pattern_set("session opened *{1,2}", "disk is full", scope="sshd")

    verdict = Matcher(patterns).verdict(scope, shape)

    assert verdict.outlier
    assert verdict.reason == reason
    assert (verdict.nearest.known.pattern.text if verdict.nearest else None) == nearest
    assert (str(verdict.nearest.difference) if verdict.nearest else None) == difference


def test_the_program_none_is_shown_for_a_pattern_without_one() -> None:
    verdict = Matcher(pattern_set("a b")).verdict("su", "a b")

    assert verdict.nearest is not None
    assert str(verdict.nearest.difference) == "program: expected none, found su"


def test_what_is_nearest_is_sought_by_the_rarest_words_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Matcher(pattern_set("the x1y", "the x2y", "the x3y", "rare word the"))
    monkeypatch.setattr(module, "USES_READ", 1)

    nearest = matcher.verdict("", "the rare thing").nearest

    assert nearest is not None
    assert nearest.known.pattern.text == "rare word the"


def test_shapes_that_differ_in_words_of_no_pattern_are_searched_once_and_each_tells_its_own_word() -> None:
    matcher = Matcher(pattern_set("session of root ended", "disk is full"))

    found = [matcher.verdict("", f"session of {user} ended").nearest for user in ("ann", "bob", "carl")]

    assert [each and each.difference.found for each in found] == ["ann", "bob", "carl"]
    assert matcher._sought.cache_info().misses == 1


def test_more_distinct_words_of_no_pattern_may_have_another_pattern_nearest() -> None:
    patterns = pattern_set("a b", "a c d e f g h i j k l")
    shapes = ["a x x x", "a c d x x x", "a c d x y z"]

    matcher = Matcher(patterns)

    for shape in shapes:
        nearest = matcher.verdict("", shape).nearest
        assert nearest is not None
        assert nearest.known == most_alike(list(patterns.patterns), shape)
    assert matcher._sought.cache_info().misses == len(shapes)


def test_a_run_of_class_words_is_no_word_of_what_is_nearest() -> None:
    # 1 of 5 words in common against 4 of 21; one word more would make it 1 of 6 against 4 of 22.
    patterns = pattern_set("a b", "a c d e " + " ".join(f"w{number}" for number in range(17)))
    shape = "a c d e <*>"

    nearest = Matcher(patterns).verdict("", shape).nearest

    assert nearest is not None
    assert nearest.known == most_alike(list(patterns.patterns), shape)
    assert nearest.known.pattern.text == "a b"
    assert [near.known.pattern.text for near in Matcher(patterns).nearest("", shape, 1)] == ["a b"]


def test_a_long_shape_is_judged_like_a_short_one() -> None:
    matcher = Matcher(pattern_set("a *{0,} b", "c *{1,}"))
    filling = "x " * 2000

    assert matcher.verdict("", f"a {filling}b").known == matcher.match("", "a b")
    assert matcher.verdict("", f"d {filling}b").reason == NO_PATTERN
    caches = (matcher._remembered, matcher._matched, matcher._found, matcher._sought)
    assert [cache.cache_info().currsize for cache in caches] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("Accepted for *{1,1} from *{1,1}", "Accepted for root from 10.0.0.7", ["root", "10.0.0.7"]),
        ("user *{1,3} logged in", "user John (Smith), jr logged in", ["John (Smith), jr"]),
        ("took *{1,1} done", "took (3, [4]) ms; done", ["3, [4]) ms"]),
        ("a *{0,1} b", "a b", [""]),
        ("a *{0,1} b *{0,}", "a ; b", ["", ""]),
        ("uid= *{1,1} gid= *{0,1}", "uid=0 gid=", ["0", ""]),
        ("uid= *{1,1} gid= *{1,1}", "uid=0, gid=(5)", ["0", "5"]),
        ("onExtend: *{1,1}", "onExtend:1514 7", ["1514 7"]),
        ("*{1,1} onExtend: *{1,1}", "12 onExtend:1514", ["12", "1514"]),
        ("r24= *{1,1} r25= *{1,1}", "r24=0x0f r25=0x03", ["0x0f", "0x03"]),
        ("*{0,} a *{0,}", "x a y a z", ["x", "y a z"]),
        ("*{0,} a *{1,1} a *{0,}", "a a b a c", ["a", "b", "c"]),
        ("(down|up) *{1,1}", "down now", ["now"]),
        ("*{1,}", " é {x}  y ", ["é {x}  y"]),
        ("a", "a", []),
    ],
)
def test_parameters_are_slices_of_the_message_from_a_gaps_first_word_to_its_last(
    pattern: str, message: str, expected: list[str]
) -> None:
    known = KnownPattern("", parse(pattern), 1, 1, 1)

    assert parameters(known, Splitter(WordRules()).slices(message), message) == expected


def test_raw_parameters_keep_what_stands_between_their_words() -> None:
    known = KnownPattern("", parse("a *{2,2} b"), 1, 1, 1)

    assert parameters(known, Splitter(WordRules(raw=True)).slices("a  (x,\ty)  b"), "a  (x,\ty)  b") == ["(x,\ty)"]


def test_a_line_that_does_not_match_has_no_parameters() -> None:
    known = KnownPattern("", parse("a *{1,1}"), 1, 1, 1)

    with pytest.raises(ValueError, match="does not match"):
        parameters(known, Splitter(WordRules()).slices("b c"), "b c")
