"""The versions of a store, as they are read: which there are, which one is current, the files of one."""

import posixpath
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeVar

import pyarrow as pa

from patterns.baselines import FILE as BASELINES
from patterns.baselines import Baselines
from patterns.errors import BrokenPatternSet, NoPatternSet
from patterns.observed import FILE as OBSERVED
from patterns.observed import ObservedTable
from patterns.row_files import RowFile, temporary_file
from patterns.set_files import MANIFEST, PATTERNS, Head, StoredSet, damaged, decode, decode_head
from patterns.shapes import ShapeTable
from patterns.store_files import StoreFiles
from patterns.timestamps import microseconds
from patterns.version_folders import SHAPES

CURRENT: Final = "CURRENT"

_TIME = "%Y%m%dT%H%M%S.%fZ"

Rows = TypeVar("Rows", bound=RowFile)


@lru_cache(maxsize=16)
def published_at(version: str) -> int | None:
    """Return when a version was published, in microseconds since 1970, as its name says; None where it does not."""
    try:
        return microseconds(datetime.strptime(version.partition("-")[0], _TIME).replace(tzinfo=UTC))
    except ValueError:
        return None


class Versions(StoreFiles):
    """The versions of the pattern set in a store's folder, which need not exist yet."""

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
        try:
            return self._read_rows(ShapeTable, version, SHAPES)
        except FileNotFoundError as error:
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
        try:
            return self._read_rows(ObservedTable, version, OBSERVED)
        except FileNotFoundError:
            return None

    def _read_rows(self, kind: type[Rows], version: str, file: str) -> Rows:
        path = self._join(version, file)
        try:
            if self._local:
                return kind.read(path)
            with temporary_file() as copy:
                self._fs.get_file(path, copy)
                return kind.read(copy)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise self._broken(version, f"{file}: {error}") from None

    def _join(self, *names: str) -> str:
        return posixpath.join(self._path, *names)

    def _broken(self, name: str, why: str) -> BrokenPatternSet:
        return BrokenPatternSet(damaged(self.root, name, why))
