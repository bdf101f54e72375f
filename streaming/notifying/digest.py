"""
The daily digest: what batches came to, and what the operator accepted, since the last one.

Batches are counted when they are put into the outbox, each in one digest; one that ends while a digest is made is in
the next. After a stop of days there is one digest of all of them.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from patterns.errors import PatternsError
from patterns.language import hash_of
from patterns.store import Store
from patterns.timestamps import DAY, SECOND, iso, microseconds
from streaming.notifying.notice import DigestNumbers
from streaming.notifying.outbox import Item, Outbox, Tally

_log = logging.getLogger("logwinnow")

_COUNTED: Final = ("lines", "outliers", "held_back", "new_kinds", "told_again")


class Digests:
    """Makes a digest once a day; several threads may ask for it."""

    def __init__(self, outbox: Outbox, at: str, source: str, store: Store) -> None:
        """
        Make ready; nothing is read yet.

        Args:
            outbox: Where the numbers are, and where digests go.
            at: Hour and minute in UTC, ``HH:MM``.
            source: Name of the source.
            store: Where the operator's file is.
        """
        self._outbox, self._source, self._store = outbox, source, store
        hour, minute = map(int, at.split(":"))
        self._offset = (hour * 60 + minute) * 60 * SECOND
        self._lock = threading.Lock()
        self._next = 0

    def make_if_due(self, now: int) -> None:
        """Put a digest into the outbox where its time has come; `now` in microseconds since 1970."""
        if now < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            until = (now - self._offset) // DAY * DAY + self._offset
            since = self._outbox.since()
            if since < until:
                # Read before: a batch waits while the digest is put.
                accepted = accepted_between(self._store, since, until)
                self._outbox.put_digest(until, self._maker(until, accepted), now)
            self._next = until + DAY
        finally:
            self._lock.release()

    def _maker(self, until: int, accepted: int | None) -> Callable[[Tally], Item]:
        def make(tally: Tally) -> Item:
            numbers = DigestNumbers(
                since=iso(tally.since),
                until=iso(until),
                accepted=accepted,
                unusual=tally.counts["unusual"] or None,
                **{name: tally.counts[name] for name in _COUNTED},
            )
            identity = hash_of(["digest", self._source, tally.since, until], 10)
            document = {
                "@timestamp": iso(until),
                "event": {"id": identity, "dataset": self._source, "created": iso(until)},
                "logwinnow": {"digest": numbers, "set": tally.set},
            }
            return Item(identity, "digest", None, msgspec.json.encode(document))

        return make


def accepted_between(store: Store, since: int, until: int) -> int | None:
    """Return how many entries of the operator's file accept something since a time; None where it cannot be read."""
    try:
        entries = store.decisions().entries
    except PatternsError as error:
        _log.warning("digest_incomplete", extra={"facts": {"error": str(error)}})
        return None
    moments = [microseconds(datetime.fromisoformat(e.at)) for e in entries if e.do == "accept" and e.at is not None]
    return sum(since < moment <= until for moment in moments)
