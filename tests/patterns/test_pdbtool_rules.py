"""Which rule pdbtool finds, for which programs, and what it says of it."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from patterns.language import parse
from patterns.pattern_set import PatternSet
from patterns.patterndb import FORBIDDEN
from patterns.rules import Rules
from patterns.words import WordRules
from tests.patterns.pdbtool import HEADER, known, one_rule_each, rules_found, run_tests, trained, write


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
