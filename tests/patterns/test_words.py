"""Message → words → shape → scope: examples, hostile input, and independent statements of the same rules."""

import itertools
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patterns import words
from patterns.errors import RulesError
from patterns.words import CLASS_RUN, DEFAULT_CLASSES, SEPARATORS, Slice, Splitter, WordRules

Within = Callable[[float], AbstractContextManager[None]]

DEFAULT = Splitter(WordRules())
RAW = Splitter(WordRules(raw=True))
NO_CLASSES = Splitter(WordRules(classes={}))

MESSAGES = st.text(
    st.one_of(
        st.sampled_from(" \t\n\v\f\r,;()[]{}=/.:-_<>*|\\0127abcdefgBKMrxJn"),
        st.sampled_from("\x00\x1c\x85\xa0\u2028\uff11é"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("one two", ["one", "two"]),
        ("  one \t\v\f\r\n two  ", ["one", "two"]),
        ("a,b;c(d)e[f]g{h}i", ["a", "b", "c", "d", "e", "f", "g", "h", "i"]),
        ("uid=root gid=wheel", ["uid=", "root", "gid=", "wheel"]),
        ("a = b", ["a", "=", "b"]),
        ("a==b", ["a=", "=", "b"]),
        ("=b=", ["=", "b="]),
        ("key=(value)", ["key=", "value"]),
        ("sshd[x]:", ["sshd", "x", ":"]),
        ("a:b/c|d'e\"f<g>", ["a:b/c|d'e\"f<g>"]),
        ("a\x00b a\x1cb a\x85b a\xa0b a\u2028b", ["a\x00b", "a\x1cb", "a\x85b", "a\xa0b", "a\u2028b"]),
        (",;()[]{} \t", []),
        ("", []),
    ],
)
def test_separators_are_white_space_commas_semicolons_and_brackets(message: str, expected: list[str]) -> None:
    assert [part.text for part in NO_CLASSES.slices(message)] == expected


def test_a_key_of_a_line_is_a_word_of_its_own_and_its_value_the_next() -> None:
    assert DEFAULT.shape("user=root uid=0 tty=") == "user= root uid= <*> tty="


@given(MESSAGES)
def test_words_are_what_the_separators_and_equals_signs_leave(message: str) -> None:
    spaced = re.sub(r"[ \t\n\v\f\r,;()\[\]{}]", " ", message).replace("=", "= ")

    expected = [word for word in spaced.split(" ") if word]

    # A literal <*> is a class word under any rules, so a run of it is one.
    repeats = [index for index in range(1, len(expected)) if expected[index - 1] == expected[index] == CLASS_RUN]
    joined = [word for index, word in enumerate(expected) if index not in repeats]
    assert [part.text for part in NO_CLASSES.slices(message)] == joined


@given(MESSAGES)
def test_raw_words_are_what_ascii_white_space_leaves(message: str) -> None:
    expected = [word.decode() for word in message.encode().split()]

    assert [part.text for part in RAW.slices(message)] == expected
    assert RAW.shape(message) == " ".join(expected)


@pytest.mark.parametrize("word", ["sshd:", "a", "key=", "-", "=", "error", "Failed", "<", "*", "user", "é", "\x00"])
def test_a_plain_word_is_of_no_default_class(word: str) -> None:
    assert not DEFAULT.is_class(word)


@pytest.mark.parametrize("splitter", [DEFAULT, NO_CLASSES], ids=["default", "no_classes"])
def test_a_literal_mark_of_a_run_is_a_class_word(splitter: Splitter) -> None:
    assert splitter.is_class("<*>")
    assert splitter.shape("a <*> b") == "a <*> b"


@pytest.mark.parametrize("word", ["7", "<*>", "/var", "Jan"])
def test_no_word_is_a_class_word_by_the_raw_rules(word: str) -> None:
    assert not RAW.is_class(word)


def test_a_class_of_an_operator_must_match_the_whole_word_and_reads_ascii_classes() -> None:
    splitter = Splitter(WordRules(classes={"session": r"sess-\w+"}))

    assert splitter.shape("open sess-ab sess-é xsess-ab sess-ab! 12") == "open <*> sess-é xsess-ab sess-ab! 12"


@pytest.mark.parametrize("expression", ["(?=x)x", r"(a)\1", "(", "[a", "*"])
def test_a_class_that_does_not_run_in_linear_time_is_refused(expression: str) -> None:
    with pytest.raises(RulesError) as refused:
        Splitter(WordRules(classes={"mine": expression}))

    assert "'mine'" in str(refused.value)
    assert repr(expression) in str(refused.value)


def test_raw_rules_do_not_look_at_classes() -> None:
    Splitter(WordRules(raw=True, classes={"mine": "("}))


_HOSTILE_LENGTH = 200_000
"""Quadratic time takes minutes for so many characters, linear time some milliseconds."""


@pytest.mark.parametrize("name", list(DEFAULT_CLASSES))
@pytest.mark.parametrize(
    "unit",
    [
        *("/", "!", ".", "1", "a", "f", "_", "a.", ".a", "a.a", "./", "/.", "!/a", "é", "Jan", "B", "<*>"),
        *(":", "a:", ":a", "a:a", "a:a.", "@", "a@", "a@a", "a@a."),
    ],
)
def test_a_default_class_takes_linear_time_on_hostile_words(name: str, unit: str, within: Within) -> None:
    matches = words.linear_matcher(name, DEFAULT_CLASSES[name])
    many = unit * (_HOSTILE_LENGTH // len(unit))

    with within(10):
        for before, behind in itertools.product(["", "!", "a.a", "é/", "a:", "a@"], ["", "!", "é", ".a", "="]):
            matches(before + many + behind)


@pytest.mark.parametrize(
    "unit",
    [
        "<*> ",
        "= ",
        "a=",
        "(",
        "a1 ",
        "abc1 ",
        "<*>",
        "<*> <*>x ",
        "r1=",
        "a.a ",
        "/ ",
        "\x00",
        ", ",
        "x ",
        "é",
        "<*>1 ",
    ],
)
def test_taking_apart_takes_linear_time_on_hostile_messages(unit: str, within: Within) -> None:
    with within(10):
        for behind in ["", "x"]:
            message = unit * (_HOSTILE_LENGTH // 2 // len(unit)) + behind
            for splitter in (DEFAULT, RAW):
                splitter.shape(message)
                splitter.slices(message)


@pytest.mark.parametrize("unit", ["1", "a1", "f", "/", " ", "1 ", "a", "\x00"])
def test_masking_a_program_takes_linear_time_on_hostile_names(unit: str, within: Within) -> None:
    with within(10):
        for behind in ["", " ", " x", "/"]:
            DEFAULT.scope(unit * (_HOSTILE_LENGTH // len(unit)) + behind)


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("Accepted password for root from 10.0.0.7 port 4022", "Accepted password for root from <*> port <*>"),
        ("took 3 ms", "took <*>"),
        ("1 2 three 4 Jan /tmp x", "<*> three <*> x"),
        ("a <*> <*> 1 b", "a <*> b"),
        ("a <*>x <*> <*> b", "a <*>x <*> b"),
        ("a (1) [2] {3} b", "a <*> b"),
        ("size=3, name=x", "size= <*> name= x"),
        ("x=1 2=y", "x= <*> y"),
        ("", ""),
        (" \t,;", ""),
        ("=", "="),
    ],
)
def test_a_shape_is_the_words_with_each_run_of_class_words_as_one(message: str, shape: str) -> None:
    assert DEFAULT.shape(message) == shape


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("onExtend:1514", "onExtend: <*>"),
        ("onExtend:1514 7 /tmp", "onExtend: <*>"),
        ("7 onExtend:1514", "<*> onExtend: <*>"),
        ("abc1 def2", "abc <*> def <*>"),
        ("blk_-123", "blk_- <*>"),
        ("abc1 x", "<*> x"),
        ("abc1=2", "abc <*>"),
        ("a-b-c9", "a-b-c <*>"),
        ("ab1", "<*>"),
        ("a--b1", "<*>"),
        ("ééé1", "<*>"),
        ("1abc", "<*>"),
        ("Jan1", "<*>"),
        ("/var/log1", "<*>"),
        ("a.b.c1", "<*>"),
        ("secs5", "<*>"),
        ("abcdefab1", "<*>"),
        ("www.example.com", "<*>"),
        ("r24=0x0f r25=0x03", "r24= <*> r25= <*>"),
        ("r1= r2=", "r1= r2="),
        ("r124=1", "<*>"),
        ("abc24=1", "abc <*>"),
        ("=1 2", "= <*>"),
    ],
)
def test_of_a_message_of_class_words_alone_the_part_before_the_first_digit_may_stay(message: str, shape: str) -> None:
    assert DEFAULT.shape(message) == shape


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "blank"),
        (" ,;\t", "blank"),
        ("12 13", "no_constant"),
        ("<*>", "no_constant"),
        ("/tmp 5 Jan", "no_constant"),
    ],
)
def test_a_message_without_a_constant_is_unjudged_and_says_why(message: str, reason: str) -> None:
    assert DEFAULT.unjudged(DEFAULT.shape(message)) == reason


