"""
The spool: lines that were fetched, in a temporary folder until they are mined.

    <folder>/2026-11-24T10                  the lines whose record time is of that hour, UTC, in the order in which
                                            they came
    <folder>/2026-11-24T10-of-2026-11-25    likewise, of lines that were chosen by a time of another day

An engine wants of a record time what a header leaves open: the year, or of a line without a time the day. The hour
tells both, so a file is a piece of a corpus with one record time, and no engine has to know that it was fetched.
Fetching takes memory for some open files, and disk for all lines.
"""

import shutil
import tempfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from uuid import uuid4

from patterns.envelope import plain_line
from patterns.timestamps import DAY, SECOND, iso, utc_day
from training.errors import CorpusError
from training.pieces import Piece

HOUR: Final = 3_600 * SECOND
LATEST: Final = 4_102_444_800 * SECOND
"""The year 2100. A record may say any time; what a header can say ends with the year 9999."""

_Key = tuple[int, int]
"""Hour of the record time, and day of the time by which a line was chosen."""

_OPEN_FILES: Final = 64
_BUFFER_BYTES: Final = 64 * 1024


class Spool:
    """A folder of lines; to be used by `with`, at whose end it is gone, whatever happened."""

    def __init__(self, shared: str | None = None, open_files: int = _OPEN_FILES) -> None:
        """
        Make the folder.

        Args:
            shared: A folder for it that others read too, who may be other users; None for the temporary folder of this
                machine, and for this user alone.
            open_files: How many files are open at once at most.

        Raises:
            CorpusError: It cannot be made.
        """
        self._mend = "name another folder by TMPDIR" if shared is None else "name another by $.spark.staging"
        self._open: OrderedDict[_Key, IO[bytes]] = OrderedDict()
        self._keys: set[_Key] = set()
        self._most_open = open_files
        self._folder = Path(shared or tempfile.gettempdir(), f"logwinnow-fetched-{uuid4().hex}").absolute()
        try:
            self._folder.mkdir(0o700 if shared is None else 0o777, parents=shared is not None)
        except OSError as error:
            raise self._failed(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            # What is still buffered need not be written, and on a full disk it cannot be.
            with suppress(OSError):
                file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, line: bytes, record_time: int, chosen_by: int | None = None) -> None:
        """
        Add a line.

        Args:
            line: Whatever is in it, it is one line: see `patterns.envelope.plain_line`.
            record_time: In microseconds since 1970; the nearest that a header can say stands for one that it cannot.
            chosen_by: The time by which it was chosen, likewise; None for its record time.

        Raises:
            CorpusError: There is no room for it.
        """
        day = min(max(record_time if chosen_by is None else chosen_by, 0), LATEST) // DAY
        hour = min(max(record_time, 0), LATEST) // HOUR
        try:
            self._file((hour, day)).write(plain_line(line) + b"\n")
        except OSError as error:
            raise self._failed(error) from None

    def days(self) -> list[int]:
        """Return the days, ascending, by whose times lines were chosen; counted from 1970."""
        return sorted({day for _, day in self._keys})

    def pieces(self, of_day: int | None = None) -> list[Piece]:
        """
        Return a piece for each hour, ascending. They can be read until the spool is left, and no line added any more.

        Args:
            of_day: Only of lines that were chosen by a time of this day; None for all.

        Raises:
            CorpusError: There was no room for the last lines.
        """
        try:
            while self._open:
                self._open.popitem()[1].close()
            return [
                _piece(self._path(key), key[0] * HOUR)
                for key in sorted(self._keys)
                if of_day is None or key[1] == of_day
            ]
        except OSError as error:
            raise self._failed(error) from None

    def _file(self, key: _Key) -> IO[bytes]:
        """Return the file of a key; of too many open ones, that which was written to the longest ago is closed."""
        file = self._open.get(key)
        if file is not None:
            self._open.move_to_end(key)
            return file
        if len(self._open) >= self._most_open:
            self._open.popitem(last=False)[1].close()
        file = self._open[key] = self._path(key).open("ab", buffering=_BUFFER_BYTES)
        self._keys.add(key)
        return file

    def _path(self, key: _Key) -> Path:
        hour, day = key
        late = "" if hour * HOUR // DAY == day else f"-of-{utc_day(day * DAY)}"
        return self._folder / f"{iso(hour * HOUR)[:13]}{late}"

    def _failed(self, error: OSError) -> CorpusError:
        return CorpusError(
            f"what is fetched cannot be written to {str(self._folder)!r}: {error.strerror or error}; make room there, "
            f"or {self._mend}"
        )


def _piece(path: Path, record_time: int) -> Piece:
    status = path.stat()
    # Whatever its first line begins with, no file of ours is packed.
    return Piece(str(path), "", 0, status.st_size, record_time, status.st_ino)
