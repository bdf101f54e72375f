"""Pattern → expression for engines that backtrack: exact in place, and in a time that no line makes long."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fitting_patterns import fits_message, fitting_patterns, of_class_words_alone
from hypothesis import assume, example, given
from hypothesis import strategies as st

from patterns.judge import Judge
from patterns.language import NO_GAP, Pattern, parse
from patterns.line import split_lines
from patterns.pattern_set import PatternSet
from patterns.pcre import Expressions
from patterns.rules import Rules
from patterns.timestamps import SECOND
from patterns.words import DEFAULT_CLASSES, Splitter, WordRules
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

Within = Callable[[float], AbstractContextManager[None]]

RAW, DEFAULT = WordRules(raw=True), WordRules()
DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]

WORDS = st.one_of(
    st.sampled_from(
        ["a", "b", "key=", "=", "k=v", "a:", "(", "<*>", "*", "\\", ".", "é", "\ufffd", "漢", "\x01", "\x85", "INFO"]
    ),
    st.sampled_from(["1", "x2", "10.0.0.7", "3=", "=4", "Jan", "May.", "MB", "secs", "ms", "ms=", "deadbeef=", "٣"]),
    st.sampled_from(["/", "/a/b", "'/a/b'", "/a=", "abc1", "def22x", "xyz-3=", "r24=", "r25=0x0f", "a.b.c", "é.é.é"]),
    st.text(st.sampled_from("ab1=/.:-"), min_size=1, max_size=6),
)
SEPARATORS = st.sampled_from([" ", "", "  ", ", ", " (", ") ", "][", "\t", ";", "{", "}", "\v", "\n", "\xa0"])
CLASSES = st.sampled_from(
    [
        dict(DEFAULT_CLASSES),
        {},
        {"number": r"\d+", "not": r"\W\D\S"},
        {"far": "[!-~]{3,}"},
        {"odd": r"[\W_]+", "pair": "(?:[0-9a-f]{2}:){1,2}(x|.)"},
        {"but": r"[^-a\W]{2}", "and": "[a&&b]+[^,&&1]"},
        {"dash": r"[\w-.]{2}!|b\S*", "end": r"[^-1]\S+"},
        {"space": r"a\s?b", "set": r"[\s1]+"},
    ]
)


@st.composite
def messages(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(WORDS, SEPARATORS), max_size=6))
    return draw(SEPARATORS) + "".join(word + separator for word, separator in parts)


@st.composite
def cases(draw: st.DrawFn, rules: WordRules) -> tuple[str, Pattern]:
    """Make a message and a pattern that matches it: some of its words open, gaps of its lengths or wider."""
    message = draw(messages())
    return message, draw(fitting_patterns(message, Splitter(rules)))


def written(pattern: Pattern, rules: WordRules = DEFAULT) -> str:
    expression = Expressions(rules, in_place=True).write(pattern)
    assert expression is not None
    return expression


def assert_the_same(made: Iterable[tuple[str, Pattern]], others: Iterable[str], rules: WordRules) -> None:
    """Hold each pattern's expression against the pattern, over its own message and all others."""
    made = list(made)
    splitter, expressions = Splitter(rules), Expressions(rules, in_place=True)
    for own, pattern in made:
        expression = expressions.write(pattern)
        for message in (own, *others, *(message for message, _ in made)):
            expected = fits_message(pattern, message, splitter)
            found = expression is not None and re.fullmatch(expression, message) is not None
            assert found == (expression is not None and re.search(expression, message) is not None)
            if expected or not of_class_words_alone(message, splitter):
                assert found == expected, (pattern.text, message)


@given(st.lists(cases(DEFAULT), min_size=1, max_size=4), st.lists(messages(), max_size=4))
@example([("onExtend:1514", parse("onExtend: *{1,1}")), ("r24=0 r25=3", parse("r24= *{1,1} r25= *{1,1}"))], ["r24=x"])
@example([("abc1 def2 ghi3", parse("abc *{3,} ghi *{1,1}")), ("x abc1 def2", parse("x *{1,1}"))], ["x abc", "x"])
@example([("INFO abc1", parse("INFO abc *{1,1}")), ("INFO r1=2", parse("*{1,1} r1= *{0,1}"))], ["a abc1", "INFO abc 1"])
@example([("INFO abc1", parse("(FATAL|INFO) abc *{1,1}")), ("INFO abc1", parse("*{3,3}"))], ["INFO", "abc1", "FATAL 1"])
@example([("a\n", parse("a"))], ["a\n\n", "\na", "a\nb", "a\x85", "a\n "])
@example([("x a=", parse("x *{1,1}"))], ["x a= b", "x a", "x a=1"])
@example([("\ufffd é", parse("\ufffd é"))], ["é é", "\ufffd \ufffd", "\x80 é"])
def test_by_the_default_rules_it_matches_what_the_pattern_matches_and_nothing_else(
    made: list[tuple[str, Pattern]], others: list[str]
) -> None:
    assert_the_same(made, others, DEFAULT)


