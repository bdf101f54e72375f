"""
What was shipped, and what is being shipped: written before the first record is sent, and after the last has arrived.

    <position>/position.json    {"shipped": State, "pending": State or null}
    <position>/lock             held by the shipper that runs

After a crash what is pending is sent again, with the same offsets and the same time, so that with `trust_origin` the
second is the same document as the first.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from patterns.disk import replace_file, try_lock
from streaming.errors import CheckpointError
from streaming.following.follower import State


@dataclass
class Position:
    """
    How far files were shipped.

    Attributes:
        folder: Where it is kept.
        shipped: What Kafka has.
        pending: What it may have in part.
    """

    folder: Path
    shipped: State = field(default_factory=State)
    pending: State | None = None

    @classmethod
    @contextlib.contextmanager
    def held(cls, folder: str) -> Iterator["Position"]:
        """
        Hold a position for this process.

        Raises:
            CheckpointError: Another shipper holds it, or it cannot be written or read.
        """
        path = Path(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = try_lock(path / "lock")
        except OSError as error:
            raise CheckpointError(f"position is {folder!r}: {error.strerror}; check the path and its rights") from None
        if lock is None:
            raise CheckpointError(
                f"position {folder!r} is in use by another `logwinnow ship`; stop it, or give this one its own"
            )
        with lock:
            yield cls._read(path)

    @classmethod
    def _read(cls, folder: Path) -> "Position":
        path = folder / "position.json"
        try:
            # Not msgspec's own: a path may be no UTF-8.
            found = msgspec.convert(json.loads(path.read_bytes()), _Stored)
        except FileNotFoundError:
            return cls(folder)
        except (OSError, ValueError) as error:
            raise CheckpointError(
                f"{str(path)!r} cannot be read: {error}; restore it, or remove it to ship all that is there again"
            ) from None
        return cls(folder, found.shipped, found.pending)

    def plan(self, pending: State) -> None:
        """Remember what is sent from now on. Cost: waits for the disk."""
        self.pending = pending
        self._write()

    def arrived(self) -> None:
        """Remember that what was pending has arrived. Cost: waits for the disk."""
        if self.pending is not None:
            self.shipped, self.pending = self.pending, None
            self._write()

    def _write(self) -> None:
        pending = None if self.pending is None else asdict(self.pending)
        stored = {"shipped": asdict(self.shipped), "pending": pending}
        try:
            replace_file(self.folder / "position.json", json.dumps(stored).encode())
        except OSError as error:
            raise CheckpointError(
                f"position is {str(self.folder)!r}: {error.strerror}; check the room on its disk, and its rights"
            ) from None


class _Stored(msgspec.Struct):
    shipped: State
    pending: State | None
