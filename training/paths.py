"""
What a user names → the files of a corpus: files, folders, globs, standard input, and URIs that engine spark reads.

A folder stands for the regular files below it, a glob for what a shell would make of it, with ``**`` for any folders;
hidden files and folders are passed over. Links to files are followed, links to folders only where they are named.
"""

import errno
import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from training.errors import CorpusError

STANDARD_INPUT: Final = "-"

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_FETCHED = re.compile(r"(kafka|elasticsearch|events):(?!//)(.+)", re.DOTALL)
_ANY_FOLDERS = "**"


def is_uri(path: str) -> bool:
    """Tell whether a path has a scheme, as ``hdfs://…`` and ``s3a://…`` have."""
    return _URI.match(path) is not None


def fetched_from(path: str) -> tuple[str, str] | None:
    """Return kind and name of ``kafka:TOPIC``, ``elasticsearch:INDEX`` or ``events:FOLDER``; None for files."""
    found = _FETCHED.fullmatch(path)
    return (found[1], found[2]) if found else None


def expand(paths: Sequence[str]) -> list[str]:
    """
    Return the files that paths, folders and globs name.

    Args:
        paths: Files, folders, globs, URIs, or ``-`` for standard input. A file whose name reads as a glob is meant
            before the glob.

    Returns:
        In the order given, those of a folder or glob ascending by path. A file is there as often as it is named by
        itself; of all folders and globs that hold it, the first alone counts, and none where it is named by itself.
        Standard input and URIs stay as they are.

    Raises:
        CorpusError: A path is missing, a folder cannot be listed, or a folder or glob has no file.
    """
    below = [_below(path) for path in paths]
    files: list[str] = []
    # A link, or another hard link, is the same file.
    seen = {_identity(path) for path, found in zip(paths, below, strict=True) if found is None and _is_local(path)}
    for path, found in zip(paths, below, strict=True):
        if found is None:
            files.append(path)
            continue
        for file in sorted(found):
            identity = _identity(file)
            if identity not in seen:
                seen.add(identity)
                files.append(file)
    return files


def unreadable(path: str, error: OSError | ValueError) -> CorpusError:
    """Return the error for what cannot be read; a ValueError is Python's for a name with a NUL."""
    why = error.strerror if isinstance(error, OSError) else error
    return CorpusError(f"{path!r} cannot be read: {why}; check the path and its rights (logs: group adm)")


def _is_local(path: str) -> bool:
    return path != STANDARD_INPUT and not is_uri(path)


def _below(path: str) -> set[str] | None:
    """Return the files that a folder or glob stands for; None where the path stands for itself."""
    if not _is_local(path):
        return None
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        if not isinstance(error, FileNotFoundError) or not glob.has_magic(path):
            raise unreadable(path, error) from None
        found = set(_files(_matches("", path.split("/"))))
        if not found:
            raise CorpusError(f"{path!r} matches no file; check the pattern (hidden files are passed over)") from None
        return found
    if not stat.S_ISDIR(mode):
        return None
    found = set(_files([path]))
    if not found:
        raise CorpusError(f"{path!r} is a folder without a file; name another (hidden files are passed over)")
    return found


def _files(paths: Iterable[str]) -> Iterator[str]:
    """Yield those that are regular files, and such below those that are folders."""
    for path in paths:
        mode = _mode(path)
        if stat.S_ISREG(mode):
            yield path
        elif stat.S_ISDIR(mode):
            for folder, names in _walk(path):
                yield from (file for name in names if stat.S_ISREG(_mode(file := str(Path(folder, name)))))


def _matches(folder: str, parts: Sequence[str]) -> Iterator[str]:
    """Yield what the parts of a glob match below a folder; Python's own ``**`` follows links in circles."""
    if _ANY_FOLDERS not in parts:
        # An operator's glob may be absolute, which Path.glob refuses; and that one does not pass over hidden files.
        yield from glob.glob(f"{glob.escape(folder)}{'/'.join(parts)}")  # noqa: PTH207
        return
    at = parts.index(_ANY_FOLDERS)
    for start in _matches(folder, [*parts[:at], ""]) if at else [folder]:
        for each, _ in _walk(start or "."):
            below = f"{each}/" if start else f"{each}/".removeprefix("./")
            yield from _matches(below, parts[at + 1 :] or ["*"])


def _walk(top: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder from `top` down, with the names in it that are no folders; nothing hidden, no linked folder."""

    def fail(error: OSError) -> None:
        raise unreadable(str(error.filename), error)

    for folder, folders, names in os.walk(top, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield folder, [name for name in names if not name.startswith(".")]


def _mode(path: str) -> int:
    """Return of what kind a path is, 0 for one that has gone, or a link that leads nowhere."""
    try:
        return Path(path).stat().st_mode
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            return 0
        raise unreadable(path, error) from None


def _identity(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError as error:
        raise unreadable(path, error) from None
    return status.st_dev, status.st_ino
