"""The shipper, whole: what is new in the files, or comes by standard input, is sent and then remembered as sent."""

import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from patterns.records import Records
from patterns.rules import FormatRule, Rules
from streaming.following.follower import Follower, State
from streaming.following.ranges import read_records
from streaming.origin import Origin
from streaming.shipping.config import ShippingConfig
from streaming.shipping.position import Position
from streaming.shipping.sending import Record, Sender
from streaming.shipping.standard_input import read_input

_log = logging.getLogger("logwinnow")

_MOST_BYTES: Final = 4_000_000
"""What is sent before its arrival is waited for and remembered."""

_IDLE_SECONDS: Final = 0.5
_TELL_SECONDS: Final = 60


@dataclass
class Shipper:
    """
    A running shipper.

    Attributes:
        config: conf/shipping.toml.
        formats: Header formats beyond the built-in ones, by which it is told where a record begins.
        once: Ship what is there, and end.
        totals: Lines, bytes, and what was cut or gone, since it began.
    """

    config: ShippingConfig
    formats: Mapping[str, FormatRule] = field(default_factory=dict)
    once: bool = False
    totals: Counter[str] = field(default_factory=Counter)
    _stop: bool = False
    _told: Counter[str] = field(default_factory=Counter)
    _tell_at: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        """End soon; what has not arrived is sent again at the next start. May be called from a signal handler."""
        self._stop = True

    def run(self) -> None:
        """
        Ship files until `stop`, or with `once` until all that was there has arrived.

        Raises:
            LogwinnowError: What went wrong, and how to mend it; started again, it goes on where it was.
        """
        records = self._which_belong_together()
        follower = Follower(self.config.files.paths, records, once=self.once)
        problems: Mapping[str, str] = {}
        with Position.held(self.config.position) as position:
            sender = self._sender()
            if self.once:
                follower.stop_at_what_is_there()
            while not self._stop:
                if position.pending is None:
                    planned = follower.plan(position.shipped, _MOST_BYTES)
                    problems = self._say_problems(follower, problems)
                    if planned is position.shipped:
                        if self.once:
                            break
                        self._tell()
                        time.sleep(_IDLE_SECONDS)
                        continue
                    position.plan(planned)
                if position.pending and sender.send(list(self._records(position.shipped, position.pending, records))):
                    position.arrived()
                    self._tell()
            sender.close()
        self._tell(last=True)

    def run_on_input(self, descriptor: int) -> None:
        """
        Ship what comes by a descriptor until its end; while Kafka is away it is not read, so that its writer waits.

        Raises:
            LogwinnowError: What went wrong, and how to mend it.
        """
        sender, run = self._sender(), secrets.token_hex(8)
        for lines in read_input(descriptor, self._which_belong_together(), lambda: self._stop):
            now = time.time_ns() // 1000
            records = [self._record(line, Origin(self.config.sender, run, "-", offset, now)) for line, offset in lines]
            if records and not sender.send(records):
                _log.warning("not_shipped", extra={"facts": {"lines": len(records)}})
            self._tell()
        sender.close()
        self._tell(last=True)

    def _which_belong_together(self) -> Records:
        return Records(Rules(formats=self.formats, multiline=self.config.files.multiline))

    def _sender(self) -> Sender:
        return Sender(self.config.kafka, self.config.sender, lambda: self._stop)

    def _records(self, shipped: State, pending: State, records: Records) -> Iterator[Record]:
        host = self.config.sender
        for part in pending.ranges_from(shipped):
            lines = read_records(part, records)
            if lines is None:
                self.totals["gone_bytes"] += part.end - part.start
                continue
            path = os.fsencode(part.file.path).decode(errors="replace")
            for line, offset in lines:
                yield self._record(line, Origin(host, part.file.identity, path, offset, pending.planned_at))

    def _record(self, line: bytes, origin: Origin) -> Record:
        most = self.config.kafka.max_record_bytes
        self.totals["lines"] += 1
        self.totals["bytes"] += len(line)
        self.totals["cut_lines"] += len(line) > most
        return Record(line[:most], origin.header(), origin.time)

    def _say_problems(self, follower: Follower, before: Mapping[str, str]) -> Mapping[str, str]:
        problems = {**follower.problems}
        for name, why in problems.items():
            if before.get(name) != why:
                _log.warning("source", extra={"facts": {"why": why}})
        return problems

    def _tell(self, *, last: bool = False) -> None:
        """Log what was shipped since it was told last, once a minute."""
        if not last and time.monotonic() < self._tell_at:
            return
        if self.totals != self._told or (last and not self._told):
            since = self.totals - self._told
            _log.info("shipped", extra={"facts": {"lines": since["lines"], **since}})
            self._told = self.totals.copy()
        self._tell_at = time.monotonic() + _TELL_SECONDS
