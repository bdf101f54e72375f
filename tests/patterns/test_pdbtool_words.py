"""A rule matches in syslog-ng what its pattern matches, whatever words are made of."""

import re
from pathlib import Path

import pytest
from fitting_patterns import fits_message, fitting_patterns, of_class_words_alone
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.language import Pattern, parse
from patterns.pcre import Expressions
from patterns.rules import Rules
from patterns.words import Splitter, WordRules
from tests.patterns.pdbtool import one_rule_each, rules_found

SPLITTER = Splitter(WordRules())

WORDS = st.one_of(
    st.sampled_from(["a", "b", "key=", "=", "k=v", "a:", "(", "<*>", "*", "\\", ".", "é", "@", "\x01", "INFO"]),
    st.sampled_from(["1", "x2", "10.0.0.7", "3=", "=4", "Jan", "May.", "MB", "secs", "ms", "ms=", "deadbeef="]),
    st.sampled_from(["/", "/a/b", "'/a/b'", "/a=", "abc1", "def22x", "xyz-3=", "r24=", "r25=0x0f", "a.b.c", "a.b.c="]),
    st.text(st.sampled_from("ab1=/.:-"), min_size=1, max_size=6),
)

SEPARATORS = st.sampled_from([" ", "", "  ", ", ", " (", ") ", "][", "\t", ";", "{", "}"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Pattern]:
    """Make a message and a pattern that matches it: some of its words open, gaps of its lengths or wider."""
    parts = draw(st.lists(st.tuples(WORDS, SEPARATORS), min_size=1, max_size=6))
    message = "".join(word + separator for word, separator in parts)
    return message, draw(fitting_patterns(message, SPLITTER))


@given(st.lists(cases(), min_size=1, max_size=12))
@example([("onExtend:1514", parse("onExtend: *{1,1}")), ("r24=0 r25=3", parse("r24= *{1,1} r25= *{1,1}"))])
@example([("abc1 def2 ghi3", parse("abc *{3,} ghi *{1,1}")), ("x abc1 def2", parse("x *{1,1}"))])
@example([("abc1 x", parse("*{1,1} x")), ("abc 1", parse("abc *{1,1}"))])
@example([("INFO abc1", parse("INFO abc *{1,1}")), ("INFO r1=2", parse("*{1,1} r1= *{0,1}")), ("7", parse("FATAL x"))])
@example(
    [
        ("INFO abc1", parse("(FATAL|INFO) abc *{1,1}")),
        ("INFO abc 1", parse("INFO abc 1")),
        ("abc1", parse("abc *{1,1}")),
    ]
)
@example([("a 1 deadbeef= 2", parse("a *{1,1} deadbeef= *{1,1}")), ("a ms=1", parse("a ms= *{1,1}"))])
def test_a_rule_matches_what_its_pattern_matches_and_nothing_else(
    pdbtool: str, tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, Pattern]]
) -> None:
    made = [(message, pattern) for message, pattern in made if pattern.constants]
    path, ids = one_rule_each(tmp_path_factory.mktemp("made"), [pattern for _, pattern in made])
    messages = [message for message, _ in made]
    sent = [(f"p{number}", message.encode()) for number in range(len(made)) for message in messages]
    found = rules_found(pdbtool, path, sent) if sent else []

    for (program, text), rule in zip(sent, found, strict=True):
        message, number = text.decode(), int(program[1:])
        expected = fits_message(made[number][1], message, SPLITTER)
        assert rule in {"", ids[number]}
        if expected or not of_class_words_alone(message, SPLITTER):
            assert (rule != "") == expected, (made[number][1].text, message)


@pytest.mark.parametrize(
    ("classes", "text", "matching", "others"),
    [
        ({"mail": r"\S+@\S+", "at": r"x\@"}, "to *{1,1} now", ["to me@h you@h x@ now"], ["to me you now"]),
        ({"any": "<.>", "set": r"[\d.]{3,}|[\w-]+!"}, "to *{1,1} now", ["to <x> 1.2 a-b! now"], ["to <xx> 1 now"]),
        ({"not": r"\W\D\S", "neg": "[^a-z]+"}, "to *{1,1} now", ["to -xx -1+ now"], ["to -xx abc now"]),
        ({"three": "[^a-z]{3,}"}, "to *{1,1} now", ["to 123,4-5 now"], ["to 12,345 now"]),
        ({"key": r"\w+=", "value": r"v\S*"}, "to *{1,1} now", ["to a=v1 b=v2 v= now"], ["to a=x now"]),
        ({"many": r"(a|b)+(?:c{2,3}){2}"}, "to *{1,1} now", ["to abccccc acccc now"], ["to acc acc now"]),
        ({"far": "[!-~]{4,}"}, "to *{1,1} now", ["to abcd ab.c now"], ["to ab,c de now"]),
        ({"odd": r"[\W_]+"}, "to *{1,1} now", ["to -_- __ now"], ["to - x now", "to -, a- now"]),
        ({"two": r"[^-a-z]+|b\\S*"}, "to *{1,1} now", [r"to >C b\SS now"], ["to >C -C now", r"to >C b\S! now"]),
        ({"dash": r"[\w-!]+!"}, "to *{1,1} now", ["to a-b! -! now"], ["to a-b! .! now"]),
        ({"tail": r"x\S+"}, "to *{1,1} now", ["to xa x= now"], ["to x xa now"]),
        ({"short": r"a|b\S*"}, "to *{1,2} now", ["to a b now", "to a bx= now", "to ab a now"], ["to ab ax c now"]),
        ({}, "to *{1,1} now", ["to <*> <*> now", "to x now"], ["to 1 2 now"]),
    ],
)
def test_word_classes_of_an_operator_are_those_of_the_rules(
    pdbtool: str, tmp_path: Path, classes: dict[str, str], text: str, matching: list[str], others: list[str]
) -> None:
    words = WordRules(classes=classes)
    path, ids = one_rule_each(tmp_path, [parse(text)], Rules(words=words))
    for message in matching + others:
        assert fits_message(parse(text), message, Splitter(words)) == (message in matching), message

    found = rules_found(pdbtool, path, [("p0", message.encode()) for message in matching + others])

    assert found == ids * len(matching) + [""] * len(others)
    in_place = re.compile(Expressions(words, in_place=True).write(parse(text)) or "")
    assert [message for message in matching + others if in_place.fullmatch(message)] == matching


def test_rules_that_are_raw_are_kept(pdbtool: str, tmp_path: Path) -> None:
    path, ids = one_rule_each(tmp_path, [parse("a= *{1,2} (b|c) *{0,}")], Rules(words=WordRules(raw=True)))
    matching = [b"a= x b", b" a= x\ty,z  c ", b"a= 1 2 b 3 4 5", b"a= b b"]
    others = [b"a= b", b"a= 1 2 3 b", b"a=x b", b"a= x b,", b",a= x b"]

    assert rules_found(pdbtool, path, [("p0", message) for message in matching + others]) == ids * 4 + [""] * 5
