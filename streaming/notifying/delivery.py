"""
Outbox → one receiver, in order, as often as it takes: a thread of its own, so that none waits for another.

A try that fails is repeated after a pause that doubles up to five minutes, or as long as the receiver asks for. What it
refuses for good, and what waited for too long, is given up: kept with the reason, counted, and told. What ails a
receiver is told once, until it is well again.
"""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

import msgspec

from patterns.language import hash_of
from patterns.timestamps import SECOND
from streaming.errors import CheckpointError
from streaming.notifying.given_up import GivenUp
from streaming.notifying.notice import Noticed
from streaming.notifying.outbox import Counts, Outbox, Waiting
from streaming.notifying.receiver import Outcome, Receiver

_log = logging.getLogger("logwinnow")

LOOK_SECONDS: Final = 1.0
SAY_SECONDS: Final = 60.0
_GIVEN_UP_AT_ONCE: Final = 1_000


@dataclass(frozen=True)
class Patience:
    """
    How long is waited.

    Attributes:
        give_up_seconds: For a receiver that is away, or refuses us.
        first_pause: Seconds after the first failure.
        longest_pause: To which it doubles.
    """

    give_up_seconds: float
    first_pause: float = 1.0
    longest_pause: float = 300.0

    def pause(self, failures: int, asked: float | None) -> float:
        """Return the seconds before the next try: some of chance, so that many streams do not come at once."""
        grown = min(self.first_pause * 2.0 ** min(failures - 1, 30), self.longest_pause)
        # No secret depends on it.
        spread = grown * random.uniform(0.5, 1.0)  # noqa: S311
        return spread if asked is None else max(asked, spread)


