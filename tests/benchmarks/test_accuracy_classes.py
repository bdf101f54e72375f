import pytest

from benchmarks.accuracy.classes import optional_classes
from patterns.words import Splitter, WordRules

OPTIONAL = [
    ("month_or_day", ["January", "MARCH", "sunday,", "may"], ["Jan", "marches", "Sundays", "x-May"]),
    ("quoted", ['"ok"', "'a:b'", "`cron.daily'", '("x")', "'it'."], ['"', "it's", "'", "a'b'", "''", '"a', "b'"]),
    ("url", ["tcp://localhost/x", "<unix:///run", "git+ssh://host"], ["http:", "://x", "HTTP://x", "a/b", "http:/x"]),
    ("hexadecimal_capitals", ["DEADBEEF"], ["DEADBEE", "deadbeef", "DEADBEEG", "ABCDEFAB:"]),
    (
        "base64",
        ["abcdefghijklmnopqrstuvwx==", "A/B+cdefghijklmnopqrstuv="],
        ["abcdefghijklmnopqrstuvwx", "key=", "a=="],
    ),
    ("hardware_address", ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF"], ["aa:bb:cc:dd:ee", "aa:bb:cc:dd:ee:ff:", "g:h"]),
    ("unit_in_words", ["minutes", "byte", "milliseconds", "megabytes"], ["sec", "minuteman", "bits", "Bytes"]),
]


@pytest.mark.parametrize(
    ("name", "word", "expected"),
    [
        (name, word, expected)
        for name, classed, others in OPTIONAL
        for word, expected in [*((word, True) for word in classed), *((word, False) for word in others)]
    ],
)
def test_an_optional_class_takes_its_words_and_no_others(name: str, word: str, expected: bool) -> None:
    assert Splitter(WordRules(classes={name: optional_classes()[name]})).is_class(word) is expected


def test_the_table_of_optional_classes_has_all_that_the_file_has() -> None:
    assert [name for name, _, _ in OPTIONAL] == list(optional_classes())


@pytest.mark.parametrize(
    "word",
    [
        "550e8400-e29b-41d4-a716-446655440000",  # UUID
        "00:1a:2b:3c:4d:5e",  # hardware address
        "fe80::1",
        "-42",
        "+1.5e-3,",
        "3.5MB",
        "17ms",
        "0x1F",
        "d41d8cd98f00b204e9800998ecf8427e",  # MD5
        "dGhpcyBpcyBhIHRlc3QgMTIz",  # base64
        "https://www.example.org/a?b",
        "http://localhost:8080/",
        "(Thread.java:745)",
    ],
)
def test_what_has_a_digit_or_two_dots_needs_no_class_of_its_own(word: str) -> None:
    assert Splitter(WordRules()).shape(f"got {word} now") == "got <*> now"


def test_a_frame_of_a_stack_trace_reads_at_something() -> None:
    assert Splitter(WordRules()).shape("\tat java.lang.Thread.run(Thread.java:745)") == "at <*>"
