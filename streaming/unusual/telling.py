"""What is told of one step: each thing once a bucket, within the cap of an hour, with how often it was not told."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from patterns.language import hash_of
from patterns.pattern_set import KnownPattern
from patterns.timestamps import iso
from streaming.alerts import HOUR, Alert
from streaming.config import AlertsConfig
from streaming.unusual.documents import Stamp, unusual
from streaming.unusual.state import Tables

_TOLD: Final = "told"


class Due(NamedTuple):
    """What is to be told now: its alert's id, the start of its bucket in microseconds since 1970, what was not told."""

    identity: str
    bucket_start: int
    untold: int

    @property
    def bucket(self) -> str:
        """The start of the bucket, RFC 3339."""
        return iso(self.bucket_start)


@dataclass
class Telling:
    """
    Makes the alerts of a step.

    Attributes:
        config: Interval, and what is told of each kind.
        source: Name of the source.
        version: Of the pattern set.
        now: When the batch was planned, or of a look at the clock, in microseconds since 1970.
        tables: The state; what was told is kept there.
        find: Returns the pattern of an id.
        admits: Takes one of the alerts of an hour, and says whether there was one left.
        alerts: Made so far.
        counts: Of them by `unusual_<kind>`, and `heard_again`.
        was_held: Whether `due` refused the last one for the cap.
    """

    config: AlertsConfig
    source: str
    version: str
    now: int
    tables: Tables
    find: Callable[[str], KnownPattern | None]
    admits: Callable[[int], bool]
    alerts: list[Alert] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    was_held: bool = False

    def due(self, *what: str | int, at: int, amount: int = 1) -> Due | None:
        """
        Say whether something is told now; None where it was told in this bucket, or the hour has its alerts.

        Args:
            what: Kind, and what tells it from others of the kind.
            at: To which bucket it belongs, in microseconds since 1970.
            amount: What is added to what was not told, if it is not.
        """
        key, length = hash_of(list(what), 6), self.config.repeat_after_hours
        bucket = at // HOUR // length
        told_in, untold = self.tables.get(_TOLD, key, (-1, 0))
        self.was_held = False
        if told_in >= bucket * length:
            self.tables.put(_TOLD, key, (told_in, untold + amount))
            return None
        if not self.admits(self.now):
            self.was_held = True
            self.tables.put(_TOLD, key, (told_in, untold + amount))
            return None
        self.tables.put(_TOLD, key, (bucket * length, 0))
        return Due(hash_of(["unusual", *what, bucket], 10), bucket * length * HOUR, untold)

    def name_of(self, pattern: str) -> str:
        """Return what the operator calls a pattern, or its text, or the id of one that the set has no more."""
        known = self.find(pattern)
        return pattern if known is None else known.name or known.pattern.text

    def tell(self, kind: str, message: str, due: Due, **more: Any) -> None:
        """Add an alert that is about no single line; `more` as `documents.unusual` has it."""
        stamp = Stamp(due.identity, self.source, self.now, self.version, due.bucket, due.untold)
        self.add(kind, unusual(kind, message, stamp, **more), due)

    def add(self, kind: str, document: dict[str, Any], due: Due) -> None:
        """Add an alert; its number in the step tells it from others of the same time where its id may not leave."""
        document["event"]["sequence"] = len(self.alerts)
        self.alerts.append(Alert(document, due.bucket_start))
        self.counts[f"unusual_{kind}"] += 1

    def forget(self) -> None:
        """Forget what was told two buckets ago and more: its next alert says nothing of it."""
        oldest = self.now // HOUR - 2 * self.config.repeat_after_hours
        old = [key for key, (told_in, _) in self.tables.table(_TOLD).items() if told_in < oldest]
        for key in old:
            self.tables.drop(_TOLD, key)
