"""
How a module of `programs/` writes its stories down: as tables of text.

    BOOK = Book()
    BOOK.through(STEADY, EVERY).lines('''
        7       sshd.grace_time  fatal: Timeout before authentication for {stranger} port {port}
        0.7     sshd.hangup  Received SIGHUP; restarting.
    ''')
    BOOK.at(Often(30, OFFICE), EVERY).story('''
        0             backupd.begun  {user} begins a backup of {here}
        1-3     x2-4  backupd.read   read {number:1-900} files
        60-900        backupd.done   backup of {here} is complete
    ''')

A row of `lines` is: times a working day over the whole fleet, program and name of the kind, template.
A row of `story` is: seconds since the row before (least and most), times it is said (once if left out), program and
name of the kind, template. A kind that the book knows already can go without its template.
A row too long for the page goes on, indented deeper, in the next line; the break is read as one space.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import dedent

from commands.simulation.clock import Often, Rhythm, When
from commands.simulation.story import Kind, Step, Story

_LINE = re.compile(r"(?P<per_day>[\d.]+) +(?P<label>\S+) +(?P<template>.+)")
_STEP = re.compile(
    r"(?P<least>[\d.]+)(-(?P<most>[\d.]+))? +(x(?P<fewest>\d+)-(?P<times>\d+) +)?(?P<label>\S+)( +(?P<template>.+))?"
)


class Book:
    """The stories of one family of programs."""

    def __init__(self, **parts: str) -> None:
        """An empty book; each part is a piece of template that its name in braces stands for in all tables."""
        self.stories: list[Story] = []
        self._parts = parts
        self._kinds: dict[str, Kind] = {}

    def at(self, when: When, roles: Sequence[str], **given: str) -> "Stories":
        """A page for a story that begins at these times on hosts of these roles; `given` settles named slots."""
        return Stories(self, when, roles, given)

    def through(self, rhythm: Rhythm, roles: Sequence[str]) -> "Lines":
        """A page for single lines that are written now and then, in this rhythm, on hosts of these roles."""
        return Lines(self, rhythm, roles)

    def kind(self, label: str, template: str) -> Kind:
        """The kind of that label: a new one with this template, or a known one, whose template may be left out."""
        for name, part in self._parts.items():
            template = template.replace(f"{{{name}}}", part)
        if label not in self._kinds and template:
            self._kinds[label] = Kind(label, template)
        known = self._kinds.get(label)
        if known is None or template not in {"", known.template}:
            raise ValueError(f"{label} has no template, or two: give it one where it is first told")
        return known


@dataclass(frozen=True, slots=True)
class Stories:
    """A page of a book that waits for the lines of its story."""

    book: Book
    when: When
    roles: Sequence[str]
    given: Mapping[str, str]

    def story(self, table: str) -> None:
        """Write the story down: one step a row."""
        self.book.stories.append(Story(self.when, self.roles, tuple(map(self._step, rows(table))), self.given))

    def _step(self, row: str) -> Step:
        """The step that a row describes."""
        cells = _cells(_STEP, row)
        least, fewest = cells["least"], cells["fewest"] or "1"
        return Step(
            self.book.kind(cells["label"], cells["template"]),
            (float(least), float(cells["most"] or least)),
            (int(fewest), int(cells["times"] or fewest)),
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of a book that waits for a table of single lines."""

    book: Book
    rhythm: Rhythm
    roles: Sequence[str]

    def lines(self, table: str) -> None:
        """Write the lines down: a story of one step for each row."""
        for row in rows(table):
            cells = _cells(_LINE, row)
            when = Often(float(cells["per_day"]), self.rhythm)
            step = Step(self.book.kind(cells["label"], cells["template"]))
            self.book.stories.append(Story(when, self.roles, (step,)))


def rows(table: str) -> list[str]:
    """The rows of a table, each as one line."""
    found: list[str] = []
    for line in dedent(table).strip().splitlines():
        if line.startswith(" "):
            found[-1] += " " + line.strip()
        else:
            found.append(line)
    return found


def _cells(form: re.Pattern[str], row: str) -> dict[str, str]:
    """The cells of a row by name, empty where it has none."""
    match = form.fullmatch(row)
    if match is None:
        raise ValueError(f"{row!r} is no row of such a table; the top of this module says what one looks like")
    return match.groupdict(default="")
