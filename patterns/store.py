"""
Pattern sets as folders, published atomically.

    <root>/CURRENT                                 name of the newest version's folder, and a line feed
    <root>/20261123T040012.345Z-<fingerprint>/     one version: UTC time of publishing, the set's fingerprint
        manifest.json  patterns.jsonl  patterns.txt     the set (patterns/set_files.py)
        shapes.parquet                                  the table it was mined from (patterns/shapes.py)
        baselines.jsonl  observed.parquet               where learned: what is usual of its patterns
                              (patterns/baselines.py), and of which lines (patterns/observed.py)
    <root>/operator.jsonl                          what the operator decided (patterns/decisions.py)
    <root>/history.jsonl                           which versions were current (patterns/history.py)
    <root>/provisional.jsonl                       what streams made of storms (patterns/provisional.py)

A version is written whole (patterns/version_folders.py) before CURRENT names it. It may also be proposed: it lies
beside the current one until it is promoted. Who makes a version current holds a lock of the root; an object store knows
none, and of two who do so at once there one may be missing in the history.
"""

import posixpath
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import fsspec
import pyarrow as pa

from patterns.baselines import FILE as BASELINES
from patterns.baselines import Baselines
from patterns.beside import Beside
from patterns.decided import check
from patterns.decisions import FILE as DECISIONS
from patterns.decisions import Decision, Decisions, edited
from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError
from patterns.history import FILE as HISTORY
from patterns.history import PROMOTE, PUBLISH, ROLLBACK, Change, Deed, History, appended, who
from patterns.observed import FILE as OBSERVED
from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.provisional import FILE as PROVISIONAL
from patterns.provisional import Change as ProvisionalChange
from patterns.provisional import Provisional, decoded, encoded
from patterns.row_files import temporary_file
from patterns.set_files import (
    MANIFEST,
    PATTERNS,
    TEXT,
    Head,
    StoredSet,
    damaged,
    decode,
    decode_head,
    encode,
    for_people,
)
from patterns.shapes import ShapeTable
from patterns.timestamps import microseconds
from patterns.version_folders import SHAPES, Table, remove_local, sweep, write_local, write_remote

