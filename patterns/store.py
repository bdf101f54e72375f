"""
Pattern sets as folders, published atomically.

    <root>/CURRENT                                 name of the newest version's folder, and a line feed
    <root>/20261123T040012.345Z-<fingerprint>/     one version: UTC time of publishing, the set's fingerprint
        manifest.json  patterns.jsonl  patterns.txt     the set (patterns/set_files.py)
        shapes.parquet                                  the table it was mined from (patterns/shapes.py)
    <root>/operator.jsonl                          what the operator decided (patterns/decisions.py)

On a local disk a version is written under a temporary name, synced and renamed, and CURRENT is replaced last; on an
object store (any fsspec URL) all files are written, then CURRENT.
"""

import os
import posixpath
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import fsspec
import pyarrow as pa

from patterns.decisions import FILE as DECISIONS
from patterns.decisions import Decision, Decisions, edited
from patterns.disk import locked, replace_file, sync_folder, write_synced
from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError
from patterns.pattern_set import PatternSet
from patterns.set_files import MANIFEST, PATTERNS, TEXT, StoredSet, damaged, decode, encode, for_people
from patterns.shapes import ShapeTable, temporary_file
from patterns.timestamps import microseconds

CURRENT: Final = "CURRENT"

_SHAPES = "shapes.parquet"

_TEMPORARY = ".publishing-"
"""What begins so is no version: it is being written, or removed, or was left by who was killed."""

_TIME = "%Y%m%dT%H%M%S.%fZ"


@lru_cache(maxsize=16)
def published_at(version: str) -> int | None:
    """Return when a version was published, in microseconds since 1970, as its name says; None where it does not."""
    try:
        return microseconds(datetime.strptime(version.partition("-")[0], _TIME).replace(tzinfo=UTC))
    except ValueError:
        return None


