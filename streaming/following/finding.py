"""
Where is a file now? In its place, else renamed, else a copy or a packed one with the same content.

A file is sought in the folder where it was first and in the one where it was last, as rotation leaves it there: by
device and inode under any name; by its content under its own name and under those that a rotation gives it
(`names.origins`).
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streaming.errors import SourceError
from streaming.following.content import HEAD, PACKED, Content, Damaged, is_regular, open_content
from streaming.following.followed import Followed, begins_like, is_still, last_of
from streaming.following.names import origins

_MOST_REFUTED = 100_000
_SETTLED_NS = 2_000_000_000

Glance = tuple[bool, int, int, int, int]
"""Whether packed, device, inode, size, time of the last change: while they are the same, so is the content."""


class Listing(NamedTuple):
    """
    A folder as it is.

    Attributes:
        changed: When it changed last before it was listed, in nanoseconds since 1970.
        inodes: Inode → paths that have it.
        rotations: Path → those that may be what a rotation made of it.
        paths: All paths.
    """

    changed: int
    inodes: dict[int, list[str]]
    rotations: dict[str, list[str]]
    paths: set[str]


@dataclass
class Finder:
    """
    Finds files that are known, and remembers from one look to the next what it saw.

    Attributes:
        problems: Path → why it cannot be read, since `look_anew`.
    """

    problems: dict[str, str] = field(default_factory=dict)
    _sure: dict[str, tuple[int, Glance]] = field(default_factory=dict)
    _refuted: set[tuple[str, int, Glance]] = field(default_factory=set)
    _listings: dict[str, tuple[int, Listing | None]] = field(default_factory=dict)

    def look_anew(self) -> None:
        """Forget what folders hold that may have changed."""
        self.problems.clear()
        for folder, (stamp, _) in list(self._listings.items()):
            if not stamp or stamp != _stamp(folder):
                del self._listings[folder]

    def locate(self, files: Iterable[Followed], further: Sequence[str] = ()) -> dict[str, Followed]:
        """
        Return the files that are found, where they are now, by identity.

        Args:
            files: Those to find.
            further: Paths at which they may be as well, by device and inode.
        """
        found: dict[str, Followed] = {}
        # Of two whose content is the start of one file, that of which more was read.
        missing = sorted(files, key=lambda file: -file.end)
        taken: set[tuple[int, int]] = set()
        for places in (self._in_place, self._renamed(further), self._copied):
            for file in missing:
                for path in places(file):
                    status = status_of(path)
                    if status is None or (status.st_dev, status.st_ino) in taken:
                        continue
                    moved = self._found_at(path, status, file)
                    if moved is not None:
                        found[file.identity] = moved
                        taken.add(moved.place)
                        break
            missing = [file for file in missing if file.identity not in found]
        return found

    def _in_place(self, file: Followed) -> Iterator[str]:
        status = status_of(file.at)
        if status is not None and (status.st_dev, status.st_ino) == file.place:
            yield file.at

    def _renamed(self, further: Sequence[str]) -> Callable[[Followed], Iterator[str]]:
        by_place: dict[tuple[int, int], str] | None = None

        def places(file: Followed) -> Iterator[str]:
            nonlocal by_place
            if by_place is None:
                # Only where one is missing: a stat each.
                given = ((path, status_of(path)) for path in further)
                by_place = {(status.st_dev, status.st_ino): path for path, status in given if status}
            for listing in self._around(file):
                for path in listing.inodes.get(file.inode, []):
                    status = status_of(path)
                    if status is not None and status.st_dev == file.device:
                        yield path
            if file.place in by_place:
                yield by_place[file.place]

        return places

    def _copied(self, file: Followed) -> Iterator[str]:
        status = status_of(file.home)
        # By so few bytes as the first lines of a program that was started again one does not know a file.
        if status is not None and (status.st_ino == file.inode or file.end >= HEAD):
            yield file.home
        for listing in self._around(file):
            yield from listing.rotations.get(file.home, [])

    def _around(self, file: Followed) -> Iterator[Listing]:
        for folder in {os.path.dirname(file.at), os.path.dirname(file.home)}:
            listing = self.listing(folder)
            if listing is not None:
                yield listing

    def _found_at(self, path: str, status: os.stat_result, file: Followed) -> Followed | None:
        """Return a file as it is at a path; None where another one is there."""
        key = (file.end, _glance(path, status))
        if self._sure.get(file.identity) == key:
            return file.moved_to(path, status)
        if (file.identity, *key) in self._refuted:
            return None
        content = self.open(path)
        if content is None:
            return None
        with content:
            # Not of what was there a moment ago.
            key = (file.end, _glance(path, content.status))
            try:
                if content.place != file.place:
                    see_packed(content)
                if is_still(content, file):
                    self._sure[file.identity] = key
                    return file.moved_to(path, content.status)
            except Damaged:
                return None
        if len(self._refuted) >= _MOST_REFUTED:
            self._refuted.clear()
        self._refuted.add((file.identity, *key))
        return None

    def open(self, path: str) -> Content | None:
        """Open a file; None where there is none, or it may not be read, which is a problem."""
        try:
            return open_content(path)
        except SourceError as error:
            self.problems[path] = str(error)
            return None

    def listing(self, folder: str) -> Listing | None:
        """Return what is in a folder; None where it is not there or may not be read."""
        if folder not in self._listings:
            # The stamp first: what comes meanwhile is seen by the next look.
            self._listings[folder] = _stamp(folder), _listed(folder)
        return self._listings[folder][1]

    def is_undisturbed(self) -> bool:
        """Tell whether no folder has changed since it was listed, so that nothing moved behind the search."""
        listings = ((folder, listing) for folder, (_, listing) in self._listings.items() if listing is not None)
        return all(_changed(folder) == listing.changed for folder, listing in listings)

    def is_copy(self, content: Content, files: Iterable[Followed]) -> bool:
        """
        Tell whether a content is a copy, perhaps half made, of one of the files, as copytruncate makes it.

        Args:
            content: Under a name that a rotation makes.
            files: Those that are where they were first: of no other is a copy made.

        Raises:
            Damaged: It is packed, and not whole.
        """
        return any(begins_like(content, file) and self._goes_on_like(content, file) for file in files)

    def _goes_on_like(self, content: Content, file: Followed) -> bool:
        if file.known and (content.packed or content.size() >= file.known):
            return is_still(content, file)
        original = self.open(file.at)
        if original is None:
            return False
        with original:
            end = original.size() if content.packed else min(content.size(), original.size())
            return last_of(content, end) == last_of(original, end)


def _glance(path: str, status: os.stat_result) -> Glance:
    return path.endswith(PACKED), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def status_of(path: str) -> os.stat_result | None:
    """Return the status of a regular file; None for what is not there or no regular file."""
    try:
        return os.stat(path) if is_regular(path) else None
    except OSError:
        return None


def see_packed(content: Content) -> None:
    """
    See that a packed content has no longer what it is made of beside it: until that is gone it is not whole.

    Raises:
        Damaged: It has, or was moved since it was opened, so that one cannot tell.
    """
    if not content.packed:
        return
    beside = os.path.lexists(content.path[: content.path.rindex(".")])
    # Asked last, so that what was beside the name was beside this file.
    status = status_of(content.path)
    if beside or status is None or (status.st_dev, status.st_ino) != content.place:
        raise Damaged(f"{content.path!r} is being packed")


def is_there(file: Followed) -> bool:
    """Tell whether a file is where it was seen last."""
    content = _opened(file)
    if content is None:
        return False
    content.close()
    return True


def open_found(file: Followed) -> Content | None:
    """
    Open a file wherever it is now; None where it is gone.

    Raises:
        SourceError: It may not be read.
    """
    content = _opened(file)
    if content is not None:
        return content
    finder = Finder()
    for found in finder.locate([file]).values():
        content = _opened(found)
        if content is not None:
            return content
    if finder.problems:
        raise SourceError(next(iter(finder.problems.values())))
    return None


def _opened(file: Followed) -> Content | None:
    """Open a file where it was seen last; None where it is not there any more."""
    content = open_content(file.at)
    if content is None:
        return None
    try:
        if content.place == file.place and is_still(content, file):
            return content
    except Damaged:
        pass
    content.close()
    return None


def _stamp(folder: str) -> int:
    """Return when a folder changed last; 0 if just now, since its clock does not tell moments apart."""
    changed = _changed(folder)
    return changed if time.time_ns() - changed > _SETTLED_NS else 0


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _listed(folder: str) -> Listing | None:
    inodes: dict[int, list[str]] = {}
    rotations: defaultdict[str, list[str]] = defaultdict(list)
    paths: set[str] = set()
    changed = _changed(folder)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                paths.add(entry.path)
                inodes.setdefault(entry.inode(), []).append(entry.path)
                for origin in origins(entry.path):
                    rotations[origin].append(entry.path)
    except OSError:
        return None
    return Listing(changed, inodes, dict(rotations), paths)
