"""`logwinnow mine`: what it prints, writes and refuses."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import BinaryIO

import pytest

from training import corpus, pieces
from training.kernels import records

Run = Callable[..., tuple[int, str, str]]
Bytes = Callable[..., bytes]

ROOT = Path(__file__).resolve().parents[2]

# The example of mining/join.py.
JOINED = (
    b"Interface eth0 unstable\n" * 4 + b"Interface eth1 unstable\n" * 4 + b"Interface eth2 up up\n" * 4
) + b"user eth0\n" * 8

DEFAULT = """\
cron: job rotate started
Support: 20

sshd: Accepted password for alice from *{1,1} port *{1,1}
Support: 20

sshd: Connection closed by *{1,1}
Support: 20

"""


@pytest.fixture
def out_bytes(run: Run, monkeypatch: pytest.MonkeyPatch) -> Bytes:
    """Run `logwinnow mine` on lines and return standard output byte for byte."""

    def run_on(lines: bytes, *words: str | Path) -> bytes:
        written = io.BytesIO()
        # A locale whose encoding has no place for most of what a log can hold.
        output = io.TextIOWrapper(written, encoding="ascii")
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", output)
            assert run("mine", "-", *words, "--quiet", stdin=lines) == (0, "", "")
        return written.getvalue()

    return run_on


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each pass over a corpus of one small file, which is a piece: whoever reads it opens it."""
    made: list[str] = []
    opened = pieces.opened

    def noted(piece: pieces.Piece) -> BinaryIO:
        made.append(piece.path)
        return opened(piece)

    for module in (corpus, pieces, records):
        monkeypatch.setattr(module, "opened", noted)
    return made


def shown(value: object) -> str:
    """Name a case by its options."""
    return " ".join(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else "-"


def text(*found: tuple[str, int]) -> str:
    return "".join(f"{pattern}\nSupport: {support}\n\n" for pattern, support in found)


def rows(out: str) -> list[tuple[str, int]]:
    return [(row["pattern"], row["support"]) for row in json.loads(out)]


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_by_default_each_program_is_mined_by_itself_and_stands_in_front(run: Run, log: Path, algorithm: str) -> None:
    code, out, err = run("mine", log, "--support", "20", "--algorithm", algorithm)

    assert (code, out) == (0, DEFAULT)
    assert err == "60 lines mined, 12 frequent words, 3 candidates: 3 patterns\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            [],
            [
                ("Nov 3 *{1,1} web1 *{1,1} Connection closed by *{1,1}", 20),
                ("Nov 3 *{1,1} web1 *{1,1} job rotate started", 20),
            ],
        ),
        (
            ["--algorithm", "slct"],
            [("Nov 3 * web1 * Connection closed by", 20), ("Nov 3 * web1 * job rotate started", 20)],
        ),
    ],
    ids=["logcluster", "slct"],
)
def test_raw_lines_are_mined_whole_and_printed_as_the_programs_do(
    run: Run, log: Path, options: list[str], expected: list[tuple[str, int]]
) -> None:
    words = ("mine", log, "--raw", "--support", "20", *options, "--quiet")

    assert run(*words) == (0, text(*expected), "")
    assert rows(run(*words, "--format", "json")[1]) == expected


def test_json_is_one_list_with_an_object_a_line_and_the_program_where_there_is_one(run: Run) -> None:
    lines = b"Nov  3 04:05:06 web1 su[1]: up 7\nNov  3 04:05:06 web1 su[2]: up 8\nhalt now\nhalt now\n"

    code, out, _ = run("mine", "-", "--support", "2", "--format", "json", stdin=lines)

    assert code == 0
    assert out == ('[{"pattern": "halt now", "support": 2},\n {"scope": "su", "pattern": "up *{1,1}", "support": 2}]\n')
    assert run("mine", "-", "--support", "2", "--quiet", stdin=lines)[1] == text(("halt now", 2), ("su: up *{1,1}", 2))


