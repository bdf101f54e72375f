"""What a detector sees, and what it answers: lines of days, and alerts. It never sees a label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

NEW = "new"
"""The kind of an alert that tells of a line; others tell of what no line says by itself."""


class Line(NamedTuple):
    """A line: its number in the whole log from 0, its bytes without the end, its time in microseconds since 1970."""

    number: int
    data: bytes
    time: int


class Alert(NamedTuple):
    """
    What an operator is told.

    Attributes:
        time: When, in microseconds since 1970.
        line: The number of the line that it shows; None where it tells of a place and a time alone.
        kind: NEW, or what else it tells of: a rate, a heartbeat.
        host: Where, as headers name it; ``""`` for everywhere. Needed where there is no line.
        program: Of what, as headers name it; ``""`` for all. Needed where there is no line.
        begin: Since when it is so, which it may take a while to tell, in microseconds since 1970; None for `time`.
        text: What it says where no line does.
    """

    time: int
    line: int | None
    kind: str = NEW
    host: str = ""
    program: str = ""
    begin: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day: its file, its lines in time order, and the midnight at its end in microseconds since 1970."""

    path: Path
    lines: Sequence[Line]
    end: int


class Detector(Protocol):
    """Something that reads a log and raises alerts."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def how(self) -> str:
        """Its configuration, and what its alerts are, in a sentence or two."""

    def learn(self, days: Sequence[Day]) -> None:
        """Take all lines of these days for normal; once, before anything is judged."""

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield the alerts of a day, in time order."""

    def night(self, day: Day) -> None:
        """Do what is done after that day, before the next is judged."""
