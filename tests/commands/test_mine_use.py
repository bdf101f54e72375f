"""`logwinnow mine`: what it refuses, and how it behaves where the output is shown to people."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import progress
from commands.__main__ import _parser

Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).resolve().parents[2]


def shown(value: object) -> str:
    """Name a case by its options."""
    return " ".join(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else "-"


HOSTILE = b"evil \x1b[31m \xc2\x9b2J \xe2\x80\xae \x7f \xff [bold]b[/]\n" * 2


@pytest.mark.parametrize("options", [["--raw"], ["--header", "plain"]], ids=" ".join)
def test_hostile_text_is_escaped_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)

    out = run("mine", "-", "--support", "2", *options, "--quiet", stdin=HOSTILE)[1]

    assert out.startswith("evil \\x1b")
    assert all(line.isprintable() for line in out.split("\n"))


def test_json_on_a_terminal_is_ascii_and_says_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("mine", "-", "--raw", "--support", "2", "--format", "json", "--quiet")
    plain = run(*words, stdin=HOSTILE)[1]
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)

    out = run(*words, stdin=HOSTILE)[1]

    assert all(" " <= character <= "~" for character in out.removesuffix("\n"))
    assert json.loads(out) == json.loads(plain)


@pytest.mark.parametrize(("engine", "told"), [("python", "60 lines"), ("polars", "0 MB")])
@pytest.mark.parametrize(("options", "passes"), [(["--raw"], 3), ([], 2)], ids=["raw", "default"])
def test_progress_is_told_of_each_pass(
    run: Run, log: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], passes: int, engine: str, told: str
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    words = ("mine", log, "--support", "20", "--outliers", "rest", "--engine", engine, *options)

    err = run(*words)[2]

    assert err.count(f"read {told}, ") == passes
    assert run(*words, "--quiet")[2] == ""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bar_of_progress_does_not_swallow_what_is_printed(
    run: Run, log: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    words = ("mine", log, "--support", "20", "--format", form, "--outliers", "rest")
    expected = run(*words)[1]
    monkeypatch.setenv("FORCE_COLOR", "1")

    code, out, err = run(*words)

    assert (code, out) == (0, expected)
    assert "reading" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--support", "0"], "support is 0: a pattern needs at least 1 line of support; set an integer"),
        (["--support", "-1"], "support is '-1': a pattern needs"),
        (["--support", "101%"], "support is '101%': a pattern needs"),
        (["--support", "0%"], "support is '0%': a pattern needs"),
        (["--support", "x"], "support is 'x': a pattern needs"),
        (["--support", "1.5"], "support is '1.5': a pattern needs"),
        (["--support", ""], "support is '': a pattern needs"),
        ([], "the following arguments are required: --support"),
        (["--support", "2", "--weight-function", "2"], "--weight-function needs --word-weight: the least weight"),
        (["--support", "2", "--weight-function", "5", "--word-weight", "1"], "invalid choice: 5"),
        (["--support", "2", "--wildcard"], "without word_weight there are none; set a word weight"),
        (["--support", "2", "--word-weight", "1", "--algorithm", "slct"], "slct has no word weights; use logcluster"),
        (["--support", "2", "--word-weight", "0"], "word_weight is 0: weights are shares; set a number above 0"),
        (["--support", "2", "--word-weight", "2"], "word_weight is 2: weights are shares"),
        (["--support", "2", "--word-weight", "nan"], "word_weight is nan: weights are shares"),
        (["--support", "2", "--raw", "--header", "plain"], "argument --header: not allowed with argument --raw"),
        (["--support", "2", "--engine", "abacus"], "argument --engine: invalid choice: 'abacus'"),
    ],
    ids=shown,
)
def test_wrong_use_ends_with_2_and_a_sentence(run: Run, log: Path, words: list[str], told: str) -> None:
    code, out, err = run("mine", log, *words, "--outliers", "rest", "--write-words", "words")

    assert (code, out) == (2, "")
    assert err.startswith("usage: logwinnow mine ")
    assert "logwinnow mine: error: " in err
    assert told in err
    assert not Path("rest").exists()
    assert not Path("words").exists()


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.log"], "'none.log' cannot be read: No such file or directory; check the path and its rights"),
        (["app.log", "none.log"], "'none.log' cannot be read: No such file"),
        (["empty"], "'empty' is a folder without a file; name another"),
        (["*.bz2"], "'*.bz2' matches no file; check the pattern"),
        (["app.log.gz"], "/app.log.gz' is no whole gzip file: "),
        (["s3a://bucket/app.log"], "'s3a://bucket/app.log' is a URI, which engine polars does not read; choose engine"),
        (["s3a://b/app.log", "--engine", "python"], "'s3a://b/app.log' is a URI, which engine python does not read;"),
        (["app.log", "--template", "$1"], "template is '$1' without a line filter"),
        (["app.log", "--filter", "(a)", "--template", "$2"], "the line filter has no group $2; there are $0, $1, and"),
        (["app.log", "--filter", r"(a)\1"], r"line filter is '(a)\\1': RE2 says invalid escape sequence"),
        (["app.log", "--words", "none"], "'none': No such file or directory; check the path"),
        (["app.log", "--words", "app.log"], "app.log, line 1: 'Nov  3 04:05:00 web0 sshd[0]: Acc"),
        (["app.log", "--words", "list", "--algorithm", "slct"], "list, line 1: 'Accepted' is not a position from 1"),
        (["app.log", "--words", "places", "--raw"], "which has words of programs such as 'Accepted', and --raw knows"),
        (["app.log", "--write-words", "none/words"], "'none/words': No such file or directory; check the path"),
        (["app.log", "--header", "klingon"], "header is 'klingon': there is no such format"),
        (["app.log", "--set", "mining.suport=3"], "unknown field `suport`"),
        (["app.log", "--config", "none.toml"], "--config is 'none.toml': there is no such file"),
    ],
    ids=shown,
)
def test_what_cannot_be_used_is_told_in_one_line(run: Run, words: list[str], told: str) -> None:
    Path("app.log.gz").write_bytes(b"\x1f\x8b\x08\x00" + bytes(20))
    Path("empty").mkdir()
    Path("list").write_bytes(b"Accepted\n")
    Path("places").write_bytes(b"3\tAccepted\n")

    code, out, err = run("mine", *words, "--support", "2")

    assert (code, out) == (1, "")
    assert err.startswith("logwinnow: ")
    assert told in err
    assert err.count("\n") == 1


def linked(target: str, how: str) -> str:
    """Make another name of a file and return it."""
    match how:
        case "symlink":
            Path("link").symlink_to(target)
        case "hard link":
            os.link(target, "link")
        case "absolute":
            return str(Path(target).resolve())
        case _:
            return target
    return "link"


@pytest.mark.parametrize("option", ["--outliers", "--write-words"])
@pytest.mark.parametrize("how", ["name", "absolute", "symlink", "hard link"])
@pytest.mark.parametrize("target", ["app.log", "second.log", "words"])
def test_what_is_read_is_not_overwritten(run: Run, log: Path, option: str, how: str, target: str) -> None:
    Path("words").write_bytes(b"Accepted\tsshd\n")
    Path("second.log").write_bytes(log.read_bytes())
    before = Path(target).read_bytes()
    name = linked(target, how)

    code, out, err = run("mine", log, "second.log", "--words", "words", "--support", "2", option, name)

    assert (code, out) == (1, "")
    assert err == f"logwinnow: {option} is {name!r}, which is read: it would be overwritten; name another file\n"
    assert Path(target).read_bytes() == before


@pytest.mark.parametrize("option", ["--outliers", "--write-words"])
@pytest.mark.parametrize("files", [".", "*.log", "**"])
def test_what_a_folder_or_glob_stands_for_is_not_overwritten(run: Run, log: Path, option: str, files: str) -> None:
    before = log.read_bytes()

    code, out, err = run("mine", files, "--support", "2", option, "app.log")

    assert (code, out) == (1, "")
    assert err == f"logwinnow: {option} is 'app.log', which is read: it would be overwritten; name another file\n"
    assert log.read_bytes() == before


@pytest.mark.usefixtures("log")
def test_a_new_file_in_a_folder_that_is_read_is_written_and_refused_the_next_time(run: Run) -> None:
    words = ("mine", ".", "--support", "20", "--filter", "sshd|job", "--outliers", "rest", "--quiet")

    assert run(*words)[0] == 0
    assert Path("rest").exists()
    assert "--outliers is 'rest', which is read" in run(*words)[2]


def test_standard_input_that_is_a_file_is_not_overwritten_either(log: Path) -> None:
    before = log.read_bytes()
    with log.open("rb") as file:
        ended = subprocess.run(
            [sys.executable, "-m", "commands", "mine", "-", "--support", "20", "--outliers", "app.log"],
            stdin=file,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )

    assert (ended.returncode, ended.stdout) == (1, b"")
    assert b"--outliers is 'app.log', which is read" in ended.stderr
    assert log.read_bytes() == before


def test_a_device_may_be_read_and_written(run: Run) -> None:
    assert run("mine", os.devnull, "--support", "2", "--outliers", os.devnull, "--quiet") == (0, "", "")


@pytest.mark.parametrize("how", ["name", "absolute", "symlink"])
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_outliers_and_words_are_not_written_to_one_file(run: Run, log: Path, how: str, there: bool) -> None:
    if there:
        Path("both").write_bytes(b"kept\n")
    other = linked("both", how)

    code, out, err = run("mine", log, "--support", "20", "--outliers", "both", "--write-words", other)

    assert (code, out) == (1, "")
    assert err == "logwinnow: --outliers and --write-words are both 'both'; name two files\n"
    assert not there or Path("both").read_bytes() == b"kept\n"


def test_the_help_has_examples_that_can_be_run(run: Run) -> None:
    code, out, err = run("mine", "--help")

    examples = [line for line in out.split("\n") if line.startswith("  logwinnow mine ")]
    assert (code, err) == (0, "")
    assert len(examples) >= 3
    for example in examples:
        assert _parser().parse_args(shlex.split(example)[1:]).verb == "mine"
