"""Patterns that streams made of storms, and what nights and trainings make of them."""

import json
import random
from pathlib import Path

import pytest

from patterns.language import parse
from patterns.pattern_set import KNOWN, PENDING
from patterns.provisional import MOST, Provisional, adding, decoded, encoded
from patterns.timestamps import DAY, iso
from tests.training.nightly.nights import Nights, days_of, line, moment, texts

USUAL = ["mail arrived for root", "door opened", "backup of disk done"]
QUOTA = "user *{1,1} of tenant *{1,1} is over quota"
ROOT = "user root of tenant *{1,1} is over quota"


def names(number: int, seed: int = 7) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("bcdfghjklmnpqrstvwxz", k=8)) for _ in range(number)]


def storm(number: int = 30, seed: int = 7) -> list[str]:
    return [f"user {name} of tenant {name[::-1]} is over quota" for name in names(number, seed)]


def told(text: str, day: int, hour: float = 12) -> Provisional:
    return Provisional(scope="app", pattern=text, at=iso(moment(day, hour)), source="app", shapes=30)


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    found = Nights(tmp_path)
    found.train(days_of({0: USUAL * 3}))
    return found


def propose(nights: Nights, *patterns: Provisional) -> None:
    nights.store.change_provisional(adding(patterns))


def test_the_night_adopts_what_its_lines_bear_out_with_the_same_id_and_pending(nights: Nights) -> None:
    propose(nights, told(QUOTA, 1))
    summary = nights.learn(1, days_of({1: [*USUAL, *storm()]}))
    assert texts(nights.now.patterns, PENDING) == {QUOTA}
    identity = parse(QUOTA).identity("app")
    assert nights.now.patterns.by_id[identity].support == 30
    assert summary["provisional"] == {"given": 1, "adopted": [identity]} == nights.now.run["provisional"]
    assert nights.store.provisional() == ()


def test_held_words_stay_where_others_would_have_been_mined(nights: Nights) -> None:
    said = [*storm(), *(f"user root of tenant {name} is over quota" for name in names(40, seed=3))]
    alone = Nights(nights.folder / "beside")
    alone.train(days_of({0: USUAL * 3}))
    alone.learn(1, days_of({1: said}))
    # By itself it would be taken in by the wider one.
    assert texts(alone.now.patterns, PENDING) == {QUOTA}

    propose(nights, told(ROOT, 1))
    nights.learn(1, days_of({1: said}))
    assert texts(nights.now.patterns, PENDING) == {ROOT, QUOTA}


def test_the_id_stays_over_the_nights_that_follow(nights: Nights) -> None:
    propose(nights, told(QUOTA, 1))
    for day in range(1, 6):
        nights.learn(day, days_of({day: [*USUAL, *storm(seed=day)]}))
        assert texts(nights.now.patterns, PENDING) == {QUOTA}


def test_what_its_lines_do_not_bear_out_is_dropped_a_day_later_at_the_latest(nights: Nights) -> None:
    propose(nights, told(QUOTA, 1), told("host *{1,1} of rack *{1,1} is down again", 0))
    nights.learn(1, days_of({1: [*USUAL, *storm(1) * 5]}))
    assert QUOTA not in texts(nights.now.patterns, PENDING)
    # Lines that came right behind the alert may be of the next night.
    assert [each.pattern for each in nights.store.provisional()] == [QUOTA]
    nights.learn(2, days_of({2: USUAL}))
    assert nights.store.provisional() == ()


def test_what_was_told_after_the_night_ends_waits_for_the_next(nights: Nights) -> None:
    propose(nights, told(QUOTA, 2, hour=1))
    nights.learn(1, days_of({1: USUAL}))
    assert len(nights.store.provisional()) == 1
    nights.learn(2, days_of({2: [*USUAL, *storm()]}))
    assert texts(nights.now.patterns, PENDING) == {QUOTA}
    assert nights.store.provisional() == ()


def test_a_wide_pattern_is_refused_whoever_wrote_it(nights: Nights) -> None:
    propose(nights, told("user *{1,4} is *{1,2}", 1))
    nights.learn(1, days_of({1: [*USUAL, *storm()]}))
    assert texts(nights.now.patterns, PENDING) == {QUOTA}


def test_no_line_is_taken_from_what_the_last_set_knows(nights: Nights) -> None:
    known = [f"user {name} of tenant root is over quota" for name in names(30)]
    nights.train(days_of({0: [*USUAL, *known]}))
    before = texts(nights.now.patterns, KNOWN)
    propose(nights, told(QUOTA, 1))
    nights.learn(1, days_of({1: [*USUAL, *known, *storm()]}))
    assert texts(nights.now.patterns, KNOWN) == before
    assert texts(nights.now.patterns, PENDING) == {QUOTA}


def test_a_training_by_files_adopts_it_as_known(nights: Nights) -> None:
    propose(nights, told(QUOTA, 1))
    nights.train(
        [
            line(1, text)
            for text in [*USUAL, *storm(), *(f"user root of tenant {n} is over quota" for n in names(40, 3))]
        ]
    )
    assert QUOTA in texts(nights.now.patterns, KNOWN)
    assert ROOT not in texts(nights.now.patterns, KNOWN)
    assert nights.store.provisional() == ()


def test_what_the_operator_accepted_is_known_by_its_id_in_the_next_set(nights: Nights) -> None:
    propose(nights, told(QUOTA, 1))
    nights.decide(json.dumps({"do": "accept", "scope": "app", "pattern": QUOTA}))
    nights.learn(1, days_of({1: [*USUAL, *storm()]}))
    assert QUOTA in texts(nights.now.patterns, KNOWN)


def test_of_many_the_last_told_are_kept_and_of_one_id_the_last() -> None:
    many = [
        told(f"word {name} of *{{1,1}} is gone", 0, hour=number / 60) for number, name in enumerate(names(MOST + 5))
    ]
    kept = list(adding(many)(()))
    assert len(kept) == MOST
    assert {each.at for each in kept} == {each.at for each in many[5:]}
    again = told(QUOTA, 3)
    assert list(adding([again])((told(QUOTA, 2), kept[0]))) == [kept[0], again]


def test_a_file_is_read_as_it_was_written_and_a_line_that_is_none_is_passed_over() -> None:
    patterns = (told(QUOTA, 1), told("a word of *{1,2}", 2))
    broken = b'{"scope":"a","pattern":"*{1,1}","at":"2026-03-01T00:00:00Z"}\n{"scope":"a"}\n\xff\n[]\n\n'
    strange = (
        b'{"scope":"a","pattern":"b","at":"2026-03-01"}\n{"scope":"a","pattern":"b","at":"0001-01-01T00:00:00+09:00"}\n'
    )
    assert decoded(encoded(patterns)) == patterns
    assert decoded(broken + strange + encoded(patterns)) == patterns
    assert patterns[1].told_at - patterns[0].told_at == DAY
