"""Each class of conf/training.toml, the optional ones too: words that it takes, that it must leave, and its price."""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import re2
from hypothesis import example, given
from hypothesis import strategies as st

from kernels.shapes import Shapes
from kernels.spans import lines_of
from patterns.language import parse
from patterns.pcre import Expressions
from patterns.regex import message_regex
from patterns.rules import Rules
from patterns.words import DEFAULT_CLASSES, Splitter, WordRules, linear_matcher

CONF = Path(__file__).parents[2] / "conf" / "training.toml"


class Case(NamedTuple):
    """Words that a class takes, that it leaves, and that it takes although they mean something else."""

    takes: str
    leaves: str
    costs: str = ""


_WORDS = tomllib.loads((Path(__file__).parent / "word_classes.toml").read_text(encoding="utf-8"))
DEFAULT, OPTIONAL = ({name: Case(**words) for name, words in _WORDS[kind].items()} for kind in ("default", "optional"))
CASES = {**DEFAULT, **OPTIONAL}


def of_file() -> dict[str, str]:
    """Return all classes of the file, with the # taken off those that have one."""
    section = CONF.read_text(encoding="utf-8").partition("[words.classes]\n")[2].partition("\n[")[0]
    return tomllib.loads(re.sub(r"^# (?=\w+ = ')", "", section, flags=re.MULTILINE))


CLASSES = of_file()


def words_of(name: str) -> list[tuple[str, bool]]:
    """Return the words of a class's case, and whether it takes them."""
    case = CASES[name]
    return [(word, True) for word in [*case.takes.split(), *case.costs.split()]] + [
        (word, False) for word in case.leaves.split()
    ]


def messages_of(name: str) -> list[tuple[str, bool]]:
    """Return messages with those of the words that no separator parts, and whether the class takes the word."""
    whole = Splitter(WordRules(classes={}))
    return [(f"got {word} now", taken) for word, taken in words_of(name) if whole.shape(word) == word]


