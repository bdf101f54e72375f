"""
Which rows of observations stay: of patterns that the set has, of the last days, of the hosts with the most lines.

Headers say when a line was, and they may say anything. By night, days that the night has not read, or that are long
past, are left out. Of files that somebody names the window is the newest one that has at least a tenth of the lines of
the fullest: lines that claim to be of next year make none, unless they are many.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import polars as pl

from patterns.baselines import HOURS
from patterns.observed import HOUR, ON_HOST, SCHEMA, ObservedTable
from training.fetched.time_range import TimeRange

MOST_PAIRS: Final = 50_000
"""Patterns on hosts that are observed: those with the most lines."""

_LEAST_OF_FULLEST: Final = 10


class Window(NamedTuple):
    """
    Which rows stay.

    Attributes:
        first_day: The first UTC day, counted from 1970.
        last_day: The last one.
        excluded: Hours that an excluded time touches say nothing.
    """

    first_day: int
    last_day: int
    excluded: tuple[TimeRange, ...] = ()

    def holds(self, hour: int) -> bool:
        """Tell whether an hour, counted from 1970, says something."""
        begin, end = hour * HOUR, (hour + 1) * HOUR
        return self.first_day <= hour // HOURS <= self.last_day and not any(
            (each.end is None or each.end > begin) and (each.start is None or each.start < end)
            for each in self.excluded
        )


class Known(NamedTuple):
    """
    Of which hours it is known what came, and so of which it is known that something did not come.

    Attributes:
        window: Which hours count.
        days: Of which there are lines of anything.
        first_hour: The first hour of which there are.
        last_hour: The last one.
    """

    window: Window
    days: frozenset[int]
    first_hour: int
    last_hour: int

    def holds(self, hour: int) -> bool:
        """Tell whether it is known of an hour, counted from 1970."""
        return self.first_hour <= hour <= self.last_hour and hour // HOURS in self.days and self.window.holds(hour)


class Kept(NamedTuple):
    """
    What stays of a table.

    Attributes:
        table: Its rows.
        hours: Those of which there are lines of anything, of pairs that are left out, too.
        pairs: Patterns on hosts.
        pairs_left_out: Those beyond MOST_PAIRS, with the fewest lines; of equals those that are last by name.
        lines_left_out: Their lines.
    """

    table: ObservedTable
    hours: frozenset[int]
    pairs: int
    pairs_left_out: int
    lines_left_out: int


def last_day_of(table: ObservedTable, days: int) -> int | None:
    """
    Return the last day that counts where no night says so; None for a table without rows.

    Args:
        table: The observations.
        days: How many days count, the last one among them.

    Cost: a pass, and memory for the days.
    """
    lines: Counter[int] = Counter()
    for rows in _frames(table, ["gap", "hour", "lines"]):
        found = rows.group_by(day=pl.col("hour").floordiv(HOURS)).agg(pl.col("lines").sum())
        lines.update(dict(found.iter_rows()))
    ordered = sorted(lines)
    within, first = [], 0
    held = 0
    for day in ordered:
        held += lines[day]
        while ordered[first] <= day - days:
            held -= lines[ordered[first]]
            first += 1
        within.append(held)
    fullest = max(within, default=0)
    enough = [day for day, held in zip(ordered, within, strict=True) if held * _LEAST_OF_FULLEST >= fullest]
    return enough[-1] if enough else None


def keep(table: ObservedTable, ids: Collection[str], window: Window, most_pairs: int) -> Kept:
    """
    Return what stays of a table.

    Args:
        table: The observations.
        ids: Of the set's patterns that are no outliers.
        window: Of which days.
        most_pairs: Patterns on hosts that stay.

    Cost: two passes, and memory for the patterns on hosts.
    """
    stays = pl.col("pattern").is_in(sorted(ids)) & _within(window)
    totals, hours = [], set[int]()
    for rows in _frames(table, ["pattern", "gap", "host", "hour", "lines"]):
        some = rows.filter(stays)
        hours.update(some["hour"].unique().to_list())
        totals.append(some.group_by("pattern", "host").agg(pl.col("lines").sum()))
    if not totals:
        return Kept(table, frozenset(), 0, 0, 0)
    pairs = pl.concat(totals).group_by("pattern", "host").agg(pl.col("lines").sum())
    ordered = pairs.sort("lines", "pattern", "host", descending=[True, False, False])
    kept, left = ordered.head(most_pairs), ordered.slice(most_pairs)
    chosen = kept.select("pattern", "host", kept=pl.lit(value=True))

    def rows_left() -> Iterator[pl.DataFrame]:
        for rows in table.tables():
            frame = pl.DataFrame(rows).filter(stays)
            if left.height:
                joined = frame.join(chosen, on=["pattern", "host"], how="left", maintain_order="left")
                frame = joined.filter((pl.col("gap") != ON_HOST) | pl.col("kept")).drop("kept")
            yield frame

    left_table = ObservedTable.of_tables(frame.to_arrow().cast(SCHEMA) for frame in rows_left())
    return Kept(left_table, frozenset(hours), kept.height, left.height, int(left["lines"].sum()))


def _frames(table: ObservedTable, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield some columns of the rows that are of lines on hosts."""
    for rows in table.tables(columns):
        yield pl.DataFrame(rows).filter(pl.col("gap") == ON_HOST)


def _within(window: Window) -> pl.Expr:
    """Choose rows of the window; of excluded times whole hours of hosts, and whole days of gaps."""
    hour = pl.col("hour").cast(pl.Int64)
    day = hour.floordiv(HOURS)
    chosen = (day >= window.first_day) & (day <= window.last_day)
    on_host = pl.col("gap") == ON_HOST
    for each in window.excluded:
        start, end = each.start, each.end
        after = pl.lit(value=True) if start is None else (hour + 1) * HOUR > start
        before = pl.lit(value=True) if end is None else hour * HOUR < end
        whole_after = pl.lit(value=True) if start is None else hour * HOUR >= start
        whole_before = pl.lit(value=True) if end is None else (hour + HOURS) * HOUR <= end
        chosen &= ~(pl.when(on_host).then(after & before).otherwise(whole_after & whole_before))
    return chosen
