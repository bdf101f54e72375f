"""`logwinnow match` on what it may meet: odd bytes, sets that cannot be used, text that would steer a terminal."""

import json
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.line import split_lines

Run = Callable[..., tuple[int, str, str]]

ODD = {
    "nothing": b"",
    "a line feed alone": b"\n",
    "no newline at the end": b"job 1 done",
    "blanks": b"  \t  \n\n     ",
    "CRLF": b"job 1 done\r\njob 2\r\n\r\n",
    "lone carriage returns": b"a\rb\r\r\nc\r",
    "NUL": b"job \x00 done\n\x00\n",
    "invalid UTF-8": b"job \xff\xfe done\n\xc3\n",
    "other line ends": "a\u2028b\x0bc\x0cd\x85e\x1ef\n".encode(),
    "garbage": random.Random(3).randbytes(200_000),
    "a 10 MB line": b"job done " * 1_100_000 + b"\nx y\n",
    "a 10 MB word": b"z" * 10_000_000,
    "100,000 words": b" ".join(bytes(97 + ord(c) % 26 for c in f"{n:06}") for n in range(100_000)) + b"\nx y\n",
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
@pytest.mark.parametrize("options", [["--json"], ["--all"], []], ids=["json", "all", "outliers"])
def test_no_line_is_lost_and_none_breaks_it(
    run: Run, store: Path, tmp_path: Path, data: bytes, options: list[str]
) -> None:
    (tmp_path / "odd.log").write_bytes(data)
    lines = len(split_lines(data))

    code, out, err = run("match", "odd.log", "--store", store, *options)

    assert code == 0
    assert err.startswith(f"{lines:,} line")
    if options == ["--json"]:
        assert [json.loads(line)["line"] for line in out.split("\n")[:-1]] == list(range(1, lines + 1))
    assert run("match", "-", "--store", store, *options, stdin=data)[2] == err


def broken(store: Path, how: str) -> None:
    version = next(path for path in store.iterdir() if path.is_dir())
    manifest, patterns = version / "manifest.json", version / "patterns.jsonl"
    match how:
        case "newer":
            manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
        case "no manifest":
            manifest.unlink()
        case "cut manifest":
            manifest.write_bytes(manifest.read_bytes()[:100])
        case "cut patterns":
            patterns.write_bytes(patterns.read_bytes()[:-20])
        case "no pattern":
            patterns.write_bytes(b"")
        case "garbage":
            patterns.write_bytes(random.Random(1).randbytes(1000))
        case "no version":
            (store / "CURRENT").write_text("20200101T000000.000Z-0000000000000000\n")
        case "binary CURRENT":
            (store / "CURRENT").write_bytes(b"\xff\x00\xfe\n")
        case "empty CURRENT":
            (store / "CURRENT").write_bytes(b"")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("newer", "is of format 2"),
        ("no manifest", "is damaged: "),
        ("cut manifest", "is damaged: "),
        ("cut patterns", "is damaged: "),
        ("no pattern", "is damaged: "),
        ("garbage", "is damaged: "),
        ("no version", "is damaged: "),
        ("binary CURRENT", "is damaged: "),
        ("empty CURRENT", "has no current version, but '"),
    ],
)
def test_a_set_that_cannot_be_used_is_told_in_one_line(run: Run, log: Path, store: Path, how: str, told: str) -> None:
    broken(store, how)

    code, out, err = run("match", log, "--store", store)

    assert (code, out) == (1, "")
    assert told in err
    assert err.count("\n") == 1


def test_no_set_no_file_and_a_folder_are_told(run: Run, log: Path, store: Path, tmp_path: Path) -> None:
    assert "'nothing' holds no pattern set; run: logwinnow train" in run("match", log, "--store", "nothing")[2]
    assert "'gone.log' cannot be read" in run("match", "gone.log", "--store", store)[2]
    assert "is a folder" in run("match", tmp_path, "--store", store)[2]


HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \u202egnp.exe \u2066x\u2069 \x00\x7f\x08 a\rb [bold red]c[/] [link=x] "
    ":smile: \ue000 \ufeff \t\x0b\x0c \u2028 end"
)


@pytest.mark.parametrize("options", [[], ["--all"]], ids=["outliers", "all"])
@pytest.mark.parametrize("terminal", [False, True], ids=["plain", "terminal"])
def test_nothing_that_steers_a_terminal_leaves_a_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], *, terminal: bool
) -> None:
    names = ("evil\x1b[7m", "evil\u202e[red]")
    trained = [f"Nov  3 04:05:06 h {names[0]}[1]: {HOSTILE} one\n"] * 3
    judged_lines = [f"Nov  3 04:05:06 h {name}[1]: {HOSTILE} {word}\n" for name in names for word in ("one", "two")]
    (tmp_path / "evil.log").write_text("".join(trained), encoding="utf-8", newline="")
    (tmp_path / "new\x1b[m.log").write_text("".join(judged_lines), encoding="utf-8", newline="")
    run("train", "evil.log", "--store", "store", "--quiet")
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")

    code, out, err = run("match", "new\x1b[m.log", "--store", "store", *options)

    colours = re.compile("\x1b\\[[0-9;]*m")
    assert code == 0
    assert bool(colours.search(out)) == terminal
    for text in (colours.sub("", out), colours.sub("", err)):
        assert all(line.isprintable() for line in text.split("\n"))
    # Wrapping may come between any two words.
    flat = re.sub(r"\s+", "", colours.sub("", out))
    for shown in (
        "\\x1b[31mred",
        "\\u202egnp.exe",
        "[boldred]c[/]",
        "[link=x]",
        ":smile:",
        "\\x9b2J",
        "new\\x1b[m.log",
    ):
        assert shown in flat


def test_json_on_a_terminal_is_ascii_and_says_the_same(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"größe 漢字 😀 \x9b2J \u202e \x7f {HOSTILE}\n".encode()
    plain = run("match", "-", "--store", store, "--json", stdin=line)[1]
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)

    out = run("match", "-", "--store", store, "--json", stdin=line)[1]

    assert all(" " <= character <= "~" for character in out.removesuffix("\n"))
    assert [json.loads(line) for line in out.splitlines()] == [json.loads(line) for line in plain.split("\n")[:-1]]
