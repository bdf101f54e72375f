"""
What a batch takes of the files that are followed: of each that a look finds a part of what it may take in all.

What is gone before it was read is taken as well: whoever reads it finds nothing, and counts it.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from patterns.records import Records
from patterns.timestamps import DAY, SECOND
from streaming.errors import SourceError
from streaming.following.finding import Finder, status_of
from streaming.following.followed import Followed
from streaming.following.look import Look
from streaming.following.names import Names, origins
from streaming.following.ranges import Bounds, Range, take

MISSED_SECONDS: Final = 60
"""For so long a file that is nowhere may come back before what was not read of it counts as gone."""

UNFINISHED_SECONDS: Final = 60
"""After so long a rotated file that nobody writes to gets no more: its half last line is a line."""

SETTLED_SECONDS: Final = 5
"""After so long without a further line the last record of a file is whole."""

FORGET_DAYS: Final = 2
"""For so many days a file is known that is not named any more, read to its end, and not written to."""

_ANY: Final = 2**62


@dataclass(frozen=True, slots=True)
class State:
    """
    How far files were taken.

    Attributes:
        planned_at: When the look began by which it was planned, in microseconds since 1970; it never goes back.
        files: What is known of each file, by identity.
        seen_at: When the last look began that nothing can have passed by, likewise.
    """

    planned_at: int = 0
    files: Mapping[str, Followed] = field(default_factory=dict)
    seen_at: int = 0

    def ranges_from(self, before: "State") -> list[Range]:
        """Return what was taken since an earlier state, file by file."""
        taken = []
        for identity, file in sorted(self.files.items()):
            known = before.files.get(identity)
            start = known.end if known else 0
            if start < file.end:
                taken.append(Range(file, start, file.end))
        return taken


class Follower:
    """Follows files. Not thread-safe."""

    def __init__(self, paths: Sequence[str], records: Records, *, once: bool = False) -> None:
        """
        Make ready.

        Args:
            paths: See `Names`.
            records: Which lines belong together.
            once: Take unfinished last lines, since nothing waits for their rest, and wait for no file that is missing.

        Raises:
            SourceError: See `Names`.
        """
        self.names = Names(paths)
        self._records = records
        self._once = once
        self._finder = Finder()
        self._missed: dict[str, float] = {}
        self._finished: dict[str, tuple[int, int, int]] = {}
        self._sizes: dict[tuple[int, int], int] | None = None

    @property
    def problems(self) -> Mapping[str, str]:
        """Path → why it may not be read, by the last look."""
        return self._finder.problems

    def stop_at_what_is_there(self) -> None:
        """Take no more of each file than it has now, and of no file that comes later."""
        self._finder.look_anew()
        folders = {os.path.dirname(path) for path in self.names.files()} | self.names.folders()
        listings = filter(None, map(self._finder.listing, folders))
        paths = {*self.names.files(), *(path for listing in listings for path in listing.paths)}
        found = (status for path in paths if (status := status_of(path)))
        self._sizes = {(status.st_dev, status.st_ino): status.st_size for status in found}

    def plan(self, state: State, budget: int) -> State:
        """
        Return the state after a batch; the same object where there is nothing to take.

        Args:
            state: What was taken before.
            budget: How many bytes the batch may take; one line of each file may be more.
        """
        now = max(time.time_ns() // 1000, state.planned_at)
        known = {identity: file for identity, file in state.files.items() if self.names.name(file.path)}
        look = Look(self._finder, self.names, known, state.seen_at, once=self._once)
        found = look.found
        # A day is enough where a folder changes all the time.
        seen_at = now if look.is_undisturbed() or not state.seen_at else max(state.seen_at, now - DAY)
        gone = self._gone(look)
        taken = {**self._take(found, budget, now), **gone}
        if all(file.end == (known[identity].end if identity in known else 0) for identity, file in taken.items()):
            # The first look is kept whatever it finds: what comes and is rotated from now on is not missed.
            return state if state.planned_at or self._once else State(now, seen_at=now)
        in_use = {identity for identity, file in found.items() if file.at in look.named}
        return State(now, _kept({**state.files, **taken}, in_use, now), seen_at)

    def _gone(self, look: Look) -> dict[str, Followed]:
        """Return the files of which something was not read that is gone, as taken up to their end."""
        missing = {file.identity: file for file in look.missing() if file.end < file.size}
        now = time.monotonic()
        self._missed = {identity: self._missed.get(identity, now) for identity in missing}
        return {
            identity: replace(file, end=file.size)
            for identity, file in missing.items()
            if (self._once or now - self._missed[identity] >= MISSED_SECONDS) and look.may_be_gone(file)
        }

    def _take(self, found: Mapping[str, Followed], budget: int, now: int) -> dict[str, Followed]:
        """Return the files as they are once the batch took its part of each."""
        limits = {identity: self._limit(file) for identity, file in found.items()}
        # Least unread first, each at most its part of what is left: what is long makes nothing else wait.
        waiting = sorted(found, key=lambda identity: limits[identity] - found[identity].end)
        taken = dict(found)
        for number, identity in enumerate(waiting):
            file, share = found[identity], -(-budget // (len(waiting) - number))
            finished = (file.inode, file.end, file.changed)
            if limits[identity] > file.end and self._finished.get(identity) != finished:
                taken[identity] = after = self._take_one(file, limits[identity], share, now)
                budget -= after.end - file.end
                if after.end == file.end and file.is_packed and share > 0:
                    self._finished[identity] = finished
        return taken

    def _take_one(self, file: Followed, limit: int, budget: int, now: int) -> Followed:
        # Nobody writes to it any more.
        over = self._once or (bool(origins(file.at)) and file.changed < now - UNFINISHED_SECONDS * SECOND)
        settled = over or file.changed < now - SETTLED_SECONDS * SECOND
        try:
            return take(file, Bounds(limit, budget, unfinished=over, settled=settled), self._records)
        except SourceError as error:
            self._finder.problems[file.at] = str(error)
            return file

    def _limit(self, file: Followed) -> int:
        if self._sizes is not None and file.place not in self._sizes:
            return file.end
        if file.is_packed:
            return _ANY
        return file.size if self._sizes is None else self._sizes[file.place]


def _kept(files: Mapping[str, Followed], in_use: set[str], now: int) -> dict[str, Followed]:
    """Return the files without those that can be forgotten: found again, they would be older than the last look."""
    oldest = now - FORGET_DAYS * DAY
    return {
        identity: file
        for identity, file in files.items()
        if identity in in_use or file.end < file.size or file.changed >= oldest
    }
