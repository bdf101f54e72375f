"""
What batches are judged by: the newest set of the store and what the operator decided, broadcast, renewed as it changes.

Either may be missing or broken, and entries of the operator's file may mean nothing under the rules of a new set: then
the stream goes on with the last good ones, and says so once.
"""

import logging
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from pyspark import Broadcast, SparkContext

from patterns.decided import check, decided
from patterns.decisions import Decisions
from patterns.errors import BrokenPatternSet, DecisionsError, NoPatternSet, PatternsError
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.set_files import StoredSet
from patterns.store import Store
from streaming.config import AlertsConfig
from streaming.errors import CheckpointError
from streaming.unusual.usual import Usual, is_asked_for

_log = logging.getLogger("logwinnow")

JudgedBy = tuple[str, bytes, bytes, bytes]
"""What workers get: version, manifest.json and patterns.jsonl of a set, and the operator's entries that count."""


class LiveSet(NamedTuple):
    """
    What a batch is judged by.

    Attributes:
        version: Of the set.
        broadcast: What stands for it on the workers.
        rules: Of the set.
        decisions: All that the operator's file has, also what ended.
        patterns: How many the set has.
        refused: Of `set_refused` and `decisions_refused` what was found last.
        usual: What lines of known kinds are compared with.
        usual_broadcast: The same on the workers, None for nothing.
        find: Returns the pattern of an id, as the operator calls it.
    """

    version: str
    broadcast: Broadcast[JudgedBy]
    rules: Rules
    decisions: Decisions
    patterns: int
    refused: frozenset[str]
    usual: Usual = Usual()
    usual_broadcast: Broadcast[bytes] | None = None
    find: Callable[[str], KnownPattern | None] = lambda _pattern: None


class _ById:
    """Patterns by their ids, as the operator calls them. Cost: a pass over the set, when the first one is asked for."""

    def __init__(self, patterns: PatternSet, decisions: Decisions) -> None:
        self._patterns, self._decisions = patterns, decisions

    def __call__(self, pattern: str) -> KnownPattern | None:
        return self._known.get(pattern)

    @cached_property
    def _known(self) -> dict[str, KnownPattern]:
        return {known.id: known for known in decided(self._patterns, self._decisions).patterns}