@pytest.mark.parametrize("raw", [["--raw"], []], ids=["raw", "default"])
@pytest.mark.parametrize("lines", [b"", b"\n \n", b"a\nb\n"], ids=["empty", "blank", "all different"])
def test_where_nothing_is_found_nothing_is_printed(run: Run, lines: bytes, raw: list[str]) -> None:
    words = ("mine", "-", "--support", "2", *raw, "--quiet")

    assert run(*words, stdin=lines) == (0, "", "")
    assert run(*words, "--format", "json", stdin=lines) == (0, "[]\n", "")


def test_the_highest_support_is_first_then_patterns_go_by_their_bytes(out_bytes: Bytes) -> None:
    lines = b"a\n\xff\n\xf0\x9f\x98\x80\nZ\n\xc3\xa9\n" * 2 + b"last\n" * 3

    out = out_bytes(lines, "--raw", "--support", "2")

    assert out.split(b"\n")[::3] == [b"last", b"Z", b"a", b"\xc3\xa9", b"\xf0\x9f\x98\x80", b"\xff", b""]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--raw"],
        ["--raw", "--algorithm", "slct", "--aggregate-supports"],
        ["--raw", "--word-weight", "0.45", "--weight-function", "2"],
    ],
    ids=" ".join,
)
def test_the_order_of_lines_changes_no_byte(out_bytes: Bytes, log: Path, options: list[str]) -> None:
    lines = (log.read_bytes() + JOINED).splitlines(keepends=True)
    words = (*options, "--support", "4", "--write-words", "words")
    expected = (out_bytes(b"".join(lines), *words), Path("words").read_bytes())

    for seed in range(5):
        Random(seed).shuffle(lines)
        assert (out_bytes(b"".join(lines), *words), Path("words").read_bytes()) == expected


def test_a_share_is_one_of_all_lines_or_of_each_program_s(run: Run, log: Path) -> None:
    # Of sshd's 40 lines it is 24, of cron's 20 it is 12, of all 60 it is 36.
    assert run("mine", log, "--support", "60%", "--quiet")[1] == text(("cron: job rotate started", 20))
    assert run("mine", log, "--support", "60%", "--raw", "--quiet")[1] == text(("Nov 3 *{1,1} web1 *{4,9}", 47))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [("a *{1,1} b", 2), ("a x b", 2)]),
        (["--aggregate-supports"], [("a *{1,1} b", 4), ("a x b", 2)]),
        (["--algorithm", "slct"], [("a * b", 2), ("a x b", 2)]),
        (["--algorithm", "slct", "--aggregate-supports"], [("a * b", 4), ("a x b", 2)]),
    ],
    ids=shown,
)
def test_aggregate_supports_add_the_lines_of_more_specific_patterns(
    run: Run, options: list[str], expected: list[tuple[str, int]]
) -> None:
    lines = b"a 1 b\na 2 b\na x b\na x b\n"

    assert run("mine", "-", "--raw", "--support", "2", *options, "--quiet", stdin=lines)[1] == text(*expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [(["--raw"], [("a b", 5)]), ([], [("a b", 3), ("a b *{1,1}", 2)])],
    ids=["raw", "default"],
)
def test_slct_leaves_open_what_follows_the_last_word_of_a_raw_line_alone(
    run: Run, options: list[str], expected: list[tuple[str, int]]
) -> None:
    lines = b"a b\n" * 3 + b"a b 1\na b 2\n"
    words = ("mine", "-", "--algorithm", "slct", "--support", "2", *options, "--quiet")

    assert run(*words, stdin=lines)[1] == text(*expected)


