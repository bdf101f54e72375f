"""
Which rows of a table stay for the next night, and what is counted of them.

Lines of so many days count. A shape that has none in these keeps its newest row until it was not seen for long: what
comes once a month stays known. A row that lies wholly within an excluded time leaves.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from patterns.shapes import SCHEMA, ShapeTable
from patterns.timestamps import DAY, utc_day
from training.fetched.time_range import TimeRange
from training.tables import TableBuilder

_FIRST: Final = -(2**63)
_LAST: Final = 2**63 - 1


class Window(NamedTuple):
    """
    Which rows stay.

    Attributes:
        first_day: The first UTC day whose lines count, ``YYYY-MM-DD``.
        kept_since: The first UTC day whose rows may be the newest of a shape; ``""`` where none is too old.
        excluded: Times of which nothing is learned.
    """

    first_day: str
    kept_since: str
    excluded: tuple[TimeRange, ...] = ()


class Left(NamedTuple):
    """
    A table, and what has left it.

    Attributes:
        table: What stays.
        forgotten: Shapes that were not seen for long.
        excluded: Lines of rows that lay within an excluded time.
        partly: Shapes of which a row lies partly within one: it cannot be split, so it stays, but makes no day.
    """

    table: ShapeTable
    forgotten: int
    excluded: int
    partly: int


def window_of(until: int, trained: str, window_days: int, forget_after: int, excluded: tuple[TimeRange, ...]) -> Window:
    """
    Return the window of the night that ends at a time.

    Args:
        until: In microseconds since 1970.
        trained: The day on which somebody said what is normal: all of it was seen then, whatever its lines say.
        window_days: Days whose lines count.
        forget_after: Days after which a shape that is not seen leaves.
        excluded: Times of which nothing is learned.
    """
    day = until // DAY
    oldest = utc_day((day - forget_after) * DAY)
    return Window(utc_day((day - window_days) * DAY), "" if trained >= oldest else oldest, excluded)


def leave(table: ShapeTable, window: Window) -> Left:
    """Return what stays of a table. Cost: one pass, and memory as TableBuilder needs it."""
    forgotten = excluded = partly = 0
    with TableBuilder() as builder:
        for rows, newest in _with_newest(_without_excluded(table, window.excluded)):
            counts = pc.greater_equal(rows["day"], window.first_day)
            remembered = pc.and_(newest, pc.greater_equal(rows["day"], window.kept_since))
            stays = pc.or_(counts, remembered)
            forgotten += _number(pc.and_(newest, pc.invert(stays)))
            builder.add(rows.filter(stays))
        left = builder.finish()
    if window.excluded:
        excluded = sum(_lines(rows.filter(_within(rows, window.excluded))) for rows in table.tables())
        partly = len({shape for shape, days in days_of(left, window.excluded) if None in days})
    return Left(left, forgotten, excluded, partly)


def days_of(
    table: ShapeTable, excluded: tuple[TimeRange, ...] = ()
) -> Iterator[tuple[tuple[str, str], list[str | None]]]:
    """Yield each (scope, shape) with the days of its rows; None for one that an excluded time touches. One pass."""

    def rows() -> Iterator[tuple[str, str, str | None]]:
        for some in table.tables():
            days = pc.if_else(_touched(some, excluded), None, some["day"]) if excluded else some["day"]
            yield from zip(some["scope"].to_pylist(), some["shape"].to_pylist(), days.to_pylist(), strict=True)

    for shape, group in groupby(rows(), key=itemgetter(0, 1)):
        yield shape, [day for _, _, day in group]


def _without_excluded(table: ShapeTable, excluded: tuple[TimeRange, ...]) -> Iterator[pa.Table]:
    for rows in table.tables():
        yield rows.filter(pc.invert(_within(rows, excluded))) if excluded else rows


def _with_newest(tables: Iterable[pa.Table]) -> Iterator[tuple[pa.Table, pa.ChunkedArray]]:
    """Yield rows, and which of them are the newest of their shape: days ascend, and the next row has another shape."""
    held = SCHEMA.empty_table()
    for table in tables:
        rows = pa.concat_tables([held, table]).combine_chunks()
        if rows.num_rows:
            these, others = rows.slice(0, rows.num_rows - 1), rows.slice(1)
            same = [pc.equal(these[name], others[name]) for name in ("scope", "shape")]
            yield these, pc.invert(pc.and_(*same))
            held = rows.slice(rows.num_rows - 1)
    if held.num_rows:
        yield held, pa.chunked_array([[True]])


def _within(rows: pa.Table, excluded: tuple[TimeRange, ...]) -> pa.ChunkedArray:
    """Tell which rows lie wholly within an excluded time."""
    first, last = (rows[name].cast(pa.int64()) for name in ("first", "last"))
    return _any(rows, [pc.and_(_from(first, each.start), _before(last, each.end)) for each in excluded])


def _touched(rows: pa.Table, excluded: tuple[TimeRange, ...]) -> pa.ChunkedArray:
    """Tell which rows may have a line of an excluded time."""
    first, last = (rows[name].cast(pa.int64()) for name in ("first", "last"))
    return _any(rows, [pc.and_(_from(last, each.start), _before(first, each.end)) for each in excluded])


def _from(times: pa.ChunkedArray, start: int | None) -> pa.ChunkedArray:
    return pc.greater_equal(times, _FIRST if start is None else start)


def _before(times: pa.ChunkedArray, end: int | None) -> pa.ChunkedArray:
    return pc.less(times, _LAST if end is None else end)


def _any(rows: pa.Table, masks: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    return reduce(pc.or_, masks, pa.chunked_array([pa.repeat(pa.scalar(value=False), rows.num_rows)]))


def _number(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py() or 0)


def _lines(rows: pa.Table) -> int:
    return int(pc.sum(rows["count"]).as_py() or 0)
