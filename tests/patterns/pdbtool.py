"""Patterndbs in syslog-ng's own hands: pdbtool tests their examples, and finds rules for lines."""

import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from patterns.language import Pattern, parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.patterndb import LeftOut, patterndb
from patterns.rules import Rules
from patterns.timestamps import SECOND
from training.config import Mining
from training.corpus import CorpusLine
from training.describe import describe
from training.job import mine_scopes
from training.shapes import tabulate

HEADER = "Nov  3 04:05:06 h sshd[1]: "

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
