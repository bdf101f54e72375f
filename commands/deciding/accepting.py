"""`logwinnow patterns accept`: a shape, or a pending pattern, is known from now on."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.deciding.word import Ground, add_said, text, write
from commands.options import add_deed
from patterns.errors import LogwinnowError
from patterns.terminal import printable

if TYPE_CHECKING:
    from commands.deciding.finding import Subject
    from patterns.decisions import Decision
    from patterns.matcher import Verdict
    from patterns.pattern_set import KnownPattern

_DESCRIPTION = """\
Says that lines are of a known kind: they are outliers no more, raise no alert,
and stay quiet over every later training, also under other rules. WHAT is
  the id of an alert    20 digits: event.id of the alert
  the id of a shape     12 digits or the first 4 or more, as events, alerts and
                        `match --json` have it
  the id of a pattern   likewise, of one that is pending, or that a storm's alert has
  a line                as the log has it, in quotes
  a message             with --scope, the program that it is of
Of two decisions about a line the later one counts."""

_EXAMPLE = """\
examples:
  logwinnow patterns accept 3f2a90c1d4e5f6071829
  logwinnow patterns accept 3f2a90c1d4e5f6071829 --set sink.kind=elasticsearch
  logwinnow patterns accept 'Nov 13 05:00:00 web1 sshd[7]: Connection reset'
  logwinnow patterns accept 'Connection reset' --scope sshd --until 7d --note 'until the new switch'"""

_BRIEF = 300


def add(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    deed = add_deed(deeds, "accept", "say that lines are of a known kind", _DESCRIPTION, _EXAMPLE)
    deed.add_argument("what", metavar="WHAT", help="an id, a line, or with --scope a message: see above")
    deed.add_argument("--scope", metavar="PROGRAM", help='WHAT is a message of this program; "" for lines without one')
    add_said(deed)
    where = "where the stream's alerts and events are (default: conf/streaming.toml, or /etc/logwinnow's)"
    deed.add_argument("--streaming-config", type=Path, metavar="FILE", help=where)
    deed.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one value of that file")
    deed.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the entry, unless what it says is so already.

    Raises:
        LogwinnowError: Nothing is found, or more than one thing, or it is known already.
    """
    from commands.deciding.finding import Finder, Subject

    ground = Ground.of(arguments)
    scope = None if arguments.scope is None else text(arguments.scope)
    found = Finder(ground, arguments.streaming_config, arguments.set).find(text(arguments.what), scope)
    if isinstance(found, Subject):
        return _accept_shape(ground, found, arguments)
    return _accept_pattern(ground, found, arguments)


def _accept_shape(ground: Ground, found: "Subject", arguments: argparse.Namespace) -> int:
    from commands.deciding.finding import lines_of
    from patterns.judge import shape_id
    from patterns.matcher import Matcher

    identity = shape_id(found.scope, found.shape)
    verdict = Matcher(ground.decided).verdict(found.scope, found.shape)
    if verdict.known is not None:
        _check(ground, f"shape {identity} ({found.shape[:_BRIEF]})", verdict.known, arguments.until)
    message = {"message": found.message} if found.message is not None else {}
    entry = ground.entry(arguments, do="accept", scope=found.scope, shape=found.shape, **message)
    lines = lines_of(ground, found)
    facts = [
        ("accepted", f"lines of shape {found.shape[:_BRIEF]}"),
        ("shape", identity),
        ("program", found.scope or "- (lines without one)"),
        *([("message", printable(found.message, _BRIEF))] if found.message is not None else []),
        ("lines", "its table is gone" if lines is None else f"{lines:,} of those of the last training"),
        *_before(ground, verdict),
    ]
    return write(ground, entry, facts, {"shape_id": identity, "lines": lines}, json=arguments.json)


def _accept_pattern(ground: Ground, known: "KnownPattern", arguments: argparse.Namespace) -> int:
    _check(ground, f"pattern {known.id} ({known.pattern.text[:_BRIEF]})", known, arguments.until)
    mined = ground.mined(known)
    fields: dict[str, Any] = {"positional": True} if mined.pattern.positional else {}
    entry = ground.entry(arguments, do="accept", scope=mined.scope, pattern=mined.pattern.text, **fields)
    facts = [
        ("accepted", f"lines of pattern {mined.pattern.text[:_BRIEF]}"),
        ("pattern", mined.id),
        ("program", mined.scope or "- (lines without one)"),
        ("lines", f"{mined.support:,} of those of the last training"),
        ("before", _said(ground, known)),
    ]
    return write(ground, entry, facts, {"pattern_id": mined.id, "lines": mined.support}, json=arguments.json)


def _check(ground: Ground, what: str, known: "KnownPattern", until: str | None) -> None:
    """Refuse what would say nothing new."""
    if not known.is_quiet:
        return
    if not known.decided:
        raise LogwinnowError(f"{what} is known already, by pattern {known.id}: {known.pattern.text[:_BRIEF]}")
    entry: Decision = ground.active.entries[known.decided - 1]
    if entry.until is None or entry.until == until:
        raise LogwinnowError(
            f"{what} is accepted already, by entry {entry.id}; to say it otherwise: logwinnow patterns withdraw "
            f"{entry.id}"
        )


def _before(ground: Ground, verdict: "Verdict") -> list[tuple[str, str]]:
    """Say what lines of the shape were up to now, and how to accept all that are alike."""
    known = verdict.known
    if known is None:
        return []
    said = _said(ground, known)
    if known.is_quiet:
        return [("before", said)]
    said = f"{said}, as lines of pattern {known.id}: {known.pattern.text[:_BRIEF]}"
    store = f" --store {shlex.quote(ground.store.root)}"
    return [("before", f"{said}; to accept all of these: logwinnow patterns accept {known.id}{store}")]


def _said(ground: Ground, known: "KnownPattern") -> str:
    """Say the state of a pattern, and which entry says it."""
    if not known.decided:
        return known.state
    entry: Decision = ground.active.entries[known.decided - 1]
    return f"{known.state} by entry {entry.id}" + (f", until {entry.until}" if entry.until else "")