def test_every_class_of_the_file_has_examples_and_counter_examples() -> None:
    assert list(CASES) == list(CLASSES)
    assert {name: CLASSES[name] for name in DEFAULT} == DEFAULT_CLASSES
    assert all(case.takes and case.leaves for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_a_class_takes_its_words_and_no_others(name: str) -> None:
    is_class = Splitter(WordRules(classes={name: CLASSES[name]})).is_class

    assert [(word, is_class(word)) for word, _ in words_of(name)] == words_of(name)


@pytest.mark.parametrize("name", CASES)
def test_a_class_means_the_same_to_re2(name: str) -> None:
    found = [(word, re2.fullmatch(CLASSES[name], word) is not None) for word, _ in words_of(name)]

    assert found == words_of(name)


@given(
    st.text(
        st.sampled_from("/.!~-_:@019azfgABKMGiBmnusecJanFri\x00é\uff11"),
        max_size=12,
    )
    | st.text(st.characters(codec="utf-8", exclude_characters=" \t\n\v\f\r"), max_size=8)
)
@example("")
@example("\x85")
def test_a_default_class_means_the_same_to_python_and_to_re2(word: str) -> None:
    for name, expression in DEFAULT_CLASSES.items():
        by_python = linear_matcher(name, expression)(word)
        by_re2 = linear_matcher(f"not {name}", expression)(word)
        assert by_python == by_re2 == (re2.fullmatch(expression, word) is not None), name


@pytest.mark.parametrize("name", CASES)
def test_the_kernels_read_a_word_as_the_splitter_does(name: str) -> None:
    rules = Rules(words=WordRules(classes={name: CLASSES[name]}))
    text = "\n".join(message for message, _ in messages_of(name)).encode()
    texts: dict[str, int] = {}

    found = Shapes(rules).of(text, lines_of(text), texts)

    shapes = list(texts)
    expected = ["got <*> now" if taken else message for message, taken in messages_of(name)]
    assert [shapes[index] for index in found] == expected
    assert [Splitter(rules.words).shape(message) for message, _ in messages_of(name)] == expected


@pytest.mark.parametrize("name", CASES)
def test_the_expression_of_a_pattern_matches_messages_with_words_of_the_class(name: str) -> None:
    expression = re2.compile(message_regex(parse("got *{1,1} now"), WordRules(classes={name: CLASSES[name]})))

    assert [message for message, _ in messages_of(name) if not expression.fullmatch(message)] == []


@pytest.mark.parametrize("name", CASES)
def test_to_engines_that_backtrack_a_class_means_the_same(name: str) -> None:
    written = Expressions(WordRules(classes={name: CLASSES[name]}), in_place=True).write(parse("got *{1,1} now"))
    assert written is not None
    # Two class words are one gap, and one of them beside another word are two.
    expected = [(message.replace("got", "got <*>"), taken) for message, taken in messages_of(name)]

    assert [(message, re.fullmatch(written, message) is not None) for message, _ in expected] == expected


# What people look for as a class of its own, and find in another


@pytest.mark.parametrize(
    ("what", "text", "classes"),
    [
        ("a UUID", "550e8400-e29b-41d4-a716-446655440000", ["number"]),
        ("a hardware address", "00:1a:2b:3c:4d:5e", ["number"]),
        ("an IPv6 address", "fe80::1", ["number"]),
        ("a negative number", "-42", ["number"]),
        ("a number with sign and exponent", "+1.5e-3,", ["number"]),
        ("a hash", "d41d8cd98f00b204e9800998ecf8427e", ["number"]),
        ("base64", "dGhpcyBpcyBhIHRlc3QgMTIz", ["number"]),
        ("a hexadecimal number", "0x1F", ["number"]),
        ("a size", "1.5GB", ["number"]),
        ("a size with its unit apart", "3 MB", ["number", "unit"]),
        ("a duration", "3d2h", ["number"]),
        ("a duration in parts", "1h 2m", ["number", "number"]),
        ("a duration with its unit apart", "17 ms", ["number", "unit"]),
        ("a URL of a host with two dots", "https://www.example.org/a?b", ["dotted_name"]),
        ("a URL with a port", "http://localhost:8080/", ["number"]),
        ("a path in quotes", "'/etc/passwd'", ["path"]),
        ("a time of day behind a date", "Nov 29 08:31:27", ["calendar", "number", "number"]),
    ],
)
def test_what_has_no_class_of_its_own_is_taken_by_another(what: str, text: str, classes: list[str]) -> None:
    splitter = Splitter(WordRules())

    assert splitter.classes_of(text) == classes, what
    assert splitter.shape(f"got {text} now") == "got <*> now"


def test_words_that_people_read_are_of_no_default_class() -> None:
    words = """error: Failed N/A I/O and/or und/oder e.g. z.B. success: sub-second accessed decade facade example.com
        May: kB seconds --help -v true null Straße Größe key= don't TCP/IP read-only état"""

    assert [word for word in words.split() if Splitter(WordRules()).is_class(word)] == []


GERMAN = "So Mo Di Mi Do Fr Sa", "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez"
FRENCH = "dim. lun. mar. mer. jeu. ven. sam.", "janv. févr. mars avril mai juin juil. août sept. oct. nov. déc."
SPANISH = "dom lun mar mié jue vie sáb", "ene feb mar abr may jun jul ago sep oct nov dic"
ITALIAN = "dom lun mar mer gio ven sab", "gen feb mar apr mag giu lug ago set ott nov dic"
PORTUGUESE = "dom seg ter qua qui sex sáb", "jan fev mar abr mai jun jul ago set out nov dez"
DUTCH = "zo ma di wo do vr za", "jan feb mrt apr mei jun jul aug sep okt nov dec"


@pytest.mark.parametrize(
    ("language", "days", "months"),
    [
        ("german", *GERMAN),
        ("french", *FRENCH),
        ("spanish", *SPANISH),
        ("italian", *ITALIAN),
        ("portuguese", *PORTUGUESE),
        ("dutch", *DUTCH),
    ],
)
def test_with_the_class_of_its_language_a_line_has_one_shape_all_year(language: str, days: str, months: str) -> None:
    # As glibc's `date` writes dates by LC_TIME: its abday and abmon.
    name = f"calendar_{language}"
    lines = [f"backup {day} 29 {month} 2026 done" for day in days.split() for month in months.split()]
    without, having = (
        Splitter(WordRules(classes=classes)) for classes in (DEFAULT_CLASSES, {**DEFAULT_CLASSES, name: CLASSES[name]})
    )

    assert {having.shape(line) for line in lines} == {"backup <*> done"}
    assert len({without.shape(line) for line in lines}) > 30