@given(st.lists(cases(RAW), min_size=1, max_size=4), st.lists(messages(), max_size=4))
@example([("a\n", parse("a *{0,}")), ("", parse("*{0,}"))], ["\n", "b", "a\xa0", "a\x1c"])
def test_by_raw_rules_it_matches_what_the_pattern_matches_and_nothing_else(
    made: list[tuple[str, Pattern]], others: list[str]
) -> None:
    assert_the_same(made, others, RAW)


@given(CLASSES, st.data())
def test_word_classes_of_an_operator_are_those_of_the_rules(classes: dict[str, str], data: st.DataObject) -> None:
    rules = WordRules(classes=classes)
    made = data.draw(st.lists(cases(rules), min_size=1, max_size=4))
    # Whether a class word may end in "=" is left to how its expression ends.
    assume(not any("=" in message for message, _ in made) or classes == DEFAULT_CLASSES)

    assert_the_same(made, [], rules)


@pytest.mark.parametrize("raw", [False, True])
def test_in_place_it_has_nothing_that_engines_read_otherwise(*, raw: bool) -> None:
    rules = WordRules(raw=raw, classes={**DEFAULT_CLASSES, "mine": r"(a|\w\s\W)[\W\d\s&&~~||]+.\D\S"})
    text = written(Pattern(("a$^", "é\x01"), ((0, 3), (1, 1), (2, None))), rules)
    outside_sets = re.sub(r"\[(?:\\.|[^\]\\])*\]", "", text.replace(r"[\s\S]", ""))

    assert not re.search(r"\\[wdsWDSbBzZGhHvVRXQE]", text.replace(r"[\s\S]", ""))
    assert not re.search(r"(?<!\\)[$^]|\((?!\?(?:[:=!>]))|\}\+|\(\*", outside_sets)
    assert not re.search(r"&&|~~|\|\|", text)
    # Python before 3.11.5 takes a group for a single character where it is possessive.
    assert not re.search(r"\)(?:[*+?]|\{[0-9,]+\})\+", text)
    assert text.startswith(r"\A")


def trained(lines: Iterable[bytes], header: str) -> PatternSet:
    rules = Rules(header=header)
    table, _ = tabulate([CorpusLine(line, SECOND) for line in lines], rules)
    return describe(mine_scopes(table, Mining()), table, rules)


