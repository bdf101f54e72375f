"""A patterndb in syslog-ng's own hands: pdbtool finds each example, and for each line the rule that logwinnow finds."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from fitting_patterns import fitting_patterns
from hypothesis import example, given
from hypothesis import strategies as st
from traces import records

from patterns.fitting import fits, places
from patterns.judge import Judge
from patterns.language import NO_GAP, Pattern, parse
from patterns.line import split_lines
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.patterndb import CUT, FORBIDDEN, NO_EXPRESSION, LeftOut, patterndb
from patterns.pcre import Expressions
from patterns.rules import Rules
from patterns.timestamps import SECOND
from patterns.words import Splitter, WordRules
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

DATASETS = ["Apache", "BGL", "HDFS", "Linux", "OpenSSH", "Proxifier", "Spark", "Zookeeper"]
HEADER = "Nov  3 04:05:06 h sshd[1]: "
SPLITTER = Splitter(WordRules())

Sent = tuple[str, bytes]
"""A program, "" for none, and a message."""


def known(text: str, scope: str = "sshd", *examples: str, level: int = 2) -> KnownPattern:
    return KnownPattern(scope, parse(text), level, 1, 1, examples=examples)


def write(patterns: PatternSet, folder: Path) -> tuple[Path, Counter[LeftOut]]:
    left_out: Counter[LeftOut] = Counter()
    path = folder / "set.xml"
    path.write_text("".join(patterndb(patterns, "2026-11-24", left_out)), encoding="utf-8", newline="")
    return path, left_out


def run_tests(pdbtool: str, path: Path) -> tuple[int, int, str]:
    """Have pdbtool test a database; return its exit code, the number of examples, and what it complained of."""
    ran = subprocess.run([pdbtool, "test", "--validate", path], capture_output=True, check=False)
    return ran.returncode, ran.stdout.count(b"Testing message: "), ran.stderr.decode()


def rules_found(pdbtool: str, path: Path, sent: Sequence[Sent]) -> list[str]:
    """Return the id of the rule that syslog-ng finds for each, or ""."""
    lines = path.with_suffix(".log")
    lines.write_bytes(b"".join(b"<13>1 - h %s - - - %s\n" % (program.encode() or b"-", text) for program, text in sent))
    template = r"${.classifier.rule_id} ${PROGRAM}>${MESSAGE}\n"
    ran = subprocess.run([pdbtool, "match", "-p", path, "-f", lines, "-T", template], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    rows = [row.split(b" ", 1) for row in ran.stdout.split(b"\n")[:-1]]
    # What was judged is what was sent.
    assert [row[1] for row in rows] == [b"%s>%s" % (program.encode(), text) for program, text in sent]
    return [row[0].decode() for row in rows]


def one_rule_each(folder: Path, patterns: Iterable[Pattern], rules: Rules | None = None) -> tuple[Path, list[str]]:
    """Write a set in which the n-th pattern is the only one of program ``p<n>``; return its path and the ids."""
    every = [KnownPattern(f"p{number}", pattern, 2, 1, 1) for number, pattern in enumerate(patterns)]
    return write(PatternSet.of(rules or Rules(), every), folder)[0], [one.id for one in every]


def trained(lines: Iterable[bytes], algorithm: str) -> PatternSet:
    rules = Rules()
    table, _ = tabulate([CorpusLine(line, SECOND) for line in lines], rules)
    mining = Mining(algorithm="slct" if algorithm == "slct" else "logcluster")
    return describe(mine_scopes(table, mining), table, rules)


@pytest.mark.parametrize("algorithm", ["logcluster", "slct"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_for_each_line_of_a_real_log_syslog_ng_finds_what_logwinnow_finds(
    pdbtool: str, loghub: Path, tmp_path: Path, dataset: str, algorithm: str
) -> None:
    lines = split_lines((loghub / dataset / f"{dataset}_2k.log").read_bytes())
    # Of a part, so that there are outliers.
    patterns = trained(lines[:400], algorithm)
    path, left_out = write(patterns, tmp_path)
    judge = Judge(patterns)
    sent: list[Sent] = []
    verdicts = []
    for data in lines:
        shaped, verdict = judge.judge(data, SECOND)
        if verdict is not None:
            sent.append((shaped.line.program or "", shaped.line.message.encode()))
            verdicts.append(verdict.known.id if verdict.known else "")

    assert rules_found(pdbtool, path, sent) == verdicts
    assert len(verdicts) > 1900
    assert "" in verdicts
    code, tests, told = run_tests(pdbtool, path)
    assert (code, told) == (0, "")
    assert tests >= len(patterns.patterns) - sum(left_out.values()) > 0
    assert set(left_out) <= {CUT}


def test_a_log_with_a_syslog_header_is_read_by_syslog_ng_itself(pdbtool: str, loghub: Path, tmp_path: Path) -> None:
    log = loghub / "OpenSSH" / "OpenSSH_2k.log"
    patterns = trained(split_lines(log.read_bytes()), "logcluster")
    path, _ = write(patterns, tmp_path)
    command = [pdbtool, "match", "-p", str(path), "-f", str(log), "-T", r"${.classifier.rule_id}\n"]
    found = Counter(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    assert found == Counter({one.id: one.support for one in patterns.patterns})


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_set_of_records_of_several_lines_has_examples_that_syslog_ng_finds(
    pdbtool: str, tmp_path: Path, end: bytes
) -> None:
    patterns = trained([record.replace(b"\n", end) for record in records(100)], "logcluster")
    path, left_out = write(patterns, tmp_path)
    code, tests, told = run_tests(pdbtool, path)

    assert (code, told) == (0, "")
    assert tests >= len(patterns.patterns) - sum(left_out.values()) > 4


def test_each_expression_is_also_one_of_pcre_2_and_does_not_backtrack_there(loghub: Path) -> None:
    """`grep -P` runs PCRE 2, and gives up with an error where an expression backtracks too often."""
    grep = shutil.which("grep")
    if grep is None or subprocess.run([grep, "-qP", "^a$"], input=b"a\n", capture_output=True, check=False).returncode:
        pytest.skip("a grep that knows -P, which runs PCRE, is not here: `apt install grep`")
    messages = (loghub / "BGL" / "BGL_2k.log").read_bytes()
    lines = split_lines(messages)
    patterns = trained(lines[:400], "logcluster")
    text = "".join(patterndb(patterns, "2026-11-24", Counter()))
    expressions = re.findall(r"<pattern>@PCRE::(\(\*LIMIT.*)@</pattern>", text)
    found: dict[int, str] = {}
    for one, expression in zip(patterns.patterns, expressions, strict=True):
        written = expression.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        command, environment = [grep, "-anP", written], {"LC_ALL": "C"}
        ran = subprocess.run(command, input=messages, capture_output=True, env=environment, check=False)
        assert (ran.returncode in {0, 1}, ran.stderr) == (True, b"")
        for row in ran.stdout.split(b"\n")[:-1]:
            found.setdefault(int(row.split(b":", 1)[0]) - 1, one.id)

    judge = Judge(patterns)
    verdicts = [judge.judge(data, SECOND).verdict for data in lines]
    assert found == {n: v.known.id for n, v in enumerate(verdicts) if v is not None and v.known is not None}
    assert len(lines) > len(found) > 400


@pytest.mark.parametrize("wide_first", [True, False])
def test_of_two_rules_that_match_the_first_of_the_file_is_found(
    pdbtool: str, tmp_path: Path, *, wide_first: bool
) -> None:
    wide, narrow = known("open *{1,1}", level=9 if wide_first else 1), known("open now", level=5)
    path, _ = write(PatternSet.of(Rules(), [wide, narrow]), tmp_path)

    found = rules_found(pdbtool, path, [("sshd", b"open now"), ("sshd", b"open then")])

    assert found == [wide.id if wide_first else narrow.id, wide.id]


def test_an_example_of_another_rule_fails_the_test(pdbtool: str, tmp_path: Path) -> None:
    path, _ = write(PatternSet.of(Rules(), [known("open *{1,1} now", "sshd", f"{HEADER}open 1 now")]), tmp_path)
    assert run_tests(pdbtool, path) == (0, 1, "")

    path.write_text(path.read_text(encoding="utf-8").replace(">open 1 now<", ">open 1 then<"), encoding="utf-8")
    assert run_tests(pdbtool, path)[:2] == (2, 1)


def test_a_rule_is_found_for_the_programs_of_its_scope_alone(pdbtool: str, tmp_path: Path) -> None:
    programs = {
        "": [""],
        "<*>": ["12", "deadbeef", "x1"],
        "<*>/x": ["12/x"],
        "sshd": ["sshd"],
        "ssh": ["ssh"],
        "worker-<*>": ["worker-1", "worker-17a"],
        "docker/<*>": ["docker/3f2a90c1"],
        "docker/<*>/run": ["docker/3f2a90c1/run"],
        "me@h": ["me@h"],
    }
    every = [known("open now", scope) for scope in programs]
    path, _ = write(PatternSet.of(Rules(), every), tmp_path)
    sent = [(program, b"open now") for scope in programs for program in programs[scope]]
    others = ["sshd-session", "sh", "ss", "xsshd", "worker-", "worker-x", "docker/", "docker/x/run", "me@hx", "nginx"]

    found = rules_found(pdbtool, path, sent)
    assert found == [one.id for one in every for _ in programs[one.scope]]
    assert not any(rules_found(pdbtool, path, [(program, b"open now") for program in others]))
    assert run_tests(pdbtool, path) == (0, 0, "")


def test_without_lines_of_no_program_other_programs_have_no_rule_either(pdbtool: str, tmp_path: Path) -> None:
    path, _ = write(PatternSet.of(Rules(), [known("open now", "sshd")]), tmp_path)

    assert rules_found(pdbtool, path, [("", b"open now"), ("ssh", b"open now")]) == ["", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kernel (a|b) x)", "kernel a x)"),
        ("int *{1,1}", "int 1"),
        ("int (a|b)", "int b"),
        ("int(a)", "int(a)"),
        ("string (a|b)", "string a"),
        ("a $x ${y} $$ $(echo z) @1 c", "a $x ${y} $$ $(echo z) @1 c"),
        ("a \"b\" 'c' & < > ]]> d", "a \"b\" 'c' & < > ]]> d"),
        ("größe 漢字", "größe 漢字"),
        (r"\a\b (c|d)", r"a\b c"),
    ],
)
def test_a_rule_says_the_text_of_its_pattern(pdbtool: str, tmp_path: Path, text: str, message: str) -> None:
    # Raw rules, by which a word may have any character.
    path, _ = one_rule_each(tmp_path, [parse(text)], Rules(words=WordRules(raw=True)))
    command = [pdbtool, "match", "-p", str(path), "-P", "p0", "-M", message, "-T", "${logwinnow.pattern.text}"]
    ran = subprocess.run(command, capture_output=True, check=False)

    assert (ran.returncode, ran.stderr, ran.stdout.decode()) == (0, b"", text)


def test_a_hostile_set_loads_and_its_examples_hold(pdbtool: str, tmp_path: Path) -> None:
    scope = "evil\x1b\u202e\"<&>'"
    rows = [
        (f"<13>1 - h {scope} - - - ", "]]> & < > \" ' @ @@ \\@ $x ${y}"),
        (f"<13>1 - h {scope} - - - ", "a \x7f \x9bJ \u202e \xa0 \ufffd é 漢 'b' done"),
        (f"<13>1 - h {scope} - - - ", "a\tb\rc \t"),
    ]
    patterns = trained([(header + message).encode() for header, message in rows], "logcluster")
    path, left_out = write(patterns, tmp_path)

    # Of the program is a character that XML forbids: no test can name it.
    assert (run_tests(pdbtool, path), left_out) == ((0, 0, ""), {FORBIDDEN: 3})
    sent = [(scope, message.encode()) for _, message in rows]
    assert Counter(rules_found(pdbtool, path, sent)) == {one.id: 1 for one in patterns.patterns}
    quiet = trained([(HEADER + message).encode() for _, message in rows], "logcluster")
    assert run_tests(pdbtool, write(quiet, tmp_path)[0]) == (0, 3, "")


def test_what_was_no_utf_8_is_matched_as_it_comes(pdbtool: str, tmp_path: Path) -> None:
    message = b"caf\xe9 f\xfcr \xe2\x82 alle"
    patterns = trained([HEADER.encode() + message], "logcluster")
    path, _ = write(patterns, tmp_path)

    assert patterns.patterns[0].pattern.text == "caf\ufffd f\ufffdr \ufffd alle"
    assert run_tests(pdbtool, path) == (0, 1, "")
    sent = [("sshd", message), ("sshd", b"caf f\xfcr \xe2\x82 alle")]
    assert rules_found(pdbtool, path, sent) == [patterns.patterns[0].id, ""]


WORDS = st.one_of(
    st.sampled_from(["a", "b", "key=", "=", "k=v", "a:", "(", "<*>", "*", "\\", ".", "é", "@", "\x01"]),
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


def matches(pattern: Pattern, message: str) -> bool:
    words = SPLITTER.shape(message).split(" ")
    return fits(pattern, places(words), len(words))


def of_class_words_alone(message: str) -> bool:
    return all(map(SPLITTER.is_class, re.findall(r"[^\s=,;()\[\]{}]+=?|=", message, re.ASCII)))


@given(st.lists(cases(), min_size=1, max_size=12))
@example([("onExtend:1514", parse("onExtend: *{1,1}")), ("r24=0 r25=3", parse("r24= *{1,1} r25= *{1,1}"))])
@example([("abc1 def2 ghi3", parse("abc *{3,} ghi *{1,1}")), ("x abc1 def2", parse("x *{1,1}"))])
@example([("abc1 x", parse("*{1,1} x")), ("abc 1", parse("abc *{1,1}"))])
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
        expected = matches(made[number][1], message)
        assert rule in {"", ids[number]}
        if expected or not of_class_words_alone(message):
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
        shape = Splitter(words).shape(message).split(" ")
        assert fits(parse(text), places(shape), len(shape)) == (message in matching), message

    found = rules_found(pdbtool, path, [("p0", message.encode()) for message in matching + others])

    assert found == ids * len(matching) + [""] * len(others)
    in_place = re.compile(Expressions(words, in_place=True).write(parse(text)) or "")
    assert [message for message in matching + others if in_place.fullmatch(message)] == matching


def test_rules_that_are_raw_are_kept(pdbtool: str, tmp_path: Path) -> None:
    path, ids = one_rule_each(tmp_path, [parse("a= *{1,2} (b|c) *{0,}")], Rules(words=WordRules(raw=True)))
    matching = [b"a= x b", b" a= x\ty,z  c ", b"a= 1 2 b 3 4 5", b"a= b b"]
    others = [b"a= b", b"a= 1 2 3 b", b"a=x b", b"a= x b,", b",a= x b"]

    assert rules_found(pdbtool, path, [("p0", message) for message in matching + others]) == ids * 4 + [""] * 5


HOSTILE = [
    b"a " + b"1 " * 30_000 + b"b",
    b"a " + b"1 x " * 15_000 + b"b",
    b"a " + b"1" * 60_000 + b" b",
    b"a " + b"x." * 30_000 + b" b",
    b"a " + b"/x" * 30_000 + b" c",
    b"a " + b"x= " * 20_000 + b"b",
    b"a " + b"=" * 60_000 + b" b",
    b"a " + b"k=1&" * 15_000 + b" b",
    b"a 1 " * 15_000,
    b"abc1 " * 12_000,
]


@pytest.mark.parametrize(
    "text", ["a *{1,1} b", "a *{1,9} b", "a *{0,} b", "a *{1,3} a *{1,3} a *{1,3} b", "abc *{1,1}"]
)
def test_no_line_crashes_it(pdbtool: str, tmp_path: Path, text: str) -> None:
    path, ids = one_rule_each(tmp_path, [parse(text)])
    lines = tmp_path / "hostile.log"
    lines.write_bytes(b"".join(b"<13>1 - h p0 - - - %s\n" % message for message in [*HOSTILE, b"a b", b"a 1 b"]))
    command = [pdbtool, "match", "-p", str(path), "-f", str(lines), "-T", r"${.classifier.rule_id}\n"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    rows = ran.stdout.split("\n")[:-1]
    assert (ran.returncode, len(rows)) == (0, len(HOSTILE) + 2)
    assert set(rows) <= {"", *ids}
    if text == "a *{1,1} b":
        assert rows[0] == rows[2] == rows[3] == rows[11] == ids[0]


ALTERNATIVES = sorted(f"w{number:b}".replace("0", "o").replace("1", "l") for number in range(4_000))
GROWING: dict[str, Callable[[int], Pattern]] = {
    "a wide gap": lambda size: parse(f"a *{{1,{size}}} b"),
    "a gap of many words": lambda size: parse(f"a *{{{size},}} b"),
    "many gaps": lambda size: parse(" ".join(f"abc *{{2,{number}}}" for number in range(2, size // 20))),
    "a long word": lambda size: Pattern(("é.+" * size,), (NO_GAP, NO_GAP)),
    "many keys": lambda size: Pattern(("k=",) * (size // 2), (NO_GAP,) * (size // 2 + 1)),
    "many words": lambda size: Pattern(("abcd",) * (size // 2), (NO_GAP, *[(1, 1)] * (size // 2))),
    "many alternatives": lambda size: Pattern((tuple(ALTERNATIVES[:size]),), (NO_GAP, (0, 1))),
}


@pytest.mark.parametrize("kind", GROWING)
def test_an_expression_that_is_as_long_as_can_be_is_taken(pdbtool: str, tmp_path: Path, kind: str) -> None:
    sizes = range(100, 4_000, 100)
    every = [KnownPattern(f"p{size}", GROWING[kind](size), 2, 1, 1) for size in sizes]
    path, left_out = write(PatternSet.of(Rules(), every), tmp_path)
    text = path.read_text(encoding="utf-8")
    longest = max(size for size, one in zip(sizes, every, strict=True) if one.id in text)
    command = [pdbtool, "match", "-p", str(path), "-P", f"p{longest}", "-M", "none"]
    ran = subprocess.run(command, capture_output=True, check=False)

    # It says so where PCRE does not take an expression, and dies of it at the first line.
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert left_out == {NO_EXPRESSION: len(sizes) - sizes.index(longest) - 1}
    assert longest < sizes[-1]
