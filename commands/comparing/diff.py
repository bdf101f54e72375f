"""`logwinnow patterns diff`: what a version of the set changes, and what it would have made of the last days' lines."""

import argparse
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands.comparing.difference import Measure, difference, two_versions
from commands.console import write_json
from commands.options import add_deed, add_store, open_store
from commands.progress import Report, reading
from patterns.settings import find, load
from patterns.timestamps import DAY

if TYPE_CHECKING:
    from patterns.store import Store

_DIFF = """\
Says what a version of the set has other than an older one, decided by the lines
that their patterns cover, as both tables of shapes tell it and with what the
operator decided counted in both:
  added, gone    patterns that are new, that are no more, and what else covers
                 their lines
  widened        covers more, or as much by larger gaps; narrowed: less
  split, merged  the lines of one are of several now; of several, of one
  changed        covers other lines, or says it otherwise
  state          is held to be known, pending, accepted or rejected now
A pattern's lines are those of the table that has more of them. Sets that read
lines by different rules are compared by examples.

Both are then tried on lines: what the stream judged in the last days, or files.
Silenced are outliers of A alone, flagged those of B alone."""

_EXAMPLE = """\
examples:
  logwinnow patterns diff current                    (with the newest)
  logwinnow patterns diff previous current --days 1
  logwinnow patterns diff 20261128 20261129 --on /var/log/auth.log

--json prints one object:
  store, old, new        {"version", "current", "patterns", "lines"}
  decisions, other_rules, left_out
  counts                 class -> changes, and "same" -> patterns
  changes                [{"class", "program", "lines", "lines_old", "lines_new",
                         "shapes", "old", "new", "others", "examples"}]; the three
                         lists are of {"id", "pattern", "state", "lines",
                         "shapes"}, null for what no pattern covers
  mined                  silenced and flagged of the lines of both trainings
  effect                 {"place", "lines", "outliers_then", "outliers_old",
                         "outliers_new", "silenced", "flagged", "further",
                         "by_examples", "damaged"}, or null; silenced and flagged
                         are {"lines", "shapes", "most"}: up to 1,000 of
                         {"program", "shape", "lines", "example", "old", "new",
                         "reason"}
  not_measured           why effect is null, or null"""

DAYS: Final = 7


def add(deeds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = add_deed(deeds, "diff", "say what a version changes", _DIFF, _EXAMPLE)
    verb.add_argument("old", metavar="A", help="a version, as much of its beginning as no other has, current, previous")
    verb.add_argument("new", nargs="?", metavar="B", help="the same (default: current; if A is that, the newest)")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--on", nargs="+", metavar="FILE", help="try both on the lines of logs, - for standard input")
    which.add_argument(
        "--days",
        type=_days,
        default=DAYS,
        metavar="N",
        help="try both on so many days of the sink that streaming.toml names; 0 for none (default: %(default)s)",
    )
    verb.add_argument(
        "--streaming-config", type=Path, metavar="FILE", help="default: conf/streaming.toml, or /etc/logwinnow's"
    )
    add_store(verb)
    verb.add_argument("--json", action="store_true", help="print one JSON object")
    verb.add_argument("--quiet", action="store_true", help="show no progress")
    verb.set_defaults(run=run)


def _days(text: str) -> int:
    if not text.isdecimal() or len(text) > 5:
        msg = f"{text!r} is no number of days, such as 7"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """
    Compare two versions and print what is told of them.

    Raises:
        LogwinnowError: A version, the configuration or a file cannot be used.
    """
    from commands.comparing.told import as_json, show

    store = open_store(arguments)
    names = two_versions(store, arguments.old, arguments.new)
    with reading(quiet=arguments.quiet) as report:
        found = difference(store, names, _measure(arguments, store, report))
    if arguments.json:
        write_json([as_json(found)])
    else:
        show(found)
    return 0


def _measure(arguments: argparse.Namespace, store: "Store", report: Report) -> Measure | None:
    if arguments.on is not None:
        from commands.comparing.measured import of_files
        from commands.reading import check

        # That a file is not there is told before anything is compared.
        check(arguments.on)
        return partial(of_files, arguments.on, report=report)
    if arguments.days == 0:
        return None
    from commands.comparing.measured import of_sink
    from streaming.config import FILE, StreamingConfig
    from training.fetched.time_range import TimeRange

    config = load(StreamingConfig, find(FILE, arguments.streaming_config), os.environ, []).sink
    asked = TimeRange(time.time_ns() // 1_000 - arguments.days * DAY, None)
    return lambda judges: of_sink(config, asked, store, judges, report)
