"""
A corpus of given times → table of shapes, with what was read of it.

Files are read whole, and a line is of the time that its header says. What was fetched was chosen by the time at which
Kafka, Elasticsearch or our own stream got it: a header may say any time, and that of a stranger proves nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from patterns.rules import Rules
from patterns.shapes import SCHEMA, ShapeTable
from patterns.timestamps import DAY, utc_day
from training.config import TrainingConfig
from training.corpus import Corpus, Progress
from training.engines import engine
from training.fetched.counts import FetchCounts
from training.fetched.time_range import ALL_TIMES, ANY_TIME, Times
from training.paths import fetched_from
from training.shapes import CorpusCounts
from training.sources import corpus_of, fetched_into_spool
from training.tables import TableBuilder, add_up


class Read(NamedTuple):
    """A table, what was counted of the lines that made it, and of what was fetched."""

    table: ShapeTable
    counts: CorpusCounts
    fetched: list[FetchCounts]


def read(paths: Sequence[str], config: TrainingConfig, rules: Rules, times: Times, progress: Progress) -> Read:
    """
    Read a corpus once.

    Args:
        paths: Files and what is fetched (training/sources.py).
        config: conf/training.toml.
        rules: How lines are read.
        times: What is fetched is of all these times; of files only `times.excluded` counts.
        progress: Called now and then.

    Raises:
        ClientError: Kafka or Elasticsearch cannot be used.
        CorpusError: A file cannot be read, or something cannot be fetched.
        RulesError: The rules cannot be used.

    Cost: one pass over the corpus. Only engine spark starts Spark.
    """
    if not times.excluded:
        with corpus_of(paths, config, rules, times.wanted, progress) as (corpus, fetched):
            return Read(*_tabulated(corpus, config, rules, ALL_TIMES, progress), fetched)
    files, named = _apart(paths)
    reads = []
    if files:
        with corpus_of(files, config, rules, ANY_TIME, progress) as (corpus, _):
            reads.append(Read(*_tabulated(corpus, config, rules, Times(ANY_TIME, times.excluded), progress), []))
    if named:
        with fetched_into_spool(named, config, rules, times, progress) as (spool, fetched):
            corpus = Corpus([], spool.pieces(), rules)
            reads.append(Read(*_tabulated(corpus, config, rules, ALL_TIMES, progress), fetched))
    return _together(reads)


def read_by_days(paths: Sequence[str], config: TrainingConfig, rules: Rules, times: Times, progress: Progress) -> Read:
    """
    Do what `read` does for nights: of files, too, only lines of `times` are read, and each row is of a night's day.

    What a stream read on a day is of that day whatever its lines say of themselves, so that some days read at once give
    the table that they give one by one, and nobody makes a day out of an hour. A source may have no line.
    """
    files, named = _apart(paths)
    reads = []
    if files:
        with corpus_of(files, config, rules, ANY_TIME, progress) as (corpus, _):
            reads.append(Read(*_tabulated(corpus, config, rules, times, progress), []))
    if named:
        with fetched_into_spool(named, config, rules, times, progress, by_batch=True) as (spool, fetched):
            reads.append(Read(ShapeTable.of({}), CorpusCounts(), fetched))
            for day in spool.days():
                corpus = Corpus([], spool.pieces(day), rules)
                table, counts = _tabulated(corpus, config, rules, ALL_TIMES, progress)
                reads.append(Read(_of_day(table, utc_day(day * DAY)), counts, []))
    return _together(reads)


def _apart(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    return [path for path in paths if not fetched_from(path)], [path for path in paths if fetched_from(path)]


def _tabulated(
    corpus: Corpus, config: TrainingConfig, rules: Rules, times: Times, progress: Progress
) -> tuple[ShapeTable, CorpusCounts]:
    return engine(config.mining.engine, corpus, config.spark).tabulate(rules, progress, times)


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
    for each in reads:
        counts.add(each.counts)
    return Read(add_up(each.table for each in reads), counts, [one for each in reads for one in each.fetched])
