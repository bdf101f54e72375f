"""
The trainer, whole: corpus → shapes → clusters, level by level → set → publish.

    sources ─► corpus ─► engine.tabulate ─► mine ─► limits ─► describe ─► publish
                stored tables ─► added ─┘    words → candidates → clusters (ladder: at one support after the other)
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from patterns.errors import PublishRefused
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from training.added import stored_tables
from training.clusters import mine
from training.config import Mining, TrainingConfig
from training.corpus import Progress
from training.describe import describe
from training.engines import engine
from training.fetched.time_range import ANY_TIME, TimeRange
from training.ladder import Accepted, climb_down
from training.limits import limited
from training.publish import publish
from training.sources import corpus_of
from training.summary import summarise
from training.support import in_lines
from training.tables import add_up
from training.words import weighted


def train(
    paths: Sequence[str],
    config: TrainingConfig,
    rules: Rules,
    *,
    time_range: TimeRange = ANY_TIME,
    add: Sequence[str] = (),
    force: bool,
    propose: bool = False,
    progress: Progress,
) -> dict[str, Any]:
    """
    Mine the patterns of a corpus and publish them; return the summary (training/summary.py).

    Args:
        paths: Files, folders, globs, ``-`` for standard input, and what is fetched (training/sources.py).
        config: conf/training.toml.
        rules: How lines are read.
        time_range: Of what is fetched.
        add: Versions of the store, or ``current``, whose tables of shapes are added to that of the files.
        force: Publish although much of what the last set knew is lost.
        propose: Publish beside the current version.
        progress: Called now and then while the corpus is fetched and read.

    Raises:
        CorpusError: A file cannot be read, something cannot be fetched, or a version's table cannot be added.
        ClientError: Kafka or Elasticsearch cannot be used.
        RulesError: The rules cannot be used.
        PublishRefused: The set is empty, or loses too much.

    Cost: one pass over the corpus, and some over the table of shapes; memory for the shapes that are mined, and in
    engine python for the table. Only engine spark starts Spark.
    """
    store = Store(config.patterns.store)
    added = stored_tables(store, add, rules)
    with corpus_of(paths, config, rules, time_range, progress) as (corpus, fetched):
        table, counts = engine(config.mining.engine, corpus, config.spark).tabulate(rules, progress)
    if added:
        table = add_up([table, *added.values()])
    found, left_out = limited(mine_scopes(table, config.mining), table, config.mining)
    patterns = describe(found, table, rules)
    run = {
        "engine": config.mining.engine,
        "algorithm": config.mining.algorithm,
        "support": config.mining.support,
        "corpus": counts.as_run(),
        "fetched": [each.as_run() for each in fetched],
        "added": {version: table.lines for version, table in added.items()},
        "left_out": asdict(left_out),
    }
    version = publish(store, patterns, table, run, keep=config.publish.keep, force=force, propose=propose)
    return summarise(version, patterns, table, run)


def mine_scopes(table: ShapeTable, mining: Mining) -> dict[str, list[Accepted]]:
    """
    Mine each scope of a table by itself: by the ladder, or at one support where `mining` has one.

    Raises:
        PublishRefused: There are more than `mining.max_shapes` shapes, and as many with the most lines.

    Cost: memory for the shapes that are mined, no more than `mining.max_shapes`.
    """
    share, method = mining.share(), mining.method()
    found = {}
    least_count = table.least_count(mining.max_shapes)
    scopes = table.scopes(least_count)
    if table.shapes and not scopes:
        raise PublishRefused(
            f"$.mining.max_shapes is {mining.max_shapes}, and none of {table.shapes} shapes has {least_count} lines or "
            "more: none is left to be mined; raise it, or give what varies in the lines a class of [words.classes]"
        )
    for scope, shapes in scopes.items():
        if share is None:
            found[scope] = climb_down(shapes, mining.algorithm, seen_once=mining.seen_once)
        else:
            level = in_lines(share, sum(shapes.values()))
            clusters = mine(weighted(shapes), level, method)
            # One of holes alone, as `wildcard` can make it, would match whatever comes.
            found[scope] = [Accepted(cluster, level) for cluster in clusters if cluster.pattern.constants]
    return found
