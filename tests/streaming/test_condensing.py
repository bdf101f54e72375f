"""A storm of new shapes in the alerts of batches: condensed, whole, and the same however it comes."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.judge import shape_id
from patterns.language import parse
from patterns.matcher import Matcher
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from streaming import condensing
from streaming.alerts import HOUR, Alert, AlertBook, AlertState
from streaming.condensed import EXAMPLES
from streaming.condensing import Condensing
from streaming.config import AlertsConfig
from streaming.tally import OutlierShape

_MONDAY = 20_409 * 24 * HOUR
_DAY = 24 * HOUR
_QUOTA = "user *{1,1} of tenant *{1,1} is over quota"


def names(number: int, seed: int = 7) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(number)]


def quota(name: str) -> str:
    return f"user {name} of tenant {name} is over quota"


def lines(shape: str, *, count: int = 1, time: int = _MONDAY, scope: str = "p", pattern: str = "") -> OutlierShape:
    """Return outlier lines of a shape; `pattern` is the id of one that the set has pending."""
    ours: dict[str, Any] = {"outlier": True, "scope": scope, "reason": "no_pattern"}
    if pattern:
        ours |= {"reason": "pending", "pattern": {"id": pattern, "text": "t", "label": "l", "state": "pending"}}
    ours["shape"] = {"id": shape_id(scope, shape), "text": shape}
    first = {"@timestamp": "t", "message": shape, "event": {"id": shape, "kind": "event"}, "logwinnow": ours}
    return OutlierShape(scope, shape, count, "/a.log", hash_of(shape), time, msgspec.json.encode(first))


def hash_of(shape: str) -> int:
    """Return a place that stays, whatever the order."""
    return int(shape_id("", shape)[:6], 16)


def tell(
    state: AlertState, outliers: Iterable[OutlierShape], config: AlertsConfig | None = None
) -> tuple[AlertState, list[Alert], AlertBook]:
    """Make the alerts of one batch; the state crosses as JSON, as in a batch record."""
    before = msgspec.json.decode(msgspec.json.encode(state), type=AlertState)
    book = AlertBook(config or AlertsConfig(), "app", "v1", before)
    made = book.tell(outliers, 0, 0)
    return book.close(), made, book


def ours(made: Sequence[Alert]) -> list[dict[str, Any]]:
    return [alert.document["logwinnow"] for alert in made]


def test_a_storm_in_one_batch_is_one_alert_that_says_what_it_stands_for() -> None:
    storm = [lines(quota(name), count=3) for name in names(500)]
    state, [made], book = tell(AlertState(), [*storm, lines("the disk is on fire", scope="q")][:-1])
    said = made.document["logwinnow"]
    assert said["pattern"] == {
        "id": parse(_QUOTA).identity("p"),
        "text": _QUOTA,
        "label": f"{parse(_QUOTA).identity('p')[:6]} {_QUOTA}",
        "state": "provisional",
    }
    assert (said["shapes"], said["count"], said["untold"]) == (500, 1_500, 0)
    assert len(said["examples"]) == EXAMPLES
    assert said["find"].count('"') == 2 * 21
    assert said["accept"] == f"logwinnow patterns accept {made.document['event']['id']}"
    assert said["explain"].startswith(f"500 new shapes are alike, {_QUOTA}: no pattern of p matches; more: ")
    assert "shape" not in said
    assert [each.text for each in book.proposed] == [_QUOTA]
    assert state.shapes == {}


def test_what_is_like_nothing_else_is_told_beside_the_storm() -> None:
    storm = [lines(quota(name)) for name in names(50)]
    _, made, _ = tell(AlertState(), [*storm, lines("the disk is on fire"), lines("all is lost", scope="q")])
    assert sorted(said["shape" if "shape" in said else "pattern"]["text"] for said in ours(made)) == [
        "all is lost",
        "the disk is on fire",
        _QUOTA,
    ]


def test_ten_shapes_of_a_program_are_no_storm_and_switched_off_no_number_is() -> None:
    for config, number in ((AlertsConfig(), 10), (AlertsConfig(condense_above=0), 400)):
        _, made, _ = tell(AlertState(), [lines(quota(name)) for name in names(number)], config)
        assert len(made) == number


def test_a_storm_that_comes_in_batches_of_one_line_is_seen_too() -> None:
    state, alerts = AlertState(), 0
    for name in names(300):
        state, made, _ = tell(state, [lines(quota(name))])
        alerts += len(made)
    assert alerts == 11
    assert state.provisional[parse(_QUOTA).identity("p")].untold == 300 - 11


def test_in_the_next_bucket_the_same_pattern_is_told_with_what_was_held_back() -> None:
    state, [first], _ = tell(AlertState(), [lines(quota(name)) for name in names(30)])
    state, made, _ = tell(state, [lines(quota(name), count=2, time=_MONDAY + HOUR) for name in names(5, seed=1)])
    assert made == []
    state, [again], _ = tell(state, [lines(quota("bob"), time=_MONDAY + _DAY)])
    said = again.document["logwinnow"]
    assert (said["shapes"], said["count"], said["untold"]) == (1, 1, 10)
    assert said["pattern"] == first.document["logwinnow"]["pattern"]
    assert again.document["event"]["id"] != first.document["event"]["id"]
    assert again.bucket_start == first.bucket_start + _DAY


def test_lines_of_a_shape_that_was_told_before_the_storm_are_said_by_its_pattern_in_the_next_bucket() -> None:
    state, _, _ = tell(AlertState(), [lines(quota("bob"))])
    state, _, _ = tell(state, [lines(quota(name)) for name in names(30)])
    state, made, _ = tell(state, [lines(quota("bob"), count=4)])
    assert made == []
    state, [again], _ = tell(state, [lines(quota("bob"), time=_MONDAY + _DAY)])
    assert (again.document["logwinnow"]["shapes"], again.document["logwinnow"]["untold"]) == (1, 4)
    assert state.shapes == {}


def test_a_wide_pattern_is_good_for_one_storm_and_never_proposed_to_a_training() -> None:
    state, [made], book = tell(AlertState(), [lines(f"Started {name}") for name in names(30)])
    assert made.document["logwinnow"]["pattern"]["text"] == "Started *{1,1}"
    assert book.proposed == []
    # Held back in its bucket; on another day it is a new kind like any other, unless it is a storm again.
    state, made_now, _ = tell(state, [lines("Started bob")])
    assert made_now == []
    later, [alone], _ = tell(state, [lines("Started bob", time=_MONDAY + _DAY)])
    assert alone.document["logwinnow"]["shape"]["text"] == "Started bob"
    _, [again], _ = tell(later, [lines(f"Started {name}", time=_MONDAY + _DAY) for name in names(30)])
    assert (again.document["logwinnow"]["shapes"], again.document["logwinnow"]["untold"]) == (30, 1)


def test_the_cap_counts_a_storm_once_and_what_is_over_it_is_told_later_and_whole() -> None:
    config = AlertsConfig(per_hour=2)
    storm = [lines(quota(name), count=2, time=_MONDAY + 1) for name in names(30)]
    lost = lines("all is lost", scope="q")
    _, made, book = tell(AlertState(), [lost, *storm], config)
    assert (len(made), book.held_back) == (2, 0)
    state, made, book = tell(AlertState(), [lost, lines("all is well", scope="q"), *storm], config)
    assert ["overflow" in said for said in ours(made)] == [False, False, True]
    assert book.held_back == 1
    state, [told], _ = tell(state, [lines(quota("bob"), time=_MONDAY + HOUR)], config)
    assert (told.document["logwinnow"]["count"], told.document["logwinnow"]["untold"]) == (1, 60)


def test_a_line_whose_pattern_the_set_has_by_now_is_of_the_same_kind_though_its_gaps_are_wider() -> None:
    state, _, _ = tell(AlertState(), [lines(quota(name)) for name in names(30)])
    wider = "user bob the builder of tenant bob is over quota"
    identity = parse(_QUOTA).identity("p")
    state, made, _ = tell(state, [lines(wider, pattern=identity)])
    assert made == []
    assert state.provisional[identity].untold == 1
    _, [again], book = tell(state, [lines(wider, pattern=identity, time=_MONDAY + _DAY)])
    # The set's own word of it, and nothing that a training would have to learn again.
    assert again.document["logwinnow"]["pattern"]["state"] == "pending"
    assert book.proposed == []


def test_words_that_are_mined_again_with_other_gaps_widen_the_pattern_that_was_told() -> None:
    text = "object {} was moved to the pool of all that is lost"
    state, _, _ = tell(AlertState(), [lines(text.format(name)) for name in names(30)])
    two = [lines(text.format(f"{name} {other}")) for name, other in zip(names(30, 2), names(30, 3), strict=True)]
    state, made, _ = tell(state, two)
    assert made == []
    [pattern] = state.provisional.values()
    assert pattern.text == text.format("*{1,2}")
    assert (pattern.untold, pattern.wide) == (30, False)


def test_a_pattern_that_is_widened_beyond_what_may_be_learned_is_wide_from_then_on() -> None:
    state, _, _ = tell(AlertState(), [lines(quota(name)) for name in names(30)])
    pairs = zip(names(30, seed=2), names(30, seed=3), strict=True)
    state, made, _ = tell(state, [lines(f"user {a} {b} of tenant {b} is over quota") for a, b in pairs])
    assert made == []
    [pattern] = state.provisional.values()
    assert (pattern.text, pattern.wide) == ("user *{1,2} of tenant *{1,1} is over quota", True)


def test_a_text_of_a_megabyte_is_told_by_itself_and_not_kept() -> None:
    huge = [lines(f"user {name} " + "x" * 1_100) for name in names(30)]
    state, made, _ = tell(AlertState(), huge)
    assert len(made) == 30
    assert state.alone == ()


def test_the_state_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condensing, "REMEMBERED_PATTERNS", 3)
    monkeypatch.setattr(condensing, "REMEMBERED_ALONE", 12)
    monkeypatch.setattr(condensing, "REMEMBERED_OF_SCOPE", 5)
    state = AlertState()
    for kind in range(6):
        time = _MONDAY + kind * _DAY
        storm = [lines(f"{names(6)[kind]} kind of user {name} is gone", time=time) for name in names(20)]
        state, _, _ = tell(state, [*storm, *(lines(f"{name} alone", scope=name, time=time) for name in names(20))])
    assert len(state.provisional) == 3
    assert {each.told_in for each in state.provisional.values()} == {
        (_MONDAY + kind * _DAY) // HOUR for kind in (3, 4, 5)
    }
    assert len(state.alone) == 12
    state, _, _ = tell(AlertState(), [lines(f"{name} alone") for name in names(9)])
    assert len(state.alone) == 5


def test_a_record_from_before_storms_were_condensed_is_read() -> None:
    old = b'{"shapes":{"0123456789ab":[5,7]},"hour":9,"told":3}'
    assert msgspec.json.decode(old, type=AlertState) == AlertState({"0123456789ab": (5, 7)}, 9, 3, {}, ())


_WORDS = st.sampled_from(names(40))
_TEXTS = st.one_of(
    _WORDS.map(quota),
    _WORDS.map("Started {}".format),
    st.tuples(_WORDS, _WORDS).map(lambda pair: f"link {pair[0]} of port {pair[1]} went down again"),
    _WORDS,
)
_BATCHES = st.lists(
    st.tuples(
        st.integers(0, 30),  # hours since the last batch
        st.dictionaries(st.tuples(st.sampled_from("pq"), _TEXTS), st.integers(1, 5), max_size=40),
    ),
    max_size=6,
)


@given(
    batches=_BATCHES,
    above=st.sampled_from([0, 3, 10]),
    cap=st.sampled_from([1, 3, 1_000]),
    repeat=st.sampled_from([1, 24]),
    chance=st.randoms(use_true_random=False),
)
def test_no_line_is_lost_and_any_order_and_any_replay_tells_the_same(
    batches: Sequence[tuple[int, dict[tuple[str, str], int]]],
    above: int,
    cap: int,
    repeat: int,
    chance: random.Random,
) -> None:
    config = AlertsConfig(condense_above=above, per_hour=cap, repeat_after_hours=repeat)
    state, time, total, said = AlertState(), _MONDAY, 0, 0
    sink: dict[str, Alert] = {}
    for hours, shapes in batches:
        time += hours * HOUR
        outliers = [lines(text, count=count, time=time, scope=scope) for (scope, text), count in shapes.items()]
        total += sum(shapes.values())
        after, made, _ = tell(state, outliers, config)
        chance.shuffle(outliers)
        assert tell(state, outliers, config)[:2] == (after, made)
        told = [alert for alert in made if "overflow" not in alert.document["logwinnow"]]
        # None is told twice, not even over batches.
        assert not {alert.document["event"]["id"] for alert in told} & sink.keys()
        sink |= {alert.document["event"]["id"]: alert for alert in told}
        said += sum(each["count"] + each["untold"] for each in ours(told))
        kept = sum(untold for _, untold in after.shapes.values())
        assert said + kept + sum(each.untold for each in after.provisional.values()) == total
        _check_each(outliers, after, told)
        state = after


def _check_each(outliers: Sequence[OutlierShape], after: AlertState, told: Sequence[Alert]) -> None:
    """Check that each shape is told by itself, counted by itself, or of a provisional pattern that matches it."""
    alone = {said["shape"]["id"] for said in ours(told) if "shape" in said}
    known = [KnownPattern(each.scope, parse(each.text), 1, 0, 0) for each in after.provisional.values()]
    matcher = Matcher(PatternSet.of(Rules(), known))
    for each in outliers:
        identity = shape_id(each.scope, each.shape)
        assert identity in alone or identity in after.shapes or matcher.match(each.scope, each.shape)


def test_nothing_is_mined_of_what_is_no_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condensing, "condense", None)
    sorter = Condensing(10, {}, ())
    assert len(sorter.kinds([(lines(quota(name)), 0) for name in names(10)])) == 10
