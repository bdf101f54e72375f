"""Sets that tests publish: one with all that a pattern may have, and another one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import FormatRule, Rules
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.words import WordRules

RULES = Rules(
    words=WordRules(classes={"number": r"\S*[0-9]\S*", "mine": "x+"}),
    header="mine",
    formats={
        "mine": FormatRule("(?P<timestamp>.*?) (?P<message>.*)", "%b %d", "Europe/Berlin"),
        "b": FormatRule("(?P<message>.*)"),
    },
    zone="Asia/Tokyo",
    max_line_bytes=1000,
)


def known(text: str, scope: str = "sshd", **fields: Any) -> KnownPattern:
    return KnownPattern(scope, parse(text), fields.pop("level", 5), fields.pop("support", 7), 7, **fields)


GOOD = PatternSet.of(
    RULES,
    [
        known(
            "Accepted password for *{1,2}", first_day="2026-01-01", last_day="2026-02-01", examples=("Accepted … 1",)
        ),
        known("\\(a|b) \x85 \u2028 *{0,}", "", examples=("\x00", "\x1b[31m", "\u202e", "a\tb")),
        known("(a|b) c", "docker/<*>", level=1, support=1, state="pending"),
        replace(known("a *{1,1} b", ""), pattern=parse("a *{1,1} b", positional=True)),
    ],
)

OTHER = PatternSet.of(Rules(), [known("disk is full")])

ROW = ShapeCount()
ROW.add(7, 1, 2, ["Accepted password for 1"])

TABLE = ShapeTable.of({ShapeKey("sshd", "Accepted password for <*>", "2026-01-01"): ROW})

RUN = {"engine": "python", "corpus": {"lines": 7}}


def files(folder: str | Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
