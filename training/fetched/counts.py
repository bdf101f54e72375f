"""What was fetched, in numbers, and why something of it is no line."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from training.fetched.time_range import TimeRange

Reason = Literal["no_value", "no_line", "no_time", "alert", "removed", "excluded"]
"""
A record of Kafka has no value; no field of it has a line, or it is no JSON; a document has no time; it is an alert of
ours, whose line is an event too; Kafka removed it, by age or size, before it was read; it is of a time from which
nothing is to be learned.
"""

Tell = Callable[[int, int, int], None]
"""Called now and then with (lines, how much is read, how much there is to read)."""


@dataclass(slots=True)
class FetchCounts:
    """
    What was fetched from one place.

    Attributes:
        source: Its name, as the user gave it.
        time_range: Of which times.
        records: Records or documents of that time.
        lines: Those that are lines of the corpus.
        left_out: Reason → those that are none. ``removed`` are none of `records`, for they were not seen.
        excluded: Times of which nothing is taken.
        by_batch: Whether what our own stream wrote is of the time at which its batch was planned: then each line is of
            one night, however late it came. Else it is of the line's own time.
    """

    source: str
    time_range: TimeRange
    records: int = 0
    lines: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    excluded: tuple[TimeRange, ...] = ()
    by_batch: bool = False

    def excludes(self, *times: int) -> bool:
        """Tell whether one of some times is excluded."""
        return any(each.holds(time) for each in self.excluded for time in times)

    def leave_out(self, reason: Reason, records: int = 1) -> None:
        """Count what is no line of the corpus."""
        self.left_out[reason] += records

    def as_run(self) -> dict[str, Any]:
        """Return the counts as the manifest has them."""
        return {
            "source": self.source,
            **self.time_range.as_run(),
            "records": self.records,
            "lines": self.lines,
            "left_out": dict(sorted(self.left_out.items())),
        }