@pytest.mark.parametrize("message", ["x", "x 1", "onExtend:1", "="])
def test_a_message_with_a_constant_is_judged(message: str) -> None:
    assert DEFAULT.unjudged(DEFAULT.shape(message)) is None


def test_by_the_raw_rules_only_a_blank_message_is_unjudged() -> None:
    assert [RAW.unjudged(RAW.shape(message)) for message in ["", " \t", "<*>", "12"]] == ["blank", "blank", None, None]


@given(MESSAGES)
@example("abc1 def2, r24=5")
@example("<*> <*>1 (<*>)")
def test_the_shape_is_the_slices_joined_by_a_space(message: str) -> None:
    for splitter in (DEFAULT, RAW, NO_CLASSES):
        assert splitter.shape(message) == " ".join(part.text for part in splitter.slices(message))


@given(MESSAGES)
@example("abc1 def2, r24=5")
def test_slices_stand_for_all_of_the_message_but_separators_in_order(message: str) -> None:
    parts = DEFAULT.slices(message)

    at = 0
    for part in parts:
        assert re.fullmatch(rf"[{SEPARATORS}]*", message[at : part.start], re.ASCII)
        assert part.start < part.end
        assert part.text in (CLASS_RUN, message[part.start : part.end])
        at = part.end
    assert re.fullmatch(rf"[{SEPARATORS}]*", message[at:], re.ASCII)
    assert all(pair != (CLASS_RUN, CLASS_RUN) for pair in itertools.pairwise(part.text for part in parts))


