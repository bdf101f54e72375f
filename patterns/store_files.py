"""
A store's folder, and the small files in it beside the versions: what the operator decided, storms, the history.

Each is read and replaced as a whole, locally under the lock of the folder (patterns/beside.py).
"""

import posixpath
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import fsspec

from patterns.beside import Beside
from patterns.decisions import FILE as DECISIONS
from patterns.decisions import Decision, Decisions, edited
from patterns.errors import PatternsError
from patterns.history import FILE as HISTORY
from patterns.history import History
from patterns.provisional import FILE as PROVISIONAL
from patterns.provisional import Change as ProvisionalChange
from patterns.provisional import Provisional, decoded, encoded
from patterns.version_folders import sweep


class StoreFiles:
    """
    The folder, local or of any fsspec URL.

    Attributes:
        root: What the user calls it.
    """

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

    @property
    def folder(self) -> Path | None:
        """The folder of a local store; None where it is none."""
        return Path(self._path) if self._local else None

    def sweep(self) -> None:
        """Remove what was left of changes that were killed. Only while nobody else publishes."""
        if self._local:
            with self._beside.writing(), self._beside.locked():
                sweep(Path(self._path))


# A stream reads the file at every batch.
_parsed = lru_cache(maxsize=2)(Decisions.parse)
