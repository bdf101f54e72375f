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
    """What a class takes, what it leaves, and what it takes although it means something else."""

    takes: str
    leaves: str
    costs: str = ""


# Words, with white space between.
DEFAULT = {
    "number": Case(
        takes="""7 -1 -42 +1.5e-3 #5: 10.0.0.7:22 fe80::1 00:1a:2b:3c:4d:5e 550e8400-e29b-41d4-a716-446655440000
            d41d8cd98f00b204e9800998ecf8427e 0x1F 3d2h 1h 17ms 1.5GB 12µs 50% v1.2.3 2026-11-29T08:31:27Z Bar.java:17
            T1hQ0aLmZk=""",
        leaves="ten - -v --help -n second success: sub-second decade deadbeef N/A I/O e.g. ² \uff11 x",
        costs="eth0 IPv6 md5 utf8 x86_64 ext4-fs ssh2",
    ),
    "calendar": Case(
        takes="Jan May Dec Mon Sun Sep. Fri,",
        leaves="jan MAY January Sunday Jan.. Mon: xJan Tues Mai Dez Sonntag Monitor Marker Decline Satellite",
        costs="May Mar Sun Dec",
    ),
    "unit": Case(
        takes="B KB MB GiB PB iB sec secs nsec usecs msec ms ns",
        leaves="b kB Bs s us dsec seconds minutes MB/s mss section sub-second msg Mb BB",
        costs="B ns",
    ),
    "path": Case(
        takes="/ // /var/log/x.log /a '/var/log' ./a/b ../a/ ~/a/b \"/a/b\" <//",
        leaves="""a/b and/or und/oder I/O N/A TCP/IP read/write src/main/java ./a ~/a http://x/y '/a' \\ - +/-
            C:\\Temp""",
        costs="/",
    ),
    "dotted_name": Case(
        takes="""www.example.com a.b.c org.nordwind.Mill: org.nordwind.mill.Basket.<init> (a.b.c) x.y.zip!
            java.base/java.lang.Thread.run http://a.b.c/d a.b-c.d _._._""",
        leaves="""example.com a.b Main.main node.js ... a..b a.b. .a.b etc. e.g. i.e. z.B. d.h. a.m. done...
            é.é.é""",
        costs="U.S.A. u.s.w. kernel.perf.max",
    ),
    "qualified_name": Case(
        takes="property:user.name= a:b.c mod:pkg.Class: x:y:z.a http:a.b a.b:c.d jar:lib.parser (a:b.c)",
        leaves="""a:b a.b:c sshd:auth error:done. status:ok a:.b a:b. :a.b a::b.c: é:é.é http://a.b a:b:c.:d
            a:b:-.c""",
        costs="failed:retry.later",
    ),
    "mail_address": Case(
        takes="ann@example.org <ann@example.org> from=<a.b+c@x.y> a@b@c.d a@b.c, x@a.b.c mailto:ann@example.org",
        leaves="ann@host @example.org user@ a@.b a@b. ssh-rsa a.b@c é@é.é git@host:repo @param getty@tty.",
        costs="getty@tty.service",
    ),
    "hexadecimal": Case(
        takes="deadbeef abcdefabcdef ffffffff",
        leaves="""accessed decade facade defaced success: feedback deadbee DEADBEEF deadbeeg deadbeef: added
            0xdeadbeef""",
        costs="fabaceae",
    ),
}
OPTIONAL = {
    "month_or_day": Case(
        takes="January March sunday may Wednesday.",
        leaves="Jan JANUARY marches Sundays x-May Mai Mayday",
        costs="may march August",
    ),
    "calendar_german": Case(
        takes="""So Mo Di Mi Do Fr Sa Jan Feb Mär Mar Apr Mai Jun Jul Aug Sep Sept. Okt Nov Dez. Januar Jänner Feber
            März Maerz M\ufffdrz Juni Juli Oktober Dezember Montag Dienstag Mittwoch Donnerstag Freitag Samstag
            Sonnabend sonntag.""",
        leaves="""do so di fr sa mo mi mar DO MÄRZ Soft Document Directory Error Montage Friday June October Thu So:
            März:""",
        costs="Do So Mo Fr Mar",
    ),
    "calendar_french": Case(
        takes="""janv. févr. fevr. mars avr. avril mai juin juil. août aout sept. oct. nov. déc. lun. mar. mer. jeu.
            ven. sam. dim. Janvier Février septembre décembre Lundi mardi mercredi jeudi vendredi samedi dimanche""",
        leaves="janv mar sept oct nov dec dim sam mer jeu may ago march Monday decembers",
        costs="mars mar. sept. dec. dim.",
    ),
    "calendar_spanish": Case(
        takes="""ene feb mar abr may jun jul ago sep sept. oct nov dic lun mié mie jue vie sáb dom enero Febrero
            marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre lunes martes
            miércoles jueves viernes sábado domingo""",
        leaves="Mar May set out do so mars martial domain dome Dic lunch vier ages",
        costs="may mar ago sep dom",
    ),
    "calendar_italian": Case(
        takes="""gen feb mar apr mag giu lug ago set ott nov dic lun mer gio ven sab dom gennaio Febbraio marzo aprile
            maggio giugno luglio agosto settembre ottobre novembre dicembre lunedì lunedi martedì Mercoledì giovedì
            venerdì sabato domenica""",
        leaves="Set setting reset set: general gent magic out may domain venue agone",
        costs="set ago mar gen mag dom",
    ),
    "calendar_portuguese": Case(
        takes="""jan fev mar abr mai jun jul ago set out nov dez seg ter qua qui sex sáb sab dom janeiro Fevereiro
            março marco abril maio junho julho agosto setembro outubro novembro dezembro segunda-feira terça-feira
            quarta quinta-feira sexta sábado domingo""",
        leaves="Out out: output timeout outer Set setup term quit sext queue-feira domain may do",
        costs="out set ago mar dez sex dom segunda quinta",
    ),
    "calendar_dutch": Case(
        takes="""jan feb mrt apr mei jun jul aug sep okt nov dec ma di wo do vr za zo januari Februari maart april mei
            juni juli augustus september oktober november december maandag dinsdag woensdag donderdag vrijdag zaterdag
            zondag""",
        leaves="Do done dot doing mad dig word decode Dec dec: january october so mo",
        costs="do ma di dec jan",
    ),
    "quoted": Case(
        takes='"ok" \'a:b\' `cron.daily\' \'it\'. <"x"> "a"> ("x")',
        leaves="\" it's ' a'b' '' \"a b\" don't \"event\": 'key': \"GET x\"y \"\"",
        costs='"deny" "failed" "down"',
    ),
    "angle_brackets": Case(
        takes="<ann> <a.b> <ann>. '<ann>'",
        leaves="<ann <> << >> -> <- a<b <a><b>x x<a> <key>: <NSObject: List<Map>",
        costs="<warn> <info> <init> <none>",
    ),
    "windows_path": Case(
        takes=r"C:\ C:\Users\Public c:\Temp \\server\share \SystemRoot\Temp 'C:\Temp' D:\\logs\\a C:\src\Mill.cs:line",
        leaves=r"\ \\ \n \r\n \n\tat DOMAIN\user a\b C: C:/Temp x:y \w+ hw\\ ",
    ),
    "url": Case(
        takes="tcp://localhost/x <unix:///run git+ssh://host http://localhost/",
        leaves="http: ://x HTTP://x a/b http:/x and/or sshd: file: //",
    ),
    "hexadecimal_capitals": Case(
        takes="DEADBEEF",
        leaves="DEADBEE deadbeef DEADBEEG ABCDEFAB: DEFACED ADDED FACADE",
    ),
    "base64": Case(
        takes="HuJFpVwFFUbSNovr/lOVAg= DOhIqiPCqqdKSyuYTwNaUA= ErwJsOPZjELlU+kAxQsldQ=",
        leaves="""abcdefghijklmnopqrstuvwx retryCountOfLastRequest NSErrorFailingURLStringKey= application/xhtml+xml
            getMaxBlockSizeInMB key= CONFIGURATION_INVALID FileNotFoundException SUSPENDED""",
    ),
    "hardware_address": Case(
        takes="aa:bb:cc:dd:ee:ff AA-BB-CC-DD-EE-FF",
        leaves="aa:bb:cc:dd:ee aa:bb:cc:dd:ee:ff: g:h be:ad de-fa-ce",
    ),
    "unit_in_words": Case(
        takes="minutes byte milliseconds megabytes second hours day",
        leaves="sec minuteman bits Bytes sub-second seconds. daily weekly per-second",
        costs="second",
    ),
}
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
