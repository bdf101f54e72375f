"""
The small files beside the versions of a store: each is whole or as it was, on a local disk or of any fsspec URL.

Who changes one holds the lock of the store's folder meanwhile; an object store knows none.
"""

import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from patterns.disk import locked_folder, sync_folder, write_synced
from patterns.errors import PatternsError

REPLACING: Final = ".replacing-"
"""What begins so is a file that is being replaced, or was left by who was killed."""


class Beside:
    """The files beside the versions of one store."""

    def __init__(self, root: str, fs: Any, path: str, *, local: bool) -> None:
        """Make one of a store: its name in errors, its file system and path there, whether it is on this machine."""
        self._root, self._fs, self._path, self._local = root, fs, path, local

    def read(self, name: str) -> bytes:
        """
        Return a file; nothing where there is none.

        Raises:
            PatternsError: It cannot be read.
        """
        try:
            return bytes(self._fs.cat_file(posixpath.join(self._path, name)))
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self.unreadable(error) from None

    def replace(self, name: str, data: bytes) -> None:
        """Put a whole file in the place of what is there. Raises OSError where that is not possible."""
        if not self._local:
            self._fs.pipe_file(posixpath.join(self._path, name), data)
            return
        root = Path(self._path)
        with tempfile.TemporaryDirectory(prefix=REPLACING, dir=root) as temporary:
            write_synced(Path(temporary) / name, data)
            (Path(temporary) / name).rename(root / name)
            sync_folder(root)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the store, where there is one. Raises OSError where there is no store."""
        if not self._local:
            yield
            return
        with locked_folder(Path(self._path)):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        Turn what a full disk or missing rights raise into an error with its mend.

        Raises:
            PatternsError: Something within raised OSError.
        """
        try:
            yield
        except OSError as error:
            raise PatternsError(
                f"store {self._root!r} cannot be written: {error}; check the path and its rights"
            ) from None

    def unreadable(self, error: OSError) -> PatternsError:
        """Return the error of a store that cannot be read."""
        return PatternsError(f"store {self._root!r} cannot be read: {error}; check the path and its rights")
