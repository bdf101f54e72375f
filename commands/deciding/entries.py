"""`logwinnow patterns decisions` and `withdraw`: what the operator's file has, and what is taken out of it."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from commands.console import Column, print_facts, print_table, stdout, write_json
from commands.deciding.word import COUNTS, Ground
from commands.options import add_deed, add_store
from commands.pattern_ids import LEAST_PREFIX, ambiguous
from patterns.errors import DecisionsError, LogwinnowError

if TYPE_CHECKING:
    from patterns.decisions import Decision

_DECISIONS = """\
Lists the entries of the operator's file, in its order: of two about a line, or
with other names for a pattern, the later one counts. State is
  counts       lines are judged by it
  replaced     a later entry is about the same
  ended        its time is over
  means nothing
               by the rules of the newest set no line has it, or none that is
               judged; while one counts that means nothing, a stream goes on
               with what it had, and says so"""

_WITHDRAW = """\
Takes entries out of the operator's file, by their ids; what was decided about
the same before counts again. Comments in the file stay."""

COUNTING: Final = "counts"
_LONGEST: Final = 200


def add(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verbs."""
    example = "example:\n  logwinnow patterns decisions --json | jq -c 'select(.state != \"counts\")'"
    decisions = add_deed(deeds, "decisions", "list what the operator decided", _DECISIONS, example)
    add_store(decisions)
    decisions.add_argument(
        "--json", action="store_true", help="print one JSON object a line: the entry, its id and state"
    )
    decisions.set_defaults(run=_list)

    example = "example:\n  logwinnow patterns withdraw 5f3a"
    withdraw = add_deed(deeds, "withdraw", "take decisions back", _WITHDRAW, example)
    withdraw.add_argument(
        "entries", nargs="+", metavar="ENTRY", help="as `decisions` lists it, or its first 4 digits or more"
    )
    add_store(withdraw)
    withdraw.add_argument(
        "--json", action="store_true", help="print the entries that were taken out, one JSON object a line"
    )
    withdraw.set_defaults(run=_withdraw)


def _list(arguments: argparse.Namespace) -> int:
    import msgspec

    ground = Ground.of(arguments)
    entries = ground.store.decisions().entries
    states = list(_states(ground, entries))
    if arguments.json:
        write_json(
            {"entry": entry.id, "state": state, "why": why or None, **msgspec.to_builtins(entry)}
            for entry, (state, why) in zip(entries, states, strict=True)
        )
        return 0
    columns = [
        *(Column(name) for name in ("entry", "do", "state", "by", "at", "until", "program")),
        Column("what", ratio=1),
    ]
    rows = [_row(entry, state, why) for entry, (state, why) in zip(entries, states, strict=True)]
    print_table(stdout(), columns, rows)
    return 0


def _row(entry: "Decision", state: str, why: str) -> tuple[str, ...]:
    about = entry.shape if entry.shape is not None else entry.pattern or ""
    said = [
        about[:_LONGEST],
        *filter(None, (entry.severity, entry.name, entry.runbook)),
        why,
        entry.note and f"({entry.note})",
    ]
    return (
        entry.id,
        entry.do,
        state,
        entry.by or "-",
        entry.at or "-",
        entry.until or "-",
        entry.scope or "-",
        " · ".join(filter(None, said)),
    )


def _states(ground: Ground, entries: "tuple[Decision, ...]") -> Iterator[tuple[str, str]]:
    """Yield the state of each entry, and why it has it where that is not clear."""
    from patterns.decided import pattern_of, scope_of
    from patterns.words import Splitter

    # Without a set there are no rules by which an entry could mean nothing.
    splitter = Splitter(ground.stored.patterns.rules.words) if ground.store.current() else None
    subjects: list[object] = []
    found: list[tuple[str, str]] = []
    for entry in entries:
        state, why, subject = COUNTING, "", None
        try:
            if splitter is not None:
                pattern = pattern_of(entry, splitter)
                kind = "accept or reject" if entry.do == "reject" else entry.do.replace("accept", "accept or reject")
                subject = (kind, entry.shape is None, pattern.identity(scope_of(entry, splitter)))
        except DecisionsError as error:
            state, why = "means nothing", str(error)
        if not entry.active(ground.now):
            state, why, subject = "ended", "", None
        found.append((state, why))
        subjects.append(subject)
    for number, (state, why) in enumerate(found):
        replaced = subjects[number] is not None and subjects[number] in subjects[number + 1 :]
        yield ("replaced", why) if replaced else (state, why)


def _withdraw(arguments: argparse.Namespace) -> int:
    import msgspec

    ground = Ground.of(arguments)
    entries = ground.store.decisions().entries
    chosen = {entry.id: entry for given in arguments.entries for entry in [_find(entries, given.lower())]}
    ground.store.decide(withdraw=set(chosen))
    if arguments.json:
        write_json({"entry": identity, **msgspec.to_builtins(entry)} for identity, entry in chosen.items())
        return 0
    taken = [
        ("withdrawn", " ".join(_row(entry, "", "")[:2]) + f": {_row(entry, '', '')[-1]}") for entry in chosen.values()
    ]
    print_facts(stdout(), [*taken, ("counts", COUNTS)])
    return 0


def _find(entries: "tuple[Decision, ...]", given: str) -> "Decision":
    found = {entry.id: entry for entry in entries if given and entry.id.startswith(given)}
    if len(found) == 1 and len(given) >= LEAST_PREFIX:
        return next(iter(found.values()))
    if found:
        raise ambiguous(given, found, "entry")
    raise LogwinnowError(f"no entry has the id {given!r}; see: logwinnow patterns decisions")