@pytest.mark.parametrize("raw", [["--raw"], []], ids=["raw", "default"])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            [],
            [
                ("user eth0", 8),
                ("Interface eth0 unstable", 4),
                ("Interface eth1 unstable", 4),
                ("Interface eth2 up up", 4),
            ],
        ),
        (
            ["--word-weight", ".45", "--weight-function", "2"],
            [("Interface (eth0|eth1) unstable", 8), ("user eth0", 8), ("Interface eth2 up up", 4)],
        ),
        # By the first function a word weighs for itself too.
        (
            ["--word-weight", ".45"],
            [
                ("user eth0", 8),
                ("Interface eth0 unstable", 4),
                ("Interface eth1 unstable", 4),
                ("Interface eth2 up up", 4),
            ],
        ),
        (
            ["--word-weight", "1", "--weight-function", "2", "--wildcard"],
            [("*{1,1} eth0", 8), ("Interface *{2,3}", 8), ("*{3,3}", 4)],
        ),
    ],
    ids=shown,
)
def test_words_that_weigh_little_become_holes(
    run: Run, raw: list[str], options: list[str], expected: list[tuple[str, int]]
) -> None:
    # No digits: by default those would vary by their looks.
    names = {"eth0": "lan", "eth1": "wan", "eth2": "zan"}

    def renamed(given: str) -> str:
        for name, other in () if raw else names.items():
            given = given.replace(name, other)
        return given

    words = ("mine", "-", *raw, "--support", "4", *options, "--quiet")

    out = run(*words, stdin=renamed(JOINED.decode()).encode())[1]

    ordered = [(renamed(pattern), support) for pattern, support in expected]
    assert out == text(*sorted(ordered, key=lambda found: (-found[1], found[0])))


def test_a_filter_chooses_lines_and_a_template_what_is_mined_of_them(run: Run, log: Path) -> None:
    words = ("mine", log, "--raw", "--support", "20", "--quiet", "--filter", r"sshd\[(\d+)\]: (?P<rest>.+)")

    assert run(*words)[1] == text(("Nov 3 *{1,1} web1 *{1,1} Connection closed by *{1,1}", 20))
    assert run(*words, "--template", "$$ $+{rest}")[1] == text(
        ("$ Accepted password for alice from *{1,1} port *{1,1}", 20), ("$ Connection closed by *{1,1}", 20)
    )
    # Without --raw what the template gives is a line, whose header is taken off.
    assert run("mine", log, "--support", "20", "--quiet", "--filter", "cron.*", "--template", "$0 x")[1] == text(
        ("cron: job rotate started x", 20)
    )


@pytest.mark.parametrize("raw", [["--raw"], []], ids=["raw", "default"])
@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
def test_words_that_were_written_give_the_same_patterns(run: Run, log: Path, raw: list[str], algorithm: str) -> None:
    words = ("mine", log, "--support", "20", *raw, "--algorithm", algorithm, "--quiet")
    expected = run(*words, "--write-words", "words")

    assert run(*words, "--words", "words", "--write-words", "again") == expected != (0, "", "")
    assert Path("again").read_bytes() == Path("words").read_bytes()


def test_frequent_words_are_written_as_each_algorithm_counts_them(run: Run, log: Path) -> None:
    run("mine", log, "--support", "20", "--filter", "cron", "--write-words", "words")
    run("mine", "-", "--support", "4", "--raw", "--algorithm", "slct", "--write-words", "places", stdin=JOINED)

    assert Path("words").read_text() == "job\tcron\nrotate\tcron\nstarted\tcron\n"
    assert Path("places").read_text() == (
        "1\tInterface\n1\tuser\n2\teth0\n2\teth1\n2\teth2\n3\tunstable\n3\tup\n4\tup\n"
    )


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (["--raw"], 2),
        (["--raw", "--words", "words"], 1),
        (["--raw", "--words", "words", "--outliers", "rest"], 2),
        ([], 1),
        (["--outliers", "rest"], 2),
    ],
    ids=shown,
)
@pytest.mark.parametrize("engine", ["python", "polars"])
def test_standard_input_is_gone_through_as_seldom_as_can_be(
    run: Run, passes: list[str], options: list[str], number: int, engine: str
) -> None:
    Path("words").write_bytes(b"unstable\nuser\n")

    assert run("mine", "-", "--support", "4", "--engine", engine, *options, stdin=JOINED)[0] == 0
    assert len(passes) == number


def test_chosen_words_are_frequent_however_seldom_they_are(run: Run) -> None:
    Path("words").write_bytes(b"unstable\nuser\nnowhere\n")

    out = run("mine", "-", "--raw", "--support", "8", "--words", "words", "--quiet", stdin=JOINED)[1]

    assert out == text(("*{2,2} unstable", 8), ("user *{1,1}", 8))


