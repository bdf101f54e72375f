"""
What paths, folders and globs name; and of which file another is by its name a rotation.

A glob is one of wcmatch: ``*`` and ``?`` within a name, ``**`` for folders below; it passes over hidden files, and over
folders that are symbolic links, so that no loop of them has an end to find.
"""

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from wcmatch import glob

from streaming.errors import SourceError
from streaming.following.content import PACKED, is_binary, is_regular, not_text, open_content

_FLAGS: Final = glob.GLOBSTAR

_MARK: Final = re.compile(
    r"(?:\.\d{1,5}"  # logrotate, newsyslog, log4j: app.log.1
    r"|[-._]\d[\d_.:T-]{4,}\d"  # dateext: app.log-20261128, app.log.2026-11-28_10
    r"|\.(?:old|bak|prev|save))$"
)
"""What a rotation puts behind a name."""

_DATE: Final = re.compile(r"[-._]\d{4}[-._]?\d\d[-._]?\d\d(?:[-._T]\d+)*(?=\.[A-Za-z]+$)")
"""What it puts into one: app-20261128.log, app.2026-11-28-1.log."""


class Names:
    """The files that a configuration names."""

    def __init__(self, paths: Sequence[str]) -> None:
        """
        Make ready.

        Args:
            paths: Of files, of folders (all below them), or globs.

        Raises:
            SourceError: One names a packed file, which does not grow.
        """
        self._paths = [os.path.abspath(path) for path in paths if "\0" not in path]
        packed = next((path for path in self._paths if path.endswith(PACKED) and not _is_glob(path)), None)
        if packed is not None:
            raise SourceError(f"{packed!r} is compressed: it does not grow; `logwinnow match` judges it")

    def files(self) -> list[str]:
        """Return the paths of the files that are there, in order; packed ones are passed over."""
        found: set[str] = set()
        for path in self._paths:
            if _is_glob(path):
                found.update(glob.iglob(path, flags=_FLAGS))
            elif os.path.isdir(path):
                found.update(_below(path))
            else:
                found.add(path)
        return sorted(path for path in found if not path.endswith(PACKED) and is_regular(path))

    def problems(self) -> dict[str, str]:
        """Return what is named and gives no lines now: path → why. Cost: opens each file."""
        found = {}
        for named in self._paths:
            files = Names([named]).files()
            if not files:
                there = not _is_glob(named) and os.path.exists(named) and not os.path.isdir(named)
                found[named] = f"{named!r} is " + ("no regular file" if there else "not there, or has no file")
            for path in files:
                why = self._problem_of(path)
                if why is not None:
                    found[path] = why
        return found

    def _problem_of(self, path: str) -> str | None:
        try:
            content = open_content(path)
            if content is None:
                return None
            with content:
                return not_text(path) if self.only_by_folder(path) and is_binary(content) else None
        except SourceError as error:
            return str(error)

    def folders(self) -> set[str]:
        """Return the folders in which a file would be named, that are there."""
        found: set[str] = set()
        for path in self._paths:
            folder = os.path.dirname(path)
            if _is_glob(folder):
                found.update(each.rstrip("/") for each in glob.iglob(f"{folder}/", flags=_FLAGS))
            elif not _is_glob(path) and os.path.isdir(path):
                found.update(place for place, _ in _walk(path))
            else:
                found.add(folder)
        return found

    def only_by_folder(self, path: str) -> bool:
        """Tell whether a path is named by its folder alone, so that nobody said that it is a log."""
        return not any(
            path == named or (_is_glob(named) and glob.globmatch(path, named, flags=_FLAGS)) for named in self._paths
        )

    def name(self, path: str) -> bool:
        """Tell whether a path is named, whether it is there or not."""
        return any(
            glob.globmatch(path, named, flags=_FLAGS) if _is_glob(named) else path == named or _is_below(path, named)
            for named in self._paths
        )


@lru_cache(maxsize=65_536)
def origins(path: str) -> tuple[str, ...]:
    """
    Return the paths that a file may have had before it was rotated to this one.

    ``app.log.2.gz`` may have been ``app.log.2`` and ``app.log``, and ``app-20261128.log`` was ``app.log``.
    """
    folder, name = os.path.split(path)
    found = []
    if name.endswith(PACKED):
        name = name[: name.rindex(".")]
        found.append(name)
    bare = _MARK.sub("", name)
    found += sorted({bare, _DATE.sub("", name), _DATE.sub("", bare)} - {name, ""})
    return tuple(os.path.join(folder, origin) for origin in found)


def _is_glob(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/") and "/." not in path[len(folder.rstrip("/")) :]


def _below(folder: str) -> Iterator[str]:
    for place, names in _walk(folder):
        yield from (os.path.join(place, name) for name in names if not name.startswith("."))


def _walk(folder: str) -> Iterator[tuple[str, list[str]]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield place, names
