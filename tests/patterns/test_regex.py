"""Pattern → regular expression over messages: exact for raw rules, for default rules never less than the pattern."""

import csv
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import re2
from fitting_patterns import fitting_patterns
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.fitting import fits, places
from patterns.language import Pattern, parse
from patterns.matcher import Matcher
from patterns.regex import message_regex
from patterns.rules import Rules
from patterns.timestamps import SECOND
from patterns.words import Splitter, WordRules
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

Within = Callable[[float], AbstractContextManager[None]]

RAW, DEFAULT = WordRules(raw=True), WordRules()

RAW_WORDS = st.sampled_from(["a", "b", "a.", "(a|b)", "\\", "*{1,1}", "$", "^", "[", "x=1", "\x85", "\x00", "é"])
SPACES = st.text(st.sampled_from(" \t\n\v\f\r"), min_size=1, max_size=2)


@st.composite
def spaced(draw: st.DrawFn, words: st.SearchStrategy[str], separators: st.SearchStrategy[str]) -> str:
    """Make a message of some words, each with a separator behind it, or none."""
    parts = draw(st.lists(st.tuples(words, separators), max_size=6))
    return draw(st.just("") | separators) + "".join(word + separator for word, separator in parts)


@st.composite
def cases(
    draw: st.DrawFn, rules: WordRules, words: st.SearchStrategy[str], separators: st.SearchStrategy[str]
) -> tuple[str, Pattern]:
    """Make a message and a pattern that matches it: some of its words open, gaps of its lengths or wider."""
    message = draw(spaced(words, separators))
    return message, draw(fitting_patterns(message, Splitter(rules), "zther"))


def matches(pattern: Pattern, words: list[str]) -> bool:
    return fits(pattern, places(words), len(words))


RAW_CASES = cases(RAW, RAW_WORDS, SPACES)


@given(RAW_CASES, RAW_CASES, spaced(RAW_WORDS, SPACES))
@example(("a\n", parse("a *{0,}")), ("", parse("*{0,}")), "\n")
def test_for_raw_rules_the_expression_matches_exactly_the_lines_of_the_pattern(
    case: tuple[str, Pattern], other: tuple[str, Pattern], message: str
) -> None:
    pattern = case[1]
    expression = message_regex(pattern, RAW)

    for line in (case[0], other[0], message):
        expected = matches(pattern, [part.text for part in Splitter(RAW).slices(line)])
        assert bool(re.search(expression, line)) == expected
        assert bool(re2.search(expression, line)) == expected
        assert expected or line != case[0]


DEFAULT_WORDS = st.one_of(
    st.sampled_from(["a", "b", "key=", "=", "k=v", "a:", "(", "<*>", "*", "\\", ".", "é", "\x00", "INFO"]),
    st.sampled_from(
        ["1", "x2", "10.0.0.7", "3=", "=4", "Jan", "May.", "MB", "secs", "ms", "/", "/a/b", "'/a/b'", "/a="]
    ),
    st.sampled_from(
        ["abc1", "def22x", "xyz-3=", "r24=", "r25=0x0f", "ab1", "a.b.c", "www.x.org:", "a.b.c=", "deadbeef"]
    ),
    st.text(st.sampled_from("ab1=/.:-"), min_size=1, max_size=6),
)
SEPARATORS = st.sampled_from([" ", "", "  ", ", ", " (", ") ", "][", "\t", ";", "{", "}", "\n", "\r\n\t"])
SPLITTER = Splitter(DEFAULT)


