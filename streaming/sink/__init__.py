"""
Where events and alerts go: `files`, the embedded default, or `elasticsearch`.

Tasks write events, the driver writes alerts. Both may be written again by a replay, and are there once all the same.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from streaming.sink.events import Events
from streaming.source import DeadLetter

Refuse = Callable[[DeadLetter], None]
"""Takes what a sink refuses for good."""


class EventWriter(Protocol):
    """Writes the events of one task."""

    def write(self, events: Events) -> None:
        """
        Add events.

        Raises:
            SinkError: It cannot be written, now or at all.
        """


class Sink(Protocol):
    """What each sink does. It pickles: tasks have it."""

    def start(self) -> None:
        """
        Make ready.

        Raises:
            SinkError: It cannot be used as it is.
        """

    def begin(self, batch: int) -> None:
        """Forget what an earlier try of the batch left that this one would not replace."""

    def part(self, batch: int, part: int, planned_at: int, refuse: Refuse) -> AbstractContextManager[EventWriter]:
        """
        Open a task's part of a batch; all its events are there when the block has ended well.

        Args:
            batch: Its number.
            part: Which of its parts.
            planned_at: When the batch was planned, in microseconds since 1970.
            refuse: Gets what is refused for good, before the block ends.
        """

    def write_alerts(self, alerts: Iterable[tuple[dict[str, Any], int]]) -> int:
        """
        Write alerts that are not there yet; return how many were new.

        Args:
            alerts: Documents, and the start of their buckets in microseconds since 1970.

        Raises:
            SinkError: They cannot be written.
        """

    def done(self, planned_at: int) -> None:
        """Do what is due after a batch that was planned then."""