class Store:
    """The folder, local or of any fsspec URL, in which versions of the pattern set are published."""

    def __init__(self, root: str) -> None:
        """
        Open a store; it need not exist yet.

        Raises:
            PatternsError: It has no name, fsspec knows no such kind of URL, or its package is not installed.
        """
        if not root:
            raise PatternsError("store is '': a set would be published into this folder itself; name one")
        self.root = root
        try:
            self._fs, self._path = fsspec.core.url_to_fs(root)
        except (ValueError, ImportError) as error:
            raise PatternsError(
                f"store is {root!r}: {error}; give a folder, or a URL whose fsspec package is installed"
            ) from None
        self._local = "file" in self._fs.protocol

    def versions(self) -> list[str]:
        """Return the names of all published versions, oldest first."""
        try:
            names = [posixpath.basename(str(path).rstrip("/")) for path in self._fs.ls(self._path, detail=False)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(error) from None
        return sorted(name for name in names if name[:1].isdigit())

    def current(self) -> str | None:
        """Return the name of the newest version, None before the first was published. Reads one small file."""
        try:
            # What is no UTF-8 names no version, and `read` says so.
            return str(self._fs.cat_file(self._join(CURRENT)).decode(errors="replace").strip()) or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from None

    def read(self, version: str | None = None) -> StoredSet:
        """
        Read a version, by default the newest.

        Raises:
            NoPatternSet: Nothing was published yet.
            BrokenPatternSet: It is damaged, empty, incomplete, or of a newer format.
        """
        name = version or self.current()
        if name is None:
            raise NoPatternSet(
                f"store {self.root!r} holds no pattern set; run: logwinnow train FILE --store {self.root}"
            )
        try:
            manifest = self._fs.cat_file(self._join(name, MANIFEST))
            rows = self._fs.cat_file(self._join(name, PATTERNS))
        except (OSError, ValueError) as error:
            raise self._broken(name, f"{error}") from None
        return decode(name, bytes(manifest), bytes(rows), place=self.root)

    def read_shapes(self, version: str) -> ShapeTable:
        """
        Read the table of shapes of a version. Cost: one pass over it, all of which is checked.

        Raises:
            BrokenPatternSet: It is not there or no such table.
        """
        path = self._join(version, _SHAPES)
        try:
            if self._local:
                return ShapeTable.read(path)
            with temporary_file() as copy:
                self._fs.get_file(path, copy)
                return ShapeTable.read(copy)
        except (OSError, pa.ArrowException) as error:
            raise self._broken(version, f"{_SHAPES}: {error}") from None

    def decisions(self) -> Decisions:
        """
        Return what the operator decided; nothing where there is no such file. Reads one small file.

        Raises:
            DecisionsError: A line of it is no entry.
            PatternsError: It cannot be read.
        """
        return _parsed(self._decisions(), self._decisions_place)

    def decide(self, *, add: Sequence[Decision] = (), withdraw: Collection[str] = ()) -> None:
        """
        Add entries to the operator's file, or take some out by their ids; its comments stay.

        Locally the file is replaced as a whole under a lock, so that of two writers none loses an entry. An object
        store knows no locks: there, two who write within the same moment may.

        Raises:
            DecisionsError: A line of the file is no entry, or no entry has an id.
            PatternsError: It cannot be read or written.
        """
        try:
            if not self._local:
                data = edited(self._decisions(), self._decisions_place, add, withdraw)
                self._fs.pipe_file(self._join(DECISIONS), data)
                return
            root = Path(self._path)
            root.mkdir(parents=True, exist_ok=True)
            with locked(root / f".{DECISIONS}.lock"):
                replace_file(root / DECISIONS, edited(self._decisions(), self._decisions_place, add, withdraw))
        except OSError as error:
            raise self._unwritable(error) from None

    @property
    def _decisions_place(self) -> str:
        return repr(posixpath.join(self.root, DECISIONS))

    def _decisions(self) -> bytes:
        try:
            return bytes(self._fs.cat_file(self._join(DECISIONS)))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._unreadable(error) from None

    def publish(self, patterns: PatternSet, shapes: ShapeTable, run: Mapping[str, Any]) -> str:
        """
        Write a new version and make it the newest; return its name.

        Raises:
            PatternsError: The folder cannot be written.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{patterns.fingerprint}"
        manifest, rows = encode(patterns, {"time": now.isoformat(timespec="milliseconds"), **run})
        files = {MANIFEST: manifest, PATTERNS: rows, TEXT: for_people(patterns).encode(errors="replace")}
        try:
            (self._write_local if self._local else self._write_remote)(name, files, shapes)
        except OSError as error:
            raise self._unwritable(error) from None
        return name

    @property
    def folder(self) -> Path | None:
        """The folder of a local store; None where it is none."""
        return Path(self._path) if self._local else None

    def sweep(self) -> None:
        """Remove what was left of publishing and removing that was killed. Only while nobody publishes."""
        for left in Path(self._path).glob(f"{_TEMPORARY}*") if self._local else ():
            shutil.rmtree(left, ignore_errors=True)

    def remove(self, version: str) -> None:
        """
        Remove a version that is not the current one.

        Raises:
            PatternsError: It cannot be removed.
        """
        try:
            if self._local:
                # Whoever lists the versions sees it whole, or not at all.
                hidden = Path(self._path) / f"{_TEMPORARY}{version}"
                Path(self._join(version)).rename(hidden)
                shutil.rmtree(hidden)
            else:
                self._fs.rm(self._join(version), recursive=True)
        except OSError as error:
            raise PatternsError(
                f"version {version!r} cannot be removed from store {self.root!r}: {error}; check its rights"
            ) from None

    def _write_local(self, name: str, files: Mapping[str, bytes], shapes: ShapeTable) -> None:
        root = Path(self._path)
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=root) as temporary:
            folder = Path(temporary) / name
            folder.mkdir()
            for file, data in files.items():
                write_synced(folder / file, data)
            _write_table(folder / _SHAPES, shapes)
            sync_folder(folder)
            folder.rename(root / name)
            write_synced(Path(temporary) / CURRENT, f"{name}\n".encode())
            sync_folder(root)
            (Path(temporary) / CURRENT).rename(root / CURRENT)
            sync_folder(root)

    def _write_remote(self, name: str, files: Mapping[str, bytes], shapes: ShapeTable) -> None:
        self._fs.makedirs(self._join(name), exist_ok=True)
        for file, data in files.items():
            self._fs.pipe_file(self._join(name, file), data)
        with self._fs.open(self._join(name, _SHAPES), "wb") as table:
            shapes.write(table)
        self._fs.pipe_file(self._join(CURRENT), f"{name}\n".encode())

    def _join(self, *names: str) -> str:
        return posixpath.join(self._path, *names)

    def _unreadable(self, error: OSError) -> PatternsError:
        return PatternsError(f"store {self.root!r} cannot be read: {error}; check the path and its rights")

    def _unwritable(self, error: OSError) -> PatternsError:
        return PatternsError(f"store {self.root!r} cannot be written: {error}; check the path and its rights")

    def _broken(self, name: str, why: str) -> BrokenPatternSet:
        return BrokenPatternSet(damaged(self.root, name, why))


# A stream reads the file at every batch.
_parsed = lru_cache(maxsize=2)(Decisions.parse)


def _write_table(path: Path, shapes: ShapeTable) -> None:
    with path.open("wb") as file:
        shapes.write(file)
        file.flush()
        os.fsync(file.fileno())
