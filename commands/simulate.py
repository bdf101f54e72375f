"""`logwinnow simulate`: writes the syslog of a made-up fleet, with labelled lines of novel kinds put in."""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from commands.simulation.fleet import SimulatedLine, simulate
from commands.simulation.novelty import NOVELTIES
from patterns.errors import LogwinnowError

# Far from both ends of what datetime can count.
_YEARS = range(1970, 2201)

_DESCRIPTION = """\
Writes syslog lines (RFC 3164) of a made-up fleet: web, mail and database servers and more, day and night, about 20,000
lines a simulated day. The same options give the same lines. In the later part of them
(--novel-after), lines of novel kinds are put in, each kind 1 to 20 times; some hold terminal escapes or markup. Every
normal kind of the later part has occurred three times in the earlier part, if that has 2,500 lines or more."""

_EXAMPLE = """\
examples:
  logwinnow simulate --lines 40000 --output fleet.log --labels labels.jsonl
  logwinnow simulate --lines 1000 --seed 7 --novel-kinds 0 | logwinnow mine - --algorithm logcluster --support 20"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "simulate",
        help="write the syslog of a made-up fleet, with labels",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--lines", type=_count, default=40_000, metavar="N", help="how many lines (default: %(default)s)")
    verb.add_argument("--seed", type=_count, default=1, metavar="N", help="other lines of the same fleet (default: 1)")
    verb.add_argument(
        "--start",
        type=_moment,
        default="2026-11-16T00:00:00+00:00",
        metavar="ISO",
        help="when the log begins; without a zone, UTC (default: %(default)s)",
    )
    verb.add_argument("--output", type=Path, metavar="FILE", help="the lines (default: standard output)")
    verb.add_argument("--labels", type=Path, metavar="FILE", help='a JSON object a line: {"line": 1, "kind", "novel"}')
    verb.add_argument(
        "--novel-after",
        type=_share,
        default=0.5,
        metavar="F",
        help="share of the lines before the first novel one, 0 to 1 (default: %(default)s)",
    )
    verb.add_argument(
        "--novel-kinds",
        type=_novel_kinds,
        default=40,
        metavar="N",
        help=f"how many kinds of novel lines, 0 to {len(NOVELTIES)} (default: %(default)s)",
    )
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the lines, and their labels if they are wanted.

    Returns:
        0, also when the reader of a pipe has had enough.

    Raises:
        LogwinnowError: A file cannot be written.
    """
    lines = simulate(
        arguments.lines,
        arguments.seed,
        start=arguments.start,
        novel_after=arguments.novel_after,
        novel_kinds=arguments.novel_kinds,
    )
    if arguments.output and arguments.labels and arguments.output.resolve() == arguments.labels.resolve():
        raise LogwinnowError(f"--output and --labels are both {arguments.labels}: give them two files")
    try:
        with ExitStack() as files:
            output = files.enter_context(arguments.output.open("wb")) if arguments.output else sys.stdout.buffer
            labels = files.enter_context(arguments.labels.open("wb")) if arguments.labels else None
            _write(lines, output, labels)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would complain about the reader that has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        raise LogwinnowError(
            f"{problem.filename or 'the simulated log'} cannot be written: {problem.strerror}; "
            "give --output and --labels a place that exists, has room and lets you write"
        ) from problem
    return 0


def _write(lines: Iterable[SimulatedLine], output: BinaryIO, labels: BinaryIO | None) -> None:
    """Write each line, and its label where labels are wanted."""
    for number, line in enumerate(lines, start=1):
        output.write(line.text.encode() + b"\n")
        if labels:
            labels.write(json.dumps({"line": number, "kind": line.kind, "novel": line.novel}).encode() + b"\n")
    output.flush()


def _count(text: str) -> int:
    """Read a whole number, 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: give a whole number, 0 or more")
    return int(text)


def _novel_kinds(text: str) -> int:
    """Read a number of novel kinds, at most as many as there are."""
    count = _count(text)
    if count > len(NOVELTIES):
        raise argparse.ArgumentTypeError(f"{count} is too many: there are {len(NOVELTIES)} novel kinds; give fewer")
    return count


def _share(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share of the lines: give a number from 0 to 1, such as 0.5")
    return share


def _moment(text: str) -> datetime:
    """Read a moment; without a zone it is meant in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        years = f"{_YEARS.start} to {_YEARS.stop - 1}"
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment of the years {years}: give one such as 2026-11-16T08:00"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
