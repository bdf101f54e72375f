"""
How much of the processors each program takes: where all run on one machine, who works shortens the others' time.

Linux alone: it reads /proc. Processes are found by their session, as benchmarks/training/measure.py finds them.
"""

import os
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

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


class Processors:
    """Looks at the sessions that it is told of, until the block ends."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions: dict[int, Watched] = {}
        self._looks: list[tuple[float, Taken]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

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

    def _look_on(self) -> None:
        while not self._ended.is_set():
            self._looks.append((time.time(), self._look()))
            self._ended.wait(_SECONDS_BETWEEN_LOOKS)

    def _look(self) -> Taken:
        sessions, taken = self._sessions, defaultdict[str, float](float)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    told = (entry / "stat").read_text(errors="replace")
                except OSError:
                    # It has ended meanwhile; its parent has its time now.
                    continue
                session, name, ticks = read(told)
                if session in sessions:
                    names = sessions[session]
                    role = names.leader if entry.name == str(session) else names.others
                    taken[names.java if name == "java" else role] += ticks / _TICKS
        return taken


def read(told: str) -> tuple[int, str, int]:
    """Return a process's session, its name, and its ticks with those of the children it waited for."""
    # The name may hold anything, but the last parenthesis ends it.
    head, _, rest = told.rpartition(")")
    fields = rest.split()
    return int(fields[3]), head.partition("(")[2], sum(map(int, fields[11:15]))
