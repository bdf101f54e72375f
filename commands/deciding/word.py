"""What all decisions have: who, when, until when; the store and set that they are about; how one is told."""

import argparse
import getpass
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from commands.console import print_facts, stdout, write_json
from commands.options import add_store, open_store

if TYPE_CHECKING:
    from patterns.decisions import Decision, Decisions
    from patterns.pattern_set import KnownPattern, PatternSet
    from patterns.set_files import StoredSet
    from patterns.store import Store

COUNTS: Final = "for `match` now, for a running stream from its next batch, for a training from the next one"
"""From when an entry counts."""

_AHEAD: Final = re.compile(r"([0-9]{1,4})([mhdw])")
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def add_said(deed: argparse.ArgumentParser) -> None:
    """Add what each entry may have, where it is kept, and --json."""
    deed.add_argument(
        "--until", type=_until, metavar="TIME", help="it ends then: 2026-12-24, 2026-12-24T18:30, 12h, 7d"
    )
    deed.add_argument("--note", metavar="TEXT", help="why")
    deed.add_argument("--by", metavar="NAME", help="who decides (default: the user's name)")
    add_store(deed)
    deed.add_argument("--json", action="store_true", help="print the entry as JSON, with what it is about")


@dataclass(frozen=True)
class Ground:
    """
    What is decided about.

    Attributes:
        store: Where the operator's file is.
        now: In microseconds since 1970.
    """

    store: "Store"
    now: int

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> "Ground":
        """Return that of --store, or of the configuration."""
        return cls(open_store(arguments), time.time_ns() // 1_000)

    @cached_property
    def stored(self) -> "StoredSet":
        """The newest set, as it was mined."""
        return self.store.read()

    @cached_property
    def active(self) -> "Decisions":
        """The entries that count now."""
        return self.store.decisions().active(self.now)

    @cached_property
    def decided(self) -> "PatternSet":
        """The newest set as lines are judged by it now."""
        from patterns.decided import decided

        return decided(self.stored.patterns, self.active)

    def judged(self, identity: str) -> "KnownPattern":
        """Return the pattern of an id as it is judged by; of several with the same words what comes first."""
        return next(known for known in self.decided.patterns if known.id == identity)

    def mined(self, known: "KnownPattern") -> "KnownPattern":
        """Return a pattern as it was mined; one that only an entry has as it is."""
        return self.stored.patterns.by_id.get(known.id, known)

    def entry(self, arguments: argparse.Namespace, **fields: Any) -> "Decision":
        """Return an entry of these fields, and of what `add_said` added."""
        from patterns.decisions import Decision

        said = {
            "by": text(arguments.by if arguments.by is not None else _user()),
            "at": _rfc3339(self.now // 1_000_000),
            "until": arguments.until,
            "note": arguments.note and text(arguments.note),
        }
        return Decision(**fields, **said)


def write(
    ground: Ground, entry: "Decision", facts: Iterable[tuple[str, str]], extra: dict[str, Any], *, json: bool
) -> int:
    """
    Add an entry to the operator's file, and say so.

    Args:
        ground: Where.
        entry: What was decided.
        facts: What to say of it, for people.
        extra: The same for programs, beside the entry's own fields.
        json: Whether a program asks.

    Returns:
        0.

    Raises:
        LogwinnowError: The file is broken, or cannot be written.
    """
    import msgspec

    ground.store.decide(add=[entry])
    if json:
        write_json([{"entry": entry.id, **msgspec.to_builtins(entry), **extra}])
        return 0
    until = [("until", entry.until)] if entry.until else []
    takes_back = f"{entry.id}; taken back by: logwinnow patterns withdraw {entry.id}"
    print_facts(stdout(), [*facts, *until, ("counts", COUNTS), ("entry", takes_back)])
    return 0


def text(argument: str) -> str:
    """Return an argument as text: bytes that are none are replaced."""
    return os.fsencode(argument).decode(errors="replace")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number alone.
        return f"uid {os.getuid()}"


def _until(given: str) -> str:
    """Return a time to come, RFC 3339."""
    from training.fetched.time_range import parse_time

    now = time.time_ns() // 1_000
    ahead = _AHEAD.fullmatch(given)
    if ahead:
        return _rfc3339(now // 1_000_000 + int(ahead[1]) * _SECONDS[ahead[2]])
    try:
        time_given = parse_time(given, now)
    except ValueError:
        msg = f"{given!r} is no time: give 2026-12-24, 2026-12-24T18:30 (UTC, or with +01:00), or 12h or 7d from now"
        raise argparse.ArgumentTypeError(msg) from None
    if time_given <= now:
        msg = f"{given!r} is over: give a time to come"
        raise argparse.ArgumentTypeError(msg)
    return _rfc3339(time_given // 1_000_000)


def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
