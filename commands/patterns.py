"""`logwinnow patterns`: looks into published pattern sets, exports them, and says which is the current one."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands.comparing import diff, versions
from commands.console import Column, counted, print_facts, print_table, shown, stdout, write_json_lines
from commands.deciding.deeds import add_decisions
from commands.options import add_deed, add_stored_set, open_store, read_set, with_decisions
from commands.pattern_ids import ALIKE, find_pattern
from commands.usual import show_usual
from patterns.errors import LogwinnowError, RulesError
from patterns.terminal import printable, printable_rows

if TYPE_CHECKING:
    from patterns.pattern_set import KnownPattern, PatternSet
    from patterns.set_files import StoredSet

_DESCRIPTION = """\
Looks into the published pattern sets: their patterns, one pattern in full, the
versions, which of them is current, and what another one would change; exports a
set, also as regular expressions for other programs; and keeps what the operator
says of kinds of lines, by which all lines are judged."""

_EXAMPLE = """\
examples:
  logwinnow patterns list --scope sshd
  logwinnow patterns show 3f2a90
  logwinnow patterns export --format regex --output patterns.jsonl
  logwinnow patterns versions"""

_LIST = """\
Lists the patterns of a set: how many lines of the training each matched best,
its id, the support at which it was mined (1: a kind seen once), its program and
its text, in which *{m,n} is a gap of m to n words. Sorted by last_day, those
come first that were not seen for longest."""

_SHOW = """\
Shows patterns in full: text, numbers, days, examples, what the operator says,
the regular expressions that say the same, and what is usual of their lines."""

_EXPORT = """\
Writes all patterns of a set, in the order in which a line looks for its match:
  jsonl   the published file: one object a line with all that is known
  text    id, support, program and pattern, separated by tabs; what is no
          visible character is written as its escape
  regex   one object a line, {"id", "scope", "regex", "exact"}: expressions that
          need no flags. `regex` is for engines that run in linear time (RE2,
          Go, Rust) and matches some lines more than the pattern; `exact` is for
          those that backtrack (Python 3.11+, PCRE, Perl, Ruby, Java). It is null
          if it would be too long for PCRE or match nothing, or if these may
          read a word class of yours otherwise; --over shape has none
  patterndb
          XML for db-parser() of syslog-ng, which then finds the pattern of a
          message: its id is .classifier.rule_id. Examples stand in it as tests
          for `pdbtool test --validate FILE`; where two rules match, the first
          counts. What had to be left out is told on standard error"""

_ORDERS: "Final[dict[str, Callable[[KnownPattern], tuple[object, ...]]]]" = {
    "support": lambda known: (-known.support, known.id),
    "level": lambda known: (-known.level, -known.support, known.id),
    "scope": lambda known: (known.scope, -known.support, known.id),
    "last_day": lambda known: (known.last_day or "", -known.support, known.id),
}
_EXAMPLE_SHOWN: Final = 600


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb and what it can do."""
    verb = add_deed(
        verbs,
        "patterns",
        "list, show, compare, export and promote pattern sets; accept, reject, name patterns",
        _DESCRIPTION,
        _EXAMPLE,
    )
    deeds = verb.add_subparsers(title="what to do", metavar="WHAT", dest="what", required=True)

    example = "example:\n  logwinnow patterns list --scope sshd --sort level"
    listing = add_deed(deeds, "list", "list the patterns of a set", _LIST, example)
    add_stored_set(listing)
    listing.add_argument("--scope", metavar="PROGRAM", help='patterns of this program alone; "" for lines without one')
    listing.add_argument("--sort", choices=tuple(_ORDERS), default="support", help="(default: %(default)s)")
    listing.add_argument("--json", action="store_true", help="print one JSON object a line, as export's jsonl has them")
    listing.set_defaults(run=_list)

    showing = add_deed(deeds, "show", "show patterns in full", _SHOW, "example:\n  logwinnow patterns show 3f2a90")
    showing.add_argument("ids", nargs="+", metavar="ID", help="12 digits, or the first 4 or more if no other has them")
    add_stored_set(showing)
    showing.add_argument("--json", action="store_true", help="print one JSON object a line, as export's jsonl has them")
    showing.set_defaults(run=_show)

    example = """\
examples:
  logwinnow patterns export --format regex --over message --output sshd.jsonl
  logwinnow patterns export --format patterndb --output logwinnow.xml"""
    export = add_deed(deeds, "export", "write all patterns of a set", _EXPORT, example)
    export.add_argument("--format", choices=("jsonl", "text", "regex", "patterndb"), required=True, help="see above")
    over = "what a regex is matched with: the message as it stands (default), or its shape"
    export.add_argument("--over", choices=("message", "shape"), help=over)
    export.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    export.add_argument("--quiet", action="store_true", help="do not tell what of a patterndb had to be left out")
    add_stored_set(export)
    # Wrong use is the parser's to tell.
    export.set_defaults(run=_export, refuse=export.error)

    versions.add(deeds)
    diff.add(deeds)

    add_decisions(deeds)


def _list(arguments: argparse.Namespace) -> int:
    patterns = read_set(arguments).patterns
    found = list(patterns.patterns if arguments.scope is None else _of_scope(patterns, arguments.scope))
    found.sort(key=_ORDERS[arguments.sort])
    if arguments.json:
        _write_json(found, patterns)
        return 0
    columns = [
        Column("lines", right=True),
        Column("id"),
        Column("level", right=True),
        Column("program", ratio=2),
        Column("pattern", ratio=7),
    ]
    print_table(
        stdout(),
        columns,
        [
            (f"{known.support:,}", known.id, f"{known.level:,}", known.scope or "-", known.pattern.text)
            for known in found
        ],
    )
    return 0


