"""What others do to be told of new kinds of lines: Drain3's new clusters, and the set of masked shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from benchmarks.operations.detectors import Alert, Day, Line
from patterns.judge import Shaper
from patterns.line import LineReader
from patterns.rules import Rules

if TYPE_CHECKING:
    from drain3 import TemplateMiner

CREATED = "cluster_created"


class Drain:
    """Drain3: one miner reads all messages and goes on learning; an alert for each new cluster."""

    def __init__(self, name: str, how: str, *, masks: bool, tags: bool = False) -> None:
        """
        Make ready.

        Args:
            name: What the tables call it.
            how: What is to be said of it.
            masks: Whether words are masked as Drain3's documentation does it; it masks nothing by itself.
            tags: Whether messages begin with their program.
        """
        from benchmarks.training.programs import drain

        self.name, self.how = name, how
        self._tags = tags
        self._reader = LineReader(Rules())
        self._miner: TemplateMiner = drain.made("masks" if masks else "plain")
        self._read: Day | None = None
        self._changes: list[tuple[Line, str]] = []

    def learn(self, days: Sequence[Day]) -> None:
        """Read all lines, and tell of none."""
        for day in days:
            self.changes(day)

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield an alert for each line that makes a cluster."""
        for line, change in self.changes(day):
            if change == CREATED:
                yield Alert(line.time, line.number)

    def night(self, day: Day) -> None:
        """Learned it has already."""

    def changes(self, day: Day) -> list[tuple[Line, str]]:
        """Return the lines of a day that make a cluster or change its template, and which of both; reads it once."""
        if self._read is not day:
            self._read = day
            self._changes = [(line, change) for line in day.lines if (change := self._change(line)) != "none"]
        return self._changes

    def _change(self, line: Line) -> str:
        read = self._reader.read(line.data, line.time)
        message = f"{read.program}: {read.message}" if self._tags else read.message
        return str(self._miner.add_log_message(message)["change_type"])


class Changes:
    """The same miner; an alert for each new cluster and for each one whose template changes."""

    def __init__(self, name: str, how: str, of: Drain) -> None:
        """Make ready; `of` is played the same days, too."""
        self.name, self.how = name, how
        self._of = of

    def learn(self, days: Sequence[Day]) -> None:
        """The other one does."""

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield an alert for each change."""
        for line, _ in self._of.changes(day):
            yield Alert(line.time, line.number)

    def night(self, day: Day) -> None:
        """Learned it has already."""


class Shapes:
    """The set of masked shapes by program: no mining, an alert for each shape that was never seen, and only once."""

    def __init__(self, name: str, how: str) -> None:
        """Make ready."""
        self.name, self.how = name, how
        self._shaper = Shaper(Rules())
        self._seen: set[tuple[str, str]] = set()

    def learn(self, days: Sequence[Day]) -> None:
        """Remember all shapes."""
        for day in days:
            for _ in self.judge(day):
                pass

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield an alert for each shape that was not seen before, and remember it."""
        for line in day.lines:
            shaped = self._shaper.shape(line.data, line.time)
            key = shaped.scope, shaped.shape
            if shaped.unjudged is None and key not in self._seen:
                self._seen.add(key)
                yield Alert(line.time, line.number)

    def night(self, day: Day) -> None:
        """Learned it has already."""
