"""`logwinnow backtest`: what one set, or two beside each other, would have said of a log."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands.console import write_json
from commands.options import FILES_HELP, add_store, add_time_range, open_store, time_range, training_config
from commands.progress import reading
from commands.shipped import header_formats
from patterns.settings import find, load

if TYPE_CHECKING:
    from streaming.config import AlertsConfig

_DESCRIPTION = """\
Judges a log by a pattern set, or by two, as a stream would have: lines,
outliers, alerts a day, coverage by program, the largest kinds of outliers; and
what only one of the two flags. --accept and --reject try a decision on top of
the last set and show it beside that, and write nothing. Each shape is judged
once, so that a log is read as fast as by `train`. The operator's decisions
count as they do today. Alerts are those of the lines' own days."""

_EXAMPLE = """\
examples:
  logwinnow backtest --on /var/log/auth.log
  logwinnow backtest --set 20261128T040012.345Z-0f3a6b86b273ff34 --set current --on '/var/log/syslog.*.gz'
  logwinnow backtest --accept 0de0d40beb39 --on /var/log/auth.log
  logwinnow backtest --set none --set current --on kafka:logs --from yesterday --to today"""

_CURRENT: Final = "current"
_NONE: Final = "none"
_MOST: Final = 2


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "backtest",
        help="say what a set, or two, would have said of a log",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--on", dest="files", nargs="+", required=True, metavar="LOG", help=FILES_HELP)
    add_time_range(verb)
    verb.add_argument(
        "--set",
        dest="sets",
        action="append",
        metavar="V",
        help="judge by this version of the store, `current`, or `none`: no pattern at all; twice for two beside each "
        "other (default: current)",
    )
    verb.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="ID",
        help="try what accepting this shape, an outlier of the log, or this pattern would change; may be repeated",
    )
    verb.add_argument(
        "--reject",
        action="append",
        default=[],
        metavar="ID",
        help="try what rejecting this pattern would change; may be repeated",
    )
    add_store(verb)
    verb.add_argument("--json", action="store_true", help="print one JSON object")
    verb.add_argument("--quiet", action="store_true", help="show no progress")
    verb.set_defaults(run=run, refuse=verb.error)


def run(arguments: argparse.Namespace) -> int:
    """
    Judge the log and show the results.

    Raises:
        LogwinnowError: A set, the log, a decision or the configuration cannot be used.
        SystemExit: Options do not go together.
    """
    names = arguments.sets or [_CURRENT]
    if len(names) > _MOST:
        arguments.refuse(f"--set is given {len(names)} times: two sets are set beside each other at most")
    if (arguments.accept or arguments.reject) and names[-1] == _NONE:
        arguments.refuse("--accept and --reject are tried on the last set, and `none` has nothing to decide about")
    times = time_range(arguments)
    from commands.backtesting import trial
    from commands.backtesting.alerts import by_whole_days
    from commands.backtesting.judged import differences, judged
    from commands.backtesting.sides import other_rules, read, sides
    from commands.backtesting.told import tell

    config, path = training_config(arguments.config, [])
    alerts = _alerts(path)
    some = sides(open_store(arguments), names, config.rules(header_formats(path)))
    with reading(quiet=arguments.quiet) as progress:
        logs = read(arguments.files, config, some, times, progress)
    results = [judged(side.name, side.patterns, log, alerts) for side, log in zip(some, logs, strict=True)]
    by = some[-1].by
    if by is not None and (arguments.accept or arguments.reject):
        patterns = trial.tried(by, arguments.accept, arguments.reject, results[-1].outliers)
        name = f"{by.version} and {trial.named(arguments.accept, arguments.reject)}"
        results.append(judged(name, patterns, logs[-1], alerts))
    # What is tried reads lines as its set does. Shapes by other rules are other shapes.
    places = [*range(len(some)), len(some) - 1][: len(results)]
    comparable = [at for at in range(len(results) - 1) if some[places[at]].rules == some[places[at + 1]].rules]
    found = differences(results, comparable)
    if arguments.json:
        write_json([{"sets": [each.result for each in results], "differences": found}])
        return 0
    notes = []
    if differ := other_rules(some[0], some[-1]):
        notes.append(f"the sets read lines by other rules ({', '.join(differ)}): their shapes are not the same ones")
    if not by_whole_days(alerts):
        notes.append(
            f"$.alerts.repeat_after_hours is {alerts.repeat_after_hours}, and a log is counted by days: here a shape "
            "is told once a day"
        )
    tell([each.result for each in results], found, notes)
    return 0


def _alerts(training: Path | None) -> "AlertsConfig":
    """Return how the stream tells: by streaming.toml beside the trainer's file, or else the one that is found."""
    from streaming.config import FILE, StreamingConfig

    beside = None if training is None else training.with_name(FILE)
    path = beside if beside is not None and beside.is_file() else find(FILE)
    return load(StreamingConfig, path, os.environ, []).alerts
