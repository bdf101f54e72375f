"""The pattern set that batches are judged by: taken from the store, broadcast, renewed when a new one is published."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from pyspark import Broadcast, SparkContext

from patterns.errors import BrokenPatternSet, NoPatternSet, PatternsError
from patterns.rules import Rules
from patterns.set_files import StoredSet
from patterns.store import Store
from streaming.errors import CheckpointError

_log = logging.getLogger("logwinnow")


class LiveSet(NamedTuple):
    """A version, the set that stands for it on the workers, and the rules of that."""

    version: str
    broadcast: Broadcast[tuple[str, bytes, bytes]]
    rules: Rules


class Sets:
    """Gives each batch its set. Workers get one only when what it judges by has changed."""

    def __init__(self, store: Store, context: SparkContext) -> None:
        """Begin with none loaded."""
        self._store = store
        self._context = context
        self._loaded: StoredSet | None = None
        self._broadcast: Broadcast[tuple[str, bytes, bytes]] | None = None
        self._refused: str | None = None

    @property
    def rules(self) -> Rules:
        """Those of the set that the last batch was judged by."""
        return self._live().rules

    def newest(self) -> LiveSet:
        """
        Return the newest set that can be used: a missing, broken or empty one leaves the last good one, and says so.

        Raises:
            PatternsError: There is none yet, or the first one is broken.
        """
        try:
            version = self._store.current()
            if version is None:
                # CURRENT is gone: with a set at hand that is no reason to stop.
                raise NoPatternSet(f"store {self._store.root!r} names no pattern set; publish one by: logwinnow train")
            if self._loaded is None or version != self._loaded.version:
                self._take(self._store.read(version))
            self._refused = None
        except PatternsError as error:
            if self._loaded is None:
                raise
            if str(error) != self._refused:
                self._refused = str(error)
                _log.warning("set_refused", extra={"facts": {"error": str(error), "set": self._loaded.version}})
        return self._live()

    def exactly(self, version: str) -> LiveSet:
        """
        Return the set of a version, for the replay of a batch that was judged by it.

        Raises:
            CheckpointError: The store has it no more, or it is broken.
        """
        if self._loaded is None or self._loaded.version != version:
            try:
                self._take(self._store.read(version))
            except (BrokenPatternSet, NoPatternSet) as error:
                raise CheckpointError(
                    f"the batch to replay was judged by the set {version!r}, which cannot be read: {error}"
                ) from None
        return self._live()

    def _take(self, loaded: StoredSet) -> None:
        before = self._loaded
        if before is None or before.patterns.fingerprint != loaded.patterns.fingerprint:
            if self._broadcast is not None:
                # Batches run one after the other: none can hold it any more.
                self._broadcast.destroy()
            self._broadcast = self._context.broadcast((loaded.version, loaded.manifest, loaded.rows))
        self._loaded = loaded
        _log.info("set", extra={"facts": {"set": loaded.version, "patterns": len(loaded.patterns.patterns)}})

    def _live(self) -> LiveSet:
        assert self._loaded is not None and self._broadcast is not None  # noqa: PT018, S101 (both callers took one)
        return LiveSet(self._loaded.version, self._broadcast, self._loaded.patterns.rules)


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
