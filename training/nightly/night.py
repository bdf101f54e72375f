"""The night: what came since the last one → table → states → set, published."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from patterns.decisions import Decisions
from patterns.errors import NoPatternSet
from patterns.language import hash_of
from patterns.pattern_set import KNOWN, PENDING, REJECTED, PatternSet
from patterns.provisional import Provisional
from patterns.rules import Rules
from patterns.set_files import StoredSet
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.timestamps import DAY, iso, utc_day
from training.added import other_rules
from training.baselines.learned import learn_usual
from training.config import TrainingConfig
from training.corpus import Progress
from training.describe import describe
from training.errors import NightError
from training.fetched.time_range import MILLISECOND, TimeRange, Times
from training.job import mine_scopes
from training.known import NOTHING, StateOf, States
from training.limits import Found, limited
from training.lock import alone
from training.nightly.kinds import known_kinds
from training.nightly.memory import Memory, excluded_as_run, joined, remembered
from training.nightly.window import Left, days_of, leave, window_of
from training.paths import fetched_from
from training.provisional import as_run, by_scope, settle
from training.publish import refuse_empty, refuse_uncovered, retire
from training.reading import Read, read_by_days
from training.shapes import CorpusCounts
from training.summary import summarise
from training.tables import add_up


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a user asks of a night.

    Attributes:
        until: Up to which time is read, in microseconds since 1970; None for the day's begin, UTC.
        excluded: Times of which nothing is learned.
        strict: Whether days make nothing known.
        force: Publish although much of what the last set knew is lost.
        propose: Publish beside the current version: the next night goes on from that one, and reads these lines, too.
    """

    until: int | None = None
    excluded: tuple[TimeRange, ...] = ()
    strict: bool = False
    force: bool = False
    propose: bool = False


class _Plan(NamedTuple):
    """
    What a night begins with.

    Attributes:
        last: The last set; None in an empty store.
        before: Its table.
        start: From which time on is read, and `until` which; equal where nothing is.
        until: See there.
        memory: What the night leaves for the next.
        changed: Whether the set would be another without a line.
    """

    last: StoredSet | None
    before: ShapeTable
    start: int
    until: int
    memory: Memory
    changed: bool


