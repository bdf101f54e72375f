"""Standard input → records, as they come."""

import os
import select
import time
from collections.abc import Callable, Iterator
from typing import Final

from patterns.line import drop_carriage_return
from patterns.records import Joiner, Records
from streaming.following.follower import SETTLED_SECONDS
from streaming.following.ranges import LONGEST_LINE, FileLine

_IDLE_SECONDS: Final = 0.5
_READ_BYTES: Final = 262_144


def read_input(descriptor: int, records: Records, is_stopped: Callable[[], bool]) -> Iterator[list[FileLine]]:
    """
    Yield what came by a descriptor, each record with its offset, until its end; now and then nothing.

    A line without end is cut after LONGEST_LINE bytes. While nobody asks for more, nothing is read, so that who writes
    to it waits.

    Args:
        descriptor: Of what is read.
        records: Which lines belong together; the last one is whole after SETTLED_SECONDS without another line.
        is_stopped: Whether to end.
    """
    joiner = _Joiner(records)
    rest, offset, heard = b"", 0, time.monotonic()
    while not is_stopped():
        if not select.select([descriptor], [], [], _IDLE_SECONDS)[0]:
            yield joiner.rest() if time.monotonic() - heard >= SETTLED_SECONDS else []
            continue
        data = os.read(descriptor, _READ_BYTES)
        heard = time.monotonic()
        *lines, rest = (rest + data).split(b"\n")
        found: list[FileLine] = []
        for line in lines:
            found += joiner.add(line, offset)
            offset += len(line) + 1
        if rest and (not data or len(rest) >= LONGEST_LINE):
            found += joiner.add(rest, offset)
            offset, rest = offset + len(rest), b""
        if not data:
            yield found + joiner.rest()
            return
        yield found


class _Joiner:
    """Joins lines where that is asked for; else each is a record at once."""

    def __init__(self, records: Records) -> None:
        self._joiner = Joiner(records) if records.joins else None

    def add(self, line: bytes, offset: int) -> list[FileLine]:
        if self._joiner is None:
            return [(drop_carriage_return(line), offset)]
        ended = self._joiner.add(line, offset)
        return [] if ended is None else [ended]

    def rest(self) -> list[FileLine]:
        ended = self._joiner.rest() if self._joiner else None
        return [] if ended is None else [ended]