@pytest.mark.parametrize("header", ["plain", "auto"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_for_each_line_of_a_real_log_the_expressions_of_all_its_patterns_match(
    dataset: str, header: str, loghub: Path
) -> None:
    lines = split_lines((loghub / dataset / f"{dataset}_2k.log").read_bytes())
    # Of a part, so that there are outliers.
    patterns = trained(lines[:1000], header)
    judge, splitter = Judge(patterns), Splitter(patterns.rules.words)
    of_shape: dict[str, list[str]] = {}
    for data in lines:
        message = judge.judge(data, SECOND).shaped.line.message
        of_shape.setdefault(splitter.shape(message), []).append(message)
    # Three of each shape: the first, the last and one between.
    some = {shape: {m[0], m[len(m) // 2], m[-1]} for shape, m in of_shape.items() if not splitter.unjudged(shape)}

    expressions = Expressions(patterns.rules.words, in_place=True)
    matched = 0
    for known in patterns.patterns:
        expression = expressions.write(known.pattern)
        assert expression is not None, known.pattern.text
        over_message, over_shape = re.compile(expression), re.compile(known.pattern.regex())
        for shape, messages_of_it in some.items():
            expected = over_shape.search(shape) is not None
            matched += expected
            for message in messages_of_it:
                assert (over_message.fullmatch(message) is not None) == expected, (known.pattern.text, message)
    assert matched >= len(patterns.patterns) > 5


@pytest.fixture
def grep() -> str:
    """A grep that runs PCRE 2."""
    found = shutil.which("grep")
    if (
        found is None
        or subprocess.run([found, "-qP", "^a$"], input=b"a\n", capture_output=True, check=False).returncode
    ):
        pytest.skip("a grep that knows -P, which runs PCRE, is not here: `apt install grep`")
    return found


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_pcre_finds_the_lines_of_each_pattern_and_does_not_backtrack(grep: str, loghub: Path, locale: str) -> None:
    """`grep -P` gives up with an error where an expression backtracks too often."""
    log = (loghub / "BGL" / "BGL_2k.log").read_bytes()
    # By the plain header a line begins with a run of class words, which is what `regex` is slow on.
    patterns = trained(split_lines(log), "plain")
    expressions = Expressions(patterns.rules.words, in_place=True)
    splitter = Splitter(patterns.rules.words)
    shapes = [splitter.shape(line.decode()) for line in split_lines(log)]
    found = 0
    for known in patterns.patterns:
        command = [grep, "-anP", expressions.write(known.pattern) or ""]
        ran = subprocess.run(command, input=log, capture_output=True, env={"LC_ALL": locale}, check=False)
        rows = [int(row.split(b":", 1)[0]) - 1 for row in ran.stdout.split(b"\n")[:-1]]
        over_shape = re.compile(known.pattern.regex())

        assert ran.stderr == b""
        assert rows == [number for number, shape in enumerate(shapes) if over_shape.search(shape)]
        found += len(rows)
    assert found >= len(shapes)


HOSTILE = [
    "a " + "1 " * 60_000 + "b",
    "a " + "1 " * 60_000 + "c",
    "a " + "1 x " * 30_000 + "c",
    "a " + "1" * 60_000 + " c",
    "a " + "x." * 30_000 + " c",
    "a " + "/x" * 30_000 + " c",
    "a " + "x= " * 30_000 + "c",
    "a " + "=" * 60_000 + " c",
    "a " + "k=1&" * 30_000 + " c",
    "a 1 " * 30_000,
    "abc1 " * 60_000,
    "/1.a.b1 " * 60_000 + "\x00",
]


@pytest.mark.parametrize("text", ["a *{1,1} b", "a *{1,9} b", "a *{0,} b", "*{1,1} a *{1,1} x *{1,1} b", "abc *{1,1}"])
def test_no_message_takes_it_long(text: str, within: Within) -> None:
    expression, splitter = re.compile(written(parse(text))), Splitter(DEFAULT)
    with within(20):
        for message in HOSTILE:
            if not of_class_words_alone(message, splitter):
                assert (expression.fullmatch(message) is not None) == fits_message(parse(text), message, splitter)
            else:
                expression.fullmatch(message)


def test_where_a_word_ends_is_decided_once(within: Within) -> None:
    classes = {"number": r"1\S*", "sign": "="}
    expression = written(parse("abc *{1,1}"), WordRules(classes=classes))
    with within(10):
        assert not re.fullmatch(expression, "1=" * 10_000 + "x")


ALTERNATIVES = sorted(f"w{number:b}".replace("0", "o").replace("1", "l") for number in range(4_000))
GROWING: dict[str, Callable[[int], Pattern]] = {
    "a wide gap": lambda size: parse(f"a *{{1,{size}}} b"),
    "a gap of many words": lambda size: parse(f"a *{{{size},}} b"),
    "many gaps": lambda size: parse(" ".join(["abc *{1,1}"] * size)),
    "wide gaps": lambda size: parse(" ".join(f"abc *{{2,{number}}}" for number in range(2, size + 1))),
    "a long word": lambda size: Pattern(("é.+" * size * 20,), (NO_GAP, NO_GAP)),
    "many keys": lambda size: Pattern(("k=",) * size * 8, (NO_GAP,) * (size * 8 + 1)),
    "many alternatives": lambda size: Pattern((tuple(ALTERNATIVES[: size * 20]),), (NO_GAP, (0, 1))),
}


@pytest.mark.parametrize("classes", [DEFAULT_CLASSES, {"mac": "(?:[0-9a-f]{2}:){5}([0-9a-f]{2}){1,9}"}])
@pytest.mark.parametrize("kind", GROWING)
def test_one_that_is_as_long_as_can_be_is_taken_by_pcre(grep: str, kind: str, classes: dict[str, str]) -> None:
    expressions = Expressions(WordRules(classes=classes), in_place=True)
    longest, size = "", 2
    while size < 500 and (expression := expressions.write(GROWING[kind](size))) is not None:
        longest, size = expression, size + 1
    environment = {"LC_ALL": "C.UTF-8"}
    command = [grep, "-cP", longest]
    ran = subprocess.run(command, input=b"none\n", capture_output=True, env=environment, check=False)

    assert (ran.stdout, ran.stderr) == (b"0\n", b"")
    assert 5 < size < 500


def test_a_pattern_that_no_message_matches_has_none() -> None:
    assert Expressions(DEFAULT, in_place=True).write(parse("17 apples")) is None
    assert Expressions(RAW, in_place=True).write(parse("17 apples")) is not None
