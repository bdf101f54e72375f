"""`logwinnow train`: mines the patterns of a corpus and publishes them as a new version of the set."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from commands.console import write_json
from commands.options import (
    ENGINE_HELP,
    FILES_HELP,
    HEADER_HELP,
    MULTILINE_HELP,
    add_config,
    add_excluded,
    add_set,
    add_time_range,
    time_range,
    training_config,
)
from commands.progress import Report, reading
from commands.trained import show, show_next
from patterns.rules import MULTILINE, OFF
from patterns.terminal import printable

if TYPE_CHECKING:
    from patterns.rules import Rules
    from training.config import TrainingConfig
    from training.fetched.time_range import TimeRange

_DESCRIPTION = """\
Mines patterns from historical lines and publishes them as a new version of the
pattern set, by which `match` and `stream` judge. No support is to be guessed:
by default the algorithm runs at one support after the other, from a tenth of a
program's lines down to one. Options override conf/training.toml. A set that
would lose much of what the last one knew is refused, unless forced. Who names
files says that their lines are normal; --nightly learns by the day, and takes
what is new for known only when it has come on two days. Ends with 75 where
another training runs into the same store."""

_EXAMPLE = """\
examples:
  logwinnow train /var/log/auth.log.1 /var/log/syslog.1
  logwinnow train '/var/log/syslog.*.gz' --store patterns
  logwinnow train app.log --algorithm slct --support 0.5%
  logwinnow train /var/log/syslog.1 --add current
  logwinnow train --nightly events:logwinnow-data/out
  logwinnow train --nightly --exclude 2026-11-24T18:30..2026-11-24T20:00
  logwinnow train elasticsearch:'logstash-*' --from 2026-11-01 --to 2026-11-08"""


_TRY_LATER: Final = 75
"""EX_TEMPFAIL of sysexits.h: nothing is wrong, but another training runs."""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "train",
        help="mine patterns from logs and publish them",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("files", nargs="*", metavar="FILE", help=FILES_HELP)
    verb.add_argument(
        "--nightly",
        action="store_true",
        help="learn from what came since the last night, of these or of $.nightly.sources, up to the begin of today "
        "(UTC) or --to: what is new stays pending until it was seen on $.nightly.learn_days days, or is accepted",
    )
    verb.add_argument(
        "--strict", action="store_true", help="with --nightly: days make nothing known, but `patterns accept` alone"
    )
    add_excluded(verb)
    add_time_range(verb)
    verb.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="VERSION",
        help="also the lines that this version of the store was mined from, or `current`: they are not read again",
    )
    verb.add_argument("--store", metavar="DIR", help="publish there: a folder or URL (default: $.patterns.store)")
    verb.add_argument("--header", metavar="FORMAT", help=f"{HEADER_HELP} (default: $.lines.header)")
    verb.add_argument("--multiline", choices=MULTILINE, help=f"{MULTILINE_HELP} (default: $.lines.multiline)")
    verb.add_argument("--algorithm", choices=("logcluster", "slct"), help="default: $.mining.algorithm")
    verb.add_argument(
        "--support",
        metavar="N|N%",
        help="mine once, at this many lines or share of a program's lines (default: $.mining.support, the ladder)",
    )
    verb.add_argument(
        "--engine", choices=("python", "polars", "spark"), help=f"{ENGINE_HELP} (default: $.mining.engine)"
    )
    add_config(verb)
    add_set(verb)
    verb.add_argument("--force", action="store_true", help="publish although much of the last set would be lost")
    verb.add_argument(
        "--propose", action="store_true", help="publish beside the current version, to be looked at and promoted"
    )
    verb.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    verb.add_argument("--quiet", action="store_true", help="show no progress, and no summary but that of --json")
    verb.set_defaults(run=run, refuse=verb.error)


def run(arguments: argparse.Namespace) -> int:
    """
    Train, publish and print the summary.

    Returns:
        0; or 75 where another training runs into the store.

    Raises:
        LogwinnowError: A file or the configuration cannot be used, or the set is refused.
        SystemExit: Options do not go together, or there is nothing to be read; or it was ended by SIGTERM.
    """
    if arguments.nightly:
        if arguments.add or arguments.start is not None:
            arguments.refuse("--nightly goes on where the last night ended: --from and --add say otherwise")
    elif arguments.strict:
        arguments.refuse("--strict is about --nightly: of files that are named, all lines are known")
    elif not arguments.files and not arguments.add:
        arguments.refuse("give a FILE, or a VERSION by --add")
    times = None if arguments.nightly else time_range(arguments)
    from commands.shipped import header_formats
    from training.errors import TrainingRuns

    config, path = _config(arguments)
    rules = config.rules(header_formats(path))
    try:
        with _ended_by_sigterm(), reading(quiet=arguments.quiet) as progress:
            summary = _trained(arguments, config, rules, times, progress)
    except TrainingRuns as error:
        print(f"logwinnow: {printable(str(error))}", file=sys.stderr)
        return _TRY_LATER
    if arguments.json:
        write_json([summary])
    elif not arguments.quiet:
        show(summary, config.patterns.store, "lines" if rules.multiline == OFF else "records")
        if arguments.propose and "patterns" in summary:
            chosen = arguments.store is not None or arguments.config is not None or arguments.set
            show_next(summary["version"], config.patterns.store if chosen else None)
    return 0


def _trained(
    arguments: argparse.Namespace, config: "TrainingConfig", rules: "Rules", times: "TimeRange | None", progress: Report
) -> dict[str, Any]:
    """Train by files, or learn a night."""
    excluded = tuple(arguments.exclude)
    if times is None:
        from training.nightly.night import Asked, learn_night

        sources = arguments.files or config.nightly.sources
        if not sources:
            arguments.refuse("give what is read each night, or set $.nightly.sources")
        asked = Asked(
            arguments.end, excluded, strict=arguments.strict, force=arguments.force, propose=arguments.propose
        )
        return learn_night(sources, config, rules, asked, progress)
    from training.fetched.time_range import Times
    from training.job import train

    return train(
        arguments.files,
        config,
        rules,
        times=Times(times, excluded),
        add=arguments.add,
        force=arguments.force,
        propose=arguments.propose,
        progress=progress,
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """End by SIGTERM as by an error, so that temporary files go: Python would end at once."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _config(arguments: argparse.Namespace) -> "tuple[TrainingConfig, Path | None]":
    from msgspec.structs import replace

    support = [] if arguments.support is None else [f"mining.support={arguments.support}"]
    config, path = training_config(arguments.config, [*arguments.set, *support])
    if arguments.store is not None:
        config = replace(config, patterns=replace(config.patterns, store=arguments.store))
    if arguments.header is not None:
        config = replace(config, lines=replace(config.lines, header=arguments.header))
    if arguments.multiline is not None:
        config = replace(config, lines=replace(config.lines, multiline=arguments.multiline))
    if arguments.algorithm is not None:
        config = replace(config, mining=replace(config.mining, algorithm=arguments.algorithm))
    if arguments.engine is not None:
        config = replace(config, mining=replace(config.mining, engine=arguments.engine))
    return config, path
