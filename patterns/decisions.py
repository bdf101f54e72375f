"""
The operator's file: what was decided about shapes and patterns, one JSON object a line, beside the versions of a store.

    {"do":"accept","scope":"sshd","shape":"session of <*> opened","message":"session of bob7 opened","by":"eve","at":…}
    {"do":"reject","scope":"sshd","pattern":"Failed password for *{1,2}","by":"eve","at":"2026-11-29T08:00:00Z"}
    {"do":"name","scope":"sshd","pattern":"Failed password for *{1,2}","name":"wrong password","severity":"high"}
    {"do":"pin","scope":"cron","pattern":"yearly report done","level":1}

accept   lines of the shape, or of the pattern, are no outliers
reject   lines of the pattern are outliers, and nothing is mined from them
name     what the pattern's events and alerts carry: a name, a severity, a runbook
pin      the pattern stays in the set, seen or not, known

`by` and `at` say who decided and when; `until` ends it; `note` is for people. A blank line and one that begins with
``#`` are no entries. Where several entries are about one shape or pattern, the last one counts. The file outlives its
rules: see `patterns/decided.py`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

import msgspec

from patterns.errors import DecisionsError, PatternSyntaxError
from patterns.language import Pattern, parse, short_hash
from patterns.timestamps import microseconds

FILE: Final = "operator.jsonl"

SEVERITIES: Final = ("info", "low", "medium", "high", "critical")

Severity = Literal["info", "low", "medium", "high", "critical"]


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    One entry.

    Attributes:
        do: What it does.
        scope: The program; ``""`` for lines without one.
        shape: Of accept, one of the two: a shape, as events show it.
        pattern: A pattern's text; of all others, and of accept where it has no shape.
        positional: Of the pattern: its gaps are part of its id, as SLCT's are.
        level: Of pin: the support at which the pattern was mined, which says where among the others it is tried.
        message: Of a shape: a message that has it, by which the shape is read anew under other rules.
        name: Of name: what people call the pattern.
        severity: Of name.
        runbook: Of name: a URL, or what to do.
        by: Who decided.
        at: When, RFC 3339.
        until: Until when it counts, RFC 3339; None for ever.
        note: Why.
    """

    do: Literal["accept", "reject", "name", "pin"]
    scope: str = ""
    shape: str | None = None
    pattern: str | None = None
    positional: bool = False
    level: int | None = None
    message: str | None = None
    name: str | None = None
    severity: Severity | None = None
    runbook: str | None = None
    by: str | None = None
    at: str | None = None
    until: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an entry that says nothing, or two things."""
        if (self.shape is None) == (self.pattern is None):
            msg = "give either `shape` or `pattern`"
            raise ValueError(msg)
        if self.shape is not None and self.do != "accept":
            msg = f"`{self.do}` is about a `pattern`; only `accept` takes a `shape`"
            raise ValueError(msg)
        if self.do == "name" and self.name is self.severity is self.runbook is None:
            msg = "`name` needs `name`, `severity` or `runbook`"
            raise ValueError(msg)
        for field in ("at", "until"):
            _moment(field, getattr(self, field))
        if self.pattern is not None:
            try:
                parse(self.pattern, positional=self.positional)
            except PatternSyntaxError as error:
                raise ValueError(str(error)) from None

    @property
    def parsed(self) -> Pattern:
        """The pattern; of an entry about a shape there is none (ValueError)."""
        if self.pattern is None:
            msg = "an entry about a shape has no pattern"
            raise ValueError(msg)
        return parse(self.pattern, positional=self.positional)

    @property
    def id(self) -> str:
        """By what an entry is named: 8 hexadecimal digits over all of it."""
        return short_hash(msgspec.json.encode(self), 4)

    def active(self, at: int) -> bool:
        """Tell whether it counts at a time, in microseconds since 1970."""
        until = _moment("until", self.until)
        return until is None or at < until


@dataclass(frozen=True)
class Decisions:
    """The entries of a file, in its order."""

    entries: tuple[Decision, ...] = ()

    @classmethod
    def parse(cls, data: bytes, place: str) -> "Decisions":
        """
        Read a file; `place` names it in errors.

        Raises:
            DecisionsError: A line is no entry.
        """
        return cls(tuple(entry for _, entry in _lines(data, place) if entry is not None))

    @cached_property
    def encoded(self) -> bytes:
        """The entries as a file has them, without its comments."""
        return b"".join(msgspec.json.encode(entry) + b"\n" for entry in self.entries)

    @cached_property
    def revision(self) -> str:
        """16 hexadecimal digits over all entries; ``""`` without any."""
        return short_hash(self.encoded, 8) if self.entries else ""

    def active(self, at: int) -> "Decisions":
        """Return those that count at a time, in microseconds since 1970."""
        return self._of(entry for entry in self.entries if entry.active(at))

    def _of(self, entries: Iterable[Decision]) -> "Decisions":
        left = tuple(entries)
        return self if len(left) == len(self.entries) else Decisions(left)


def edited(data: bytes, place: str, added: Iterable[Decision], withdrawn: Collection[str]) -> bytes:
    """
    Return a file with entries added at its end, and others taken out; every other line stays as it is.

    Args:
        data: The file; empty where there is none.
        place: Names it in errors.
        added: What comes last, and so counts first.
        withdrawn: Ids of the entries to take out.

    Raises:
        DecisionsError: A line is no entry, or no entry has an id.
    """
    lines = list(_lines(data, place))
    missing = sorted(set(withdrawn) - {entry.id for _, entry in lines if entry is not None})
    if missing:
        raise DecisionsError(f"{place} has no entry {missing[0]!r}; see: logwinnow patterns decisions")
    kept = [line for line, entry in lines if entry is None or entry.id not in withdrawn]
    if kept and not kept[-1]:
        # What follows the last line feed.
        kept.pop()
    return b"".join(line + b"\n" for line in [*kept, *map(msgspec.json.encode, added)])


def _lines(data: bytes, place: str) -> Iterator[tuple[bytes, Decision | None]]:
    """Yield each line of a file with its entry, None for a blank one and a comment."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            yield line, None
            continue
        try:
            yield line, msgspec.json.decode(text, type=Decision)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DecisionsError(
                f"line {number} of {place} is no entry: {error}; mend the line, or put # before it"
            ) from None


def _moment(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        msg = f"`{field}` is {text!r}, no time with a zone: write it as 2026-11-29T08:00:00Z"
        raise ValueError(msg)
    return microseconds(moment)