class Sets:
    """Gives each batch its set and decisions. Workers get new ones only when what they judge by has changed."""

    def __init__(self, store: Store, context: SparkContext, alerts: AlertsConfig | None = None) -> None:
        """
        Begin with none loaded.

        Args:
            store: Of the pattern sets.
            context: By which is broadcast.
            alerts: What is told; baselines are read for it alone.
        """
        self._store = store
        self._alerts = alerts or AlertsConfig()
        self._context = context
        self._loaded: StoredSet | None = None
        self._newest: StoredSet | None = None
        self._decisions = Decisions()
        self._broadcast: Broadcast[JudgedBy] | None = None
        self._broadcast_of = ("", "")
        self._refused: dict[str, str] = {}
        self._usual, self._usual_of = Usual(), ""
        self._usual_broadcast: Broadcast[bytes] | None = None
        self._find: Callable[[str], KnownPattern | None] = lambda _pattern: None

    @property
    def last(self) -> LiveSet:
        """What the last batch was judged by."""
        return self._live()

    def newest(self, at: int) -> LiveSet:
        """
        Return the newest set and decisions that can be used; of those that cannot, the last good ones.

        Args:
            at: When the batch was planned, in microseconds since 1970: by it entries end.

        Raises:
            PatternsError: There is no set yet, or the first one, or the first operator's file, cannot be used.
        """
        stored, decisions, refused = self._newest_set(), self._decisions, None
        try:
            decisions = self._store.decisions()
        except PatternsError as error:
            if self._loaded is None:
                raise
            refused = error
        self._say("decisions_refused", self._take_usable(stored, decisions, at) or refused)
        return self._live()

    def exactly(self, version: str, decisions: Decisions, at: int) -> LiveSet:
        """
        Return a version with decisions, for the replay of a batch that was judged by them.

        Args:
            version: Of the set.
            decisions: The operator's file of then.
            at: When the batch was planned, in microseconds since 1970.

        Raises:
            CheckpointError: The store has the version no more, or it is broken.
        """
        stored = self._loaded
        try:
            if stored is None or stored.version != version:
                stored = self._store.read(version)
            self._take(stored, decisions, at)
        except (BrokenPatternSet, NoPatternSet, DecisionsError) as error:
            raise CheckpointError(
                f"the batch to replay was judged by the set {version!r}, which cannot be read: {error}"
            ) from None
        return self._live()

    def _newest_set(self) -> StoredSet:
        try:
            version = self._store.current()
            if version is None:
                # CURRENT is gone: with a set at hand that is no reason to stop.
                raise NoPatternSet(f"store {self._store.root!r} names no pattern set; publish one by: logwinnow train")
            if self._newest is None or version != self._newest.version:
                self._newest = self._store.read(version)
        except PatternsError as error:
            if self._loaded is None:
                raise
            self._say("set_refused", error)
            return self._loaded
        self._say("set_refused", None)
        return self._newest

    def _take_usable(self, stored: StoredSet, decisions: Decisions, at: int) -> DecisionsError | None:
        """Take the newest that goes together, in the end what was judged by before; return why no newer, if so."""
        refused = None
        for one in (stored, self._loaded):
            for entries in (decisions, self._decisions):
                try:
                    self._take(one or stored, entries, at)
                except DecisionsError as error:
                    if self._loaded is None:
                        raise
                    refused = refused or error
                else:
                    return refused
        return refused

    def _say(self, event: str, error: PatternsError | None) -> None:
        """Say what cannot be used, unless that was said last; None for all can."""
        if error is None:
            self._refused.pop(event, None)
        elif self._refused.get(event) != str(error) and self._loaded is not None:
            self._refused[event] = str(error)
            last = {"set": self._loaded.version, "decisions": self._decisions.revision}
            _log.warning(event, extra={"facts": {"error": str(error), **last}})

    def _take(self, stored: StoredSet, decisions: Decisions, at: int) -> None:
        active = decisions.active(at)
        judged_by = (stored.patterns.fingerprint, active.revision)
        if self._broadcast is None or judged_by != self._broadcast_of:
            check(active, stored.patterns.rules.words)
            before, self._broadcast = self._broadcast, None
            if before is not None:
                # Batches run one after the other: none can hold it any more.
                before.destroy()
            given = (stored.version, stored.manifest, stored.rows, active.encoded)
            self._broadcast, self._broadcast_of = self._context.broadcast(given), judged_by
            self._find = _ById(stored.patterns, active)
        if self._loaded is not stored:
            _log.info("set", extra={"facts": {"set": stored.version, "patterns": len(stored.patterns.patterns)}})
        if self._decisions.revision != decisions.revision:
            numbers = {"entries": len(decisions.entries), "ended": len(decisions.entries) - len(active.entries)}
            _log.info("decisions", extra={"facts": {"decisions": decisions.revision, **numbers}})
        self._loaded, self._decisions = stored, decisions
        self._take_usual(stored.version)

    def _take_usual(self, version: str) -> None:
        """Take what is usual by a version; where that cannot be read it has none, and that is said."""
        if version == self._usual_of or not is_asked_for(self._alerts):
            return
        try:
            baselines, refused = self._store.read_baselines(version), None
        except BrokenPatternSet as error:
            baselines, refused = None, error
        self._say("baselines_refused", refused)
        usual, before = Usual.of(baselines, self._alerts), self._usual_broadcast
        if usual.encoded != self._usual.encoded:
            self._usual_broadcast = self._context.broadcast(usual.encoded) if usual.encoded else None
            if before is not None:
                before.destroy()
        self._usual, self._usual_of = usual, version
        numbers = {"rates": len(usual.rates), "heartbeats": len(usual.heartbeats), "values": len(usual.values)}
        left_out = {"left_out": usual.left_out} if usual.left_out else {}
        _log.info("usual", extra={"facts": {"set": version, "baselines": baselines is not None, **numbers, **left_out}})

    def _live(self) -> LiveSet:
        assert self._loaded is not None and self._broadcast is not None  # noqa: PT018, S101 (all callers took one)
        patterns = self._loaded.patterns
        return LiveSet(
            self._loaded.version,
            self._broadcast,
            patterns.rules,
            self._decisions,
            len(patterns.patterns),
            frozenset(self._refused),
            self._usual,
            self._usual_broadcast,
            self._find,
        )


def wait_for_set(store: Store, pause: Callable[[], bool]) -> bool:
    """
    Wait until the store has a set; return whether it has one now.

    Args:
        store: Where it will be published.
        pause: Waits a while and returns whether to go on waiting.

    Raises:
        PatternsError: The store cannot be read.
    """
    told = False
    while store.current() is None:
        if not told:
            _log.warning("no_set", extra={"facts": {"store": store.root, "mend": "logwinnow train FILE"}})
            told = True
        if not pause():
            return False
    return True
