"""
How much of the processors each program takes: where all run on one machine, who works shortens the others' time.

Linux alone: it reads /proc. Processes are found by their session, as benchmarks/training/measure.py finds them.
"""

import os
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.training.looking import Looking

_SECONDS_BETWEEN_LOOKS = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")

Taken = dict[str, float]
"""Who → seconds of processor."""


class Watched(NamedTuple):
    """
    The programs of a session: what they are called.

    Attributes:
        leader: The process that leads it.
        java: Its JVMs.
        others: All else.
    """

    leader: str
    java: str
    others: str


class Processors(Looking):
    """Looks at the sessions that it is told of, until the block ends."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(_SECONDS_BETWEEN_LOOKS)
        self._sessions: dict[int, Watched] = {}
        self._looks: list[tuple[float, Taken]] = []

    def watch(self, session: int, watched: Watched) -> None:
        """Look at a session from now on."""
        self._sessions = self._sessions | {session: watched}

    def between(self, began: float, ended: float) -> Taken:
        """Return the seconds of processor that each took between two times, in seconds since 1970."""
        if self._looks and self._looks[-1][0] < ended:
            time.sleep(2 * _SECONDS_BETWEEN_LOOKS)
        before, after = self._at(began), self._at(ended)
        took = {name: after[name] - before.get(name, 0.0) for name in after}
        return {name: round(seconds, 3) for name, seconds in sorted(took.items()) if seconds > 0}

    def _at(self, moment: float) -> Taken:
        """Return what all had taken at a time, on the straight line between two looks."""
        looks = list(self._looks)
        after = bisect_left(looks, moment, key=lambda look: look[0])
        if not 0 < after < len(looks):
            return looks[min(after, len(looks) - 1)][1] if looks else {}
        (earlier, one), (later, other) = looks[after - 1], looks[after]
        share = (moment - earlier) / (later - earlier)
        return {name: one.get(name, 0.0) + share * (other[name] - one.get(name, 0.0)) for name in other}

    def look(self) -> None:
        """Look once."""
        began, sessions, taken = time.time(), self._sessions, defaultdict[str, float](float)
        for process, stat in processes():
            if stat.session in sessions:
                names = sessions[stat.session]
                role = names.leader if process == stat.session else names.others
                taken[names.java if stat.name == "java" else role] += stat.ticks / _TICKS
        self._looks.append((began, taken))


class Stat(NamedTuple):
    """
    What Linux tells of a process.

    Attributes:
        session: Its session.
        name: Of its program.
        ticks: Of processor, with those of the children it waited for.
        pages: Of memory that it holds, with those that it shares.
    """

    session: int
    name: str
    ticks: int
    pages: int


def processes() -> Iterator[tuple[int, Stat]]:
    """Yield the id of each process that there is, and what is told of it."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "stat").read_text(errors="replace")
            except OSError:
                # It has ended meanwhile; its parent has its time now.
                continue
            yield int(entry.name), read(told)


def read(told: str) -> Stat:
    """Return what a process's `stat` tells."""
    # The name may hold anything, but the last parenthesis ends it.
    head, _, rest = told.rpartition(")")
    fields = rest.split()
    return Stat(int(fields[3]), head.partition("(")[2], sum(map(int, fields[11:15])), int(fields[21]))