CURRENT: Final = "CURRENT"

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
        self._beside = Beside(root, self._fs, self._path, local=self._local)

    def versions(self) -> list[str]:
        """Return the names of all published versions, oldest first."""
        try:
            names = [posixpath.basename(str(path).rstrip("/")) for path in self._fs.ls(self._path, detail=False)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._beside.unreadable(error) from None
        return sorted(name for name in names if name[:1].isdigit())

    def current(self) -> str | None:
        """Return the name of the newest version, None before the first was published. Reads one small file."""
        # What is no UTF-8 names no version, and `read` says so.
        return self._beside.read(CURRENT).decode(errors="replace").strip() or None

    def read(self, version: str | None = None) -> StoredSet:
        """
        Read a version, by default the newest.

        Raises:
            NoPatternSet: Nothing was published yet.
            BrokenPatternSet: It is damaged, empty, incomplete, or of a newer format.
        """
        name = version or self.current()
        if name is None and (proposed := self.versions()):
            raise NoPatternSet(
                f"store {self.root!r} has no current version, but {proposed[-1]!r}; make it the current one: logwinnow "
                f"patterns promote {proposed[-1]} --store {self.root}"
            )
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

    def head(self, version: str) -> Head:
        """
        Read what the manifest of a version says; its patterns are not read.

        Raises:
            BrokenPatternSet: It is not there, damaged, or of a newer format.
        """
        try:
            manifest = bytes(self._fs.cat_file(self._join(version, MANIFEST)))
        except (OSError, ValueError) as error:
            raise self._broken(version, f"{error}") from None
        return decode_head(version, manifest, place=self.root)

    def read_shapes(self, version: str) -> ShapeTable:
        """
        Read the table of shapes of a version. Cost: one pass over it, all of which is checked.

        Raises:
            BrokenPatternSet: It is not there or no such table.
        """
        path = self._join(version, SHAPES)
        try:
            if self._local:
                return ShapeTable.read(path)
            with temporary_file() as copy:
                self._fs.get_file(path, copy)
                return ShapeTable.read(copy)
        except (OSError, pa.ArrowException) as error:
            raise self._broken(version, f"{SHAPES}: {error}") from None

    def read_baselines(self, version: str) -> Baselines | None:
        """
        Read what is usual of a version's patterns, None where that was not learned.

        Raises:
            BrokenPatternSet: It cannot be read.
        """
        try:
            data = self._fs.cat_file(self._join(version, BASELINES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._broken(version, f"{BASELINES}: {error}") from None
        return Baselines.decode(data, repr(self._join(version, BASELINES)))

    def read_observed(self, version: str) -> ObservedTable | None:
        """
        Read of what a version's baselines were learned, None where none were. Cost: one pass, in which it is checked.

        Raises:
            BrokenPatternSet: It is no such table.
        """
        path = self._join(version, OBSERVED)
        try:
            if self._local:
                return ObservedTable.read(path)
            with temporary_file() as copy:
                self._fs.get_file(path, copy)
                return ObservedTable.read(copy)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            raise self._broken(version, f"{OBSERVED}: {error}") from None

    def decisions(self) -> Decisions:
        """
        Return what the operator decided; nothing where there is no such file. Reads one small file.

        Raises:
            DecisionsError: A line of it is no entry.
            PatternsError: It cannot be read.
        """
        return _parsed(self._beside.read(DECISIONS), self._decisions_place)

    def decide(self, *, add: Sequence[Decision] = (), withdraw: Collection[str] = ()) -> None:
        """
        Add entries to the operator's file, or take some out by their ids; its comments stay.

        Locally the file is replaced as a whole under a lock, so that of two writers none loses an entry. An object
        store knows no locks: there, two who write within the same moment may.

        Raises:
            DecisionsError: A line of the file is no entry, or no entry has an id.
            PatternsError: It cannot be read or written.
        """
        with self._beside.writing():
            if self._local:
                Path(self._path).mkdir(parents=True, exist_ok=True)
            with self._beside.locked():
                data = edited(self._beside.read(DECISIONS), self._decisions_place, add, withdraw)
                self._beside.replace(DECISIONS, data)

    @property
    def _decisions_place(self) -> str:
        return repr(posixpath.join(self.root, DECISIONS))

    def provisional(self) -> tuple[Provisional, ...]:
        """
        Return what streams made of storms; nothing where there is no such file. Reads one small file.

        Raises:
            PatternsError: It cannot be read.
        """
        return decoded(self._beside.read(PROVISIONAL))

    def change_provisional(self, change: ProvisionalChange) -> None:
        """
        Replace the file of provisional patterns by what `change` makes of it, unless that is the same.

        Locally under a lock, as `decide`.

        Raises:
            PatternsError: It cannot be read or written.
        """
        with self._beside.writing(), self._beside.locked():
            data = self._beside.read(PROVISIONAL)
            changed = encoded(change(decoded(data)))
            if changed != data:
                self._beside.replace(PROVISIONAL, changed)

    def history(self) -> History:
        """
        Return which versions were current; nothing where there is no such file. Reads one small file.

        Raises:
            PatternsError: It cannot be read.
        """
        return History.parse(self._beside.read(HISTORY))

    def previous(self) -> str | None:
        """
        Return the version to which a rollback goes back: what was current before the current one, and is still there.

        Where no history tells, it is the one published before it that was not proposed. None where there is none.

        Raises:
            PatternsError: The store cannot be read.
        """
        current, versions = self.current(), self.versions()
        trail = self.history().trail(current)
        found = [version for version in trail[:-1] if version in versions and version != current]
        if found or not trail:
            return found[-1] if found else None
        older = (version for version in reversed(versions) if version < trail[0])
        return next((version for version in older if not self._was_proposed(version)), None)

    def publish(
        self,
        patterns: PatternSet,
        shapes: ShapeTable,
        run: Mapping[str, Any],
        *,
        baselines: Baselines | None = None,
        observed: ObservedTable | None = None,
        propose: bool = False,
    ) -> str:
        """
        Write a new version and make it the current one; return its name.

        Args:
            patterns: The set.
            shapes: What it was mined from.
            run: What the manifest says of the training.
            baselines: What is usual of the set's patterns, where that was learned.
            observed: Of what it was learned, for the next night.
            propose: Leave the current version the current one.

        Raises:
            PatternsError: The folder cannot be written.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03}Z-{patterns.fingerprint}"
        proposed = {"proposed": True} if propose else {}
        manifest, rows = encode(patterns, {"time": now.isoformat(timespec="milliseconds"), **run, **proposed})
        files = {MANIFEST: manifest, PATTERNS: rows, TEXT: for_people(patterns).encode(errors="replace")}
        if baselines is not None:
            files[BASELINES] = baselines.encode()
        tables: dict[str, Table] = {SHAPES: shapes}
        if observed is not None:
            tables[OBSERVED] = observed
        with self._beside.writing():
            if self._local:
                write_local(Path(self._path), name, files, tables)
            else:
                write_remote(self._fs, self._join(name), files, tables)
        if not propose:
            self._make_current(name, PUBLISH)
        return name

    def promote(self, version: str) -> str | None:
        """
        Make a version the current one, after all of it was read and checked; return what was current before.

        Raises:
            BrokenPatternSet: It is not there, damaged, or of a newer format; the current one stays.
            DecisionsError: An entry of the operator's file means nothing under its rules: no stream would take it.
            PatternsError: The store cannot be read or written.

        Cost: one pass over its tables.
        """
        self._check(version)
        return self._make_current(version, PROMOTE)

    def rollback(self, version: str | None = None) -> tuple[str, str | None]:
        """
        Make an earlier version the current one, after all of it was read and checked.

        Args:
            version: Its name; None for what `previous` says.

        Returns:
            What is current now, and what was before.

        Raises:
            NoPatternSet: There is none to go back to.
            BrokenPatternSet: It is not there, damaged, or of a newer format; the current one stays.
            DecisionsError: As `promote`.
            PatternsError: The store cannot be read or written, or another version became the current one meanwhile.

        Cost: one pass over its tables.
        """
        current = self.current()
        name = version or self.previous()
        if name is None:
            raise NoPatternSet(
                f"store {self.root!r} has no version that was current before {current or 'any'}; name one: logwinnow "
                "patterns versions lists them"
            )
        self._check(name)
        return name, self._make_current(name, ROLLBACK, instead_of=current)

    def _check(self, version: str) -> None:
        """Read a version, and what the operator decided under its rules: a stream takes neither if one is broken."""
        stored, now = self.read(version), microseconds(datetime.now(UTC))
        check(self.decisions().active(now), stored.patterns.rules.words)
        self.read_shapes(version)
        self.read_baselines(version)
        self.read_observed(version)

    def _was_proposed(self, version: str) -> bool:
        try:
            return self.head(version).proposed
        except BrokenPatternSet:
            return False

    def _make_current(self, name: str, deed: Deed, *, instead_of: str | None = None) -> str | None:
        """Write CURRENT, then the history; return what was current before."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._beside.writing(), self._beside.locked():
            before = self.current()
            if instead_of not in {None, before}:
                raise PatternsError(
                    f"version {before!r} became the current one of store {self.root!r} meanwhile, instead of "
                    f"{instead_of!r}: nothing was changed; look at it, and start again"
                )
            if before == name:
                return before
            self._beside.replace(CURRENT, f"{name}\n".encode())
            try:
                change = Change(at=now, do=deed, version=name, before=before, by=who())
                self._beside.replace(HISTORY, appended(self._beside.read(HISTORY), change))
            except (OSError, PatternsError) as error:
                raise PatternsError(
                    f"version {name!r} is current now, but its entry in {HISTORY} of store {self.root!r} cannot be "
                    f"written: {error}; check the path, its rights and the room"
                ) from None
        return before

    @property
    def folder(self) -> Path | None:
        """The folder of a local store; None where it is none."""
        return Path(self._path) if self._local else None

    def sweep(self) -> None:
        """Remove what was left of changes that were killed. Only while nobody else publishes."""
        if self._local:
            with self._beside.writing(), self._beside.locked():
                sweep(Path(self._path))

    def remove(self, version: str) -> None:
        """
        Remove a version that is not the current one.

        Raises:
            PatternsError: It cannot be removed.
        """
        try:
            if self._local:
                remove_local(Path(self._path), version)
            else:
                self._fs.rm(self._join(version), recursive=True)
        except OSError as error:
            raise PatternsError(
                f"version {version!r} cannot be removed from store {self.root!r}: {error}; check its rights"
            ) from None

    def _join(self, *names: str) -> str:
        return posixpath.join(self._path, *names)

    def _broken(self, name: str, why: str) -> BrokenPatternSet:
        return BrokenPatternSet(damaged(self.root, name, why))


# A stream reads the file at every batch.
_parsed = lru_cache(maxsize=2)(Decisions.parse)
