"""`logwinnow patterns versions`, `promote` and `rollback`: which version of the set is the current one."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from commands.console import Column, counted, print_table, shown, stdout, write_json
from commands.options import add_deed, add_store, open_store, published
from patterns.errors import BrokenPatternSet, LogwinnowError
from patterns.timestamps import iso

if TYPE_CHECKING:
    from patterns.history import Change, History
    from patterns.store import Store

CURRENT: Final = "current"
PREVIOUS: Final = "previous"

_VERSIONS = """\
Lists the versions of the store, oldest first, and what they are:
  current       the one by which `match` and `stream` judge
  previous      the one to which `patterns rollback` goes back
  was current   since when, and by whom it was made so, is the last column
  proposed      by `train --propose`, and not promoted yet
  damaged       cannot be used; `patterns promote` says why"""

_PROMOTE = """\
Makes a version the current one, after all of it was read and checked. A stream
that runs takes it with its next batch. See first what it would change:
logwinnow patterns diff current VERSION"""

_ROLLBACK = """\
Makes an earlier version the current one, after all of it was read and checked:
the one that was current before, or the one that is named. Once more goes further
back. A stream that runs takes it with its next batch."""

_VERSION_HELP = "a version that `patterns versions` lists, or as much of its beginning as no other has"
_NAMED: Final = 5


def add(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the three."""
    example = "example:\n  logwinnow patterns versions --store patterns"
    versions = add_deed(deeds, "versions", "list the versions of the store", _VERSIONS, example)
    add_store(versions)
    keys = "version, current, state, published, patterns, lines, since, by"
    versions.add_argument("--json", action="store_true", help=f"print one object a line: {keys}")
    versions.set_defaults(run=_versions)

    example = "example:\n  logwinnow patterns promote 20261129T0800"
    promote = add_deed(deeds, "promote", "make a version the current one", _PROMOTE, example)
    promote.add_argument("version", metavar="VERSION", help=_VERSION_HELP)
    add_store(promote)
    promote.set_defaults(run=_promote)

    example = "examples:\n  logwinnow patterns rollback\n  logwinnow patterns rollback 20261128T04"
    rollback = add_deed(deeds, "rollback", "go back to an earlier version", _ROLLBACK, example)
    rollback.add_argument("version", nargs="?", metavar="VERSION", help=f"{_VERSION_HELP} (default: the previous one)")
    add_store(rollback)
    rollback.set_defaults(run=_rollback)


def version_named(store: "Store", given: str) -> str:
    """
    Return the version that a user names: its name or the beginning of it, ``current``, or ``previous``.

    Raises:
        NoPatternSet: The store holds none.
        LogwinnowError: None is named so, or more than one.
    """
    versions = published(store)
    if given in {CURRENT, PREVIOUS}:
        found = store.current() if given == CURRENT else store.previous()
        if found is None:
            raise LogwinnowError(f"store {store.root!r} has no {given} version; {_there_are(versions)}")
        return found
    begin_so = [version for version in versions if given and version.startswith(given)]
    if given in versions or len(begin_so) == 1:
        return given if given in versions else begin_so[0]
    if begin_so:
        why = f"{counted(len(begin_so), 'version begins', 'versions begin')} so"
        raise LogwinnowError(f"{given!r} names no single version: {why}, {', '.join(begin_so[:_NAMED])}; give more")
    raise LogwinnowError(f"version {given!r} is not in store {store.root!r}; {_there_are(versions)}")


def _there_are(versions: list[str]) -> str:
    more = f"{len(versions) - _NAMED:,} older ones and " if len(versions) > _NAMED else ""
    return f"there are: {more}{', '.join(versions[-_NAMED:])}"


def _promote(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    version = version_named(store, arguments.version)
    before = store.promote(version)
    if before == version:
        _say(f"{version} is the current version already")
    else:
        _say(f"promoted {version}; {'there was none' if before is None else f'it was {before}'} before")
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    store = open_store(arguments)
    given = None if arguments.version is None else version_named(store, arguments.version)
    version, before = store.rollback(given)
    if before == version:
        _say(f"{version} is the current version already")
    else:
        _say(f"rolled back to {version}; it was {before or 'none'} before")
    return 0


def _say(text: str) -> None:
    stdout().print(shown(text), soft_wrap=True)


def _versions(arguments: argparse.Namespace) -> int:
    rows = list(_rows(open_store(arguments)))
    if arguments.json:
        write_json(rows)
        return 0
    columns = [
        Column("version"),
        Column("state"),
        Column("published"),
        Column("patterns", right=True),
        Column("lines", right=True),
        Column("since, by", ratio=1),
    ]
    print_table(stdout(), columns, [_cells(row) for row in rows])
    return 0


def _cells(row: dict[str, Any]) -> list[str]:
    numbers = ["-" if row[name] is None else f"{row[name]:,}" for name in ("patterns", "lines")]
    since = ", ".join(text for text in (_to_the_second(row["since"]), row["by"]) if text)
    return [row["version"], row["state"], _to_the_second(row["published"]) or "-", *numbers, since or "-"]


def _to_the_second(time: str | None) -> str | None:
    """Return a time as people read it, in UTC."""
    return None if time is None else time[:19].replace("T", " ")


def _rows(store: "Store") -> Iterator[dict[str, Any]]:
    """Yield what there is to say of each version, the oldest first. Cost: a small file of each is read."""
    from patterns.versions import published_at

    versions, current, previous, history = published(store), store.current(), store.previous(), store.history()
    made_current = _made_current(history)
    were_current = history.were_current()
    for version in versions:
        try:
            head = store.head(version)
        except BrokenPatternSet:
            head = None
        if version == current:
            state = CURRENT
        elif version == previous:
            state = PREVIOUS
        elif head is None:
            state = "damaged"
        else:
            state = "proposed" if head.proposed and version not in were_current else "was current"
        time, change = published_at(version), made_current.get(version)
        yield {
            "version": version,
            "current": version == current,
            "state": state,
            "published": None if time is None else iso(time),
            "patterns": head and head.patterns,
            "lines": head and head.lines,
            "since": change and change.at,
            "by": change and change.by,
        }


def _made_current(history: "History") -> "dict[str, Change]":
    """Return for each version how it became current last."""
    return {change.version: change for change in history.changes}
