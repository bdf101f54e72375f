"""
Partitions of a Kafka topic, read up to the ends that they had when the reading began.

Where to begin is asked of Kafka by `offsets_for_times`: it says the first record that is not older than the range, so
all before it are older. Where to end cannot be asked so: behind the first record that is younger there may be others
that are not, for producers stamp records themselves by default (CreateTime): one that catches up after an outage is
enough, or one wrong clock. So a partition is read up to the end that it had when the reading began, and the time of
each record is looked at. Where the broker stamps them (LogAppendTime) the first that is clearly younger is the end.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from clients.errors import ServerAway
from training.errors import CorpusError
from training.fetched.counts import FetchCounts
from training.fetched.spool import HOUR
from training.fetched.time_range import MILLISECOND

_RECORDS_AT_ONCE: Final = 10_000
_WAIT_MILLISECONDS: Final = 1_000
_SILENCE_SECONDS: Final = 60
"""A broker that gives nothing for so long, though there is something, is away."""

_CLOCKS_DIFFER: Final = HOUR
"""More than those of brokers do, each of which may become the one that stamps."""

_BROKER_STAMPED: Final = 1


class Partitions:
    """
    Partitions of a topic, to be read once from one offset to another.

    Attributes:
        size: Offsets in all.
        done: Those that were passed.
    """

    def __init__(self, consumer: Any, offsets: dict[Any, tuple[int, int]], counts: FetchCounts) -> None:
        """Take the offsets of each partition: of its first record, and behind the last."""
        self._consumer, self._counts = consumer, counts
        self._at = {each: start for each, (start, end) in offsets.items() if start < end}
        self._ends = {each: offsets[each][1] for each in self._at}
        self.size = sum(self._ends[each] - start for each, start in self._at.items())
        self.done = 0

    def read(self) -> Iterator[list[Any]]:
        """
        Yield the records, some of one partition at a time.

        Raises:
            CorpusError: The topic was made anew meanwhile.
            ServerAway: Kafka gives nothing any more.
        """
        self._consumer.assign(list(self._ends))
        for each, start in self._at.items():
            self._consumer.seek(each, start)
        heard = time.monotonic()
        while self._ends:
            for each, records in self._poll().items():
                yield [record for record in records if record.offset < self._ends[each]]
                if self._is_past(records[-1]):
                    self._ends[each] = 0
            if self._advance():
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE_SECONDS:
                some = min(self._ends)
                raise ServerAway(
                    f"Kafka gave nothing of {some.topic}/{some.partition} from offset {self._at[some]} on for "
                    f"{_SILENCE_SECONDS} s: check that all of its brokers run"
                )

    def _poll(self) -> dict[Any, list[Any]]:
        from kafka.errors import OffsetOutOfRangeError

        try:
            polled: dict[Any, list[Any]] = self._consumer.poll(_WAIT_MILLISECONDS, _RECORDS_AT_ONCE)
            return polled
        except OffsetOutOfRangeError as error:
            for each in error.args[0]:
                self._pass_over_removed(each)
            return {}

    def _pass_over_removed(self, partition: Any) -> None:
        at, end = self._consumer.position(partition), self._ends[partition]
        begin = self._consumer.beginning_offsets([partition])[partition]
        if begin <= at:
            raise CorpusError(
                f"topic {partition.topic!r} was made anew while it was read, or lost records of its end; start again"
            )
        self._counts.leave_out("removed", min(begin, end) - at)
        self._consumer.seek(partition, begin)

    def _is_past(self, record: Any) -> bool:
        end = self._counts.time_range.end
        if end is None or record.timestamp_type != _BROKER_STAMPED:
            return False
        return bool(record.timestamp * MILLISECOND >= end + _CLOCKS_DIFFER)

    def _advance(self) -> bool:
        """Take in how far the consumer is, and leave partitions that are read; tell whether it went on."""
        before, left = self.done, len(self._ends)
        for each, end in list(self._ends.items()):
            at = self._consumer.position(each)
            self.done += at - self._at[each]
            self._at[each] = at
            if at >= end:
                del self._ends[each]
        if len(self._ends) < left:
            # What came of the others stays, and what came of these goes.
            self._consumer.assign(list(self._ends))
        return self.done > before
