"""No line and no pattern is too much for syslog-ng: what PCRE would not take is left out."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.language import NO_GAP, Pattern, parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.patterndb import NO_EXPRESSION
from patterns.rules import Rules
from tests.patterns.pdbtool import one_rule_each, write

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
