"""
A corpus of given times → table of shapes, with what was read of it.

Files are read whole, and a line is of the time that its header says. What was fetched was chosen by the time at which
Kafka, Elasticsearch or our own stream got it: a header may say any time, and that of a stranger proves nothing.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple, TypeVar

import pyarrow as pa

from patterns.rules import Rules
from patterns.shapes import SCHEMA, ShapeTable
from patterns.timestamps import DAY, utc_day
from training.config import TrainingConfig
from training.corpus import Corpus, Progress
from training.engines import Engine, engine
from training.fetched.counts import FetchCounts
from training.fetched.time_range import ALL_TIMES, ANY_TIME, Times
from training.paths import fetched_from
from training.shapes import CorpusCounts
from training.sources import corpus_of, fetched_into_spool
from training.tables import TableBuilder, add_up

Opened = TypeVar("Opened")


class Pass(NamedTuple):
    """A part of a corpus that may be read once more, and of which times its lines are."""

    engine: Engine
    times: Times


class Read(NamedTuple):
    """
    What was read.

    Attributes:
        table: The table of it.
        counts: What was counted of the lines that made it.
        fetched: And of what was fetched.
        passes: How all of it is read once more, where that is wanted.
    """

    table: ShapeTable
    counts: CorpusCounts
    fetched: list[FetchCounts]
    passes: tuple[Pass, ...] = ()


def read(
    paths: Sequence[str],
    config: TrainingConfig,
    rules: Rules,
    times: Times,
    progress: Progress,
    kept: ExitStack | None = None,
) -> Read:
    """
    Read a corpus once.

    Args:
        paths: Files and what is fetched (training/sources.py).
        config: conf/training.toml.
        rules: How lines are read.
        times: What is fetched is of all these times; of files only `times.excluded` counts.
        progress: Called now and then.
        kept: What is open stays so until this is closed, to be read once more; None where it is not.

    Raises:
        ClientError: Kafka or Elasticsearch cannot be used.
        CorpusError: A file cannot be read, or something cannot be fetched.
        RulesError: The rules cannot be used.

    Cost: one pass over the corpus. Only engine spark starts Spark.
    """
    with ExitStack() as closed:
        opened = _Opened(kept or closed, config, rules, progress, again=kept is not None)
        if not times.excluded:
            corpus, fetched = opened.enter(corpus_of(paths, config, rules, times.wanted, progress))
            return opened.read(corpus, ALL_TIMES)._replace(fetched=fetched)
        files, named = _apart(paths)
        reads = []
        if files:
            corpus, _ = opened.enter(corpus_of(files, config, rules, ANY_TIME, progress))
            reads.append(opened.read(corpus, Times(ANY_TIME, times.excluded)))
        if named:
            spool, fetched = opened.enter(fetched_into_spool(named, config, rules, times, progress))
            reads.append(opened.read(Corpus([], spool.pieces(), rules), ALL_TIMES)._replace(fetched=fetched))
        return _together(reads)


def read_by_days(
    paths: Sequence[str],
    config: TrainingConfig,
    rules: Rules,
    times: Times,
    progress: Progress,
    kept: ExitStack | None = None,
) -> Read:
    """
    Do what `read` does for nights: of files, too, only lines of `times` are read, and each row is of a night's day.

    What a stream read on a day is of that day whatever its lines say of themselves, so that some days read at once give
    the table that they give one by one, and nobody makes a day out of an hour. A source may have no line.
    """
    files, named = _apart(paths)
    reads = []
    with ExitStack() as closed:
        opened = _Opened(kept or closed, config, rules, progress, again=kept is not None)
        if files:
            corpus, _ = opened.enter(corpus_of(files, config, rules, ANY_TIME, progress))
            reads.append(opened.read(corpus, times))
        if named:
            spool, fetched = opened.enter(fetched_into_spool(named, config, rules, times, progress, by_batch=True))
            reads.append(Read(ShapeTable.of({}), CorpusCounts(), fetched))
            for day in spool.days():
                found = opened.read(Corpus([], spool.pieces(day), rules), ALL_TIMES)
                reads.append(found._replace(table=_of_day(found.table, utc_day(day * DAY))))
        return _together(reads)


class _Opened:
    """Parts of a corpus that are open, and how they are read."""

    def __init__(
        self, stack: ExitStack, config: TrainingConfig, rules: Rules, progress: Progress, *, again: bool
    ) -> None:
        self._stack, self._config, self._rules, self._progress, self._again = stack, config, rules, progress, again

    def enter(self, part: AbstractContextManager[Opened]) -> Opened:
        """Open a part for as long as it is wanted."""
        return self._stack.enter_context(part)

    def read(self, corpus: Corpus, times: Times) -> Read:
        """Read a part once."""
        reader = engine(self._config.mining.engine, corpus, self._config.spark)
        table, counts = reader.tabulate(self._rules, self._progress, times)
        return Read(table, counts, [], (Pass(reader, times),) if self._again else ())


def _apart(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    return [path for path in paths if not fetched_from(path)], [path for path in paths if fetched_from(path)]


def _of_day(table: ShapeTable, day: str) -> ShapeTable:
    """Return a table with all rows of one day."""
    index = SCHEMA.get_field_index("day")
    with TableBuilder() as builder:
        for rows in table.tables():
            builder.add(rows.set_column(index, SCHEMA.field(index), pa.array([day] * rows.num_rows, pa.string())))
        return builder.finish()


def _together(reads: Sequence[Read]) -> Read:
    if len(reads) == 1:
        return reads[0]
    counts = CorpusCounts()
    passes = tuple(one for each in reads for one in each.passes)
    for each in reads:
        counts.add(each.counts)
    return Read(add_up(each.table for each in reads), counts, [one for each in reads for one in each.fetched], passes)
