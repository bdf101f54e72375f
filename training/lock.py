"""
One training at a time into a store, and nothing left of one that was killed.

A local store has a file `.training`, locked for as long as a training runs, whatever stops it: the lock is the
process's, and the file, which says who has it, stays. Other stores know no locks: there a training makes sure, before
it publishes, that the set is the current one still which it began with.

Whoever has the lock knows that nobody else works for this store: what lies in the store half published, and in the
temporary folder of its own that each training of a local store has, was left by one that was killed, and goes.
"""

import json
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from patterns.disk import try_lock
from patterns.errors import PatternsError
from patterns.language import hash_of
from patterns.store import Store
from training.errors import TrainingRuns

FILE: Final = ".training"


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """
    Keep other trainings out of a store for the block, where the store is a local folder.

    Raises:
        TrainingRuns: There is one.
        PatternsError: The folder cannot be made or written.
    """
    folder = store.folder
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = try_lock(folder / FILE)
    except OSError as error:
        raise PatternsError(
            f"store {store.root!r} cannot be locked: {error}; check the path and its rights, and that its file system "
            "knows locks"
        ) from None
    if lock is None:
        raise TrainingRuns(
            f"another training runs into store {store.root!r}{_who(folder / FILE)}; this one has changed nothing: wait "
            "until that one has ended"
        )
    with lock:
        _sign(lock)
        store.sweep()
        with _own_temporary_folder(folder):
            yield


@contextmanager
def _own_temporary_folder(store: Path) -> Iterator[None]:
    """Have all temporary files of the block, and of processes that it starts, in a folder that the next one finds."""
    folder = Path(tempfile.gettempdir()) / f"logwinnow-training-{hash_of([os.getuid(), str(store.resolve())], 6)}"
    if not _emptied(folder):
        yield
        return
    before, named = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if named is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = named
        shutil.rmtree(folder, ignore_errors=True)


def _emptied(folder: Path) -> bool:
    """Make a folder, or empty it; tell whether it is ours, for in a folder of everybody any name may be taken."""
    try:
        with suppress(FileExistsError):
            folder.mkdir(0o700)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return False
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    except OSError:
        return False
    return True


def _sign(lock: TextIO) -> None:
    lock.seek(0)
    lock.truncate()
    since = datetime.now(UTC).isoformat(timespec="seconds")
    lock.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}) + "\n")
    lock.flush()


def _who(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8"))
        return f": process {int(who['pid'])} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        # It has the lock and has not signed yet.
        return ""
