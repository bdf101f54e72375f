"""`logwinnow report`: one HTML page of what the stream judged: totals, outliers, patterns, over time."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from commands.console import shown, stdout
from commands.options import add_config, add_moments, add_set
from commands.progress import reading
from patterns.errors import LogwinnowError
from patterns.settings import find, load

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from commands.comparing.difference import Difference
    from commands.progress import Report
    from commands.reporting.figures import Reader
    from streaming.config import SinkConfig, StreamingConfig
    from training.fetched.time_range import TimeRange

_DESCRIPTION = """\
Writes what the stream has judged as one HTML page, from the sink that conf/streaming.toml names: files or
Elasticsearch. It has totals; lines and outliers over time; the outlier shapes with an example and the nearest pattern;
top, rarest, new and vanished patterns; and how much of each program's lines is known. The page needs no network and
nothing beside it: send it, keep it, open it in any browser."""

_EXAMPLE = """\
examples:
  logwinnow report
  logwinnow report --from yesterday --to today -o yesterday.html
  logwinnow report --from 24h --set sink.kind=elasticsearch
  logwinnow report --from 7d --diff current"""

_OUTPUT = "logwinnow-report.html"


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "report",
        help="write one HTML page of what the stream judged",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_moments(verb, "only lines that are not older, by their own times")
    verb.add_argument("-o", "--output", type=Path, default=_OUTPUT, metavar="FILE", help=f"default: {_OUTPUT}")
    verb.add_argument(
        "--diff",
        nargs="+",
        metavar="VERSION",
        help="also what a version changes, and would have made of these lines: A, or A B, as of `patterns diff`",
    )
    add_config(verb, "streaming.toml")
    add_set(verb)
    verb.set_defaults(run=run, refuse=verb.error)


def run(arguments: argparse.Namespace) -> int:
    """
    Write the page.

    Raises:
        LogwinnowError: The sink cannot be read, or holds no event of that time; there is no such version.
        SystemExit: --from and --to hold no time, or --diff names more than two versions.
    """
    # The sinks take a second to import; the other verbs do not wait for them.
    from streaming.config import FILE, StreamingConfig
    from training.fetched.time_range import TimeRange

    asked = TimeRange(arguments.start, arguments.end)
    try:
        asked.check()
    except ValueError as error:
        arguments.refuse(f"--from and --to are {error}")
    if arguments.diff is not None and len(arguments.diff) > 2:
        arguments.refuse("--diff takes one version, or two")
    config = load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set)
    names = None if arguments.diff is None else _two_versions(config, arguments.diff)
    with reading(quiet=False) as report, opened(config.sink, asked, report) as reader:
        found = None if names is None else _difference(config, names, asked, report)
        write(reader, arguments.output, found)
    stdout().print(shown(f"report: {arguments.output}"), soft_wrap=True)
    return 0


def _two_versions(config: "StreamingConfig", given: list[str]) -> tuple[str, str]:
    from commands.comparing.difference import two_versions
    from patterns.store import Store

    return two_versions(Store(config.patterns.store), given[0], given[1] if len(given) > 1 else None)


def _difference(
    config: "StreamingConfig", names: tuple[str, str], asked: "TimeRange", report: "Report"
) -> "Difference":
    from commands.comparing.difference import difference
    from commands.comparing.measured import of_sink
    from patterns.store import Store

    store = Store(config.patterns.store)
    return difference(store, names, lambda judges: of_sink(config.sink, asked, store, judges, report))


def opened(config: "SinkConfig", asked: "TimeRange", report: "Report") -> "AbstractContextManager[Reader]":
    """Read the sink of a configuration."""
    from contextlib import nullcontext

    if config.kind == "files":
        from commands.reporting.read_files import FilesReader

        return nullcontext(FilesReader(config.files.path, asked, report))
    from commands.reporting.read_elasticsearch import ElasticsearchReader

    return ElasticsearchReader(config.elasticsearch, config.elasticsearch.index_prefix, asked, report)


def write(reader: "Reader", output: Path, difference: "Difference | None" = None) -> None:
    """
    Write the page of what was read, and of two versions of the set.

    Raises:
        LogwinnowError: The file cannot be written.
    """
    from commands.reporting.page import render
    from patterns.disk import replace_file

    page = render(reader, datetime.now(UTC), difference).encode()
    try:
        replace_file(output, page)
    except OSError as error:
        why = error.strerror or error
        raise LogwinnowError(f"--output is {str(output)!r}: {why}; check the folder, its rights and the room") from None
