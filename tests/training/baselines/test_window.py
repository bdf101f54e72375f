"""Which observations stay."""

from typing import Any

import pyarrow as pa

from patterns.observed import HOUR, SCHEMA, ObservedTable
from training.baselines.rows import merged
from training.baselines.window import Window, keep, last_day_of
from training.fetched.time_range import TimeRange

DAY = 20_000


def row(pattern: str, host: str = "h", day: int = 0, hour: int = 0, lines: int = 1, gap: int = -1) -> dict[str, Any]:
    seconds = [0] if gap < 0 else []
    values = [] if gap < 0 else ["v"]
    at = (DAY + day) * 24 + hour
    return {
        "pattern": pattern,
        "gap": gap,
        "host": host if gap < 0 else "",
        "hour": at,
        "lines": lines,
        "seconds": seconds,
        "values": values,
    }


def table(*rows: dict[str, Any]) -> ObservedTable:
    return ObservedTable.of_tables([merged(pa.Table.from_pylist(list(rows), schema=SCHEMA))])


def left(observed: ObservedTable) -> list[tuple[str, int, str, int]]:
    rows = [one for some in observed.tables() for one in some.to_pylist()]
    return sorted((one["pattern"], one["gap"], one["host"], one["hour"] - DAY * 24) for one in rows)


def test_of_patterns_that_are_gone_and_days_outside_nothing_stays() -> None:
    observed = table(row("p", day=0), row("p", day=1), row("p", day=2), row("q", day=1), row("p", day=1, gap=0))
    kept = keep(observed, {"p"}, Window(DAY + 1, DAY + 1), 9)
    assert left(kept.table) == [("p", -1, "h", 24), ("p", 0, "", 24)]
    assert (kept.pairs, kept.pairs_left_out) == (1, 0)


def test_lines_that_claim_to_be_of_next_year_make_no_window_unless_they_are_many() -> None:
    usual = [row("p", day=day, lines=1_000) for day in range(3)]
    assert last_day_of(table(*usual, row("p", day=365, lines=299)), 14) == DAY + 2
    assert last_day_of(table(*usual, row("p", day=365, lines=300)), 14) == DAY + 365
    assert last_day_of(table(*usual, row("p", day=3, lines=1)), 3) == DAY + 3
    assert last_day_of(table(), 14) is None


def test_of_too_many_hosts_those_with_the_most_lines_stay_and_what_is_left_out_is_counted() -> None:
    hosts = [row("p", f"h{n}", lines=n) for n in (1, 5, 3)]
    again = [row("p", "h1", day=1, lines=3), row("p", gap=0, lines=9)]
    kept = keep(table(*hosts, *again), {"p"}, Window(DAY, DAY + 1), most_pairs=2)
    assert left(kept.table) == [("p", -1, "h1", 0), ("p", -1, "h1", 24), ("p", -1, "h5", 0), ("p", 0, "", 0)]
    assert (kept.pairs, kept.pairs_left_out, kept.lines_left_out) == (2, 1, 3)
    assert {hour - DAY * 24 for hour in kept.hours} == {0, 24}


def test_hours_that_an_excluded_time_touches_leave_and_days_of_gaps_that_lie_within() -> None:
    midnight = DAY * 24 * HOUR
    excluded = (TimeRange(midnight + HOUR + 1, midnight + 2 * HOUR + 1), TimeRange(midnight + 48 * HOUR, None))
    rows = [row("p", hour=hour) for hour in range(4)]
    gaps = [row("p", day=day, gap=0) for day in range(3)]
    window = Window(DAY, DAY + 2, excluded)
    kept = keep(table(*rows, *gaps), {"p"}, window, 9)
    assert left(kept.table) == [("p", -1, "h", 0), ("p", -1, "h", 3), ("p", 0, "", 0), ("p", 0, "", 24)]
    assert [window.holds(DAY * 24 + hour) for hour in (0, 1, 2, 3, 47, 48)] == [True, False, False, True, True, False]
