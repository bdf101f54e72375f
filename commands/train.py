"""`logwinnow train`: mines the patterns of a corpus and publishes them as a new version of the set."""

import argparse
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from commands.console import Column, counted, print_facts, print_table, shown, stdout, write_json
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

_NAMED = 3
"""How many of the programs are named whose patterns were left out."""


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
    from patterns.settings import load_formats
    from training.errors import TrainingRuns

    config, path = _config(arguments)
    rules = config.rules(load_formats(path))
    try:
        with _ended_by_sigterm(), reading(quiet=arguments.quiet) as progress:
            summary = _trained(arguments, config, rules, times, progress)
    except TrainingRuns as error:
        print(f"logwinnow: {printable(str(error))}", file=sys.stderr)
        return _TRY_LATER
    if arguments.json:
        write_json([summary])
    elif not arguments.quiet:
        _show(summary, config.patterns.store, "lines" if rules.multiline == OFF else "records")
        if arguments.propose and "patterns" in summary:
            chosen = arguments.store is not None or arguments.config is not None or arguments.set
            _show_next(summary["version"], config.patterns.store if chosen else None)
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


def _show(summary: dict[str, Any], store: str, noun: str) -> None:
    """Print the summary; `noun` is what was judged."""
    console = stdout()
    if "patterns" not in summary:
        print_facts(console, _nothing_new(summary, store))
        return
    print_facts(console, _facts(summary, store, noun))
    if summary["widest"]:
        print("\nthe widest patterns, to look at first:", file=console.file)
        rows = [
            (f"{known['support']:,}", known["id"], known["scope"] or "-", known["pattern"])
            for known in summary["widest"]
        ]
        print_table(
            console, [Column("lines", right=True), Column("id"), Column("program"), Column("pattern", ratio=1)], rows
        )


def _show_next(version: str, store: str | None) -> None:
    """Say what can be done with a version that is proposed; `store` is one that has to be named."""
    named = "" if store is None else f" --store {shlex.quote(store)}"
    rows = (
        "",
        "proposed: the current version stays the current one; what this one would change, and how to take it:",
        f"  logwinnow patterns diff current {version}{named}",
        f"  logwinnow patterns promote {version}{named}",
    )
    for row in rows:
        stdout().print(shown(row), soft_wrap=True)


def _facts(summary: dict[str, Any], store: str, noun: str) -> Iterator[tuple[str, str]]:
    corpus, added, once = summary["corpus"], summary["added"], summary["seen_once"]
    yield "published", f"{summary['version']} in {store}"
    if "night" in summary:
        yield "night", _times(summary["night"])
    yield from (("fetched", _fetched(each)) for each in summary["fetched"])
    if corpus["lines"] or not added:
        yield noun, f"{corpus['lines']:,}, {_unjudged(corpus)}"
    if corpus["cut"]:
        yield "", f"{corpus['cut']:,} longer than $.lines.max_line_bytes: their start was judged"
    if corpus["not_utf8"]:
        yield "", f"{corpus['not_utf8']:,} not UTF-8"
    for version, lines in added.items():
        yield "added", f"{counted(lines, 'judged line')} of {version}"
    if corpus["formats"]:
        yield "headers", _amounts(corpus["formats"])
    programs = counted(summary["scopes"], "program")
    yield "patterns", f"{summary['patterns']:,} of {programs}, for {counted(summary['shapes'], 'shape')}"
    yield "coverage", f"{summary['coverage']:.1%} of the judged lines"
    yield "mined at", _levels(summary["levels"])
    yield from _of_night(summary)
    yield "seen once", f"{counted(once['patterns'], 'pattern')}, {once['share']:.1%} of the judged lines"
    yield from (("left out", said) for said in _left_out(summary["left_out"]))


def _nothing_new(summary: dict[str, Any], store: str) -> Iterator[tuple[str, str]]:
    yield "nothing new", f"{summary['version']} in {store} stays"
    yield "night", f"all lines up to {summary['night']['to']} are learned, and nothing was decided since"


