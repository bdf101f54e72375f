from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.judge import shape_id
from streaming import alerts as module
from streaming.alerts import HOUR, Alert, AlertBook, AlertState
from streaming.config import AlertsConfig
from streaming.tally import OutlierShape

_DAY = 24 * HOUR
_MONDAY = 20_409 * _DAY  # 2025-11-17
_DAILY = AlertsConfig()


def lines(shape: str, count: int, time: int, *, scope: str = "p", offset: int = 0) -> OutlierShape:
    """Return outlier lines of a shape."""
    first = {
        "@timestamp": "t",
        "event": {"id": f"{shape}@{offset}", "kind": "event"},
        "logwinnow": {"outlier": True, "shape": {"id": shape_id(scope, shape), "text": shape}},
    }
    return OutlierShape(scope, shape, count, "/a.log", offset, time, msgspec.json.encode(first))


def tell(
    state: AlertState, *outliers: OutlierShape, config: AlertsConfig = _DAILY, further: int = 0, time: int = 0
) -> tuple[AlertState, list[Alert]]:
    """Make the alerts of one batch; the state crosses as JSON, as in a batch record."""
    book = AlertBook(config, "app", "v1", msgspec.json.decode(msgspec.json.encode(state), type=AlertState))
    made = book.tell(outliers, further, time or max((shape.record_time for shape in outliers), default=0))
    return book.close(), made


def told(made: Sequence[Alert]) -> list[tuple[str, int, int]]:
    """Return shape, count and untold of alerts that are no overflow."""
    ours = [alert.document["logwinnow"] for alert in made if not is_overflow(alert.document)]
    return [(our["shape"]["text"], our["count"], our["untold"]) for our in ours]


def is_overflow(document: dict[str, Any]) -> bool:
    return "overflow" in document["logwinnow"]


def test_a_shape_is_told_once_a_bucket_and_the_next_alert_says_what_was_not_told() -> None:
    state, made = tell(AlertState(), lines("a", 3, _MONDAY))
    assert told(made) == [("a", 3, 0)]
    state, made = tell(state, lines("a", 5, _MONDAY + 9 * HOUR))
    assert told(made) == []
    state, made = tell(state, lines("a", 7, _MONDAY + _DAY - 1))
    assert told(made) == []
    state, made = tell(state, lines("a", 2, _MONDAY + _DAY))
    assert told(made) == [("a", 2, 12)]
    assert tell(state, lines("a", 1, _MONDAY + 3 * _DAY))[1][0].document["logwinnow"]["untold"] == 0


@pytest.mark.parametrize(
    ("hours", "before", "after"),
    [(1, 59, 60), (24, 24 * 60 - 1, 24 * 60), (5, 5 * 60 - 1, 5 * 60), (168, 3 * 1_440 - 1, 3 * 1_440)],
)
def test_buckets_are_fixed_intervals_of_utc_with_sharp_edges(hours: int, before: int, after: int) -> None:
    config = AlertsConfig(repeat_after_hours=hours)
    start = _MONDAY - _MONDAY % (hours * HOUR)
    # A week of Thursdays: 1970 began on one.
    assert start == {1: _MONDAY, 24: _MONDAY, 5: _MONDAY - HOUR, 168: _MONDAY - 4 * _DAY}[hours]
    state, made = tell(AlertState(), lines("a", 1, start), config=config)
    assert made[0].bucket_start == start
    minute = HOUR // 60
    offset = start if hours != 168 else _MONDAY
    assert tell(state, lines("a", 1, offset + before * minute), config=config)[1] == []
    again = tell(state, lines("a", 1, offset + after * minute), config=config)[1]
    assert [alert.bucket_start for alert in again] == [start + hours * HOUR]
    assert again[0].document["event"]["id"] != made[0].document["event"]["id"]


def test_equal_shapes_of_two_scopes_are_two_alerts() -> None:
    _, made = tell(AlertState(), lines("a", 1, _MONDAY), lines("a", 1, _MONDAY, scope="q"))
    assert len({alert.document["event"]["id"] for alert in made}) == 2


def test_alerts_come_in_the_order_of_the_lines_whatever_the_order_of_the_tasks() -> None:
    outliers = [lines("b", 1, _MONDAY, offset=9), lines("a", 1, _MONDAY, offset=10), lines("c", 1, _MONDAY, offset=0)]
    forth, back = tell(AlertState(), *outliers), tell(AlertState(), *reversed(outliers))
    assert forth == back
    assert [shape for shape, _, _ in told(forth[1])] == ["c", "b", "a"]


