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

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patterns.baselines import FILE as BASELINES
from patterns.baselines import Baselines
from patterns.decided import check
from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError
from patterns.history import FILE as HISTORY
from patterns.history import PROMOTE, PUBLISH, ROLLBACK, Change, Deed, appended, who
from patterns.observed import FILE as OBSERVED
from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.row_files import RowFile
from patterns.set_files import MANIFEST, PATTERNS, TEXT, encode, for_people
from patterns.shapes import ShapeTable
from patterns.timestamps import microseconds
from patterns.version_folders import SHAPES, remove_local, write_local, write_remote
from patterns.versions import CURRENT, Versions


class Store(Versions):
    """The folder, local or of any fsspec URL, in which versions of the pattern set are published."""

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
        tables: dict[str, RowFile] = {SHAPES: shapes}
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
