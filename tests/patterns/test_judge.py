"""A line from its bytes to its verdict, and the rules that cannot be used."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.errors import RulesError
from patterns.judge import Judge, Shaper, check_rules, shape_id
from patterns.language import of_words, parse
from patterns.matcher import parameters
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import FormatRule, Rules
from patterns.timestamps import SECOND
from patterns.words import CLASS_RUN, Splitter, WordRules

NOON = 1_795_435_200 * SECOND


def known(scope: str, text: str, level: int = 2) -> KnownPattern:
    return KnownPattern(scope, parse(text), level, 1, 1)


PATTERNS = PatternSet.of(
    Rules(),
    [
        known("sshd", "Accepted password for *{1,2} from *{1,1}"),
        known("docker/<*>", "started *{0,1}"),
        known("", "disk is full"),
    ],
)
JUDGE = Judge(PATTERNS)


@pytest.mark.parametrize(
    ("line", "scope", "shape", "matched", "taken"),
    [
        (
            "Nov 23 10:00:00 web1 sshd[9]: Accepted password for root from 10.0.0.7",
            "sshd",
            "Accepted password for root from <*>",
            "Accepted password for *{1,2} from *{1,1}",
            ["root", "10.0.0.7"],
        ),
        (
            "<13>1 2026-11-23T10:00:00Z web1 docker/3f2a90c1 - - - started",
            "docker/<*>",
            "started",
            "started *{0,1}",
            [""],
        ),
        ("disk is full", "", "disk is full", "disk is full", []),
    ],
)
def test_a_line_gets_the_pattern_of_its_program_and_its_parameters(
    line: str, scope: str, shape: str, matched: str, taken: list[str]
) -> None:
    judgement = JUDGE.judge(line.encode(), NOON)

    assert (judgement.shaped.scope, judgement.shaped.shape, judgement.shaped.unjudged) == (scope, shape, None)
    assert judgement.verdict is not None
    assert judgement.verdict.known is not None
    assert judgement.verdict.known.pattern.text == matched
    assert not judgement.outlier
    assert JUDGE.parameters(judgement) == taken


def test_an_outlier_has_no_parameters() -> None:
    judgement = JUDGE.judge(b"disk is on fire", NOON)

    assert judgement.outlier
    assert JUDGE.parameters(judgement) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [("", "blank"), (" \t", "blank"), ("12 13", "no_constant"), ("Nov 23 10:00:00 web1 sshd[9]:", "blank")],
)
def test_an_unjudged_line_is_no_outlier_even_of_an_unknown_program(line: str, reason: str) -> None:
    judgement = JUDGE.judge(line.encode(), NOON)

    assert judgement.shaped.unjudged == reason
    assert judgement.verdict is None
    assert not judgement.outlier
    assert JUDGE.parameters(judgement) == []


def test_by_a_set_without_patterns_every_judged_line_is_an_outlier() -> None:
    judge = Judge(PatternSet.of(Rules(), []))

    assert judge.judge(b"disk is full", NOON).outlier
    assert not judge.judge(b"", NOON).outlier


def test_lines_are_read_and_split_by_the_rules_of_the_set() -> None:
    rules = Rules(
        words=WordRules(classes={"user": "u[a-z]+"}),
        header="mine",
        formats={"mine": FormatRule(r"(?P<program>\w+)\|(?P<level>\w+)\|(?P<message>.*)")},
    )
    judge = Judge(PatternSet.of(rules, [known("app", "WARN uses of *{1,1} 7")]))

    judgement = judge.judge(b"app|WARN|uses of ubert, ucarl 7", NOON)

    assert judgement.shaped.shape == "WARN <*> of <*> 7"
    assert judgement.outlier
    assert judge.judge(b"app|WARN|Uses of ubert", NOON).shaped.shape == "WARN Uses of <*>"


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "k=", "7", "/x/y", "abc1", "r2=0", "INFO"]),
        st.sampled_from([" ", ", ", "  (", ") "]),
    ),
    min_size=1,
    max_size=8,
).map(lambda parts: "".join(word + separator for word, separator in parts))


@given(MESSAGES, st.lists(st.booleans(), min_size=20, max_size=20))
@example("INFO abc1 7 r2=0", [False] * 20)
def test_remembered_parameters_are_those_of_the_line_itself(message: str, opened: list[bool]) -> None:
    splitter = Splitter(WordRules())
    words = splitter.shape(message).split(" ")
    shown = [None if word == CLASS_RUN or opened[index] else word for index, word in enumerate(words)]
    pattern = KnownPattern("", of_words(shown), 2, 1, 1)
    judge = Judge(PatternSet.of(Rules(header="plain"), [pattern]))

    for line in (message, f"{message} ", f" {message}"):
        judgement = judge.judge(line.encode(), NOON)
        if judgement.shaped.unjudged is None:
            assert judge.parameters(judgement) == parameters(pattern, splitter.slices(line), line)


def test_parameters_of_a_long_line_are_found_too() -> None:
    judge = Judge(PatternSet.of(Rules(), [known("", "a *{0,} b")]))
    middle = "x  y " * 1000

    assert judge.parameters(judge.judge(f"a {middle}b".encode(), NOON)) == [middle.strip()]


def test_two_lines_of_one_shape_have_their_own_parameters() -> None:
    found = [JUDGE.judge(f"Nov 23 10:00:00 w sshd: Accepted password for x from {n}".encode(), NOON) for n in (1, 2)]

    assert [JUDGE.parameters(judgement)[1] for judgement in found] == ["1", "2"]


def test_an_id_of_a_shape_is_of_its_scope() -> None:
    ids = {shape_id(scope, shape) for scope, shape in [("", "a b"), ("a", "b"), ("a b", ""), ("b", "a")]}

    assert len(ids) == 4
    assert all(re.fullmatch("[0-9a-f]{12}", found) for found in ids)
    assert shape_id("s", "a") == shape_id("s", "a")


@pytest.mark.parametrize("header", ["auto", "plain", "rfc5424", "iso", "rfc3164", "mine"])
def test_a_header_is_auto_plain_or_a_formats_name(header: str) -> None:
    check_rules(Rules(header=header, formats={"mine": FormatRule("(?P<message>.*)")}, max_line_bytes=256))


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (
            Rules(header="syslog"),
            "header is 'syslog': there is no such format; give one of auto, plain, rfc5424, iso, rfc3164",
        ),
        (Rules(header=""), "header is ''"),
        (Rules(formats={"iso": FormatRule("(?P<message>.*)")}), "format 'iso' has the name of a built-in one"),
        (Rules(formats={"plain": FormatRule("(?P<message>.*)")}), "format 'plain' has the name of a built-in one"),
        (Rules(formats={"auto": FormatRule("(?P<message>.*)")}), "format 'auto' has the name of a built-in one"),
        (Rules(max_line_bytes=255), "max_line_bytes is 255"),
        (Rules(zone="Mars/Base"), "zone is 'Mars/Base'"),
        (Rules(formats={"mine": FormatRule("(?P<message>.*)", zone="Mars/Base")}), "zone is 'Mars/Base'"),
        (Rules(formats={"mine": FormatRule("(")}), "format 'mine'"),
        (Rules(words=WordRules(classes={"mine": "("})), "word class 'mine'"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_before_a_line_is_read(rules: Rules, error: str) -> None:
    with pytest.raises(RulesError) as refused:
        Shaper(rules)

    assert error in str(refused.value)
    with pytest.raises(RulesError):
        Judge(PatternSet.of(rules, []))
