"""`logwinnow deadletters`: what could not become an event: lists it, judges it again, drops it."""

import argparse
import logging
import os
import sys
from collections import Counter, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from commands.console import Column, counted, print_facts, print_table, stdout, write_json, write_json_lines
from commands.logs import log_to
from commands.options import add_config, add_deed, add_set
from commands.progress import reading
from patterns.errors import LogwinnowError
from patterns.settings import find, load
from patterns.terminal import printable

if TYPE_CHECKING:
    from streaming.config import StreamingConfig
    from streaming.dead_letters.letter import KeptLetter
    from streaming.replay import Outcome

_DESCRIPTION = """\
Dead letters are what a stream could not make an event of, kept with its bytes
where conf/streaming.toml's [dead_letters] says, for one of three reasons:
  no_line    a JSON envelope that does not parse, or has no line in it
  refused    a document that Elasticsearch refuses for good
  no_value   a record without a value: it says only where that was"""

_EXAMPLE = """\
examples:
  logwinnow deadletters list --reason refused
  logwinnow deadletters replay
  logwinnow deadletters replay --reason no_line --set source.kafka.format=plain
  logwinnow deadletters drop --reason no_value"""

_LIST = """\
Lists the letters, each once, the newest last: when the stream kept it, where it
stood, why, how many bytes it has, and how they begin. --json prints them whole,
one object a line, the bytes in base64, times in microseconds since 1970."""

_LIST_EXAMPLE = """\
examples:
  logwinnow deadletters list --reason no_line --last 20
  logwinnow deadletters list --json | jq -r 'select(.raw).raw | @base64d'"""

_REPLAY = """\
Judges the letters of the configured source again, after what was wrong is
mended: by the newest pattern set, read as [source] says now. Events go to where
the stream would have put them, each once however often this is run, and may be
beside a stream that runs; outliers get their alert, if it was not told. What is
an event now is taken out (a topic keeps its records: a mark says that they are
done with); what fails again stays, with the new reason in files.

Letters without bytes can become nothing: drop them. Those of a batch that the
stream was stopped in are left to it.
Exit code 1 if a letter failed again."""

_REPLAY_EXAMPLE = """\
examples:
  logwinnow deadletters replay --reason refused
  logwinnow deadletters replay --reason no_line --set source.kafka.format=plain
                                take what is no JSON as lines"""

_DROP = """\
Takes letters of the configured source out for good, by their reason. A topic
keeps its records; a mark says that they are done with."""

