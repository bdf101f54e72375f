"""
The folder of one version: whole, or not there.

On a local disk it is written under a temporary name, synced and renamed; of an object store all files are written, and
nobody looks for them before CURRENT names them.
"""

import os
import posixpath
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from patterns.beside import REPLACING
from patterns.disk import sync_folder, write_synced
from patterns.row_files import RowFile

SHAPES: Final = "shapes.parquet"

_TEMPORARY: Final = ".publishing-"


def write_local(root: Path, name: str, files: Mapping[str, bytes], tables: Mapping[str, RowFile]) -> None:
    """Write a version into a store's folder, which need not be there. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=root) as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        for file, data in files.items():
            write_synced(folder / file, data)
        for file, table in tables.items():
            _write_table(folder / file, table)
        sync_folder(folder)
        folder.rename(root / name)
        sync_folder(root)


def write_remote(fs: Any, folder: str, files: Mapping[str, bytes], tables: Mapping[str, RowFile]) -> None:
    """Write a version into a folder of a file system that fsspec knows. Raises OSError."""
    fs.makedirs(folder, exist_ok=True)
    for name, data in files.items():
        fs.pipe_file(posixpath.join(folder, name), data)
    for name, table in tables.items():
        with fs.open(posixpath.join(folder, name), "wb") as file:
            table.write(file)


def remove_local(root: Path, name: str) -> None:
    """Remove a version: whoever lists the versions meanwhile sees it whole, or not at all. Raises OSError."""
    hidden = root / f"{_TEMPORARY}{name}"
    (root / name).rename(hidden)
    shutil.rmtree(hidden)


def sweep(root: Path) -> None:
    """Remove what was left of changes that were killed. Only while nobody changes anything."""
    for prefix in (_TEMPORARY, REPLACING):
        for left in root.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)


def _write_table(path: Path, table: RowFile) -> None:
    with path.open("wb") as file:
        table.write(file)
        file.flush()
        os.fsync(file.fileno())
