"""
Patterns that a stream made of a storm of new shapes, for the next training: `provisional.jsonl` beside the versions.

    {"scope":"sshd","pattern":"session opened for *{1,1}","at":"2026-11-29T04:00:12.345Z","source":"app","shapes":412}

`at` is when an alert told the pattern last, `shapes` of how many shapes. A stream adds what it told, a training takes
out what it has looked at: see `after`. It is written by programs alone, and holds hints alone: a line that is none is
passed over, and gone with the next writing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec

from patterns.errors import PatternSyntaxError
from patterns.language import Pattern, parse
from patterns.timestamps import DAY, microseconds

FILE: Final = "provisional.jsonl"

MOST: Final = 1_000
"""Patterns in the file, those that were told last: without a training it does not grow on."""


class Provisional(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One line; see the module."""

    scope: str
    pattern: str
    at: str
    source: str = ""
    shapes: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for what is no pattern with a constant, and for no time with a zone."""
        try:
            constants, moment = self.parsed.constants, datetime.fromisoformat(self.at)
            if moment.tzinfo is None or not microseconds(moment) or not constants:
                msg = f"{self.pattern!r} at {self.at!r}"
                raise ValueError(msg)
        except (PatternSyntaxError, OverflowError) as error:
            raise ValueError(str(error)) from None

    @cached_property
    def parsed(self) -> Pattern:
        """The pattern."""
        return parse(self.pattern)

    @cached_property
    def id(self) -> str:
        """The pattern's id."""
        return self.parsed.identity(self.scope)

    @property
    def told_at(self) -> int:
        """When it was told last, in microseconds since 1970."""
        return microseconds(datetime.fromisoformat(self.at))


def decoded(data: bytes) -> tuple[Provisional, ...]:
    """Return the patterns of a file; of two with an id the last."""
    found: dict[str, Provisional] = {}
    for line in data.splitlines():
        try:
            each = msgspec.json.decode(line, type=Provisional)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        found[each.id] = each
    return tuple(found.values())


def encoded(patterns: Iterable[Provisional]) -> bytes:
    """Return a file of these."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in patterns)


Change = Callable[[tuple[Provisional, ...]], Iterable[Provisional]]
"""What a file holds → what it is to hold."""


def adding(told: Iterable[Provisional]) -> Change:
    """Return what adds patterns, each in place of what has its id; the MOST that were told last stay."""

    def change(before: tuple[Provisional, ...]) -> list[Provisional]:
        every = {each.id: each for each in before} | {each.id: each for each in told}
        latest = sorted(every.values(), key=lambda each: (-each.told_at, each.id))[:MOST]
        return sorted(latest, key=lambda each: (each.told_at, each.id))

    return change


def after(adopted: Iterable[str], until: int) -> Change:
    """
    Return what takes out the patterns that a training has looked at.

    Args:
        adopted: Ids of those that its set has: they go at once.
        until: Up to which time it has read, in microseconds since 1970: the others go if they were told a day before.
            Lines that came right behind the alert may be of the next night.
    """
    gone = frozenset(adopted)

    def change(before: tuple[Provisional, ...]) -> list[Provisional]:
        return [each for each in before if each.id not in gone and each.told_at > until - DAY]

    return change
