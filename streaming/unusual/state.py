"""
What the stream knows of pairs of pattern and host, beside the checkpoint: tables of small rows, exact over restarts.

    <checkpoint>/logwinnow/unusual/state.ndjson
        {"logwinnow-unusual": 1, "step": [batch, look], "tables": {table: {key: value}}}      after a step, whole
        {"step": [batch, look], "changes": {table: {key: value, or null for gone}, table: null for all gone}}    …

A step is a batch, `[batch, 0]`, or a look at the clock after it, `[batch, 1]` and on. A batch that is replayed begins
with the tables after the last step before it, since rows are only added; the file is written anew, whole, when a batch
begins behind many rows: all of these are committed then. A row is on the disk before the batch record says that its
batch is done.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from patterns.disk import replace_file
from streaming.errors import CheckpointError

FILE: Final = "state.ndjson"

FORMAT: Final = 1

Step = tuple[int, int]

_NONE: Final = (-1, 0)

Table = dict[str, Any]

_LEAST_BYTES: Final = 1_048_576
_TIMES: Final = 4

T = TypeVar("T")


class _Head(msgspec.Struct):
    format: int = msgspec.field(name="logwinnow-unusual")
    step: Step
    tables: dict[str, Table]


class _Row(msgspec.Struct):
    step: Step
    changes: dict[str, Table | None]


class Tables:
    """Tables of plain values, which remember what of them was changed."""

    def __init__(self, tables: dict[str, Table] | None = None) -> None:
        """Take tables by their names."""
        self._tables = tables or {}
        self._changes: dict[str, Table | None] = {}

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table as it is now, empty where there is none; it is changed by `put`, `drop` and `clear` alone."""
        return self._tables.get(name, {})

    def names(self) -> list[str]:
        """Return the names of the tables that are not empty."""
        return [name for name, rows in self._tables.items() if rows]

    def get(self, name: str, key: str, default: T) -> T:
        """Return a value, `default` where there is none."""
        found: T = self._tables.get(name, {}).get(key, default)
        return found

    def put(self, name: str, key: str, value: object) -> None:
        """Set a value."""
        self._tables.setdefault(name, {})[key] = value
        self._changed(name)[key] = value

    def drop(self, name: str, key: str) -> None:
        """Remove a value, which need not be there."""
        if self._tables.get(name, {}).pop(key, None) is not None:
            self._changed(name)[key] = None

    def clear(self, name: str) -> None:
        """Remove a table, which is not begun anew in the same step: a row of the file could not say so."""
        if self._tables.pop(name, None):
            self._changes[name] = None

    def take_changes(self) -> dict[str, Table | None]:
        """Return what was changed since the last time."""
        changes, self._changes = self._changes, {}
        return changes

    def apply(self, changes: dict[str, Table | None]) -> None:
        """Change what a row of the file says."""
        for name, rows in changes.items():
            if rows is None:
                self._tables.pop(name, None)
                continue
            table = self._tables.setdefault(name, {})
            for key, value in rows.items():
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value

    def whole(self) -> dict[str, Table]:
        """Return all tables that are not empty."""
        return {name: rows for name, rows in self._tables.items() if rows}

    def _changed(self, name: str) -> Table:
        changed = self._changes.setdefault(name, {})
        if changed is None:
            raise ValueError(f"table {name!r} was removed in this step")
        return changed


class StateFile:
    """The file. One process has it, which holds the checkpoint."""

    def __init__(self, folder: Path) -> None:
        """Name the folder of what is kept beside the checkpoint; nothing is read or made yet."""
        self._path = folder / "unusual" / FILE
        self._step: Step | None = None
        self._tables = Tables()
        self._size = self._whole = 0
        self._open = False

    def before(self, batch: int) -> Tables:
        """
        Return the tables after the last step before a batch, to be changed by it and then kept by `keep`.

        Raises:
            CheckpointError: The file is damaged, or cannot be written.
        """
        fresh = self._step is None or self._step >= (batch, 0)
        if fresh:
            self._read((batch, 0))
        if fresh or self._size > max(_LEAST_BYTES, _TIMES * self._whole):
            self._write()
        return self._begun()

    def after_last(self) -> tuple[Step, Tables]:
        """
        Return the last step and the tables after it, for a look at the clock.

        Raises:
            CheckpointError: The file is damaged, or cannot be written.
        """
        if self._step is None:
            self._read(None)
            self._write()
        tables = self._begun()
        return self._step or _NONE, tables

    def keep(self, step: Step) -> None:
        """
        Write durably what a step changed.

        Raises:
            CheckpointError: The disk refuses.
        """
        row = msgspec.json.encode(_Row(step, self._tables.take_changes())) + b"\n"
        try:
            with self._path.open("ab") as file:
                file.write(row)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._cannot_write(error) from None
        self._step, self._open = step, False
        self._size += len(row)

    def _begun(self) -> Tables:
        if self._open:
            # An earlier try was broken off in between.
            self._read(None if self._step is None else (self._step[0], self._step[1] + 1))
            self._write()
        self._open = True
        return self._tables

    def _read(self, before: Step | None) -> None:
        """Read what was kept of the steps before one, None for all."""
        self._step, self._tables, self._open = _NONE, Tables(), False
        if not self._path.exists():
            return
        for number, row in enumerate(self._rows()):
            if isinstance(row, _Head):
                if row.format > FORMAT:
                    raise self._damaged(f"it has format {row.format}, and this logwinnow knows up to {FORMAT}")
                if number == 0 and (before is None or row.step < before):
                    self._step, self._tables = row.step, Tables(row.tables)
                    continue
                raise self._damaged(f"row {number + 1} is of step {row.step}")
            if before is not None and row.step >= before:
                return
            self._step = row.step
            self._tables.apply(row.changes)

    def _rows(self) -> Iterator[_Head | _Row]:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError as error:
            raise self._damaged(str(error.strerror)) from None
        # The last row has no end where the machine stopped within it: its step is not done.
        for number, line in enumerate(lines[:-1]):
            try:
                yield msgspec.json.decode(line, type=_Row) if number else msgspec.json.decode(line, type=_Head)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise self._damaged(f"row {number + 1}: {error}") from None

    def _write(self) -> None:
        try:
            self._write_whole()
        except OSError as error:
            raise self._cannot_write(error) from None

    def _write_whole(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        head = _Head(FORMAT, self._step or _NONE, self._tables.whole())
        data = msgspec.json.encode(head) + b"\n"
        replace_file(self._path, data)
        self._size, self._whole = 0, len(data)

    def _damaged(self, why: str) -> CheckpointError:
        return CheckpointError(
            f"{str(self._path)!r}, what the stream knows of rates and heartbeats, cannot be used: {why}; restore it, "
            "or remove it: then it learns anew who is heard, and tells no silence before that"
        )

    def _cannot_write(self, error: OSError) -> CheckpointError:
        return CheckpointError(
            f"{str(self._path)!r} cannot be written: {error.strerror}; check its rights and the room on the disk"
        )
