"""
Which versions of a store were current, when and by whom: one JSON object a line, beside CURRENT.

    {"at":"2026-11-29T08:00:00.000Z","do":"publish","version":"20261129T…","before":"20261128T…","by":"eve"}

do        publish (a training), promote or rollback
version   what is current since then
before    what was current until then; absent where nothing was

CURRENT alone says what is current. It is written first and its entry here after it, so an entry may be missing (a crash
between, an editor), and the next one's `before` tells; none is of a version that never was current. A line that is no
entry is passed over, and stays. The last LINES are kept.
"""

import getpass
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

FILE: Final = "history.jsonl"

LINES: Final = 1_000
"""Three years of nightly trainings, in some 200 KB that are read and written with each."""

PUBLISH: Final = "publish"
PROMOTE: Final = "promote"
ROLLBACK: Final = "rollback"

Deed = Literal["publish", "promote", "rollback"]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry; `by` is the name of a user."""

    at: str
    do: Deed
    version: str
    before: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class History:
    """The entries of a file, the oldest first."""

    changes: tuple[Change, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "History":
        """Read a file."""
        changes = []
        for line in data.split(b"\n"):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                changes.append(msgspec.json.decode(line, type=Change))
        return cls(tuple(changes))

    def trail(self, current: str | None) -> list[str]:
        """
        Return the way to the current version, which is the last: before each the one that a rollback goes back to.

        Going back takes what was gone back from off the way, so that a second rollback goes further back.
        """
        way: list[str] = []
        for change in self.changes:
            _step(way, change.before)
            if change.do == ROLLBACK and change.version in way:
                del way[_last(way, change.version) + 1 :]
            else:
                _step(way, change.version)
        _step(way, current)
        return way

    def were_current(self) -> set[str]:
        """Return all versions that it names."""
        return {name for change in self.changes for name in (change.version, change.before) if name is not None}


def appended(data: bytes, change: Change) -> bytes:
    """Return a file with one more entry, and no more lines than are kept."""
    lines = [line for line in data.split(b"\n") if line][-LINES + 1 :]
    return b"".join(line + b"\n" for line in [*lines, msgspec.json.encode(change)])


def who() -> str | None:
    """Return the name of the user who runs this; None where the machine has none for it."""
    # Python 3.13 raises OSError, older ones what their sources raise.
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return None


def _step(way: list[str], version: str | None) -> None:
    if version is not None and way[-1:] != [version]:
        way.append(version)


def _last(way: Sequence[str], version: str) -> int:
    return max(index for index, each in enumerate(way) if each == version)
