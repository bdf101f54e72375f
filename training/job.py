"""
The trainer, whole: corpus → shapes → clusters, level by level → set → publish.

    corpus.lines ─► shapes.tabulate ─► mine ─► describe ─► publish
                    (table of shapes)   words → candidates → clusters (ladder: at one support after the other)
"""

from collections.abc import Sequence
from typing import Any

from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from training import corpus
from training.clusters import mine
from training.config import Mining, TrainingConfig
from training.corpus import Progress
from training.describe import describe
from training.ladder import Accepted, climb_down
from training.publish import publish
from training.shapes import tabulate
from training.summary import summarise
from training.support import in_lines
from training.words import weighted


def train(
    paths: Sequence[str], config: TrainingConfig, rules: Rules, *, force: bool, progress: Progress
) -> dict[str, Any]:
    """
    Mine the patterns of a corpus and publish them; return the summary (training/summary.py).

    Args:
        paths: Files, or ``-`` for standard input.
        config: conf/training.toml.
        rules: How lines are read.
        force: Publish although much of what the last set knew is lost.
        progress: Called now and then while the corpus is read.

    Raises:
        CorpusError: A file cannot be read.
        RulesError: The rules cannot be used.
        PublishRefused: The set is empty, or loses too much.

    Cost: one pass over the corpus; memory for the table of shapes. Starts no Spark job.
    """
    size = corpus.check(paths)
    table, counts = tabulate(corpus.lines(paths), rules, size, progress)
    patterns = describe(mine_scopes(table, config.mining), table, rules)
    run = {
        "engine": config.mining.engine,
        "algorithm": config.mining.algorithm,
        "support": config.mining.support,
        "corpus": counts.as_run(),
    }
    store = Store(config.patterns.store)
    version = publish(store, patterns, table, run, keep=config.publish.keep, force=force)
    return summarise(version, patterns, table, counts)


def mine_scopes(table: ShapeTable, mining: Mining) -> dict[str, list[Accepted]]:
    """Mine each scope of a table by itself: by the ladder, or at one support where `mining` has one."""
    share, method = mining.share(), mining.method()
    found = {}
    for scope, shapes in table.scopes().items():
        if share is None:
            found[scope] = climb_down(shapes, mining.algorithm, seen_once=mining.seen_once)
        else:
            level = in_lines(share, sum(shapes.values()))
            clusters = mine(weighted(shapes), level, method)
            # One of holes alone, as `wildcard` can make it, would match whatever comes.
            found[scope] = [Accepted(cluster, level) for cluster in clusters if cluster.pattern.constants]
    return found
