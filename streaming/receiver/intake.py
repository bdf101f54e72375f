"""What came in: into the spool, and into the counts of the log."""

import asyncio
import logging
import time
from collections import Counter
from typing import Any, Final

from streaming.errors import ReceiverError
from streaming.receiver.spool import SpoolWriter

_log = logging.getLogger("logwinnow")

COMPLAINTS: Final = 20
"""Warnings about single peers between two reports: strangers shall not fill our log. All are counted."""


class Intake:
    """
    Takes messages and losses of all transports.

    Attributes:
        arrived: Set when something is to be written.
        failure: Why nothing can be taken any more; `arrived` is set then too.
        lines: Messages so far.
        bytes_taken: Theirs.
        lost: What was lost so far, by a name of `blocks.LOSSES`.
    """

    def __init__(self, spool: SpoolWriter) -> None:
        """Begin with a spool."""
        self.arrived = asyncio.Event()
        self.failure: ReceiverError | None = None
        self.lines = 0
        self.bytes_taken = 0
        self.lost: Counter[str] = Counter()
        self._spool = spool
        self._complaints = 0
        self._reported: Counter[str] = Counter()

    @property
    def is_full(self) -> bool:
        """Whether what comes now finds no room."""
        return self._spool.is_full

    def take(self, messages: list[bytes], peer: str, transport: str) -> None:
        """Take messages that came just now; a failure is kept, and not raised into the event loop."""
        self.lines += len(messages)
        self.bytes_taken += sum(map(len, messages))
        try:
            self._spool.add(messages, peer, transport, time.time_ns() // 1_000)
        except ReceiverError as error:
            self.failure = error
        self.arrived.set()

    def lose(self, reason: str, number: int = 1) -> None:
        """Count a loss, for the spool and for the log."""
        if number:
            self.lost[reason] += number
            self._spool.lost[reason] += number
            self.arrived.set()

    def complain(self, event: str, **facts: Any) -> None:
        """Warn of a single peer, unless there were many such warnings since the last report."""
        self._complaints += 1
        if self._complaints <= COMPLAINTS:
            _log.warning(event, extra={"facts": facts})

    def report(self, event: str, connections: int) -> None:
        """Log what is new since the last report, by an event of this name; nothing where nothing is."""
        self._complaints = 0
        now = Counter(lines=self.lines, bytes=self.bytes_taken, **self.lost)
        new = now - self._reported
        self._reported = now
        if new:
            always = {"lines": new["lines"], "connections": connections, "spool_bytes": self._spool.size}
            _log.info(event, extra={"facts": {**always, **new}})