def learn_night(
    sources: Sequence[str], config: TrainingConfig, rules: Rules, asked: Asked, progress: Progress
) -> dict[str, Any]:
    """
    Learn from what came since the last night; return the summary (training/summary.py), with ``night``.

    Args:
        sources: What is read; files and what is fetched (training/sources.py).
        config: conf/training.toml.
        rules: How lines are read.
        asked: What the user asks.
        progress: Called now and then while the sources are read.

    Returns:
        Where nothing came, and nothing else has changed, ``version`` is that of the last set, and of the rest there is
        ``night`` alone.

    Raises:
        TrainingRuns: Another training runs into the store.
        NightError: The last set was mined by other rules, or is no longer the current one when this one is ready.
        CorpusError: A file cannot be read, or something cannot be fetched.
        ClientError: Kafka or Elasticsearch cannot be used.
        DecisionsError: The operator's file means nothing under the rules.
        PublishRefused: The set is empty, or loses too much.

    Cost: one pass over what came, two where baselines are learned, and some over the table of shapes.
    """
    store = Store(config.patterns.store)
    with alone(store), ExitStack() as kept:
        now = time.time_ns() // 1_000
        decisions = store.decisions().active(now)
        # An entry that means nothing is told before hours are spent on reading.
        States(None, decisions, rules)
        until = now // DAY * DAY if asked.until is None else asked.until
        plan = _plan(store, config, rules, asked, decisions, until)
        if plan.start >= until and not plan.changed and plan.last is not None:
            return {"version": plan.last.version, "night": _night(plan)}
        times = Times(TimeRange(plan.start, until), plan.memory.excluded)
        if any(map(fetched_from, sources)):
            # What is streamed until then is not there yet.
            through = min(plan.memory.through, max(now // MILLISECOND * MILLISECOND, plan.start))
            plan = plan._replace(memory=plan.memory._replace(through=through))
        read = _nothing()
        if plan.start < until:
            read = read_by_days(sources, config, rules, times, progress, kept if config.baselines.learn else None)
        storms = store.provisional()
        patterns, table, run = _learned(plan, read, config, rules, decisions, storms, strict=asked.strict)
        if plan.last is not None and not (asked.force or asked.propose):
            keep = config.publish.keep
            refuse_uncovered(plan.last, plan.before, patterns, keep, decisions, least_support=1, uncovered_count=False)
        refuse_empty(patterns, table)
        usual = learn_usual(
            patterns,
            decisions,
            read.passes,
            filter(None, (store.read_observed(each.version) for each in [plan.last] if each is not None)),
            config.baselines,
            excluded=plan.memory.excluded,
            progress=progress,
            last_day=(until - 1) // DAY,
        )
        run |= usual.run
        if store.current() != (plan.last.version if plan.last else None):
            raise NightError(
                f"the current set of store {store.root!r} was changed while this night was learned, and nothing was "
                "published; start again"
            )
        version = store.publish(
            patterns, table, run, baselines=usual.baselines, observed=usual.observed, propose=asked.propose
        )
        if not asked.propose:
            settle(store, storms, patterns, until)
        retire(store, config.publish.keep_versions)
        return summarise(version, patterns, table, run)


def _plan(store: Store, config: TrainingConfig, rules: Rules, asked: Asked, decisions: Decisions, until: int) -> _Plan:
    nightly = config.nightly
    try:
        last = store.read()
    except NoPatternSet:
        # Where there is but a proposed one, somebody is still to look at it.
        if store.versions():
            raise
        last = None
    window_start = until - nightly.window_days * DAY
    conditions = hash_of(
        [
            msgspec.to_builtins(structs.replace(config.mining, engine="python")),
            [nightly.window_days, nightly.forget_after, nightly.learn_days],
            decisions.revision,
            asked.strict,
            *([msgspec.to_builtins(config.baselines)] if config.baselines.learn else []),
        ],
        8,
    )
    if last is None:
        memory = Memory(until, utc_day(until), joined((), asked.excluded, 0), conditions)
        return _Plan(None, ShapeTable.of({}), window_start, until, memory, changed=True)
    other = other_rules(last.patterns.rules, rules)
    if other:
        raise NightError(
            f"the current set {last.version} was mined by other rules ({', '.join(other)}), and what was read by "
            "different rules does not add up: train once by the new ones, `logwinnow train SOURCE… --from "
            f"{utc_day(window_start)}`, which takes all of these lines for known, or set the rules back"
        )
    before = store.read_shapes(last.version)
    was = remembered(last, before, until)
    excluded = joined(was.excluded, asked.excluded, until - nightly.forget_after * DAY)
    start = min(max(was.through, window_start), until)
    memory = Memory(max(was.through, until), was.trained, excluded, conditions)
    changed = was.conditions != conditions or set(excluded) - set(was.excluded) != set()
    return _Plan(last, before, start, until, memory, changed)


def _learned(
    plan: _Plan,
    read: Read,
    config: TrainingConfig,
    rules: Rules,
    decisions: Decisions,
    storms: Sequence[Provisional],
    *,
    strict: bool,
) -> tuple[PatternSet, ShapeTable, dict[str, Any]]:
    """Return the night's set, its table, and what the manifest says of it."""
    memory, nightly = plan.memory, config.nightly
    both = add_up([plan.before, read.table])
    window = window_of(plan.until, memory.trained, nightly.window_days, nightly.forget_after, memory.excluded)
    states = States(plan.last.patterns if plan.last else None, decisions, rules)
    # What was seen twice in the window, or once a month, is seen on two days, though its older row leaves.
    learned = _seen_enough(both, states, nightly.learn_days, memory.excluded)
    left = leave(both, window)
    state_of = states.pending_otherwise(learned)
    if plan.last is None and not strict:
        state_of = states.known_otherwise()
    if strict:
        state_of = states.pending_otherwise(NOTHING)
    last = plan.last.patterns if plan.last else None
    found: Found = mine_scopes(left.table, config.mining, state_of, last, by_scope(storms))
    if not strict:
        kinds = known_kinds(found, both, state_of, nightly.learn_days, memory.excluded)
        found = kinds.found
        if last is not None:
            state_of = states.pending_otherwise(learned | kinds.shapes)
    found, left_out = limited(found, left.table, config.mining)
    patterns = describe(found, left.table, rules, decisions)
    run = {
        "engine": config.mining.engine,
        "algorithm": config.mining.algorithm,
        "support": config.mining.support,
        "corpus": read.counts.as_run(),
        "fetched": [each.as_run() for each in read.fetched],
        "added": {plan.last.version: plan.before.lines} if plan.last else {},
        "left_out": asdict(left_out),
        **as_run(storms, patterns),
        "nightly": memory.as_run(),
        "night": _night(plan, left, _sorted(left.table, plan.before, states, state_of)),
    }
    return patterns, left.table, run


def _seen_enough(
    table: ShapeTable, states: States, learn_days: int, excluded: tuple[TimeRange, ...]
) -> set[tuple[str, str]]:
    """Return the shapes of which nothing is said, and which were seen on enough days."""
    return {
        shape
        for shape, days in days_of(table, excluded)
        if len(set(days) - {None}) >= learn_days and states(*shape) is None
    }


def _sorted(table: ShapeTable, before: ShapeTable, states: States, state_of: StateOf) -> dict[str, Any]:
    """Count the shapes of each state, and those that are new in it."""
    numbers = Counter({KNOWN: 0, PENDING: 0, REJECTED: 0})
    newly: dict[str, set[tuple[str, str]]] = {KNOWN: set(), PENDING: set()}
    for shape, _ in days_of(table):
        state = state_of(*shape)
        numbers[state] += 1
        if state in newly and states(*shape) is None:
            newly[state].add(shape)
    # What was pending before is not newly so.
    newly[PENDING].difference_update(shape for shape, _ in days_of(before))
    return {
        "shapes": dict(numbers),
        "newly_known": len(newly[KNOWN]),
        "newly_pending": len(newly[PENDING]),
    }


def _night(plan: _Plan, left: Left | None = None, sorted_shapes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the summary says of the night."""
    return {
        "from": iso(plan.start),
        "to": iso(plan.until),
        "new": left is not None,
        "days": len(left.table.days()) if left else 0,
        **(sorted_shapes or {}),
        "forgotten": left.forgotten if left else 0,
        "excluded": {
            "times": excluded_as_run(plan.memory.excluded),
            "lines": left.excluded if left else 0,
            "partly": left.partly if left else 0,
        },
    }


def _nothing() -> Read:
    """Return what is read where the table alone is mined anew."""
    return Read(ShapeTable.of({}), CorpusCounts(), [])