@dataclass
class Delivery:
    """
    Sends to one receiver until it is told to end.

    Attributes:
        receiver: Which.
        outbox: Where from.
        noticed: Document → what leaves.
        given_up: Where to with what cannot be sent.
        patience: How long is waited.
        tick: Is called now and then.
        clock: Microseconds since 1970.
    """

    receiver: Receiver
    outbox: Outbox
    noticed: Noticed
    given_up: GivenUp
    patience: Patience
    tick: Callable[[], None]
    clock: Callable[[], int] = lambda: time.time_ns() // 1000
    _wake: threading.Event = field(default_factory=threading.Event)
    _ending: bool = False
    _at_once: bool = False
    _abandoned: bool = False
    _failures: int = 0
    _not_before: float = 0.0
    _ailment: str = ""
    _said: Counts | None = None
    _say_at: float = 0.0

    def run(self) -> None:
        """Send what waits, and what comes, until `end`."""
        self._say_at = time.monotonic() + SAY_SECONDS
        while True:
            self._wake.clear()
            # Asked before it is looked what waits: what was put before the end is still seen.
            ending = self._ending
            try:
                self._say_counts()
                self.tick()
                pause = self._step()
            except Exception as error:  # noqa: BLE001 (a thread that ended would be silence, of which nobody hears)
                pause = self._failed(Outcome("away", f"{type(error).__name__}: {error}"))
            if self._abandoned or (ending and pause > 0):
                break
            if pause > 0:
                self._wake.wait(min(pause, LOOK_SECONDS))
        with contextlib.suppress(CheckpointError):
            self._say_counts(now=True)

    def wake(self) -> None:
        """Look now: there is something new."""
        self._wake.set()

    def end(self, *, at_once: bool) -> None:
        """End when what is due is sent, or a try fails; with `at_once` what is still gathered is due."""
        self._at_once, self._ending = at_once, True
        self._wake.set()

    def abandon(self) -> None:
        """End after the try that is under way."""
        self._abandoned = True
        self._wake.set()

    def _step(self) -> float:
        """Send what is due; return the seconds until there may be more to do, 0 for at once."""
        if (held_off := self._not_before - time.monotonic()) > 0:
            return held_off
        waiting = self.outbox.waiting(self.receiver.name, self.receiver.most)
        chosen = self._chosen(waiting)
        if not chosen:
            return LOOK_SECONDS
        if self.receiver.most > 1:
            self.outbox.plan(self.receiver.name, chosen[-1].seq)
        notices = [self.noticed(msgspec.json.decode(each.item.document)) for each in chosen]
        ids = [notice.id for notice in notices]
        outcome = self.receiver.send(notices, ids[0] if len(ids) == 1 else hash_of(ids, 10))
        if outcome.fate == "sent":
            self._sent(chosen, outcome)
            return 0.0
        if outcome.fate == "refused":
            self._give_up(chosen, outcome.why)
            return 0.0
        return self._failed(outcome, chosen)

    def _chosen(self, waiting: Sequence[Waiting]) -> Sequence[Waiting]:
        """Return what is sent as one now: alerts that were gathered long enough, or a digest, which goes by itself."""
        if not waiting or self.receiver.most == 1:
            return waiting
        if self.outbox.is_planned(self.receiver.name):
            return waiting
        kinds = [each.item.kind for each in waiting]
        if "digest" in kinds:
            return waiting[: max(kinds.index("digest"), 1)]
        gathered = self.clock() - waiting[0].put_at
        due = gathered >= self.receiver.gather_seconds * SECOND or len(waiting) == self.receiver.most or self._at_once
        return waiting if due else ()

    def _sent(self, chosen: Sequence[Waiting], outcome: Outcome) -> None:
        self.outbox.advance(self.receiver.name, chosen[-1].seq, sent=len(chosen))
        self._failures = 0
        if outcome.why:
            self._say_ailment("notify_in_part", outcome.why)
        elif self._ailment:
            self._ailment = ""
            _log.info("notify_back", extra={"facts": {"receiver": self.receiver.name}})

    def _failed(self, outcome: Outcome, chosen: Sequence[Waiting] = ()) -> float:
        self._failures += 1
        self._say_ailment("notify_refused" if outcome.fate == "closed" else "notify_away", outcome.why)
        oldest = self.clock() - round(self.patience.give_up_seconds * SECOND)
        if chosen and chosen[0].put_at < oldest:
            while old := list(takewhile(lambda each: each.put_at < oldest, self._all_waiting())):
                self._give_up(old, f"given up after {self.patience.give_up_seconds / 3_600:g} hours: {outcome.why}")
        pause = self.patience.pause(self._failures, outcome.wait)
        self._not_before = time.monotonic() + pause
        return pause

    def _all_waiting(self) -> Sequence[Waiting]:
        return self.outbox.waiting(self.receiver.name, _GIVEN_UP_AT_ONCE)

    def _give_up(self, items: Sequence[Waiting], why: str) -> None:
        noticed = [(self.noticed(msgspec.json.decode(each.item.document)), each.put_at) for each in items]
        self.given_up.write(self.receiver.name, noticed, why, self.clock())
        self.outbox.advance(self.receiver.name, items[-1].seq, failed=len(items))
        facts: dict[str, Any] = {"receiver": self.receiver.name, "notices": len(items), "error": why}
        if why != self._ailment:
            _log.warning("notify_given_up", extra={"facts": facts})
            self._ailment = why

    def _say_ailment(self, event: str, why: str) -> None:
        """Say what ails a receiver, once until it is well or something else does."""
        if why != self._ailment:
            self._ailment = why
            _log.warning(event, extra={"facts": {"receiver": self.receiver.name, "error": why}})

    def _say_counts(self, *, now: bool = False) -> None:
        """Log the receiver's numbers where they changed, every minute and in the end."""
        if not now and self._said is not None and time.monotonic() < self._say_at:
            return
        self._say_at = time.monotonic() + SAY_SECONDS
        counts = self.outbox.counts(self.receiver.name)
        before, self._said = self._said, counts
        if before not in (None, counts):
            _log.info("notify", extra={"facts": {"receiver": self.receiver.name, **counts._asdict()}})
