"""`logwinnow explain`: says of a line, an event or an alert why it is judged so, and what would change that."""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from commands.console import write_json
from commands.options import add_config, add_set, training_config
from commands.progress import reading
from patterns.settings import find, load

if TYPE_CHECKING:
    from commands.finding import Finder

_DESCRIPTION = """\
Says of a line what it is and why it is judged so: its header, its shape with
the class of each word that varies, the verdict, and the three nearest patterns
laid beside it with what differs. Then what the training knew of the shape, how
many such lines, at which level or support, would have taken it in (its program
is mined anew for that), since when and on which hosts the stream sees it, and a
command that reproduces the verdict offline. Judged is by the current set and
what the operator decided; of an event also what was said when it came."""

_EXAMPLE = """\
examples:
  logwinnow explain 'Nov 13 05:00:00 web1 sshd[7]: Accepted key for eve'
  logwinnow explain 6b86b273ff34fce19d6b
  logwinnow explain --scope sshd 'Accepted key for eve' --json
  tail -1 /var/log/auth.log | logwinnow explain -"""

_DAYS = 7


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "explain",
        help="say of a line, an event or an alert why it is judged so",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument(
        "what",
        metavar="WHAT",
        help="a line with its header; the id of an event or alert, 20 digits, in the sink of conf/streaming.toml; "
        "or - for the lines of standard input",
    )
    verb.add_argument(
        "--scope", metavar="PROGRAM", help='the lines are messages of this program; "" for lines without one'
    )
    verb.add_argument("--version", metavar="V", help="judge by this version of the store (default: the current)")
    verb.add_argument("--store", metavar="DIR", help="folder or URL of the pattern sets (default: $.patterns.store)")
    verb.add_argument(
        "--days",
        type=_days,
        default=_DAYS,
        metavar="N",
        help="how far back the stream's events are looked through for the shape (default: %(default)s days)",
    )
    add_config(verb, "streaming.toml")
    add_set(verb)
    verb.add_argument("--json", action="store_true", help="print one JSON object a line")
    verb.add_argument("--quiet", action="store_true", help="show no progress")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Explain what is asked about.

    Raises:
        LogwinnowError: The set or the configuration cannot be used, or the sink has nothing of the id.
    """
    # The sinks take a second to import; the other verbs do not wait for them.
    from commands import finding
    from commands.explaining.asked import asked
    from commands.explaining.report import Reporter
    from commands.explaining.sets import judged_by
    from commands.explaining.told import Teller
    from commands.explaining.unusual import Unusual
    from patterns.store import Store
    from patterns.timestamps import DAY, iso
    from streaming.config import FILE, StreamingConfig

    path = find(FILE, arguments.config)
    config = load(StreamingConfig, path, os.environ, arguments.set)
    store = Store(arguments.store if arguments.store is not None else config.patterns.store)
    by = judged_by(store, arguments.version)
    since = time.time_ns() // 1_000 - arguments.days * DAY
    teller = None if arguments.json else Teller()

    @contextmanager
    def finder() -> "Iterator[Finder]":
        with reading(quiet=arguments.quiet) as report:
            yield finding.opened(config.sink, since, report)

    reporter = Reporter(store, by, finder, scope=arguments.scope, since=iso(since), seen_once=_seen_once(path))
    for one in asked(arguments.what, by.patterns.rules, finder):
        said = one if isinstance(one, Unusual) else reporter.report(one)
        if teller is None:
            write_json([said])
        elif isinstance(said, Unusual):
            teller.tell_unusual(said)
        else:
            teller.tell(said)
    return 0


def _seen_once(streaming: Path | None) -> bool:
    """Return whether training takes kinds seen once: what training.toml beside the stream's file says."""
    from training.config import FILE

    beside = None if streaming is None else streaming.with_name(FILE)
    return training_config(beside if beside is not None and beside.is_file() else None, [])[0].mining.seen_once


def _days(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 36_500:
        msg = f"{text!r} is no number of days; give 1 to 36500"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
