"""Which rows stay: against a plain reading of what is said of them."""

from hypothesis import given
from hypothesis import strategies as st

from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from patterns.timestamps import utc_day
from tests.training.nightly.nights import moment
from training.fetched.time_range import TimeRange
from training.nightly.window import Window, days_of, leave, window_of

ROWS = st.dictionaries(
    st.tuples(st.sampled_from("st"), st.sampled_from(["a b", "c", "d e f"]), st.integers(0, 9)),
    st.tuples(st.integers(1, 5), st.integers(0, 20), st.integers(0, 3)),
    max_size=20,
)
TIMES = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), max_size=2)


def day(number: int) -> str:
    return utc_day(moment(number))


@given(ROWS, st.integers(0, 10), st.integers(0, 10), TIMES)
def test_a_row_stays_if_it_is_of_the_window_or_the_newest_of_its_shape_and_not_excluded(
    rows: dict[tuple[str, str, int], tuple[int, int, int]], first: int, kept: int, times: list[tuple[int, int]]
) -> None:
    table = ShapeTable.of(
        {
            ShapeKey(scope, shape, day(on)): ShapeCount(count, moment(on, hour), moment(on, hour + more))
            for (scope, shape, on), (count, hour, more) in rows.items()
        }
    )
    excluded = tuple(TimeRange(moment(0, start), moment(0, start + hours)) for start, hours in times)
    window = Window(day(max(first, kept)), day(min(first, kept)), excluded)
    left = leave(table, window)

    out = {
        key
        for key, row in table.rows()
        if any((each.start or 0) <= row.first and row.last < (each.end or 0) for each in excluded)
    }
    there = {key: row for key, row in table.rows() if key not in out}
    newest = {key[:2]: max(other.day for other in there if other[:2] == key[:2]) for key in there}
    stays = {
        key: row
        for key, row in there.items()
        if key.day >= window.first_day or (key.day == newest[key[:2]] and key.day >= window.kept_since)
    }
    assert dict(left.table.rows()) == stays
    assert left.forgotten == len({key[:2] for key in there} - {key[:2] for key in stays})
    assert left.excluded == sum(row.count for key, row in table.rows() if key in out)


def test_days_that_an_excluded_time_touches_are_none() -> None:
    rows = {ShapeKey("s", "a", day(on)): ShapeCount(2, moment(on, 8), moment(on, 12)) for on in range(4)}
    excluded = (TimeRange(moment(1, 12), moment(1, 13)), TimeRange(moment(2, 6), moment(2, 8)))

    ((_, days),) = days_of(ShapeTable.of(rows), excluded)

    # From the first moment on, and up to the last but the end.
    assert days == [day(0), None, day(2), day(3)]


def test_nothing_is_too_old_while_somebody_trained_less_than_forget_after_days_ago() -> None:
    assert window_of(moment(30), day(25), 7, 10, ()) == Window(day(23), "")
    assert window_of(moment(30), day(20), 7, 10, ()) == Window(day(23), "")
    assert window_of(moment(30), day(19), 7, 10, ()) == Window(day(23), day(20))
