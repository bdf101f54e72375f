"""
The trainer, whole: corpus → shapes → clusters, level by level → set → publish.

    sources ─► reading: corpus ─► engine.tabulate ─► states ─► mine ─► limits ─► describe ─► publish
                         stored tables ─► added ─┘             words → candidates → clusters (ladder: level by level)
            ─► where baselines are learned: the corpus once more ─► observed ─► learned ─┘ before it is published
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from mining.clusters import mine
from mining.ladder import Accepted, AcceptedPending, climb_down, uncovered
from mining.support import in_lines
from mining.words import weighted
from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.errors import PublishRefused
from patterns.matcher import Matcher
from patterns.pattern_set import KNOWN, PENDING, REJECTED, KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from training.added import stored_tables
from training.baselines.learned import learn_usual
from training.config import Mining, TrainingConfig
from training.corpus import Progress
from training.describe import describe
from training.fetched.time_range import ALL_TIMES, Times
from training.known import StateOf, States, all_known
from training.limits import limited
from training.lock import alone
from training.provisional import ByScope, as_run, borne_out, by_scope, settle
from training.publish import refuse, retire
from training.reading import read
from training.summary import summarise
from training.tables import add_up


def train(
    paths: Sequence[str],
    config: TrainingConfig,
    rules: Rules,
    *,
    times: Times = ALL_TIMES,
    add: Sequence[str] = (),
    force: bool,
    propose: bool = False,
    progress: Progress,
) -> dict[str, Any]:
    """
    Mine the patterns of a corpus and publish them; return the summary (training/summary.py).

    Who names a corpus says that its lines are normal: all of them are known, but what the operator rejected.

    Args:
        paths: Files, folders, globs, ``-`` for standard input, and what is fetched (training/sources.py).
        config: conf/training.toml.
        rules: How lines are read.
        times: Of what is fetched; what is excluded, of files too, by what their lines say.
        add: Versions of the store, or ``current``, whose tables of shapes are added to that of the files. What was
            pending in them stays so.
        force: Publish although much of what the last set knew is lost.
        propose: Publish beside the current version.
        progress: Called now and then while the corpus is fetched and read.

    Raises:
        TrainingRuns: Another training runs into the store.
        CorpusError: A file cannot be read, something cannot be fetched, or a version's table cannot be added.
        ClientError: Kafka or Elasticsearch cannot be used.
        DecisionsError: The operator's file means nothing under the rules.
        RulesError: The rules cannot be used.
        PublishRefused: The set is empty, or loses too much.

    Cost: one pass over the corpus, two where baselines are learned, and some over the table of shapes; memory for the
    shapes that are mined, and in engine python for the table. Only engine spark starts Spark.
    """
    store = Store(config.patterns.store)
    with alone(store), ExitStack() as kept:
        decisions = store.decisions().active(time.time_ns() // 1_000)
        # An entry that means nothing is told before hours are spent on reading.
        states = States(None, decisions, rules)
        added = stored_tables(store, add, rules)
        read_now = read(paths, config, rules, times, progress, kept if config.baselines.learn else None)
        pending = _still_pending(store, added, read_now.table, decisions)
        table = add_up([read_now.table, *added.values()]) if added else read_now.table
        storms = store.provisional()
        mined = mine_scopes(table, config.mining, states.known_otherwise(pending), provisional=by_scope(storms))
        found, left_out = limited(mined, table, config.mining)
        patterns = describe(found, table, rules, decisions)
        run = {
            "engine": config.mining.engine,
            "algorithm": config.mining.algorithm,
            "support": config.mining.support,
            "corpus": read_now.counts.as_run(),
            "fetched": [each.as_run() for each in read_now.fetched],
            "added": {version: table.lines for version, table in added.items()},
            "left_out": asdict(left_out),
            **as_run(storms, patterns),
            **({"nightly": {"excluded": [each.as_run() for each in times.excluded]}} if times.excluded else {}),
        }
        publishing = config.publish
        refuse(store, patterns, table, keep=publishing.keep, whatever=force or propose, decisions=decisions)
        usual = learn_usual(
            patterns,
            decisions,
            read_now.passes,
            filter(None, map(store.read_observed, added)),
            config.baselines,
            excluded=times.excluded,
            progress=progress,
        )
        run |= usual.run
        version = store.publish(
            patterns, table, run, baselines=usual.baselines, observed=usual.observed, propose=propose
        )
        if not propose:
            settle(store, storms, patterns, time.time_ns() // 1_000)
        retire(store, publishing.keep_versions)
        return summarise(version, patterns, table, run)


def _still_pending(
    store: Store, added: Mapping[str, ShapeTable], read_now: ShapeTable, decisions: Decisions
) -> set[tuple[str, str]]:
    """Return the shapes, by scope, that an added version has pending, and that were not read now."""
    pending: set[tuple[str, str]] = set()
    for version, table in added.items():
        patterns = store.read(version).patterns
        if any(known.state == PENDING for known in patterns.patterns):
            match = Matcher(decided(patterns, decisions)).match
            for scope, shapes in table.scopes().items():
                matched = ((scope, shape, match(scope, shape)) for shape in shapes)
                pending |= {(scope, shape) for scope, shape, known in matched if known and known.state == PENDING}
    if pending:
        pending -= {(scope, shape) for scope, shapes in read_now.scopes().items() for shape in shapes}
    return pending


def mine_scopes(
    table: ShapeTable,
    mining: Mining,
    state_of: StateOf = all_known,
    last: PatternSet | None = None,
    provisional: ByScope = MappingProxyType({}),
) -> dict[str, list[Accepted]]:
    """
    Mine each scope of a table by itself: by the ladder, or at one support where `mining` has one.

    What is known is mined alone, and then what is pending and matches nothing of it. From what is rejected nothing is.
    By the ladder, patterns of the last set that are there still go before new ones, so that ids stay; and so do those
    that streams made of storms, of known lines and of pending ones, where these bear them out.

    Raises:
        PublishRefused: There are more than `mining.max_shapes` shapes, and as many with the most lines.

    Cost: memory for the shapes that are mined, no more than `mining.max_shapes`.
    """
    found = {}
    least_count = table.least_count(mining.max_shapes)
    scopes = table.scopes(least_count)
    if table.shapes and not scopes:
        raise PublishRefused(
            f"$.mining.max_shapes is {mining.max_shapes}, and none of {table.shapes} shapes has {least_count} lines or "
            "more: none is left to be mined; raise it, or give what varies in the lines a class of [words.classes]"
        )
    for scope, shapes in scopes.items():
        parts: dict[str, dict[str, int]] = {KNOWN: {}, PENDING: {}, REJECTED: {}}
        for shape, lines in shapes.items():
            parts[state_of(scope, shape)][shape] = lines
        held = last.scopes.get(scope, ()) if last is not None else ()
        of_storms = provisional.get(scope, ())
        held_known = [each for each in held if each.state == KNOWN]
        held_known += borne_out(of_storms, parts[KNOWN], held_known)
        known = _mined(parts[KNOWN], mining, held_known)
        left = uncovered(parts[PENDING], (each.cluster for each in known))
        held_pending = [each for each in held if each.state == PENDING]
        held_pending += borne_out(of_storms, left, held_pending)
        found_pending = _mined(left, mining, held_pending)
        found[scope] = [*known, *(AcceptedPending(*each) for each in found_pending)]
    return found


def _mined(shapes: dict[str, int], mining: Mining, held: Sequence[KnownPattern]) -> list[Accepted]:
    if not shapes:
        return []
    share = mining.share()
    if share is None:
        return climb_down(shapes, mining.algorithm, seen_once=mining.seen_once, held=held)
    level = in_lines(share, sum(shapes.values()))
    clusters = mine(weighted(shapes), level, mining.method())
    # One of holes alone, as `wildcard` can make it, would match whatever comes.
    return [Accepted(cluster, level) for cluster in clusters if cluster.pattern.constants]