def test_outliers_are_the_lines_of_no_pattern_as_they_stand_in_the_log(run: Run) -> None:
    lines = b"msg: a b\n\nmsg: \xff  odd\tone \nnot this\nmsg: a b\nmsg: a c\nmsg: \n  \nmsg: end"
    words = ("mine", "-", "--raw", "--support", "2", "--filter", r"^(?:msg: (.*)|\s*)$", "--template", "$1")

    code, out, err = run(*words, "--outliers", "rest", stdin=lines)

    assert (code, out) == (0, text(("a b", 2)))
    assert Path("rest").read_bytes() == b"\nmsg: \xff  odd\tone \nmsg: a c\nmsg: \n  \nmsg: end\n"
    assert err == "8 lines mined (not: filter 1), 2 frequent words, 2 candidates: 1 pattern, 6 outliers\n"


def test_by_default_lines_without_a_constant_are_outliers_too(run: Run, log: Path) -> None:
    with log.open("ab") as file:
        file.write(b"\n17 18\nNov  3 04:05:06 web1 sshd[1]: Failed\nNov  3 04:05:06 web1 su[1]: job rotate started\n")

    run("mine", log, "--support", "20", "--outliers", "rest")

    assert Path("rest").read_bytes() == (
        b"\n17 18\nNov  3 04:05:06 web1 sshd[1]: Failed\nNov  3 04:05:06 web1 su[1]: job rotate started\n"
    )


def test_the_file_of_outliers_is_written_also_when_there_is_none(run: Run, log: Path) -> None:
    Path("rest").write_bytes(b"of yesterday\n")

    err = run("mine", log, "--support", "20", "--outliers", "rest")[2]

    assert Path("rest").read_bytes() == b""
    assert err.endswith(": 3 patterns, 0 outliers\n")


def test_bytes_that_are_no_utf8_are_printed_as_they_are_but_not_in_json(out_bytes: Bytes) -> None:
    lines = b"caf\xc3\xa9 \xff\xfe up\ncaf\xc3\xa9 \xff\xfe up\n"

    assert out_bytes(lines, "--raw", "--support", "2") == b"caf\xc3\xa9 \xff\xfe up\nSupport: 2\n\n"
    as_json = out_bytes(lines, "--raw", "--support", "2", "--format", "json")
    assert rows(as_json.decode()) == [("café \ufffd\ufffd up", 2)]
    assert "café".encode() in as_json


def test_words_that_differ_in_bytes_that_are_no_utf8_are_different_words(out_bytes: Bytes) -> None:
    assert out_bytes(b"\xfe a\n\xff a\n", "--raw", "--support", "2") == b"*{1,1} a\nSupport: 2\n\n"


def test_raw_patterns_escape_nothing_and_others_are_of_the_pattern_language(run: Run) -> None:
    words = ("mine", "-", "--support", "2", "--quiet")
    lines = b"open C:\\x *{a,b} (a|b)\n" * 2

    assert run(*words, "--raw", stdin=lines)[1] == text(("open C:\\x *{a,b} (a|b)", 2))
    assert run(*words, stdin=lines)[1] == text(("open \\C:\\x * a b a|b", 2))


def test_all_of_a_long_line_is_mined(run: Run) -> None:
    lines = (b"begin " + b"17 " * 40_000 + b"end\n") * 2

    assert run("mine", "-", "--support", "2", "--quiet", stdin=lines)[1] == text(("begin *{1,1} end", 2))


def test_header_and_configuration_say_how_lines_are_read(run: Run, log: Path) -> None:
    Path("mine.toml").write_text("[words.classes]\nname = 'alice'\n[lines]\nheader = 'rfc3164'\n")

    for options in (["--header", "plain"], ["--set", "lines.header=plain"]):
        out = run("mine", log, "--support", "60", *options, "--quiet")[1]
        assert out == text(("*{3,3} : *{3,8}", 60))
    out = run("mine", log, "--support", "20", "--config", "mine.toml", "--quiet")[1]
    assert "sshd: Accepted password for *{1,1} from *{1,1} port *{1,1}\n" in out
