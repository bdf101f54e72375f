"""Kinds that the days make known, though no shape of theirs came twice."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mining.clusters import Cluster
from mining.ladder import Accepted, AcceptedPending
from patterns.language import parse
from patterns.pattern_set import KNOWN, PENDING
from patterns.shapes import ShapeCount, ShapeKey, ShapeTable
from tests.training.nightly.nights import Nights, days_of, line, moment, texts
from training.fetched.time_range import TimeRange
from training.nightly.kinds import LEAST_SHAPES, known_kinds

USUAL = ["mail arrived for root", "door opened", "job of root was refused by the builder"]
USERS = ("anna", "bert", "carl", "dora", "emil", "fred", "gina", "hans")
KIND = "job of *{1,1} was received by the builder"
NEVER_SEEN = "job of zoe was received by the builder"


def jobs(*users: str) -> list[str]:
    return [f"job of {user} was received by the builder" for user in users]


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    found = Nights(tmp_path)
    found.train(days_of({0: USUAL * 3}))
    return found


def test_a_kind_is_known_when_its_shapes_came_on_two_days_though_none_came_twice(nights: Nights) -> None:
    nights.learn(1, days_of({1: [*USUAL, *jobs(*USERS[:4])]}))
    assert texts(nights.now.patterns, PENDING) == {KIND}
    assert nights.reason(NEVER_SEEN) == PENDING

    second = nights.learn(2, days_of({2: [*USUAL, *jobs(*USERS[4:])]}))
    assert KIND in texts(nights.now.patterns, KNOWN)
    assert nights.reason(NEVER_SEEN) is None
    assert second["night"]["shapes"] == {KNOWN: len(USUAL) + len(USERS), PENDING: 0, "rejected": 0}
    assert second["night"]["newly_known"] == len(USERS)


def test_a_kind_that_is_known_stays_so_while_its_shapes_are_remembered(nights: Nights) -> None:
    for day in (1, 2):
        nights.learn(day, days_of({day: [*USUAL, *jobs(*USERS[4 * (day - 1) : 4 * day])]}))
    for day in range(3, 20):
        nights.learn(day, days_of({day: USUAL}))
        assert all(nights.reason(job) is None for job in jobs(*USERS)), day


def test_however_many_shapes_of_one_day_are_no_known_kind(nights: Nights) -> None:
    nights.learn(1, [line(1, job, hour) for hour, job in enumerate(jobs(*USERS))])
    nights.learn(2, days_of({2: USUAL}))
    assert {nights.reason(job) for job in [*jobs(*USERS), NEVER_SEEN]} == {PENDING}


def test_a_kind_of_fewer_shapes_stays_pending(nights: Nights) -> None:
    few = jobs(*USERS[: LEAST_SHAPES - 1])
    for day, job in enumerate(few, start=1):
        nights.learn(day, days_of({day: [*USUAL, job]}))
    assert KIND in texts(nights.now.patterns, PENDING)


def test_a_day_that_was_excluded_proves_no_kind(nights: Nights) -> None:
    nights.learn(1, days_of({1: [*USUAL, *jobs(*USERS[:4])]}))
    incident = TimeRange(moment(2, 10), moment(2, 14))
    nights.learn(2, days_of({2: [*USUAL, *jobs(*USERS[4:])]}), excluded=(incident,))
    assert nights.reason(NEVER_SEEN) == PENDING


def test_a_row_that_is_partly_of_an_excluded_time_proves_no_kind(nights: Nights) -> None:
    # So many that two lines of one user are fewer than the first level asks.
    many = jobs(*(user + end for user in USERS for end in ("in", "us")))
    nights.learn(1, [line(1, job, hour) for hour in (11, 16) for job in many])
    nights.night(1, [], excluded=(TimeRange(moment(1, 10), moment(1, 14)),))
    nights.learn(2, days_of({2: [*USUAL, *jobs(*USERS[:4])]}))
    assert nights.reason(NEVER_SEEN) == PENDING
    nights.learn(3, days_of({3: [*USUAL, *jobs(*USERS[4:])]}))
    assert nights.reason(NEVER_SEEN) is None


def test_strict_takes_no_days_of_kinds_for_a_proof_either(nights: Nights) -> None:
    for day in (1, 2, 3):
        nights.learn(day, days_of({day: [*USUAL, *jobs(*USERS[2 * day - 2 : 2 * day])]}), strict=True)
    assert nights.reason(NEVER_SEEN) == PENDING


def test_a_kind_that_the_operator_rejected_never_becomes_known(nights: Nights) -> None:
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": KIND}))
    for day in (1, 2):
        nights.learn(day, days_of({day: [*USUAL, *jobs(*USERS[4 * (day - 1) : 4 * day])]}))
    assert nights.reason(NEVER_SEEN) == "rejected"


def test_a_kind_of_which_no_known_shape_is_a_variation_stays_pending_for_ever(nights: Nights) -> None:
    notes = [f"created {share} how to get your files back" for share in USERS]
    for day in range(1, 5):
        nights.learn(day, days_of({day: [*USUAL, *notes[2 * day - 2 : 2 * day]]}))
    assert texts(nights.now.patterns, PENDING) == {"created *{1,1} how to get your files back"}
    assert {nights.reason(note) for note in notes} == {PENDING}


def test_a_variation_differs_in_one_word_and_not_in_two(nights: Nights) -> None:
    for day in (1, 2):
        some = USERS[4 * (day - 1) : 4 * day]
        nights.learn(day, days_of({day: [*USUAL, *(f"job of {user} was received by the cook" for user in some)]}))
    assert nights.reason("job of zoe was received by the cook") == PENDING


def test_a_renamed_program_is_known_after_two_days_by_what_it_said(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.train(days_of({0: jobs(*USERS[:4]) * 3}))
    reasons = []
    for day in (1, 2):
        nights.learn(day, [line(day, job, program="renamed") for job in jobs(*USERS[4 * (day - 1) : 4 * day])])
        reasons.append(nights.reason(NEVER_SEEN, "renamed"))
    assert reasons == [PENDING, None]


def test_what_another_program_says_pending_or_rejected_proves_nothing(nights: Nights) -> None:
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": KIND}))
    for day in (1, 2):
        some = jobs(*USERS[4 * (day - 1) : 4 * day])
        nights.learn(day, [line(day, text, program=program) for program in ("app", "renamed") for text in some])
    assert nights.reason(NEVER_SEEN) == "rejected"
    assert nights.reason(NEVER_SEEN, "renamed") == PENDING


def test_what_was_pending_and_is_not_known_by_its_days_makes_no_other_kind_known(nights: Nights) -> None:
    def notes(verb: str, day: int) -> list[str]:
        return [f"files of {user} {verb} for ever and ever" for user in USERS[4 * (day - 1) : 4 * day]]

    for day in (1, 2):
        nights.learn(day, days_of({day: [*USUAL, *notes("locked", day), *notes("sold", day)]}))
    assert {nights.reason(note) for note in [*notes("locked", 1), *notes("sold", 2)]} == {PENDING}


@pytest.mark.parametrize(
    ("known_words", "expected"), [("job of *{2,2} was received by the builder", PENDING), (None, KNOWN)]
)
def test_a_kind_with_the_id_of_a_known_pattern_would_widen_that_and_stays_pending(
    known_words: str | None, expected: str
) -> None:
    pending = AcceptedPending(Cluster(parse(KIND), 4, 1), 2)
    known = [] if known_words is None else [Accepted(Cluster(parse(known_words), 9, 2), 9)]
    assert all(one.cluster.pattern.identity("app") == parse(KIND).identity("app") for one in known)
    rows = {("job of root was refused by the builder", 0), *((job, day % 2) for day, job in enumerate(jobs(*USERS)))}
    count = ShapeCount()
    count.add(1, moment(1, 9), moment(1, 9), [])
    table = ShapeTable.of({ShapeKey("app", shape, f"2026-11-0{day + 1}"): count for shape, day in rows})

    found = known_kinds(
        {"app": [*known, pending]}, table, lambda _scope, shape: KNOWN if "refused" in shape else PENDING, 2
    )

    assert [one.state for one in found.found["app"] if one.cluster.pattern == parse(KIND)] == [expected]
    assert len(found.shapes) == (len(USERS) if expected == KNOWN else 0)


@pytest.mark.parametrize(("program", "expected"), [("app", PENDING), ("old", KNOWN)])
def test_of_few_words_a_kind_is_known_by_what_another_program_said_and_not_by_its_own(
    program: str, expected: str
) -> None:
    pending = AcceptedPending(Cluster(parse("job *{1,1} done"), 4, 1), 2)
    count = ShapeCount()
    count.add(1, moment(1, 9), moment(1, 9), [])
    rows = {("app", f"job {user} done", day) for user in USERS for day in (1, 2)} | {(program, "job root done", 0)}
    table = ShapeTable.of({ShapeKey(scope, shape, f"2026-11-0{day + 1}"): count for scope, shape, day in rows})

    found = known_kinds({"app": [pending]}, table, lambda _scope, shape: KNOWN if "root" in shape else PENDING, 2)

    assert [one.state for one in found.found["app"]] == [expected]


few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(split=st.lists(st.integers(1, 4), min_size=len(USERS), max_size=len(USERS)))
def test_the_days_of_a_kind_are_counted_alike_by_nights_and_by_one_catch_up(
    tmp_path_factory: pytest.TempPathFactory, split: list[int]
) -> None:
    said = {
        day: [*USUAL, *jobs(*(user for user, on in zip(USERS, split, strict=True) if on == day))] for day in range(1, 5)
    }
    one_by_one, at_once = (Nights(tmp_path_factory.mktemp(name)) for name in ("nights", "once"))
    for nights in (one_by_one, at_once):
        nights.train(days_of({0: USUAL * 3}))
    for day in said:
        one_by_one.learn(day, days_of(said))
    at_once.learn(4, days_of(said))
    expected = None if len(set(split)) > 1 else PENDING
    assert one_by_one.table() == at_once.table()
    assert {nights.reason(NEVER_SEEN) for nights in (one_by_one, at_once)} == {expected}
