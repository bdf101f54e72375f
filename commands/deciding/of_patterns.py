"""`logwinnow patterns reject`, `name` and `pin`: decisions about a pattern of the newest set."""

import argparse
from typing import TYPE_CHECKING, Any

from commands.deciding.word import Ground, add_said, text, write
from commands.options import add_deed
from commands.pattern_ids import LEAST_PREFIX, find_pattern, provisional
from patterns.decisions import SEVERITIES
from patterns.errors import LogwinnowError

if TYPE_CHECKING:
    from patterns.pattern_set import KnownPattern

_REJECT = """\
Says that lines of a pattern are outliers, whatever it was learned from: they
raise alerts, no other pattern takes them, and no later training learns it
again."""

_NAME = """\
Says what lines of a pattern are called, how severe they are, and what to do
about them: events and alerts have it, in every state of the pattern. What is
not given stays as it is; "" takes it away."""

_PIN = """\
Says that a pattern stays: every later training keeps it as known, also if none
of its lines was seen."""

_ID = "12 digits, or the first 4 or more if no other pattern has them"


def add(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verbs."""
    example = "example:\n  logwinnow patterns reject 3f2a90 --note 'a disk that fails is no known kind'"
    reject = add_deed(deeds, "reject", "say that lines of a pattern are outliers", _REJECT, example)
    reject.add_argument("id", metavar="ID", help=_ID)
    add_said(reject)
    reject.set_defaults(run=_reject)

    example = "example:\n  logwinnow patterns name 3f2a90 --name 'disk trouble' --severity high --runbook wiki/disks"
    name = add_deed(deeds, "name", "say what a pattern's lines are called, and how severe", _NAME, example)
    name.add_argument("id", metavar="ID", help=_ID)
    name.add_argument("--name", metavar="TEXT", help="what people call it")
    name.add_argument("--severity", choices=("", *SEVERITIES), help=f"{', '.join(SEVERITIES)}", metavar="SEVERITY")
    name.add_argument("--runbook", metavar="URL", help="where it is said what to do, or what")
    add_said(name)
    name.set_defaults(run=_name, refuse=name.error)

    example = "example:\n  logwinnow patterns pin 3f2a90 --note 'comes once a year'"
    pin = add_deed(deeds, "pin", "keep a pattern over trainings that do not see it", _PIN, example)
    pin.add_argument("id", metavar="ID", help=_ID)
    add_said(pin)
    pin.set_defaults(run=_pin)


def _reject(arguments: argparse.Namespace) -> int:
    ground = Ground.of(arguments)
    known, state = _found(ground, arguments.id)
    if state.state == "rejected":
        raise LogwinnowError(f"pattern {known.id} is rejected already, by entry {_entry_of(ground, state)}")
    return _write(ground, arguments, "rejected", known, {"do": "reject"}, [("before", state.state)])


def _name(arguments: argparse.Namespace) -> int:
    given = {key: getattr(arguments, key) for key in ("name", "severity", "runbook")}
    if all(value is None for value in given.values()):
        arguments.refuse("give --name, --severity or --runbook")
    ground = Ground.of(arguments)
    known, state = _found(ground, arguments.id)
    said = {key: getattr(state, key) if value is None else text(value) or None for key, value in given.items()}
    if not any(said.values()):
        raise LogwinnowError(
            f"pattern {known.id} would have no name, severity or runbook; take its entry back by: "
            "logwinnow patterns withdraw ENTRY"
        )
    fields = {"do": "name", **{key: value for key, value in said.items() if value}}
    return _write(ground, arguments, "named", known, fields, [(key, value) for key, value in said.items() if value])


def _pin(arguments: argparse.Namespace) -> int:
    ground = Ground.of(arguments)
    known, state = _found(ground, arguments.id)
    if state.state == "rejected":
        entry = _entry_of(ground, state)
        raise LogwinnowError(
            f"pattern {known.id} is rejected, by entry {entry}; first: logwinnow patterns withdraw {entry}"
        )
    return _write(ground, arguments, "pinned", known, {"do": "pin", "level": max(known.level, 1)}, [])


def _found(ground: Ground, given: str) -> "tuple[KnownPattern, KnownPattern]":
    """
    Return the pattern of an id as it was mined, and as it is judged by now.

    Raises:
        LogwinnowError: There is none, or more than one.
    """
    identity = given.lower()
    # Of a storm there is a pattern before a training has it: so long nothing of the set must begin so.
    if not any(known.id.startswith(identity) for known in ground.decided.patterns):
        proposed = [each for each in ground.store.provisional() if each.id.startswith(identity)]
        if len(proposed) == 1 and len(identity) >= LEAST_PREFIX:
            of_storm = provisional(proposed[0].scope, proposed[0].parsed)
            return of_storm, of_storm
    now = ground.judged(find_pattern(ground.decided, identity).id)
    return ground.mined(now), now


def _entry_of(ground: Ground, state: "KnownPattern") -> str:
    return ground.active.entries[state.decided - 1].id


def _write(
    ground: Ground,
    arguments: argparse.Namespace,
    done: str,
    known: "KnownPattern",
    fields: dict[str, Any],
    more: list[tuple[str, str]],
) -> int:
    if known.pattern.positional:
        fields["positional"] = True
    entry = ground.entry(arguments, scope=known.scope, pattern=known.pattern.text, **fields)
    facts = [
        (done, known.pattern.text),
        ("pattern", known.id),
        ("program", known.scope or "- (lines without one)"),
        ("lines", f"{known.support:,} of those of the last training"),
        *more,
    ]
    return write(ground, entry, facts, {"pattern_id": known.id, "lines": known.support}, json=arguments.json)
