"""
Outlier shapes of a batch → alerts: quiet, and the same on every replay.

Time is cut into fixed UTC intervals of `repeat_after_hours`, the *buckets*; a shape is told once a bucket, by the
record time of its first line. What follows is counted and said in its next alert (`untold`). Many new shapes at once
are condensed (streaming/condensing.py): a provisional pattern is told like a shape, for all that it matches. At most
`per_hour` alerts an hour; what is over it is one honest overflow alert, and such shapes and patterns are told when they
come again in a later hour. So are lines of more shapes than tasks tell apart, by one such alert an hour; and lines that
were old already when their batch was planned by one a day, with their number.

The state is a plain JSON object, kept with the batch record. From the state before a batch and the batch's outliers,
everything here follows, so a replay makes the same alerts again, and a sink keeps the first of each id.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from patterns.judge import shape_id
from patterns.pattern_set import PROVISIONAL
from patterns.timestamps import DAY, SECOND, iso
from streaming.condensed import EXAMPLES, condensed_alert, condensed_id
from streaming.condensing import Alone, Condensing, Kind, ProvisionalState, place
from streaming.config import AlertsConfig
from streaming.documents import alert, alert_id, overflow
from streaming.proposing import Told
from streaming.tally import SHAPES_A_TASK, OutlierShape

HOUR: Final = 3_600 * SECOND

REMEMBERED_SHAPES: Final = 50_000
"""Shapes whose state is kept, latest bucket first: a forgotten one loses its untold count, not its quiet."""


class AlertState(msgspec.Struct, frozen=True):
    """
    What the alerts of the next batch depend on.

    Attributes:
        shapes: Shape id → [hour since 1970 at which the bucket began in which it was told last (-1: held back, never
            told), lines since then].
        hour: The hour that `told` counts, as a number since 1970.
        told: Alerts in that hour.
        provisional: Id → provisional pattern. Older records have neither this nor what follows.
        alone: Shapes that were told by themselves, as storms are seen by them.
    """

    shapes: dict[str, tuple[int, int]] = {}
    hour: int = -1
    told: int = 0
    provisional: dict[str, ProvisionalState] = {}
    alone: tuple[Alone, ...] = ()


class Alert(NamedTuple):
    """A document for the sink and the start of its bucket in microseconds since 1970."""

    document: dict[str, Any]
    bucket_start: int


@dataclass
class AlertBook:
    """
    Makes the alerts of one batch.

    Attributes:
        config: Interval and cap.
        source: Name of the source.
        version: Of the pattern set, for the overflow alert.
        state: What came before; afterwards, what comes next: see `close`.
        held_back: Alerts over the cap.
        condensed: Alerts of provisional patterns.
        proposed: Those of them that a training may learn.
    """

    config: AlertsConfig
    source: str
    version: str
    state: AlertState
    held_back: int = 0
    condensed: int = 0
    proposed: list[Told] = field(default_factory=list)
    _alerts: list[Alert] = field(default_factory=list)
    _overflown: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Take the state up."""
        self._shapes = dict(self.state.shapes)
        self._hour, self._told = self.state.hour, self.state.told
        self._condensing = Condensing(self.config.condense_above, self.state.provisional, self.state.alone)

    def tell(
        self, outliers: Iterable[OutlierShape], untold_further: int, record_time: int, *, too_old: int = 0, now: int = 0
    ) -> list[Alert]:
        """
        Return the alerts of a batch.

        Args:
            outliers: Each scope and shape once; their order does not matter.
            untold_further: Outlier lines of shapes that tasks did not report one by one.
            record_time: The batch's latest, in microseconds since 1970; bucket and hour of what has no line.
            too_old: Outlier lines that are older than `max_age_hours`; they are in none of the shapes.
            now: When the batch was planned, in microseconds since 1970.

        What `admits` says afterwards is in the same list.
        """
        ordered = [(shape, self._start(shape)) for shape in sorted(outliers, key=place)]
        for kind in self._condensing.kinds([each for each in ordered if not self._is_told(*each)]):
            if kind.pattern is None:
                self._tell(kind)
            else:
                self._tell_provisional(kind.pattern, kind)
        if untold_further:
            self._say_further(untold_further, record_time)
        if too_old:
            self._say_too_old(too_old, now)
        return self._alerts

    def admits(self, time: int) -> bool:
        """Take one of the alerts of an hour; where none is left say so once, count it, and return False."""
        hour = time // HOUR
        if hour > self._hour:
            self._hour, self._told = hour, 0
        if self._told >= self.config.per_hour:
            self.held_back += 1
            self._overflow(time)
            return False
        self._told += 1
        return True

    def close(self) -> AlertState:
        """Return the state for the next batch."""
        if len(self._shapes) > REMEMBERED_SHAPES:
            latest = sorted(self._shapes.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
            self._shapes = dict(sorted(latest[:REMEMBERED_SHAPES]))
        return AlertState(self._shapes, self._hour, self._told, *self._condensing.close())

    def _start(self, shape: OutlierShape) -> int:
        """Return the hour since 1970 at which the bucket of a shape's first line began."""
        hour = shape.record_time // HOUR
        # Hours, not numbers of buckets: those mean other times when `repeat_after_hours` is changed.
        return hour - hour % self.config.repeat_after_hours

    def _is_told(self, shape: OutlierShape, start: int) -> bool:
        """Tell whether a shape was told in its bucket; its lines are counted then."""
        key = shape_id(shape.scope, shape.shape)
        told_in, untold = self._shapes.get(key, (-1, 0))
        if told_in >= start:
            self._shapes[key] = (told_in, untold + shape.count)
        return told_in >= start

    def _tell(self, kind: Kind) -> None:
        """Tell a shape, or hold it back."""
        [shape], start = kind.shapes, kind.start
        key = shape_id(shape.scope, shape.shape)
        told_in, untold = self._shapes.get(key, (-1, 0))
        if not self.admits(shape.record_time):
            self._shapes[key] = (told_in, untold + shape.count)
            return
        self._shapes[key] = (start, 0)
        document = alert(
            msgspec.json.decode(shape.first),
            identity=alert_id(shape.scope, shape.shape, start // self.config.repeat_after_hours),
            bucket=iso(start * HOUR),
            count=shape.count,
            untold=untold,
        )
        self._alerts.append(Alert(document, start * HOUR))

    def _tell_provisional(self, identity: str, kind: Kind) -> None:
        """Tell the shapes of a provisional pattern as one, or hold them back: told in their bucket, or over the cap."""
        known, first = self._condensing.provisional[identity], kind.shapes[0]
        count = sum(shape.count for shape in kind.shapes)
        # What was counted of a shape by itself is said by its pattern from now on.
        keys = [shape_id(shape.scope, shape.shape) for shape in kind.shapes]
        untold = known.untold + sum(self._shapes.pop(key, (-1, 0))[1] for key in keys)
        if known.told_in >= kind.start or not self.admits(first.record_time):
            self._condensing.provisional[identity] = replace(known, untold=untold + count)
            return
        self._condensing.provisional[identity] = replace(known, told_in=kind.start, untold=0)
        document = condensed_alert(
            [msgspec.json.decode(shape.first) for shape in kind.shapes[:EXAMPLES]],
            identity=condensed_id(known.scope, identity, kind.start // self.config.repeat_after_hours),
            bucket=iso(kind.start * HOUR),
            count=count,
            untold=untold,
            pattern=(identity, known.text),
            shapes=keys,
        )
        self.condensed += 1
        if not known.wide and document["logwinnow"]["pattern"]["state"] == PROVISIONAL:
            self.proposed.append(Told(known.scope, known.text, len(keys)))
        self._alerts.append(Alert(document, kind.start * HOUR))

    def _overflow(self, record_time: int) -> None:
        hour = record_time // HOUR
        if hour in self._overflown:
            return
        self._overflown.add(hour)
        until = iso((hour + 1) * HOUR)
        document = overflow(
            f"more than {self.config.per_hour} alerts in this hour: further new shapes are held back until {until}",
            # A blank line is never an outlier, so that no shape's alert has this id.
            identity=alert_id("", "", hour),
            source=self.source,
            time=iso(record_time),
            version=self.version,
        )
        self._alerts.append(Alert(document, hour * HOUR))

    def _say_further(self, lines: int, record_time: int) -> None:
        """Say once an hour that a batch had more shapes than tasks report: those are in no count of any alert."""
        hour = record_time // HOUR
        document = overflow(
            f"{lines} outliers of a batch are of further new shapes: a task tells {SHAPES_A_TASK:,} apart, and of the "
            "others none is counted in an alert",
            # Of two blanks neither.
            identity=alert_id("", "  ", hour),
            source=self.source,
            time=iso(record_time),
            version=self.version,
        )
        self._alerts.append(Alert(document, hour * HOUR))

    def _say_too_old(self, lines: int, now: int) -> None:
        start = now // DAY * DAY
        document = overflow(
            f"{lines} outliers of this batch are older than {self.config.max_age_hours} hours, and raise no alert",
            # Nor is one of white space.
            identity=alert_id("", " ", start),
            source=self.source,
            time=iso(now),
            version=self.version,
        )
        self._alerts.append(Alert(document, start))
