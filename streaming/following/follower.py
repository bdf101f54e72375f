"""
What a batch takes of the files that are followed.

A look finds each file that is known, those that came, and those that came and were rotated meanwhile; the batch takes
of each a part of what it may take in all. What is gone before it was read is taken as well: whoever reads it finds
nothing, and counts it.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from patterns.records import Records
from patterns.timestamps import DAY, SECOND
from streaming.errors import SourceError
from streaming.following.content import Damaged, is_binary
from streaming.following.finding import Finder, is_being_packed, status_of
from streaming.following.followed import GONE, Followed, begun, is_still
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

# Clocks of file systems are a little behind, or those of a server.
_MARGIN = 10 * SECOND


@dataclass(frozen=True, slots=True)
class State:
    """
    How far files were taken.

    Attributes:
        planned_at: When the look began by which it was planned, in microseconds since 1970; it never goes back.
        files: What is known of each file, by identity.
    """

    planned_at: int = 0
    files: Mapping[str, Followed] = field(default_factory=dict)

    def ranges_from(self, before: "State") -> list[Range]:
        """Return what was taken since an earlier state, file by file."""
        taken = []
        for identity, file in sorted(self.files.items()):
            known = before.files.get(identity)
            start = known.end if known else 0
            if start < file.end:
                # What is gone is sought by what was known before.
                taken.append(Range(known if known and file.last == GONE else file, start, file.end))
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
        self._finder.look_anew()
        known = {identity: file for identity, file in state.files.items() if self.names.name(file.path)}
        named = self.names.files()
        found = self._finder.locate(known.values(), named)
        found |= self._come(known, found, named, state.planned_at)
        gone = self._gone(known, found)
        taken = {**self._take(found, budget, now), **gone}
        if all(file.end == (known[identity].end if identity in known else 0) for identity, file in taken.items()):
            # The first look is kept whatever it finds: what comes and is rotated from now on is not missed.
            return state if state.planned_at or self._once else State(now)
        in_use = {identity for identity, file in found.items() if file.at in set(named)}
        return State(now, _kept({**state.files, **taken}, in_use, now))

    def _gone(self, known: Mapping[str, Followed], found: Mapping[str, Followed]) -> dict[str, Followed]:
        """Return the files of which something was not read that is gone, as taken up to their end."""
        gone = {}
        for identity, file in known.items():
            if identity in found or file.end >= file.size:
                self._missed.pop(identity, None)
            elif self._is_cut(file) or self._is_missed_long(file):
                gone[identity] = replace(file, end=file.size, last=GONE)
        return gone

    def _is_cut(self, file: Followed) -> bool:
        """Tell whether the very file is there with another content."""
        for path in {file.at, file.home} - self._finder.problems.keys():
            status = status_of(path)
            if status is not None and (status.st_dev, status.st_ino) == file.place:
                return True
        return False

    def _is_missed_long(self, file: Followed) -> bool:
        if (
            self._finder.listing(os.path.dirname(file.home)) is None
            or {file.at, file.home} & self._finder.problems.keys()
        ):
            # Its disk is not mounted, perhaps; or it is there, and may not be read.
            return False
        since = self._missed.setdefault(file.identity, time.monotonic())
        return self._once or time.monotonic() - since >= MISSED_SECONDS

    def _come(
        self, known: Mapping[str, Followed], found: Mapping[str, Followed], named: Sequence[str], planned_at: int
    ) -> dict[str, Followed]:
        """Return the files that are not known: those that are named, and those that came and were rotated meanwhile."""
        come: dict[str, Followed] = {}
        places = {file.place for file in found.values()}
        missing = [file for identity, file in known.items() if identity not in found]
        homes = {file.home: file.path for file in known.values()}
        for path, origin in [*((path, path) for path in named), *self._rotated(homes, named, planned_at)]:
            status = status_of(path)
            if status is None or (status.st_dev, status.st_ino) in places:
                continue
            moved = self._moved(path, missing)
            if moved is not None:
                come[moved.identity] = moved
                places.add(moved.place)
                continue
            home = origin if path != origin else os.path.realpath(path)
            files = [*found.values(), *come.values()]
            in_place = [file for file in files if file.at == file.home and file.home in origins(path)]
            new = self._new(path, homes.get(origin, origin), home, in_place, {**known, **come})
            if new is not None:
                come[new.identity] = new
                places.add(new.place)
        return come

    def _moved(self, path: str, missing: Sequence[Followed]) -> Followed | None:
        """Return the file at a path if it is one that was not found, for it was renamed while it was sought."""
        status = status_of(path)
        place = status and (status.st_dev, status.st_ino)
        sought = [file for file in missing if file.place == place or file.home in origins(path)]
        content = self._finder.open(path) if sought else None
        if content is None:
            return None
        with content:
            try:
                same = next((file for file in sought if is_still(content, file)), None)
            except Damaged:
                return None
            return same and same.moved_to(path, content.status)

    def _rotated(self, homes: Mapping[str, str], named: Sequence[str], planned_at: int) -> Iterator[tuple[str, str]]:
        """Yield the files that were written since the last look and may have been another's: path, origin."""
        if not planned_at:
            # Of a stream that begins, nobody has missed any.
            return
        passed = set(named)
        for folder in sorted({os.path.dirname(path) for path in [*named, *homes]} | self.names.folders()):
            listing = self._finder.listing(folder)
            if listing is None:
                continue
            for path in sorted({path for paths in listing.rotations.values() for path in paths} - passed):
                status = status_of(path)
                if status is None or status.st_mtime_ns // 1000 < planned_at - _MARGIN:
                    continue
                origin = next((each for each in origins(path) if each in homes or self.names.name(each)), None)
                if origin is not None and not is_being_packed(path, listing):
                    yield path, origin

    def _new(
        self, path: str, named: str, home: str, in_place: Sequence[Followed], known: Mapping[str, Followed]
    ) -> Followed | None:
        """Return the file at a path; None where it has no line yet, is a copy, or no text."""
        content = self._finder.open(path)
        if content is None:
            return None
        with content:
            try:
                passed = self.names.only_by_folder(path) and is_binary(content)
                if passed or self._finder.is_copy(content, in_place):
                    return None
                return begun(named, home, content, known, take_unfinished=self._once or content.packed)
            except Damaged:
                return None

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
