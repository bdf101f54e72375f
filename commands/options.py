"""Options that verbs share, and what they stand for: the configuration, the store, a pattern set."""

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from patterns.errors import NoPatternSet, PatternsError
from patterns.settings import find, load

if TYPE_CHECKING:
    from patterns.pattern_set import PatternSet
    from patterns.set_files import StoredSet
    from patterns.store import Store
    from training.config import TrainingConfig
    from training.fetched.time_range import TimeRange

FILES_HELP = (
    "a log, a folder, a quoted glob, .gz/.bz2/.zst/.xz, - for standard input; or kafka:TOPIC, elasticsearch:INDEX (a "
    "quoted pattern too): where they are, $.corpus says; or events:DIR, what a stream's sink of files wrote there"
)

ENGINE_HELP = (
    "what computes it, with the same result: polars by all cores of this machine, python by plain loops, spark on a "
    "cluster"
)

MULTILINE_HELP = (
    "which lines of a file belong to the one before, as in stack traces: indented ones; no_header: also blank ones and "
    "those without a header; or off: none"
)

HEADER_HELP = "auto, plain (no header), rfc3164, rfc5424, iso, or a format of conf/formats.toml"


def add_config(verb: argparse.ArgumentParser, name: str = "training.toml") -> None:
    """Add --config, by default a file of this name."""
    verb.add_argument("--config", type=Path, metavar="FILE", help=f"default: conf/{name}, or /etc/logwinnow's")


def add_set(verb: argparse.ArgumentParser) -> None:
    """Add --set."""
    verb.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one value of the file")


def add_time_range(verb: argparse.ArgumentParser) -> None:
    """Add --from and --to of what is fetched."""
    add_moments(verb, "of kafka:, elasticsearch: and events: only what is not older")


def add_moments(verb: argparse.ArgumentParser, what: str) -> None:
    """Add --from and --to; `what` says of which times the first one is."""
    now = time.time_ns() // 1_000

    def moment(text: str) -> int:
        from training.fetched.time_range import parse_time

        try:
            return parse_time(text, now)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    verb.add_argument(
        "--from",
        dest="start",
        type=moment,
        metavar="TIME",
        help=f"{what}: 2026-11-24, 2026-11-24T18:30 (UTC, or with +01:00), yesterday, today; 24h or 7d is so long ago",
    )
    verb.add_argument("--to", dest="end", type=moment, metavar="TIME", help="and only what is older than this")


def add_excluded(verb: argparse.ArgumentParser) -> None:
    """Add --exclude of times of which nothing is learned."""
    now = time.time_ns() // 1_000

    def excluded(text: str) -> "TimeRange":
        from training.fetched.time_range import TimeRange, parse_time

        start, between, end = text.partition("..")
        if not between:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no time: give FROM..TO, such as 2026-11-24T18:30..2026-11-24T20"
            )
        try:
            times = TimeRange(parse_time(start, now), parse_time(end, now))
            times.check()
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return times

    verb.add_argument(
        "--exclude",
        action="append",
        default=[],
        type=excluded,
        metavar="FROM..TO",
        help="learn nothing from lines of this time, as of an incident (times as those of --from); may be repeated",
    )


def time_range(arguments: argparse.Namespace) -> "TimeRange":
    """
    Return what --from and --to say.

    Raises:
        SystemExit: They hold no time, or nothing is named that they could be about.
    """
    from training.fetched.time_range import ANY_TIME, TimeRange
    from training.paths import fetched_from

    chosen = TimeRange(arguments.start, arguments.end)
    if chosen != ANY_TIME and not any(map(fetched_from, arguments.files)):
        arguments.refuse("--from and --to are about kafka:TOPIC, elasticsearch:INDEX and events:DIR, and none is given")
    try:
        chosen.check()
    except ValueError as error:
        arguments.refuse(f"--from and --to are {error}")
    return chosen


def add_deed(
    deeds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, short: str, description: str, example: str
) -> argparse.ArgumentParser:
    """Return the parser of what a verb can do, whose help keeps its lines."""
    return deeds.add_parser(
        name,
        help=short,
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_stored_set(verb: argparse.ArgumentParser) -> None:
    """Add what chooses a published set: --store, --version and --config."""
    add_store(verb)
    verb.add_argument("--version", metavar="V", help="a version that `patterns versions` lists (default: the current)")


def add_store(verb: argparse.ArgumentParser) -> None:
    """Add what chooses a store: --store and --config."""
    verb.add_argument("--store", metavar="DIR", help="folder or URL of the pattern sets (default: $.patterns.store)")
    add_config(verb)


def training_config(config: Path | None, assignments: list[str]) -> "tuple[TrainingConfig, Path | None]":
    """
    Return conf/training.toml, and its path if there is one; variables and `assignments` override it.

    Raises:
        SettingsError: A value is wrong, or there is no such file.
    """
    from training.config import FILE, TrainingConfig

    path = find(FILE, config)
    return load(TrainingConfig, path, os.environ, assignments), path


def open_store(arguments: argparse.Namespace) -> "Store":
    """
    Return the store that --store names, else the configuration.

    Raises:
        LogwinnowError: The configuration is wrong, or the store is of no known kind.
    """
    from patterns.store import Store

    if arguments.store is not None:
        return Store(arguments.store)
    return Store(training_config(arguments.config, [])[0].patterns.store)


def read_set(arguments: argparse.Namespace) -> "StoredSet":
    """
    Return the set that --store and --version name, by default the current one.

    Raises:
        LogwinnowError: There is none, or it is damaged.
    """
    store = open_store(arguments)
    if arguments.version is not None:
        versions = published(store)
        if arguments.version not in versions:
            raise PatternsError(
                f"version {arguments.version!r} is not in store {store.root!r}; there are: {', '.join(versions[-5:])}"
            )
    return store.read(arguments.version)


def judged_by(arguments: argparse.Namespace) -> "tuple[str, PatternSet]":
    """
    Return the set that --store and --version name, with what the operator decided applied, and its version.

    Raises:
        LogwinnowError: There is none, it is damaged, or the operator's file cannot be used.
    """
    from patterns.decided import decided

    stored = read_set(arguments)
    decisions = open_store(arguments).decisions().active(time.time_ns() // 1_000)
    return stored.version, decided(stored.patterns, decisions)


def published(store: "Store") -> list[str]:
    """
    Return the versions of a store, oldest first.

    Raises:
        NoPatternSet: There is none.
    """
    versions = store.versions()
    if not versions:
        raise NoPatternSet(f"store {store.root!r} holds no pattern set; run: logwinnow train FILE --store {store.root}")
    return versions