def _times(night: dict[str, Any]) -> str:
    if night["from"] == night["to"]:
        return f"up to {night['to']}, learned already: mined anew by what was decided or set since"
    return f"from {night['from']} to {night['to']}; {counted(night['days'], 'day')} in the table"


def _of_night(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Say how many patterns and shapes are of which state, where not all are known."""
    states, night = summary["states"], summary.get("night")
    others = {state: number for state, number in states.items() if number and state != "known"}
    if others:
        yield "of these", ", ".join([f"{states['known']:,} known", *(f"{n:,} {state}" for state, n in others.items())])
    if night is None:
        return
    yield "shapes", ", ".join(f"{number:,} {state}" for state, number in night["shapes"].items())
    yield "new", f"{night['newly_known']:,} became known, {night['newly_pending']:,} pending"
    yield "forgotten", counted(night["forgotten"], "shape")
    if night["excluded"]["times"]:
        yield "excluded", _excluded(night["excluded"])


def _excluded(excluded: dict[str, Any]) -> str:
    times = ", ".join(f"{each['start']} to {each['end']}" for each in excluded["times"])
    said = f"{times}: {counted(excluded['lines'], 'line')} learned before taken out"
    if not excluded["partly"]:
        return said
    return (
        f"{said}; {counted(excluded['partly'], 'shape')} of the same days have other lines, too, and stay: these days "
        "make none of them known; reject what is to be an outlier by `logwinnow patterns reject`"
    )


def _fetched(fetched: dict[str, Any]) -> str:
    """Say what was fetched from one place, of which time, and what of it is no line."""
    left_out = f"; no lines: {_amounts(fetched['left_out'])}" if fetched["left_out"] else ""
    times = " ".join(f"{word} {fetched[end]}" for word, end in (("from", "start"), ("to", "end")) if fetched[end])
    return f"{counted(fetched['lines'], 'line')} of {fetched['source']}{times and f' {times}'}{left_out}"


def _left_out(left_out: dict[str, Any]) -> Iterator[str]:
    if left_out["shapes"]:
        yield (
            f"{counted(left_out['shapes'], 'shape')} of {counted(left_out['lines'], 'line')}, each seen less than "
            f"{left_out['least_count']:,} times: more than $.mining.max_shapes; raise it if there is memory, or give "
            "what varies in them a class of [words.classes]"
        )
    if left_out["patterns"]:
        scopes = [scope or "no program" for scope in left_out["scopes"]]
        some = ", ".join([*scopes[:_NAMED], *(["…"] if scopes[_NAMED:] else [])])
        yield (
            f"{counted(left_out['patterns'], 'pattern')} seen once, all of {some}: more than $.mining.max_patterns; "
            "their lines will be outliers; raise it, or give what varies in them a class of [words.classes]"
        )


def _levels(levels: dict[str, int]) -> str:
    """Say how many patterns were mined at which support; programs of different size have different supports."""
    by_size: Counter[int] = Counter()
    for level, number in levels.items():
        by_size[0 if level == "1" else min(len(level), 4)] += number
    spans = {0: "1 line", 1: "2 to 9 lines", 2: "10 to 99", 3: "100 to 999", 4: "1,000 or more"}
    said = [f"{number:,} at {spans[size]}" for size, number in sorted(by_size.items())]
    return ", ".join(said)


def _unjudged(corpus: dict[str, Any]) -> str:
    """Say how many lines were judged and why others were not."""
    outside = f"; {corpus['outside']:,} of other times" if corpus.get("outside") else ""
    if not corpus["unjudged"]:
        return f"{corpus['judged']:,} judged{outside}" if outside else "all judged"
    return f"{corpus['judged']:,} judged; not judged: {_amounts(corpus['unjudged'])}{outside}"


def _amounts(numbers: dict[str, int]) -> str:
    """Return ``rfc3164 1,998, plain 2``, the largest first."""
    return ", ".join(f"{name} {number:,}" for name, number in sorted(numbers.items(), key=lambda item: -item[1]))
