"""
Outlier shapes by day → the alerts that a stream would have told, by the stream's own book.

A shape is told once in `repeat_after_hours`, when its first line comes. A table of shapes knows the first line of each
UTC day. So alerts are exact where an interval is made of whole days, as it is by default, but for two things: a shape
that is held back by `per_hour` would be told later on the same day if it came again, and a stream goes by when a line
came, not by what the line says. A storm is condensed as if the whole day were one batch: a stream tells some of its
shapes one by one before it sees that it is one. Where the interval is shorter or no whole days, a shape is told once a
day.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from patterns.judge import shape_id
from patterns.timestamps import DAY, utc_day
from streaming.alerts import Alert, AlertBook, AlertState
from streaming.config import AlertsConfig
from streaming.tally import OutlierShape


class ShapeOfDay(NamedTuple):
    """Lines of an outlier shape on a day: how many, and the time of the first in microseconds since 1970."""

    scope: str
    shape: str
    lines: int
    first: int


class Told(NamedTuple):
    """Alerts by the UTC day of their first line, and how often one was held back."""

    days: dict[str, int]
    held_back: int


def by_whole_days(config: AlertsConfig) -> bool:
    """Tell whether a shape is told once in whole days, so that the days of a table are enough."""
    return config.repeat_after_hours % 24 == 0


def told(outliers: Iterable[ShapeOfDay], config: AlertsConfig) -> Told:
    """Return the alerts. Cost: memory for the outlier shapes and their days."""
    if not by_whole_days(config):
        config = replace(config, repeat_after_hours=24)
    book = AlertBook(config, "backtest", "", AlertState())
    alerts: list[Alert] = []
    for _, of_day in groupby(sorted(outliers, key=lambda each: each.first // DAY), key=lambda each: each.first // DAY):
        alerts = book.tell(map(_as_reported, of_day), 0, 0)
    days = Counter(utc_day(alert.document["time"]) for alert in alerts if "time" in alert.document)
    return Told(dict(sorted(days.items())), book.held_back)


def _as_reported(each: ShapeOfDay) -> OutlierShape:
    """Return a shape as the tasks of a stream report it; of its first line the book needs no more."""
    identity = shape_id(each.scope, each.shape)
    first = {"time": each.first, "message": "", "event": {"id": ""}, "logwinnow": {"shape": {"id": identity}}}
    return OutlierShape(each.scope, each.shape, each.lines, "", 0, each.first, msgspec.json.encode(first))
