"""
What one night leaves for the next: the part `nightly` of a manifest's run.

    {"through": "2026-11-24T00:00:00.000Z", "trained": "2026-11-10", "excluded": [["…", "…"]], "conditions": "…"}

A set that was trained by files has none, or `excluded` alone; then the newest of its lines says up to which time lines
are in its table.
"""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, NamedTuple

from patterns.set_files import StoredSet
from patterns.shapes import ShapeTable
from patterns.timestamps import iso, iso_reader, utc_day
from patterns.versions import published_at
from training.errors import NightError
from training.fetched.time_range import MILLISECOND, TimeRange

_read_time = iso_reader(UTC)


class Memory(NamedTuple):
    """
    What is remembered.

    Attributes:
        through: Up to which time lines are in the table, in microseconds since 1970.
        trained: The UTC day on which somebody said what is normal: `train FILE`, or the store's first set.
        excluded: Times of which nothing is learned.
        conditions: A hash of all but the lines that the set depends on; ``""`` where a night has not made it.
    """

    through: int
    trained: str
    excluded: tuple[TimeRange, ...] = ()
    conditions: str = ""

    def as_run(self) -> dict[str, Any]:
        """Return it as the manifest has it."""
        return {
            "through": iso(self.through),
            "trained": self.trained,
            "excluded": excluded_as_run(self.excluded),
            "conditions": self.conditions,
        }


def excluded_as_run(excluded: Iterable[TimeRange]) -> list[dict[str, str | None]]:
    """Return times of which nothing is learned as the manifest has them."""
    return [each.as_run() for each in excluded]


def remembered(last: StoredSet, table: ShapeTable, until: int) -> Memory:
    """
    Return what the last set leaves.

    Args:
        last: The set.
        table: Its table.
        until: When the night ends that is to be learned. A line that claims to be later says nothing.

    Raises:
        NightError: The manifest has something else there.

    Cost: one pass over the table where a night has not made the set.
    """
    run = last.run.get("nightly", {})
    try:
        excluded = tuple(TimeRange(_time(each["start"]), _time(each["end"])) for each in run.get("excluded", ()))
        if "through" in run:
            return Memory(_needed(run["through"]), str(run["trained"]), excluded, str(run["conditions"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NightError(
            f"manifest.json of {last.version} says of its nights what cannot be read; roll back to an earlier version, "
            "or train anew"
        ) from None
    published = min(published_at(last.version) or until, until)
    newest = table.newest(until)
    # Kafka and Elasticsearch have no more than milliseconds.
    through = until if newest is None else min((newest // MILLISECOND + 1) * MILLISECOND, until)
    return Memory(through, utc_day(published), excluded)


def joined(excluded: Iterable[TimeRange], more: Iterable[TimeRange], since: int) -> tuple[TimeRange, ...]:
    """Return both without repeats, ascending, but for those that ended before `since`."""
    wanted = {each for each in (*excluded, *more) if each.end is None or each.end > since}
    return tuple(sorted(wanted, key=lambda each: (each.start or 0, each.end or 0)))


def _time(text: str | None) -> int | None:
    return None if text is None else _needed(text)


def _needed(text: str) -> int:
    time = _read_time(text, 0)
    if time is None:
        raise ValueError(text)
    return time