def test_over_the_cap_is_one_overflow_alert_an_hour_and_such_shapes_are_told_in_a_later_one() -> None:
    config = AlertsConfig(per_hour=2)
    state, made = tell(AlertState(), *(lines(f"s{n}", n, _MONDAY, offset=n) for n in range(1, 6)), config=config)
    assert told(made) == [("s1", 1, 0), ("s2", 2, 0)]
    assert [is_overflow(alert.document) for alert in made] == [False, False, True]
    assert "more than 2 alerts" in made[2].document["message"]
    assert "until 2025-11-17T01:00:00.000Z" in made[2].document["message"]
    # In the same hour nothing more is told, and the overflow has the same id: the sink keeps the first.
    state, again = tell(state, lines("s3", 30, _MONDAY + HOUR - 1), config=config)
    assert [alert.document["event"]["id"] for alert in again] == [made[2].document["event"]["id"]]
    # Held back: s3 with 3 + 30 lines, s4, s5. An hour later there is room for two.
    later = [lines(f"s{n}", 1, _MONDAY + HOUR, offset=n) for n in (1, 3, 4, 5)]
    state, made = tell(state, *later, config=config)
    assert told(made) == [("s3", 1, 33), ("s4", 1, 4)]
    assert made[-1].document["event"]["id"] != again[0].document["event"]["id"]


def test_how_many_are_held_back_is_counted() -> None:
    book = AlertBook(AlertsConfig(per_hour=1), "app", "v1", AlertState())
    made = book.tell([lines(f"s{n}", 5, _MONDAY, offset=n) for n in range(4)], 0, _MONDAY)
    assert (len(made), book.held_back) == (2, 3)


def test_lines_of_shapes_that_tasks_did_not_report_make_an_alert_that_says_so_and_nothing_of_the_cap() -> None:
    _, made = tell(AlertState(), lines("a", 1, _MONDAY), further=7, time=_MONDAY)
    assert [is_overflow(alert.document) for alert in made] == [False, True]
    assert made[1].bucket_start == _MONDAY
    assert (
        made[1].document["message"].startswith("7 outliers of a batch are of further new shapes: a task tells 10,000")
    )
    # The sink keeps the first of an hour, beside that of the cap.
    config = AlertsConfig(per_hour=1)
    both = tell(AlertState(), lines("a", 1, _MONDAY), lines("b", 1, _MONDAY), further=9, time=_MONDAY, config=config)[1]
    assert made[1].document["event"]["id"] in {alert.document["event"]["id"] for alert in both}
    assert len({alert.document["event"]["id"] for alert in both}) == 3


def test_lines_that_are_too_old_are_one_alert_a_day_that_says_how_many_there_were() -> None:
    book = AlertBook(_DAILY, "app", "v1", AlertState())
    [first] = book.tell([], 0, 0, too_old=7, now=_MONDAY + HOUR)
    assert is_overflow(first.document)
    assert "7 outliers of this batch are older than 168 hours" in first.document["message"]
    assert first.bucket_start == _MONDAY
    assert book.close() == AlertState()
    # The sink keeps the first of an id.
    ids = {
        AlertBook(_DAILY, "app", "v1", AlertState()).tell([], 0, 0, too_old=1, now=now)[0].document["event"]["id"]
        for now in (_MONDAY, _MONDAY + _DAY - 1, _MONDAY + _DAY)
    }
    assert len(ids) == 2
    assert first.document["event"]["id"] in ids


def test_no_shape_has_the_id_of_an_overflow_alert() -> None:
    config = AlertsConfig(repeat_after_hours=1, per_hour=1)
    shapes = [lines(shape, 1, _MONDAY, scope="", offset=n) for n, shape in enumerate(("overflow", "b"))]
    _, made = tell(AlertState(), *shapes, config=config)
    assert len({alert.document["event"]["id"] for alert in made}) == len(made) == 2


