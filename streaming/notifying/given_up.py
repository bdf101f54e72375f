"""
What could not be sent, a row of JSON each, for people; the alerts themselves are in the sink.

    <checkpoint>/logwinnow/notify/given-up.ndjson      {"at", "receiver", "waited_since", "reason", "notice"}
    <checkpoint>/logwinnow/notify/given-up.1.ndjson    the rows before those

`notice` is what would have left, masked where that is asked for. After a crash a row may be there twice.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from patterns.timestamps import iso
from streaming.errors import CheckpointError
from streaming.notifying.notice import Notice

MOST_BYTES: Final = 16_777_216
"""Of the file; then it takes the place of the one before."""


class GivenUp:
    """The file; several threads may write to it."""

    def __init__(self, folder: Path) -> None:
        """Write into a folder that is there; the file is made with the first row."""
        self._path = folder / "given-up.ndjson"
        self._lock = threading.Lock()

    def write(self, receiver: str, notices: Sequence[tuple[Notice, int]], reason: str, now: int) -> None:
        """
        Add notices that a receiver does not get.

        Args:
            receiver: Its name.
            notices: Each with the time since when it waited, in microseconds since 1970.
            reason: Why.
            now: In microseconds since 1970.

        Raises:
            CheckpointError: The disk refuses.
        """
        rows = b"".join(
            msgspec.json.encode(
                {"at": iso(now), "receiver": receiver, "waited_since": iso(put_at), "reason": reason, "notice": notice}
            )
            + b"\n"
            for notice, put_at in notices
        )
        try:
            with self._lock:
                if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                    self._path.replace(self._path.with_name("given-up.1.ndjson"))
                with self._path.open("ab") as file:
                    file.write(rows)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise CheckpointError(
                f"{str(self._path)!r}: {error.strerror}; check its rights and the room on the disk"
            ) from None
