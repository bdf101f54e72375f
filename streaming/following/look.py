"""
One look: where each file that is known is now, which came, and which came and were rotated since the last one.

Files are renamed, packed and cut while they are looked at. So a file that is not found is sought once more among those
that seem new: none of them is new as long as it may be what is missing. What cannot be told now, the next look tells.
"""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Final

from patterns.timestamps import SECOND
from streaming.following.content import Content, Damaged, is_binary
from streaming.following.finding import Finder, is_there, see_packed, status_of
from streaming.following.followed import Followed, begun, is_still
from streaming.following.names import Names, origins

_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.2

# Clocks of file systems are a little behind, or those of a server.
_MARGIN = 10 * SECOND


class Look:
    """
    What a look has found.

    Attributes:
        named: Paths of the files that are named.
        found: Files where they are now, with what was taken of them before, by identity.
    """

    def __init__(
        self, finder: Finder, names: Names, known: Mapping[str, Followed], seen_at: int, *, once: bool
    ) -> None:
        """
        Look.

        Args:
            finder: What remembers from one look to the next.
            names: Which files are named.
            known: Files that are known, by identity.
            seen_at: When the last look began that nothing can have passed by, in microseconds since 1970; 0: none did.
            once: Whether there is no next look: a file that is missing is sought for two seconds.
        """
        self._finder, self._names, self._known = finder, names, known
        self._seen_at, self._once = seen_at, once
        for _ in range(_TRIES):
            self._look()
            if not once or all(file.end >= file.size for file in self.missing()):
                break
            time.sleep(_PAUSE_SECONDS)

    def missing(self) -> list[Followed]:
        """Return the files that are known and not found."""
        return [file for identity, file in self._known.items() if identity not in self.found]

    def is_undisturbed(self) -> bool:
        """Tell whether nothing moved while it looked; else something may have come and moved past it."""
        return self._finder.is_undisturbed()

    def may_be_gone(self, file: Followed) -> bool:
        """Tell whether a file that is missing may be gone, and not only away with its disk or unreadable."""
        folder = os.path.dirname(file.home)
        return self._finder.listing(folder) is not None and not {file.at, file.home} & self._finder.problems.keys()

    def _look(self) -> None:
        self._finder.look_anew()
        self.named = set(self._names.files())
        self.found = self._finder.locate(self._known.values(), sorted(self.named))
        self._places = {file.place for file in self.found.values()}
        self._homes = {file.home: file.path for file in self._known.values()}
        for path, origin in [*((path, path) for path in sorted(self.named)), *self._rotated()]:
            status = status_of(path)
            if status is None or (status.st_dev, status.st_ino) in self._places:
                continue
            file = self._file_at(path, origin)
            if file is not None:
                self.found[file.identity] = file
                self._places.add(file.place)

    def _rotated(self) -> Iterator[tuple[str, str]]:
        """Yield the files that were written since the last look and may have been another's: path, origin."""
        if not self._seen_at:
            # Of a stream that begins, nobody has missed any.
            return
        folders = {os.path.dirname(path) for path in [*self.named, *self._homes]} | self._names.folders()
        for folder in sorted(folders):
            listing = self._finder.listing(folder)
            if listing is None:
                continue
            for path in sorted({path for paths in listing.rotations.values() for path in paths} - self.named):
                status = status_of(path)
                if status is None or status.st_mtime_ns // 1000 < self._seen_at - _MARGIN:
                    continue
                origin = next((each for each in origins(path) if each in self._homes or self._names.name(each)), None)
                if origin is not None:
                    yield path, origin

    def _file_at(self, path: str, origin: str) -> Followed | None:
        """Return the file at a path, one that is missing or a new one; None where there is none, or one cannot tell."""
        content = self._finder.open(path)
        if content is None:
            return None
        with content:
            try:
                see_packed(content)
                found = self._moved(content) or self._new(content, origin)
                if found is not None:
                    # Last, and of no other: it unpacks all.
                    content.check()
                return found
            except Damaged:
                return None

    def _moved(self, content: Content) -> Followed | None:
        """Return the missing file that a content is: it was renamed or packed while it was sought."""
        before = origins(content.path)
        sought = [file for file in self.missing() if file.place == content.place or file.home in before]
        same = next((file for file in sought if is_still(content, file)), None)
        return same and same.moved_to(content.path, content.status)

    def _new(self, content: Content, origin: str) -> Followed | None:
        """Return the file that a content begins; None where it has no line yet, is a copy, or no text."""
        path, before = content.path, origins(content.path)
        relatives = [file for file in self.found.values() if file.home in before]
        in_place = [file for file in relatives if file.at == file.home]
        passed = self._names.only_by_folder(path) and is_binary(content)
        if passed or self._finder.is_copy(content, in_place):
            return None
        if any(is_still(content, file) and not is_there(file) for file in relatives):
            # It was found, and has been moved since.
            return None
        named = self._homes.get(origin, origin)
        home = origin if path != origin else os.path.realpath(path)
        known = {**self._known, **self.found}
        return begun(named, home, content, known, take_unfinished=self._once or content.packed)
