"""`logwinnow match`: judges lines by a pattern set, offline and without Spark, and explains the outliers."""

import argparse
import gc
from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from commands.console import counted, shown, stderr
from commands.options import HEADER_HELP, add_stored_set, judged_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from commands.reading import Batch
    from kernels.judging import BatchJudge
    from kernels.kinds import Kind
    from patterns.judge import Judge, Judgement
    from patterns.pattern_set import PatternSet

_DESCRIPTION = """\
Judges each line by the current pattern set and what the operator decided, and
shows the outliers: the lines that no pattern matches, each with the nearest
pattern and the first word that differs, and those of a pattern that is pending
or rejected; of outliers of one shape only the first is explained. A summary follows
on standard error. Outliers are no failure: the exit code is 0. Lines are shown
as soon as they arrive, so `tail -f` can be read. Where the set was mined with
lines joined (multiline), so they are here: a record is shown when the next one
begins."""

_EXAMPLE = """\
examples:
  logwinnow match /var/log/auth.log
  tail -F /var/log/syslog | logwinnow match -
  logwinnow match app.log --json | jq -c 'select(.outlier) | .shape_text'

a JSON object has:
  outlier     true, or false also for what is not judged
  pattern     id of the best match, or null
  state       of it: known, pending, accepted or rejected; name and severity as
              the operator says; each null where there is none
  shape       id of its shape, and shape_text; what an alert would be about
  unjudged    why it is not judged (blank, no_constant), or null
  reason      why it is an outlier (no_pattern, new_program, pending, rejected),
              or null
  scope       the program by which patterns are looked up
  params      what the pattern's gaps took of the message
  nearest     of an outlier {"id", "text", "difference"}, or null
  line        its number in its file, from 1, of a record that of its first
              line; and file"""

_REMEMBERED_SHAPES = 100_000
# Of fewer lines at a time, what columns need to be imported takes longer than what they gain.
_MANY = 2_000


class Writer(Protocol):
    """What shows judged lines."""

    def write(self, file: str, judged: "Sequence[tuple[int, Judgement]]") -> None:
        """Show what there is to show of lines of a file, each with its number, and flush it."""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "match",
        help="judge lines offline, and explain the outliers",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("files", nargs="+", metavar="FILE", help="a log, or - for standard input")
    add_stored_set(verb)
    verb.add_argument("--header", metavar="FORMAT", help=f"{HEADER_HELP} (default: as the set was mined)")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--outliers", action="store_true", help="show outliers alone (default without --json)")
    which.add_argument("--all", action="store_true", help="show every line, with its pattern's id (default of --json)")
    verb.add_argument("--json", action="store_true", help="print one JSON object a line, in their order")
    verb.add_argument("--quiet", action="store_true", help="show no summary")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Judge all lines and show them.

    Returns:
        0, with outliers too.

    Raises:
        LogwinnowError: A file, the set or the format cannot be used.
    """
    from commands.judged import JsonWriter, PeopleWriter
    from commands.reading import batches, check
    from patterns.judge import Judge
    from patterns.records import Records

    # What is made for a line lives for a batch, and has no cycles: looking for some at every turn costs a tenth.
    gc.set_threshold(100_000)
    check(arguments.files)
    version, patterns = judged_by(arguments)
    if arguments.header is not None:
        patterns = replace(patterns, rules=replace(patterns.rules, header=arguments.header))
    judge = Judge(patterns)
    records = Records(patterns.rules)
    counts = Counts("record" if records.joins else "line")
    by_columns = _ByColumns(patterns, judge)
    every = arguments.all or (arguments.json and not arguments.outliers)
    writer: Writer = JsonWriter(judge, every=every) if arguments.json else PeopleWriter(patterns.rules, every=every)
    try:
        for batch in batches(arguments.files, records):
            if not every and not patterns.rules.words.raw and len(batch.lines) >= _MANY:
                judged = by_columns.judge(batch, counts)
            else:
                judgements = [judge.judge(line, batch.record_time) for line in batch.lines]
                counts.add(judgements)
                judged = list(zip(batch.numbers(), judgements, strict=True))
            writer.write(batch.file, judged)
    except KeyboardInterrupt:
        # This is how `tail -f | logwinnow match -` ends.
        _tell(counts, version, quiet=arguments.quiet)
        raise
    _tell(counts, version, quiet=arguments.quiet)
    return 0


def _tell(counts: "Counts", version: str, *, quiet: bool) -> None:
    if not quiet:
        stderr().print(shown(f"{counts}; set {version}"), soft_wrap=True)


class _ByColumns:
    """Judges batches by columns where only outliers are shown: what is known is only counted."""

    def __init__(self, patterns: "PatternSet", judge: "Judge") -> None:
        """Take the set, and what judges the lines that are shown."""
        self._patterns, self._judge = patterns, judge

    @cached_property
    def _batches(self) -> "BatchJudge":
        from kernels.judging import BatchJudge

        return BatchJudge(self._patterns)

    def judge(self, batch: "Batch", counts: "Counts") -> "list[tuple[int, Judgement]]":
        """Count the lines of a batch; return the outliers, each with its number."""
        import pyarrow as pa

        numbers, found = list(batch.numbers()), []
        lines = pa.array(batch.lines, pa.binary())
        done = 0
        for piece in self._batches.judge_values(lines, batch.record_time):
            counts.add_kinds(piece.counts())
            for index in piece.outliers():
                at = done + index
                found.append((numbers[at], self._judge.judge(batch.lines[at], batch.record_time)))
            done += len(piece.kind)
        return found


class Counts:
    """How many lines were judged how; memory is bounded, so that shapes are counted up to a limit."""

    def __init__(self, noun: str) -> None:
        """Begin at zero, and call what is counted so."""
        self._noun = noun
        self._lines = 0
        self._outliers = 0
        self._unjudged: Counter[str] = Counter()
        self._shapes: set[tuple[str, str]] = set()

    def add(self, judgements: "Sequence[Judgement]") -> None:
        """Count lines."""
        self._lines += len(judgements)
        for judgement in judgements:
            shaped = judgement.shaped
            if judgement.verdict is None:
                self._unjudged[str(shaped.unjudged)] += 1
            elif judgement.outlier:
                self._outliers += 1
                if len(self._shapes) < _REMEMBERED_SHAPES:
                    self._shapes.add((shaped.scope, shaped.shape))

    def add_kinds(self, kinds: "Iterable[tuple[Kind, int]]") -> None:
        """Count lines by their kinds."""
        for kind, number in kinds:
            self._lines += number
            if kind.unjudged:
                self._unjudged[kind.unjudged] += number
            elif kind.outlier:
                self._outliers += number
                if len(self._shapes) < _REMEMBERED_SHAPES:
                    self._shapes.add((kind.scope, str(kind.shape)))

    def __str__(self) -> str:
        """Say it in words."""
        matched = self._lines - self._outliers - self._unjudged.total()
        said = f"{counted(self._lines, self._noun)}: {matched:,} matched, {counted(self._outliers, 'outlier')}"
        if self._outliers:
            more = " or more" if len(self._shapes) == _REMEMBERED_SHAPES else ""
            said += f" of {counted(len(self._shapes), 'shape')}{more}"
        if self._unjudged:
            why = ", ".join(f"{reason} {number:,}" for reason, number in sorted(self._unjudged.items()))
            said += f", {self._unjudged.total():,} not judged ({why})"
        return said
