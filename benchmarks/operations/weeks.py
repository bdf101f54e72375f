"""Simulated weeks: days for whoever detects, labels and events for whoever counts."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks.operations.detectors import Day, Line
from commands.simulation.events.event import Event
from commands.simulation.events.writer import learning_days
from commands.simulation.weeks import planned_events, simulate_days
from patterns.timestamps import DAY, microseconds


class Label(NamedTuple):
    """What an operator would say of a line, as `simulate --labels` has it, and when it was written."""

    time: int
    kind: str
    novel: bool
    cause: str
    event: str | None


@dataclass
class Weeks:
    """
    Some weeks, of which the lines are made once, as they are asked for.

    Attributes:
        days: How many there are.
        seed: Which they are.
        lines_per_day: About how many lines a working day has.
        novel_kinds: How many single novelties there are.
        troubles: How many troubles that no new kind tells of.
        releases: How many releases there are besides deployments.
        labels: Of all lines that were made, by their number.
    """

    days: int
    seed: int
    lines_per_day: int
    novel_kinds: int
    troubles: int
    releases: int = 0
    labels: list[Label] = field(default_factory=list)

    @property
    def learned(self) -> int:
        """How many of the days are for learning."""
        return learning_days(self.days)

    def events(self) -> tuple[Event, ...]:
        """Return the schedule."""
        return planned_events(
            self.days,
            self.seed,
            lines_per_day=self.lines_per_day,
            novel_kinds=self.novel_kinds,
            troubles=self.troubles,
            releases=self.releases,
        )

    def play(self, folder: Path) -> Iterator[Day]:
        """Write each day into the folder, note its labels, and yield it."""
        said = simulate_days(
            self.days,
            self.seed,
            lines_per_day=self.lines_per_day,
            novel_kinds=self.novel_kinds,
            troubles=self.troubles,
            releases=self.releases,
        )
        for date, of_the_day in groupby(said, key=lambda line: line.time.date()):
            lines = []
            for each in of_the_day:
                time = microseconds(each.time)
                lines.append(Line(len(self.labels), each.text.encode(), time))
                self.labels.append(Label(time, each.kind, each.novel, each.cause, each.event))
            path = folder / f"{date}.log"
            path.write_bytes(b"".join(line.data + b"\n" for line in lines))
            end = (lines[0].time // DAY + 1) * DAY
            # By when it was written, lines without a year get theirs.
            os.utime(path, ns=(end * 1_000, end * 1_000))
            yield Day(path, lines, end)