def test_a_kept_part_and_what_follows_it_are_slices_of_one_word() -> None:
    assert DEFAULT.slices("onExtend:1514 (7)") == [Slice("onExtend:", 0, 9), Slice("<*>", 9, 16)]


def test_forgetting_all_words_changes_no_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_REMEMBERED_WORDS", 2)
    splitter = Splitter(WordRules())

    messages = ["a b c 1 2", "c b a 2 x", "1 2 3 a", "a b c 1 2"]

    assert [splitter.shape(message) for message in messages] == [DEFAULT.shape(message) for message in messages]
    assert len(splitter._shown) <= 2


def test_words_are_remembered_as_they_read_in_a_shape() -> None:
    splitter = Splitter(WordRules())

    splitter.shape("a 1 b 1")

    assert dict(splitter._shown) == {"a": "a", "1": "<*>", "b": "b"}


def test_a_long_word_is_not_remembered() -> None:
    splitter = Splitter(WordRules())

    assert splitter.shape("x" * 5000 + " 1" + "0" * 5000) == "x" * 5000 + " <*>"
    assert not splitter._shown


@pytest.mark.parametrize(
    ("program", "scope"),
    [
        ("sshd", "sshd"),
        ("docker/3f2a90c1", "docker/<*>"),
        ("docker/deadbeefcafe", "docker/<*>"),
        ("worker-17", "worker-<*>"),
        ("k8s-node", "<*>"),
        ("app01/worker-17", "app<*>/worker-<*>"),
        ("postfix/smtpd", "postfix/smtpd"),
        ("org.apache.Foo", "org.apache.Foo"),
        ("sshd(pam_unix)", "sshd(pam_unix)"),
        ("Jan", "Jan"),
        ("/usr/sbin/cron", "/usr/sbin/cron"),
        ("//", "//"),
        ("worker 17 x", "worker <*> x"),
        ("", ""),
    ],
)
def test_a_scope_is_the_program_with_its_variable_parts_masked(program: str, scope: str) -> None:
    assert DEFAULT.scope(program) == scope


def test_by_the_raw_rules_a_scope_is_the_program() -> None:
    assert RAW.scope("docker/3f2a90c1") == "docker/3f2a90c1"


def test_each_class_word_of_a_text_is_named_by_the_first_class_that_takes_it() -> None:
    text = "from 10.0.0.7, /var/log/messages at Nov 3 12kB <*> deadbeef for a.b.c"
    assert DEFAULT.classes_of(text) == [
        *("number", "path", "calendar", "number", "number", "<*>", "hexadecimal", "dotted_name"),
    ]
    assert RAW.classes_of(text) == []