@pytest.mark.parametrize(("before", "after"), [(24, 168), (168, 24), (1, 24), (24, 1), (24, 25)])
def test_a_changed_interval_neither_silences_a_shape_for_good_nor_tells_it_twice_a_bucket(
    before: int, after: int
) -> None:
    state, _ = tell(AlertState(), lines("a", 1, _MONDAY), config=AlertsConfig(repeat_after_hours=before))
    config = AlertsConfig(repeat_after_hours=after)
    buckets = []
    for hour in range(3 * max(before, after)):
        state, made = tell(state, lines("a", 1, _MONDAY + hour * HOUR), config=config)
        buckets += [alert.bucket_start for alert in made]
    # Not before the bucket that it was told in is over, nor much later.
    told_in = _MONDAY - _MONDAY % (before * HOUR)
    assert told_in < buckets[0] <= _MONDAY + max(before, after) * HOUR
    assert all(second - first == after * HOUR for first, second in pairwise(buckets))


def test_the_state_is_bounded_and_forgets_first_what_was_told_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_SHAPES", 3)
    state = AlertState()
    for day in range(6):
        state, _ = tell(state, lines(f"s{day}", 1, _MONDAY + day * _DAY))
    assert set(state.shapes) == {shape_id("p", f"s{day}") for day in (3, 4, 5)}
    # A forgotten shape that comes again in its bucket makes an alert of the same id, of which a sink keeps the first.
    _, first = tell(AlertState(), lines("s0", 1, _MONDAY))
    _, again = tell(state, lines("s0", 9, _MONDAY + HOUR))
    assert again[0].document["event"]["id"] == first[0].document["event"]["id"]


Batch = tuple[int, dict[str, int], int]
_BATCHES = st.lists(
    st.tuples(
        st.integers(0, 30),  # hours since the last batch
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), max_size=6),  # shape → lines
        st.integers(1, 3),  # how often it is judged: a crash replays it
    ),
    max_size=12,
)


@given(batches=_BATCHES, repeat=st.sampled_from([1, 5, 24, 168]), cap=st.integers(1, 8))
def test_any_split_and_any_replay_gives_one_alert_a_shape_and_bucket_and_the_counts_add_up(
    batches: Sequence[Batch], repeat: int, cap: int
) -> None:
    config = AlertsConfig(repeat_after_hours=repeat, per_hour=cap)
    state, time = AlertState(), _MONDAY
    sink: dict[str, Alert] = {}
    places: set[tuple[str, int]] = set()
    total: Counter[str] = Counter()
    hourly: dict[int, set[str]] = {}
    for number, (hours, shapes, tries) in enumerate(batches):
        time += hours * HOUR
        outliers = [lines(shape, count, time, offset=number) for shape, count in shapes.items()]
        total.update(shapes)
        places |= {(shape, time - time % (repeat * HOUR)) for shape in shapes}
        before = state
        for _ in range(tries):
            state, made = tell(before, *outliers, config=config)
            for alert in made:
                # The sink creates each file once.
                sink.setdefault(alert.document["event"]["id"], alert)
                hourly.setdefault(time // HOUR, set()).add(alert.document["event"]["id"])
    plain = [alert for alert in sink.values() if not is_overflow(alert.document)]
    found = [(alert.document["logwinnow"]["shape"]["text"], alert.bucket_start) for alert in plain]
    assert len(set(found)) == len(found)
    assert set(found) <= places
    said: Counter[str] = Counter()
    for shape, count, untold in told(plain):
        said[shape] += count + untold
    for shape in total:
        said[shape] += state.shapes[shape_id("p", shape)][1]
    assert said == total
    overflows = [alert.bucket_start for alert in sink.values() if is_overflow(alert.document)]
    assert len(set(overflows)) == len(overflows)
    assert all(len(ids) <= cap + 1 for ids in hourly.values())


@given(batches=_BATCHES, repeat=st.sampled_from([1, 5, 24, 168]))
def test_below_the_cap_every_shape_is_told_in_every_bucket_in_which_it_comes(
    batches: Sequence[Batch], repeat: int
) -> None:
    config = AlertsConfig(repeat_after_hours=repeat)
    state, time, found, places = AlertState(), _MONDAY, [], set()
    for hours, shapes, _ in batches:
        time += hours * HOUR
        state, made = tell(state, *(lines(shape, count, time) for shape, count in shapes.items()), config=config)
        found += [(alert.document["logwinnow"]["shape"]["text"], alert.bucket_start) for alert in made]
        places |= {(shape, time - time % (repeat * HOUR)) for shape in shapes}
    assert sorted(found) == sorted(places)
