"""Learning by the day: what becomes known, what stays pending, what leaves."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from patterns.errors import DecisionsError, NoPatternSet
from patterns.pattern_set import KNOWN, PENDING, REJECTED
from patterns.set_files import StoredSet
from patterns.shapes import ShapeCount, ShapeKey
from patterns.store import Store
from tests.training.nightly.nights import Nights, days_of, line, moment, quiet, texts
from training.config import Mining, Nightly
from training.corpus import CorpusLine
from training.engines import EngineName
from training.errors import NightError, TrainingRuns
from training.fetched.time_range import TimeRange
from training.lock import alone
from training.nightly.night import Asked, learn_night
from training.shapes import tabulate

USUAL = ["mail arrived for root", "door opened", "backup of disk done"]
NEW = "strange noise in the cellar"


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    found = Nights(tmp_path)
    found.train(days_of({0: USUAL * 3}))
    return found


def test_what_files_say_is_known_at_once(nights: Nights) -> None:
    assert texts(nights.now.patterns, KNOWN) == set(USUAL)


def test_a_new_shape_is_pending_after_a_day_and_known_after_two(nights: Nights) -> None:
    first = nights.learn(1, days_of({1: [*USUAL, NEW]}))
    assert nights.reason(NEW) == PENDING
    assert texts(nights.now.patterns, PENDING) == {NEW}
    assert (first["night"]["newly_pending"], first["night"]["newly_known"]) == (1, 0)

    second = nights.learn(2, days_of({2: [*USUAL, NEW]}))
    assert nights.reason(NEW) is None
    assert (second["night"]["newly_pending"], second["night"]["newly_known"]) == (0, 1)
    assert second["night"]["shapes"] == {KNOWN: 4, PENDING: 0, REJECTED: 0}


def test_days_between_do_not_matter_but_those_of_one_night_are_one(nights: Nights) -> None:
    nights.learn(1, [line(1, NEW, hour) for hour in range(24)])
    assert nights.reason(NEW) == PENDING
    for day in range(2, 30):
        nights.learn(day, days_of({day: USUAL}))
        assert nights.reason(NEW) == PENDING
    nights.learn(30, days_of({30: [NEW]}))
    assert nights.reason(NEW) is None


def test_what_is_known_stays_known_with_a_line_a_month(nights: Nights) -> None:
    monthly = "the month is over"
    nights.train(days_of({0: [*USUAL, monthly]}))
    for day in range(1, 31):
        nights.learn(day, days_of({day: USUAL}))
    assert nights.reason(monthly) is None
    assert monthly in texts(nights.now.patterns, KNOWN)


def test_a_shape_that_is_not_seen_for_long_is_forgotten_but_not_before(tmp_path: Path) -> None:
    nights = Nights(tmp_path, Nightly(window_days=3, forget_after=10))
    nights.learn(0, days_of({0: [*USUAL, "once upon a time"]}))
    for day in range(1, 10):
        summary = nights.learn(day, days_of({day: USUAL}))
        assert nights.reason("once upon a time") is None, day
        assert summary["night"]["forgotten"] == 0
    assert nights.learn(11, days_of({11: USUAL}))["night"]["forgotten"] == 1
    assert nights.reason("once upon a time") is not None


def test_old_lines_that_somebody_named_are_remembered_from_that_day_on(tmp_path: Path) -> None:
    nights = Nights(tmp_path, Nightly(window_days=3, forget_after=10))
    nights.train(days_of({0: USUAL}))
    trained = nights.now.version
    # By then its lines are three months old; that somebody trained on them is not.
    summary = nights.learn(90, days_of({90: ["something else"]}))
    assert nights.now.version != trained
    assert summary["night"]["forgotten"] in {0, len(USUAL)}
    assert (summary["night"]["forgotten"] == 0) == (nights.now.run["nightly"]["trained"] >= "2026-05-21")


def test_strict_takes_no_days_for_a_proof(nights: Nights) -> None:
    for day in (1, 2, 3):
        nights.learn(day, days_of({day: [*USUAL, NEW]}), strict=True)
    assert nights.reason(NEW) == PENDING
    assert texts(nights.now.patterns, KNOWN) == set(USUAL)
    nights.decide(json.dumps({"do": "accept", "scope": "app", "shape": NEW}))
    nights.night(3, [], strict=True)
    assert NEW in texts(nights.now.patterns, KNOWN)


def test_an_accepted_shape_is_known_after_one_day(nights: Nights) -> None:
    nights.decide(json.dumps({"do": "accept", "scope": "app", "shape": NEW}))
    nights.learn(1, days_of({1: [*USUAL, NEW]}))
    assert NEW in texts(nights.now.patterns, KNOWN)


def test_the_first_set_of_a_store_knows_all_it_sees_but_a_new_program_later_is_pending(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.learn(0, days_of({0: USUAL}))
    assert texts(nights.now.patterns, KNOWN) == set(USUAL)
    nights.learn(1, [*days_of({1: USUAL}), line(1, "a miner digs", program="xmrig")])
    assert nights.reason("a miner digs", "xmrig") == PENDING


def test_a_strict_first_set_knows_only_what_is_accepted(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.decide(json.dumps({"do": "accept", "scope": "app", "shape": USUAL[0]}))
    nights.learn(0, days_of({0: USUAL}), strict=True)
    assert texts(nights.now.patterns, KNOWN) == {USUAL[0]}
    assert texts(nights.now.patterns, PENDING) == set(USUAL[1:])


# What the operator says


def test_nothing_is_mined_from_lines_of_a_rejected_pattern_and_they_stay_in_the_table(nights: Nights) -> None:
    lines = nights.store.read_shapes(nights.now.version).lines
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": "mail *{1,1} for root"}))
    summary = nights.learn(1, days_of({1: USUAL}))
    assert {known.pattern.text for known in nights.now.patterns.patterns} == set(USUAL[1:])
    assert summary["night"]["shapes"] == {KNOWN: 2, PENDING: 0, REJECTED: 1}
    assert nights.store.read_shapes(nights.now.version).lines == lines + 3
    assert nights.reason("mail arrived for root") == REJECTED

    nights.train(days_of({0: USUAL}))
    assert {known.pattern.text for known in nights.now.patterns.patterns} == set(USUAL[1:])


def test_a_rejection_that_is_withdrawn_leaves_its_lines_to_the_days(nights: Nights) -> None:
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": "mail *{1,1} for root"}))
    nights.learn(1, days_of({1: USUAL}))
    nights.decide()
    nights.night(1, [])
    assert nights.reason("mail arrived for root") is None


def test_a_mined_pattern_with_a_rejected_id_is_in_the_set_as_rejected(nights: Nights) -> None:
    # Its own lines have wider gaps than what was rejected.
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": "copied *{3,4} files"}))
    nights.train([*days_of({0: USUAL}), *(line(0, f"copied {n} files") for n in range(9))])
    (found,) = (known for known in nights.now.patterns.patterns if known.pattern.text.startswith("copied"))
    assert (found.state, found.pattern.text) == (REJECTED, "copied *{1,1} files")
    assert nights.reason("copied <*> files") == REJECTED


def test_such_a_pattern_is_no_longer_rejected_once_that_is_withdrawn(nights: Nights) -> None:
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": "copied *{3,4} files"}))
    nights.train([*days_of({0: USUAL}), *(line(0, f"copied {n} files") for n in range(9))])
    nights.decide()
    nights.learn(1, days_of({1: USUAL}))
    # Nobody has said that it is known, and it was seen on a day.
    assert nights.reason("copied <*> files") == PENDING
    nights.learn(2, days_of({2: ["copied 7 files"]}))
    assert nights.reason("copied <*> files") is None


def test_a_pinned_pattern_stays_known_at_its_level_unseen_and_unmined(nights: Nights) -> None:
    pin = {"do": "pin", "scope": "cron", "pattern": "the year *{1,2} is over", "level": 7}
    nights.decide(json.dumps(pin))
    for day in (1, 2):
        nights.learn(day, days_of({day: USUAL}))
    (pinned,) = (known for known in nights.now.patterns.patterns if known.scope == "cron")
    assert (pinned.pattern.text, pinned.state, pinned.level, pinned.support) == (pin["pattern"], KNOWN, 7, 0)
    nights.learn(3, [line(3, "the year 2026 is over", program="cron")])
    assert nights.reason("the year <*> is over", "cron") is None


def test_an_entry_that_means_nothing_is_an_error_before_anything_is_read_or_published(nights: Nights) -> None:
    before = nights.now.version
    nights.decide(json.dumps({"do": "reject", "scope": "app", "pattern": "room 12 is open"}))
    with pytest.raises(DecisionsError, match="'12' is no constant by the rules of today"):
        nights.night(1, ["no-such-file"])
    with pytest.raises(DecisionsError, match="'12' is no constant"):
        nights.train(days_of({0: USUAL}))
    assert nights.now.version == before


def test_what_an_added_version_has_pending_stays_so_unless_the_files_say_it(nights: Nights) -> None:
    nights.learn(1, days_of({1: [*USUAL, NEW, "another noise"]}))
    nights.train(days_of({2: ["another noise"]}), add=["current"])
    assert (nights.reason(NEW), nights.reason("another noise"), nights.reason(USUAL[0])) == (PENDING, None, None)


# Which times are read


def test_a_night_is_read_once_and_a_second_time_says_that_nothing_is_new(nights: Nights) -> None:
    nights.learn(1, days_of({1: USUAL}))
    before = nights.now
    summary = nights.learn(1, days_of({1: USUAL}))
    assert (summary["version"], summary["night"]["new"], nights.now.version) == (before.version, False, before.version)


def test_the_same_night_is_mined_anew_when_something_was_decided_or_set(nights: Nights) -> None:
    nights.learn(1, days_of({1: [*USUAL, NEW]}))
    lines = nights.table()
    nights.decide(json.dumps({"do": "accept", "scope": "app", "shape": NEW}))
    assert nights.learn(1, days_of({1: [*USUAL, NEW]}))["night"]["new"]
    assert nights.reason(NEW) is None
    assert nights.table() == lines
    nights.decide()
    nights.nightly = Nightly(learn_days=3)
    assert nights.learn(1, [])["night"]["new"]


def test_of_files_only_lines_are_read_that_are_newer_than_the_last_night_and_older_than_today(nights: Nights) -> None:
    summary = nights.learn(1, days_of({0: USUAL, 1: USUAL, 2: USUAL}))
    assert (summary["corpus"]["lines"], summary["corpus"]["judged"], summary["corpus"]["outside"]) == (9, 3, 6)


def test_missed_nights_are_caught_up_but_never_further_back_than_the_window(tmp_path: Path) -> None:
    nights = Nights(tmp_path, Nightly(window_days=5, forget_after=90))
    nights.train(days_of({0: USUAL}))
    summary = nights.learn(20, days_of(dict.fromkeys(range(1, 22), USUAL)))
    assert summary["corpus"]["judged"] == 5 * len(USUAL)
    assert summary["night"]["days"] == 5


def test_a_line_of_the_future_does_not_stop_the_nights(nights: Nights) -> None:
    nights.train([*days_of({0: USUAL}), line(50_000, "mail arrived for root")])
    assert nights.learn(1, days_of({1: USUAL}))["corpus"]["judged"] == len(USUAL)


def test_other_rules_than_those_of_the_last_set_are_refused_with_the_mend(nights: Nights) -> None:
    config = nights.config
    with pytest.raises(NightError, match=r"mined by other rules \(zone\).*train once by the new ones"):
        learn_night(["x"], config, config.rules({}).__class__(zone="Europe/Berlin"), Asked(moment(2)), quiet)


def test_a_proposed_night_waits_beside_the_current_set_and_the_next_goes_on_from_that_one(nights: Nights) -> None:
    current = nights.now.version
    config = nights.config
    files = [nights.file("1.log", days_of({1: [*USUAL, NEW]}))]
    summary = learn_night(files, config, config.rules({}), Asked(moment(2), propose=True), quiet)
    assert summary["version"] != nights.now.version == current
    again = nights.night(2, [*files, nights.file("2.log", days_of({2: USUAL}))])
    assert again["corpus"]["judged"] == 7


def test_a_store_with_a_proposed_version_alone_has_nothing_that_a_night_could_go_on_from(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    config = nights.config
    paths = [nights.file("1.log", days_of({1: USUAL}))]
    learn_night(paths, config, config.rules({}), Asked(moment(2), propose=True), quiet)
    with pytest.raises(NoPatternSet, match="has no current version, but"):
        nights.learn(2, days_of({2: USUAL}))


# Times of which nothing is learned

INCIDENT = TimeRange(moment(1, 10), moment(1, 14))


def test_lines_of_an_excluded_time_are_not_read_now_nor_by_a_later_night(nights: Nights) -> None:
    said = [*days_of({1: USUAL}), line(1, NEW, 10), line(1, NEW, 13.5), line(1, "quiet again", 14)]
    summary = nights.learn(1, said, excluded=(INCIDENT,))
    assert summary["corpus"]["outside"] == 5
    assert nights.reason(NEW) == "no_pattern"
    assert nights.reason("quiet again") == PENDING
    nights.learn(3, [*said, *days_of({2: USUAL, 3: USUAL})])
    assert nights.reason(NEW) == "no_pattern"
    assert len(nights.now.run["nightly"]["excluded"]) == 1


def test_a_catch_up_keeps_to_times_that_were_excluded_before(nights: Nights) -> None:
    later = TimeRange(moment(3, 10), moment(3, 14))
    nights.learn(1, days_of({1: USUAL}), excluded=(later,))
    nights.learn(4, days_of({day: [*USUAL, NEW] for day in (2, 3)}))
    # Seen on two days, but for what was excluded.
    assert nights.reason(NEW) == PENDING


def test_what_was_learned_of_an_excluded_time_leaves_and_is_no_longer_known(nights: Nights) -> None:
    for day in (1, 2):
        nights.learn(day, [*days_of({day: USUAL}), line(day, NEW, 11)])
    assert nights.reason(NEW) is None
    two = tuple(TimeRange(moment(day, 10), moment(day, 11.5)) for day in (1, 2))
    summary = nights.night(2, [], excluded=two)
    assert nights.reason(NEW) == "no_pattern"
    assert (summary["night"]["excluded"]["lines"], summary["night"]["excluded"]["partly"]) == (2, 0)


def test_a_row_that_lies_partly_in_an_excluded_time_stays_and_makes_no_day(nights: Nights) -> None:
    nights.learn(1, [line(1, NEW, 11), line(1, NEW, 16)])
    summary = nights.night(1, [], excluded=(INCIDENT,))
    assert summary["night"]["excluded"]["partly"] == 1
    nights.learn(2, days_of({2: [NEW]}))
    assert nights.reason(NEW) == PENDING
    nights.learn(3, days_of({3: [NEW]}))
    assert nights.reason(NEW) is None


def test_a_training_by_files_leaves_out_excluded_times_too(nights: Nights) -> None:
    nights.train([*days_of({1: USUAL[:1]}), line(1, NEW, 9)], excluded=(INCIDENT,))
    assert texts(nights.now.patterns, KNOWN) == {NEW}


# Two at once, and what changes meanwhile


def test_a_second_training_into_a_store_says_who_has_it_and_changes_nothing(nights: Nights) -> None:
    before = nights.now.version
    with alone(nights.store), pytest.raises(TrainingRuns, match=r"another training runs into .*: process \d+ on "):
        nights.learn(1, days_of({1: USUAL}))
    assert nights.now.version == before
    nights.learn(1, days_of({1: USUAL}))


def test_a_set_that_was_rolled_back_meanwhile_is_not_passed_over(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights.learn(1, days_of({1: USUAL}))
    first, last = nights.store.versions()
    answers = [last, first]
    monkeypatch.setattr(Store, "current", lambda _: answers.pop(0))
    with pytest.raises(NightError, match="was changed while this night was learned"):
        nights.learn(2, days_of({2: USUAL}))
    assert len(nights.store.versions()) == 2


def test_a_set_that_was_rolled_back_is_what_the_next_night_goes_on_from(nights: Nights) -> None:
    first = nights.now.version
    nights.learn(1, days_of({1: [*USUAL, NEW]}))
    (Path(nights.store.root) / "CURRENT").write_text(first + "\n")
    summary = nights.learn(2, days_of({1: [*USUAL, NEW], 2: USUAL}))
    assert summary["corpus"]["judged"] == 7
    assert list(summary["added"]) == [first]


# For all inputs

WORDS = st.sampled_from(["alpha", "beta", "gamma", "delta", "7", "8", "12"])
TEXT = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
DAYS = st.lists(st.lists(TEXT, max_size=6), min_size=1, max_size=6)
few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(base=st.lists(TEXT, min_size=1, max_size=6), days=DAYS, window=st.integers(1, 4))
def test_nights_one_by_one_give_the_table_of_one_catch_up_and_know_what_it_knows(
    tmp_path_factory: pytest.TempPathFactory, base: list[str], days: list[list[str]], window: int
) -> None:
    nightly = Nightly(window_days=max(window, len(days)), forget_after=10)
    one_by_one, at_once = (Nights(tmp_path_factory.mktemp(name), nightly) for name in ("nights", "once"))
    said = dict(enumerate(days, start=1))
    for nights in (one_by_one, at_once):
        nights.train(days_of({0: ["always the same", *base]}))
    for day in said:
        one_by_one.learn(day, days_of(said))
    at_once.learn(len(days), days_of(said))

    assert one_by_one.table() == at_once.table()
    for nights in (one_by_one, at_once):
        seen = defaultdict(set)
        for key, _ in nights.store.read_shapes(nights.now.version).rows():
            seen[key.shape].add(key.day)
        assert all(nights.reason(shape) is None for shape, on in seen.items() if len(on) > 1)


@few
@given(base=st.lists(TEXT, min_size=1, max_size=8), attack=st.lists(TEXT, max_size=8))
@example(base=["7 alpha 7 7"], attack=["alpha alpha 7 7"])
def test_one_day_of_whatever_lines_makes_nothing_known_and_widens_no_known_pattern(
    tmp_path_factory: pytest.TempPathFactory, base: list[str], attack: list[str]
) -> None:
    quiet_day, attacked = (Nights(tmp_path_factory.mktemp(name)) for name in ("quiet", "attacked"))
    for nights in (quiet_day, attacked):
        nights.train(days_of({0: ["always the same", *base]}))
    # Several class words are one in a shape; a text of class words alone may have none.
    shapes = {text: key.shape for text in attack for key, _ in _shapes_of(quiet_day, [text])}
    news = [text for text, shape in shapes.items() if attacked.reason(shape) is not None]
    known = ["always the same", *base]
    quiet_day.learn(1, days_of({1: known}))
    attacked.learn(1, days_of({1: [*known, *news]}))

    # Text by text, with its gaps.
    assert texts(attacked.now.patterns, KNOWN) == texts(quiet_day.now.patterns, KNOWN)
    assert all(attacked.reason(shapes[text]) is not None for text in news)


def _shapes_of(nights: Nights, said: list[str]) -> list[tuple[ShapeKey, ShapeCount]]:
    rules = nights.config.rules({})
    table, _ = tabulate((CorpusLine(each.encode(), 0) for each in days_of({1: said})), rules)
    return list(table.rows())


@pytest.mark.parametrize("engine", ["polars", pytest.param("spark", marks=pytest.mark.spark)])
def test_every_engine_learns_the_same_nights(tmp_path: Path, engine: EngineName) -> None:
    sets: list[StoredSet] = []
    tables = []
    for name in ("python", engine):
        nights = Nights(tmp_path / name, mining=Mining(engine=name))
        nights.train(days_of({0: USUAL * 3}))
        said = [*days_of({1: [*USUAL, NEW], 2: [*USUAL, "user 7 went"]}), line(1, "in the incident", 11)]
        nights.learn(2, said, excluded=(INCIDENT,))
        sets.append(nights.now)
        tables.append(nights.table())
    assert sets[0].rows == sets[1].rows
    assert tables[0] == tables[1]


def test_an_empty_store_and_no_line_is_an_error(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    with pytest.raises(Exception, match="no pattern was found in 0 judged lines"):
        nights.learn(0, [])
    with pytest.raises(NoPatternSet):
        nights.store.read()