_REASONS: Final = ("no_value", "no_line", "refused")
_SHOWN: Final = 1_000
_DETAIL_SHOWN: Final = 200
_TEXT_SHOWN: Final = 120
_DAMAGED_SHOWN: Final = 5


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb and what it can do."""
    verb = add_deed(verbs, "deadletters", "list, replay or drop what could not become an event", _DESCRIPTION, _EXAMPLE)
    deeds = verb.add_subparsers(title="what to do", metavar="WHAT", dest="what", required=True)

    listing = add_deed(deeds, "list", "list them, the newest last", _LIST, _LIST_EXAMPLE)
    listing.add_argument("--reason", choices=_REASONS, help="those of this reason alone")
    most = f"the newest N alone (default: all with --json, else {_SHOWN:,})"
    listing.add_argument("--last", type=_positive, metavar="N", help=most)
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    listing.set_defaults(run=_list)

    replaying = add_deed(deeds, "replay", "judge them again", _REPLAY, _REPLAY_EXAMPLE)
    replaying.add_argument("--reason", choices=_REASONS, help="those of this reason alone")
    replaying.set_defaults(run=_replay)

    dropping = add_deed(
        deeds, "drop", "take them out for good", _DROP, "example:\n  logwinnow deadletters drop --reason no_value"
    )
    dropping.add_argument("--reason", choices=_REASONS, required=True)
    dropping.set_defaults(run=_drop)

    for each in (replaying, dropping):
        each.add_argument("--json", action="store_true", help="print what became of them as one JSON object")
        each.add_argument("--quiet", action="store_true", help="show no progress, and nothing else but --json's object")
    for each in (listing, replaying, dropping):
        add_config(each, "streaming.toml")
        add_set(each)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_positive.__name__ = "number of letters, 1 or more,"


def _config(arguments: argparse.Namespace) -> "StreamingConfig":
    from streaming.config import FILE, StreamingConfig

    return load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set)


def _list(arguments: argparse.Namespace) -> int:
    from streaming.dead_letters.kinds import box_of
    from streaming.dead_letters.letter import row_of

    told = _Damaged()
    found = box_of(_config(arguments).dead_letters).letters(told)
    letters = (letter for letter in found if arguments.reason in {None, letter.reason})
    if arguments.json:
        for letter in letters if arguments.last is None else deque(letters, arguments.last):
            write_json_lines(row_of(letter) + b"\n")
    else:
        _print(letters, arguments.last or _SHOWN)
    told.close()
    return 0


def _print(letters: "Iterator[KeptLetter]", most: int) -> None:
    """Print the newest letters as a table, and how many there are of each reason."""
    reasons: Counter[str] = Counter()
    rows: deque[tuple[str, ...]] = deque(maxlen=most)
    for letter in letters:
        reasons[letter.reason] += 1
        rows.append(_row(letter))
    if rows:
        columns = [
            Column("when"),
            Column("place", ratio=2),
            Column("offset", right=True),
            Column("reason"),
            Column("bytes", right=True),
            Column("detail", ratio=4),
            Column("text", ratio=5),
        ]
        print_table(stdout(), columns, rows)
    number = reasons.total()
    newest = f", of which the newest {len(rows):,} are shown" if len(rows) < number else ""
    print(f"{counted(number, 'dead letter')}{': ' if number else ''}{_of_reasons(reasons)}{newest}")


def _row(letter: "KeptLetter") -> tuple[str, ...]:
    from patterns.timestamps import iso

    when = iso(letter.planned_at)[:19] + "Z"
    size, begins = "-", "-"
    if letter.raw is not None:
        size = f"{len(letter.raw):,}"
        # A character has 4 bytes at most, and what is shown of it 10 characters.
        begins = printable(letter.raw[: 4 * _TEXT_SHOWN].decode("utf-8", "replace"), _TEXT_SHOWN)
    detail = printable(letter.detail, _DETAIL_SHOWN)
    return when, letter.place, str(letter.offset), letter.reason, size, detail, begins


def _of_reasons(reasons: Counter[str]) -> str:
    """Return ``3 no_line, 2 refused``."""
    return ", ".join(f"{number:,} {reason}" for reason, number in sorted(reasons.items()))


def _replay(arguments: argparse.Namespace) -> int:
    """
    Judge letters again.

    Raises:
        LogwinnowError: A letter failed again, or none could be taken.
    """
    # Its sinks and sources take a second to import; the other verbs do not wait for it.
    from streaming.replay import replay

    config = _config(arguments)
    # An Elasticsearch that is away is waited for, and that is told.
    log_to(level=logging.WARNING if arguments.quiet else logging.INFO)
    told = _Damaged()
    with reading(quiet=arguments.quiet) as report:
        outcome = replay(config, arguments.reason, told, lambda letters: report(letters, 0, 0))
    facts = [("events", f"{outcome.done:,}"), ("alerts", f"{outcome.alerts:,}")]
    if outcome.alerts_held_back:
        facts.append(("held back", f"{counted(outcome.alerts_held_back, 'alert')} over the cap of an hour"))
    numbers = {"events": outcome.done, "alerts": outcome.alerts, "alerts_held_back": outcome.alerts_held_back}
    facts += [*_failed(outcome), *_left(outcome)]
    _show(arguments, {**numbers, "failed": outcome.failed, "left": outcome.left}, facts)
    told.close()
    if outcome.failed:
        raise LogwinnowError(
            f"{counted(outcome.failed.total(), 'dead letter')} failed again: {_of_reasons(outcome.failed)}; mend what "
            "their details say, and replay again"
        )
    return 0


def _show(arguments: argparse.Namespace, outcome: dict[str, Any], facts: list[tuple[str, str]]) -> None:
    """Show an outcome as the options say: as JSON, for people, or not at all."""
    if arguments.json:
        write_json([outcome])
    elif not arguments.quiet:
        print_facts(stdout(), facts)


def _failed(outcome: "Outcome") -> Iterator[tuple[str, str]]:
    if outcome.failed:
        yield "failed", _of_reasons(outcome.failed)
    for letter in outcome.examples:
        yield "", f"{letter.place} offset {letter.offset}: {printable(letter.detail, _DETAIL_SHOWN)}"


def _left(outcome: "Outcome") -> Iterator[tuple[str, str]]:
    """Say what was not taken, and why."""
    meanings = {
        "empty": "without bytes, so that nothing can be judged: `logwinnow deadletters drop --reason no_value`",
        "unfinished": "of a batch that is not finished: the stream judges it when it runs",
        "other_source": "of another source: its own configuration replays them",
    }
    for why, meaning in meanings.items():
        if outcome.left[why]:
            yield "left", f"{outcome.left[why]:,} {meaning}"


def _drop(arguments: argparse.Namespace) -> int:
    from streaming.replay import drop

    told = _Damaged()
    outcome = drop(_config(arguments), arguments.reason, told)
    facts = [("dropped", f"{outcome.done:,}"), *_left(outcome)]
    _show(arguments, {"dropped": outcome.done, "left": outcome.left}, facts)
    told.close()
    return 0


class _Damaged:
    """Tells on standard error what is no letter: the first few one by one."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, place: str, why: str) -> None:
        """Tell one."""
        self._number += 1
        if self._number <= _DAMAGED_SHOWN:
            _say(f"{place}: no dead letter: {why}")

    def close(self) -> None:
        """Tell how many there were."""
        if self._number:
            stays = "stays as it is" if self._number == 1 else "stay as they are"
            _say(f"{counted(self._number, 'row is', 'rows are')} no dead letter, and {stays}")


def _say(message: str) -> None:
    print(f"logwinnow: {printable(message, 500)}", file=sys.stderr)
