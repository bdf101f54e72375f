"""`logwinnow mine`: the drop-in for slct and logcluster.pl: lines in, patterns with their supports out."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.console import counted, shown, stderr
from commands.options import (
    ENGINE_HELP,
    FILES_HELP,
    HEADER_HELP,
    MULTILINE_HELP,
    add_config,
    add_set,
    add_time_range,
    time_range,
    training_config,
)
from commands.progress import reading
from patterns.errors import LogwinnowError
from patterns.line import exact_bytes
from patterns.rules import MULTILINE, OFF
from patterns.terminal import printable

if TYPE_CHECKING:
    from mining.candidates import Keys
    from mining.clusters import Cluster, Method
    from mining.support import Support
    from patterns.rules import Rules
    from training.classic import Found
    from training.config import TrainingConfig

_DESCRIPTION = """\
Mines the patterns of logs at one support, by LogCluster or SLCT, and prints
them; nothing is published. By default each line's header is taken off, each
program is mined by itself and stands in front of its patterns, and words that
vary by their looks (numbers, paths, dates, ...) are never part of one; word
classes, zone and header formats are those of conf/training.toml.

With --raw it is the published algorithm: whole lines, split at white space,
byte for byte, and patterns are printed as slct and logcluster.pl print them.

A pattern a line, then its support, then an empty line; the highest support
first, and the same output for any order of the lines. A summary follows on
standard error."""

_EXAMPLE = """\
examples:
  logwinnow mine /var/log/auth.log --support 20
  logwinnow mine app.log --raw --support 0.1% --outliers app.rest
  logwinnow mine app.log --raw --algorithm slct --support 100 --aggregate-supports
  logwinnow mine app.log --raw --support 50 --word-weight 0.5 --weight-function 2
  logwinnow mine auth.log --raw --support 10 --filter 'sshd\\[\\d+\\]: (.+)' --template '$1'
  logwinnow mine kafka:logs --from 24h --support 100