@given(cases(DEFAULT, DEFAULT_WORDS, SEPARATORS))
@example(("abc1 def2", parse("abc *{3,3}")))
@example(("abc1 def2 ghi3", parse("abc *{3,} ghi *{1,1}")))
@example(("x abc1 def2 ghi3", parse("x *{1,1}")))
@example(("onExtend:1514", parse("onExtend: *{1,1}")))
@example(("==a", parse("= *{1,1} a")))
def test_for_default_rules_the_expression_matches_each_line_that_the_pattern_matches(case: tuple[str, Pattern]) -> None:
    message, pattern = case
    expression = message_regex(pattern, DEFAULT)

    assert matches(pattern, [part.text for part in SPLITTER.slices(message)])

    assert re.search(expression, message)
    assert re2.search(expression, message)


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        (
            "Accepted password for *{1,1} from *{1,1}",
            [
                "Accepted password for root from 10.0.0.7",
                "Accepted password for 12 from [::1]:22, /x",
                "Accepted password for a from b",
            ],
            ["Accepted password for root", "Accepted password from root for 1", "xAccepted password for a from b"],
        ),
        ("uid= *{1,1} gid= *{0,1}", ["uid=0 gid=", "uid=0,gid=1", "uid= x; gid=y"], ["uid=0", "uid=a b gid=0"]),
        ("disk (full|ok)", ["disk full", " disk,ok "], ["disk (full|ok)", "disk", "diskfull", "disk full!"]),
        (
            "took *{1,1} done",
            ["took 3 ms done", "took (1, 2, 3) done", "took long done"],
            ["took so long done", "took done"],
        ),
        ("a.c", ["a.c"], ["abc"]),
    ],
)
def test_the_expression_for_default_rules_is_no_wider_than_it_needs_to_be(
    text: str, matching: list[str], others: list[str]
) -> None:
    expression = message_regex(parse(text), DEFAULT)

    for message, expected in [*((m, True) for m in matching), *((m, False) for m in others)]:
        assert bool(re.search(expression, message)) is expected, message
        assert bool(re2.search(expression, message)) is expected, message


def test_an_operators_classes_are_written_out_in_the_expression() -> None:
    classes = {"session": r"sess-\w+|s\d", "any": r"<.>", "set": r"[\d.]{3,}|[\w-]+!", "not": r"\W\D\S", "]": r"\]?x"}
    rules = WordRules(classes=classes)
    expression = message_regex(parse("open *{1,1} now"), rules)

    for opened in ("sess-ab s1 <x>", "1.2 a-b! x", "-ab, -a1 x", "s1, [x] (1.2)"):
        assert Splitter(rules).shape(f"open {opened} now") == "open <*> now"
        assert re.search(expression, f"open {opened} now")
        assert re2.search(expression, f"open {opened} now")
    for opened in ("two words", "sess- s1", "1.2 ab", "s1 -1b", "x <xx>", "sess-é sess-é", "- y", "1.X 1.X"):
        assert not re.search(expression, f"open {opened} now"), opened
        assert not re2.search(expression, f"open {opened} now"), opened


def test_writing_the_expression_takes_linear_time_on_hostile_words(within: Within) -> None:
    with within(10):
        for word in ("a" * 200_000, "a" * 200_000 + "1", "-" * 200_000, "a-" * 100_000 + "1"):
            assert word.replace("-", r"\-") in message_regex(Pattern((word,), ((0, 0), (0, 1))), DEFAULT)


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"])
def test_each_line_of_a_real_log_matches_the_expression_of_its_best_match(
    dataset: str, algorithm: str, loghub: Path
) -> None:
    with (loghub / dataset / f"{dataset}_2k.log_structured.csv").open(encoding="utf-8", newline="") as file:
        contents = [row["Content"] for row in csv.DictReader(file)]
    rules = Rules(header="plain")
    corpus = [CorpusLine(content.encode(), SECOND) for content in contents]
    table, _ = tabulate(corpus, rules)
    mining = Mining(algorithm="slct" if algorithm == "slct" else "logcluster")
    matcher = Matcher(describe(mine_scopes(table, mining), table, rules))
    compiled: dict[str, re.Pattern[str]] = {}

    judged = 0
    for content in contents:
        shape = SPLITTER.shape(content)
        known = None if SPLITTER.unjudged(shape) else matcher.match("", shape)
        if known is not None:
            judged += 1
            if known.id not in compiled:
                compiled[known.id] = re.compile(message_regex(known.pattern, DEFAULT))
            assert compiled[known.id].search(content), (known.pattern.text, content)
            assert re2.search(compiled[known.id].pattern, content), (known.pattern.text, content)
    assert judged == table.lines > 1900
