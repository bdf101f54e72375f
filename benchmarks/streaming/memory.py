"""How much memory the programs of a session hold over time, by what they are. Linux alone: it reads /proc."""

import os
import time
from collections import defaultdict
from typing import NamedTuple

from benchmarks.streaming.processor import processes
from benchmarks.training.looking import Looking

_PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20
_SECONDS_BETWEEN_LOOKS = 1.0


class Held(NamedTuple):
    """What was held at a time, in seconds since 1970: who → MiB."""

    time: float
    programs: dict[str, float]


class Memory(Looking):
    """Looks at a session until the block ends; of the programs there is the leader, its JVM, and its Python workers."""

    def __init__(self, session: int) -> None:
        """Look at this one."""
        super().__init__(_SECONDS_BETWEEN_LOOKS)
        self._session = session
        self.looks: list[Held] = []

    def look(self) -> None:
        """Look once."""
        self.looks.append(Held(time.time(), held(self._session)))

    def most(self) -> dict[str, float]:
        """Return the most that each program held."""
        found: dict[str, float] = {}
        for look in self.looks:
            found |= {name: max(held, found.get(name, 0.0)) for name, held in look.programs.items()}
        return {name: round(held, 1) for name, held in sorted(found.items())}


def held(session: int) -> dict[str, float]:
    """Return what the programs of a session hold now: who → MiB, shared pages with each who has them."""
    found = defaultdict[str, float](float)
    for process, stat in processes():
        if stat.session == session:
            role = "driver" if process == session else "Python workers"
            found["Spark's JVM" if stat.name == "java" else role] += stat.pages * _PAGE
    return dict(found)