docs/COMPARISON.md lists what is the same as in slct and logcluster.pl, and what is not."""

_FUNCTIONS = """\
how a word is weighed by the lines it shares with the others of its pattern: 1
how much they depend on it, 2 the same without itself, 3 and 4 both ways
(default: 1)"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "mine",
        help="mine patterns at one support and print them, as slct and logcluster.pl do",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("files", nargs="+", metavar="FILE", help=FILES_HELP)
    add_time_range(verb)
    verb.add_argument(
        "--algorithm", choices=("logcluster", "slct"), default="logcluster", help="(default: %(default)s)"
    )
    verb.add_argument(
        "--support",
        required=True,
        metavar="N|N%",
        help="least number of lines of a frequent word and of a pattern, or share of the lines (of each program's)",
    )
    verb.add_argument(
        "--engine",
        choices=("python", "polars", "spark"),
        default="polars",
        help=f"{ENGINE_HELP} (default: %(default)s)",
    )
    verb.add_argument(
        "--aggregate-supports",
        action="store_true",
        help="a pattern also counts the lines of more specific ones (logcluster.pl --aggrsup, slct -j)",
    )
    verb.add_argument(
        "--word-weight",
        type=float,
        metavar="T",
        help="words that weigh less, 0 to 1, become holes, and patterns that are alike then one; logcluster alone",
    )
    verb.add_argument("--weight-function", type=int, choices=(1, 2, 3, 4), metavar="1-4", help=_FUNCTIONS)
    verb.add_argument("--wildcard", action="store_true", help="write a hole as one more word of a gap: *{1,1}")
    verb.add_argument("--words", type=Path, metavar="FILE", help="take the frequent words from there; count none")
    verb.add_argument("--write-words", type=Path, metavar="FILE", help="write the frequent words there")
    verb.add_argument("--filter", metavar="REGEX", help="mine only lines in which this RE2 expression is found")
    verb.add_argument(
        "--template",
        metavar="TEXT",
        help="what is mined of such a line: $1 or ${1}, $+{name}, $0 the line, $$ a dollar",
    )
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--raw", action="store_true", help="whole lines split at white space; the published algorithm")
    how.add_argument("--header", metavar="FORMAT", help=f"{HEADER_HELP} (default: $.lines.header)")
    verb.add_argument("--multiline", choices=MULTILINE, help=f"{MULTILINE_HELP} (default: $.lines.multiline)")
    verb.add_argument("--outliers", type=Path, metavar="FILE", help="write the lines that belong to no pattern there")
    verb.add_argument("--format", choices=("text", "json"), default="text", help="(default: %(default)s)")
    verb.add_argument("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    add_config(verb)
    add_set(verb)
    verb.add_argument("--quiet", action="store_true", help="show neither progress nor summary")
    # Wrong use is the parser's to tell.
    verb.set_defaults(run=run, refuse=verb.error)


def run(arguments: argparse.Namespace) -> int:
    """
    Mine, print, and write the outliers.

    Raises:
        LogwinnowError: A file, the filter or the configuration cannot be used.
    """
    from training.classic import mine_corpus
    from training.dictionary import encode
    from training.engines import engine
    from training.line_filter import Filter
    from training.paths import fetched_from
    from training.sources import corpus_of

    if arguments.raw and (arguments.config or arguments.set) and not any(map(fetched_from, arguments.files)):
        arguments.refuse("--config and --set say how lines are read and taken apart, and --raw takes them as they are")
    if arguments.raw and arguments.multiline not in (None, OFF):
        arguments.refuse("--multiline joins lines to records, and --raw mines each line as it stands; leave one out")
    if arguments.outliers and str(arguments.outliers) == "-":
        arguments.refuse("--outliers needs a file: standard output has the patterns")
    method, support, times = _method(arguments), _support(arguments), time_range(arguments)
    _check_outputs(arguments)
    chosen = Filter(arguments.filter, arguments.template)
    chosen.compiled()
    given = _given(arguments, method)
    rules, config = _configured(arguments)
    told = ""
    with ExitStack() as until_the_end:
        with reading(quiet=arguments.quiet) as progress:
            opened = corpus_of(arguments.files, config, rules, times, progress)
            corpus, fetched = until_the_end.enter_context(opened)
            by = engine(arguments.engine, corpus, config.spark)
            lines = by.shaped_lines(chosen, rules, progress) if rules else by.raw_lines(chosen, progress)
            found = mine_corpus(lines, support, method, given)
        if arguments.write_words:
            arguments.write_words.write_bytes(encode(found.coverage.keys))
        # A bar takes standard output over while it is shown, so none is.
        _print(found, arguments)
        if arguments.outliers:
            with reading(quiet=arguments.quiet) as progress:
                number = _write(arguments.outliers, lines.outliers(found.coverage, progress))
            told = f", {counted(number, 'outlier')}"
    if not arguments.quiet:
        noun = "line" if rules is None or rules.multiline == OFF else "record"
        _tell(found, noun, sum((each.left_out for each in fetched), lines.left_out.copy()), told)
    return 0


def _method(arguments: argparse.Namespace) -> "Method":
    from mining.clusters import Method

    if arguments.weight_function is not None and arguments.word_weight is None:
        arguments.refuse("--weight-function needs --word-weight: the least weight of a word that stays")
    try:
        return Method(
            arguments.algorithm,
            aggregate_supports=arguments.aggregate_supports,
            word_weight=arguments.word_weight,
            weight_function=arguments.weight_function or 1,
            wildcard=arguments.wildcard,
            # The published SLCT leaves open what follows the last constant.
            anchored=not arguments.raw,
        )
    except ValueError as error:
        arguments.refuse(str(error))
        raise


def _support(arguments: argparse.Namespace) -> "Support":
    from mining.support import parse_support

    given = arguments.support
    try:
        return parse_support(int(given) if given.isascii() and given.isdigit() else given)
    except ValueError as error:
        arguments.refuse(str(error))
        raise


def _given(arguments: argparse.Namespace, method: "Method") -> "Mapping[str, Keys] | None":
    from training.dictionary import decode

    if arguments.words is None:
        return None
    given = decode(arguments.words.read_bytes(), method, str(arguments.words))
    program = min(filter(None, given), default=None)
    if arguments.raw and program is not None:
        raise LogwinnowError(
            f"--words is {str(arguments.words)!r}, which has words of programs such as {program!r}, and --raw knows no "
            "programs; make the file by --write-words with --raw and the same algorithm"
        )
    return given


def _configured(arguments: argparse.Namespace) -> "tuple[Rules | None, TrainingConfig]":
    """Return how lines are read, None for raw ones, and the configuration with the engine that was chosen."""
    from dataclasses import replace

    import msgspec

    from commands.shipped import header_formats
    from training.config import TrainingConfig
    from training.paths import fetched_from

    config, path = TrainingConfig(), None
    if not arguments.raw or arguments.engine == "spark" or any(map(fetched_from, arguments.files)):
        config, path = training_config(arguments.config, arguments.set)
    mining = msgspec.structs.replace(config.mining, engine=arguments.engine)
    config = msgspec.structs.replace(config, mining=mining)
    if arguments.raw:
        return None, config
    rules = config.rules(header_formats(path))
    # Whoever mines wants all of a line, however long.
    header, multiline = arguments.header or rules.header, arguments.multiline or rules.multiline
    return replace(rules, header=header, multiline=multiline, max_line_bytes=sys.maxsize), config


def _check_outputs(arguments: argparse.Namespace) -> None:
    """
    Refuse to write over what is read, and where nothing can be written: now, not after all is mined.

    Raises:
        LogwinnowError: A file of the corpus is missing; or --outliers or --write-words names one of them, or that of
            --words, or both name the same.
        OSError: A file cannot be written.
    """
    from training.paths import STANDARD_INPUT, expand, fetched_from

    files = expand([path for path in arguments.files if not fetched_from(path)])
    read = [Path("/dev/stdin" if path == STANDARD_INPUT else path) for path in files]
    read += [arguments.words] if arguments.words else []
    for option, path in (("--outliers", arguments.outliers), ("--write-words", arguments.write_words)):
        if path is not None and path.is_file() and any(_same(path, other) for other in read):
            raise LogwinnowError(
                f"{option} is {str(path)!r}, which is read: it would be overwritten; name another file"
            )
    if arguments.outliers and arguments.write_words and _same(arguments.outliers, arguments.write_words):
        raise LogwinnowError(f"--outliers and --write-words are both {str(arguments.outliers)!r}; name two files")
    for path in filter(None, (arguments.outliers, arguments.write_words)):
        path.open("ab").close()


def _same(path: Path, other: Path) -> bool:
    """Tell whether two paths are one file, also one that is yet to be made, whatever links lead there."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


def _print(found: "Found", arguments: argparse.Namespace) -> None:
    """Print the patterns; bytes that are no UTF-8 go out as they came, but for JSON and terminals."""
    terminal = sys.stdout.isatty()
    sys.stdout.flush()
    if arguments.format == "json":
        rows = [_object(scope, each, raw=arguments.raw, terminal=terminal) for scope, each in found.clusters]
        # JSON is UTF-8, whatever the locale's encoding.
        sys.stdout.buffer.write(b"[%s]\n" % ",\n ".join(rows).encode())
        sys.stdout.buffer.flush()
        return
    for scope, each in found.clusters:
        text = _text(each, raw=arguments.raw)
        line = f"{scope}: {text}" if scope else text
        shown_line = printable(line).encode() if terminal else exact_bytes(line)
        sys.stdout.buffer.write(b"%s\nSupport: %d\n\n" % (shown_line, each.support))
    sys.stdout.buffer.flush()


def _object(scope: str, each: "Cluster", *, raw: bool, terminal: bool) -> str:
    # JSON is text: what is no UTF-8 reads U+FFFD in it.
    text = exact_bytes(_text(each, raw=raw)).decode(errors="replace")
    row: dict[str, Any] = {"scope": scope} if scope else {}
    return json.dumps({**row, "pattern": text, "support": each.support}, ensure_ascii=terminal)


def _text(each: "Cluster", *, raw: bool) -> str:
    from training.notation import as_printed

    return as_printed(each.pattern) if raw else each.pattern.text


def _write(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines and return how many."""
    number = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
            number += 1
    return number


def _tell(found: "Found", noun: str, left_out: "Counter[str]", told: str) -> None:
    words = sum(len(keys.frequent) for keys in found.coverage.keys.values())
    why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(left_out.items()))
    stderr().print(
        shown(
            f"{counted(found.lines, noun)} mined{f' (not: {why})' if why else ''}, "
            f"{counted(words, 'frequent word')}, "
            f"{counted(found.candidates, 'candidate')}: {counted(len(found.clusters), 'pattern')}{told}"
        ),
        soft_wrap=True,
    )
