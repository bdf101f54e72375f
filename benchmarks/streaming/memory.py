"""How much memory the programs of a session hold over time, by what they are. Linux alone: it reads /proc."""

import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

_PAGE = os.sysconf("SC_PAGE_SIZE") / 2**20
_SECONDS_BETWEEN_LOOKS = 1.0


class Held(NamedTuple):
    """What was held at a time, in seconds since 1970: who → MiB."""

    time: float
    programs: dict[str, float]


class Memory:
    """Looks at a session until the block ends; of the programs there is the leader, its JVM, and its Python workers."""

    def __init__(self, session: int) -> None:
        """Look at this one."""
        self._session = session
        self.looks: list[Held] = []
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

    def most(self, since: float = 0.0) -> dict[str, float]:
        """Return the most that each program held since a time."""
        found: dict[str, float] = {}
        for look in self.looks:
            if look.time >= since:
                found |= {name: max(held, found.get(name, 0.0)) for name, held in look.programs.items()}
        return {name: round(held, 1) for name, held in sorted(found.items())}

    def _look_on(self) -> None:
        while not self._ended.is_set():
            self.looks.append(Held(time.time(), held(self._session)))
            self._ended.wait(_SECONDS_BETWEEN_LOOKS)


def held(session: int) -> dict[str, float]:
    """Return what the programs of a session hold now: who → MiB, shared pages with each who has them."""
    found = defaultdict[str, float](float)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            told = (entry / "stat").read_text(errors="replace")
        except OSError:
            # It has ended meanwhile.
            continue
        # The name may hold anything, but the last parenthesis ends it.
        head, _, rest = told.rpartition(")")
        fields = rest.split()
        if int(fields[3]) == session:
            java = head.partition("(")[2] == "java"
            who = "Spark's JVM" if java else "driver" if entry.name == str(session) else "Python workers"
            found[who] += int(fields[21]) * _PAGE
    return dict(found)