def _write_json(found: "Sequence[KnownPattern]", patterns: "PatternSet") -> None:
    """Write patterns of a set as its published file has them, in this order."""
    from patterns.pattern_set import PatternSet
    from patterns.set_files import encode

    _, rows = encode(PatternSet(patterns.rules, tuple(found)), {})
    write_json_lines(rows)


def _of_scope(patterns: "PatternSet", scope: str) -> "tuple[KnownPattern, ...]":
    if scope not in patterns.scopes:
        names = [repr(name) for name in patterns.scopes]
        more = f" and {len(names) - ALIKE:,} more" if len(names) > ALIKE else ""
        raise LogwinnowError(f"no pattern is of program {scope!r}; there are: {', '.join(names[:ALIKE])}{more}")
    return patterns.scopes[scope]


def _show(arguments: argparse.Namespace) -> int:
    stored = read_set(arguments)
    patterns = stored.patterns
    found = [find_pattern(patterns, given.lower()) for given in arguments.ids]
    if arguments.json:
        _write_json(found, patterns)
        return 0
    decided = with_decisions(arguments, patterns).patterns
    baselines = open_store(arguments).read_baselines(stored.version)
    for number, known in enumerate(found):
        if number:
            print()
        # Of several with the same words the first one says how lines are judged.
        _show_one(known, next(now for now in decided if now.id == known.id), patterns)
        show_usual(known, baselines)
    return 0


def _show_one(known: "KnownPattern", now: "KnownPattern", patterns: "PatternSet") -> None:
    from patterns.regex import message_regex

    console = stdout()
    print_facts(console, _facts(known, now))
    # Whole, so that they can be copied.
    for over, regex in (
        ("shape", known.pattern.regex()),
        ("message", message_regex(known.pattern, patterns.rules.words)),
    ):
        console.print(shown(f"regex of the {over}:", "bold"))
        console.print(shown(regex), soft_wrap=True)


def _facts(known: "KnownPattern", now: "KnownPattern") -> Iterator[tuple[str, str]]:
    yield "pattern", known.pattern.text
    yield "id", known.id
    yield "program", known.scope or "- (lines without one)"
    seen_once = ", a kind seen once" if known.seen_once else ""
    yield "level", f"mined at a support of {counted(known.level, 'line')}{seen_once}"
    yield "support", f"best match of {counted(known.support, 'line')}; {known.mined_support:,} when it was mined"
    yield "state", known.state if now.state == known.state else f"{now.state} by the operator; {known.state} as mined"
    for name in ("name", "severity", "runbook"):
        if said := getattr(now, name):
            yield name, said
    yield "seen", f"{known.first_day} to {known.last_day}" if known.first_day else "in no line as its best match"
    for number, example in enumerate(known.examples):
        first, *more = printable_rows(example, _EXAMPLE_SHOWN)
        yield "" if number else "examples", first
        yield from (("", f"  {row}") for row in more)


def _export(arguments: argparse.Namespace) -> int:
    if arguments.over and arguments.format != "regex":
        arguments.refuse("--over is for --format regex alone")
    stored = read_set(arguments)
    if arguments.format == "patterndb":
        _export_patterndb(stored, arguments.output, quiet=arguments.quiet)
        return 0
    lines = _exported(stored, arguments.format, arguments.over)
    if arguments.output:
        with arguments.output.open("wb") as file:
            file.writelines(lines)
        return 0
    for line in lines:
        if arguments.format == "text":
            print(line.decode(), end="")
        else:
            write_json_lines(line)
    return 0


def _export_patterndb(stored: "StoredSet", output: Path | None, *, quiet: bool) -> None:
    from patterns.patterndb import LeftOut, patterndb

    left_out: Counter[LeftOut] = Counter()
    try:
        day = date.fromisoformat(stored.version[:8])
    except ValueError:
        raise LogwinnowError(
            f"version {stored.version!r} does not begin with the day of its publishing, which a patterndb names; "
            "give its folder its name back, or publish the set again"
        ) from None
    pieces = (piece.encode() for piece in patterndb(stored.patterns, day.isoformat(), left_out))
    if output:
        with output.open("wb") as file:
            file.writelines(pieces)
    else:
        # The file says that it is UTF-8, whatever the terminal is.
        sys.stdout.flush()
        sys.stdout.buffer.writelines(pieces)
    for (what, why), number in [] if quiet else sorted(left_out.items()):
        print(f"left out: {counted(number, what)}: {why}", file=sys.stderr)


def _exported(stored: "StoredSet", form: str, over: str | None) -> Iterator[bytes]:
    """Yield a set's export, in whole lines."""
    import msgspec

    from patterns.pcre import Expressions
    from patterns.regex import message_regex

    if form == "jsonl":
        yield stored.rows
        return
    words, expressions = stored.patterns.rules.words, None
    # Of word classes that other engines may read otherwise than RE2, there is `regex` alone.
    with suppress(RulesError):
        expressions = Expressions(words, in_place=True)
    for known in stored.patterns.patterns:
        if form == "text":
            row = (known.id, str(known.support), printable(known.scope), printable(known.pattern.text))
            yield "\t".join(row).encode() + b"\n"
            continue
        shape = over == "shape"
        found = {"regex": known.pattern.regex() if shape else message_regex(known.pattern, words)}
        exact = {} if shape else {"exact": expressions and expressions.write(known.pattern)}
        yield msgspec.json.encode({"id": known.id, "scope": known.scope, **found, **exact}) + b"\n"
