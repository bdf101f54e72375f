"""The table of observations → what is usual of a set's patterns: pattern by pattern, each host and each gap."""

from collections.abc import Iterator, Mapping
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from patterns.baselines import HOURS, Baselines, Row
from patterns.observed import ON_HOST, SCHEMA, ObservedTable
from patterns.pattern_set import KnownPattern
from patterns.timestamps import DAY, utc_day
from training.baselines.heartbeats import heartbeat_of
from training.baselines.observing import gaps_of
from training.baselines.rates import rate_of
from training.baselines.values import values_of
from training.baselines.window import Kept, Known, Window
from training.config import Learning


def learn(kept: Kept, patterns: Mapping[str, KnownPattern], window: Window, learning: Learning) -> Baselines:
    """
    Return what is usual.

    Args:
        kept: What stays of the observations.
        patterns: Id → pattern, of all that these have.
        window: Which hours count.
        learning: When something is usual.

    Cost: a pass over them; memory for a row group, and for the rows of a pattern on a host.
    """
    if not kept.hours:
        return Baselines()
    days = frozenset(hour // HOURS for hour in kept.hours)
    known = Known(window, days, min(kept.hours), max(kept.hours))
    rows = chain.from_iterable(
        _of_host(pattern, host, some, known, learning)
        if gap == ON_HOST
        else _of_gap(patterns[pattern], gap, some, learning)
        for (pattern, gap, host), some in groupby(_rows(kept.table), key=itemgetter("pattern", "gap", "host"))
    )
    return Baselines.of(utc_day(min(days) * DAY), utc_day(max(days) * DAY), len(days), rows)


def _of_host(
    pattern: str, host: str, rows: Iterator[dict[str, Any]], known: Known, learning: Learning
) -> Iterator[Row]:
    held = list(rows)
    rate = rate_of(pattern, host, {row["hour"]: row["lines"] for row in held}, known, learning)
    if rate is not None:
        yield rate
    beat = heartbeat_of(pattern, host, {row["hour"]: row["seconds"] for row in held}, known)
    if beat is not None:
        yield beat


def _of_gap(known: KnownPattern, place: int, rows: Iterator[dict[str, Any]], learning: Learning) -> Iterator[Row]:
    gaps = gaps_of(known)
    days = {row["hour"] // HOURS: (row["lines"], row["values"]) for row in rows}
    if place in gaps:
        values = values_of(known.id, gaps.index(place), days, learning)
        if values is not None:
            yield values


def _rows(table: ObservedTable) -> Iterator[dict[str, Any]]:
    for rows in table.tables():
        columns = [rows[name].to_pylist() for name in SCHEMA.names]
        for row in zip(*columns, strict=True):
            yield dict(zip(SCHEMA.names, row, strict=True))
