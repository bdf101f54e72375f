"""What a training learns beside a set, and what nights add to it: the same, whoever reads and however often."""

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patterns.baselines import FILE as BASELINES
from patterns.decisions import Decision, Decisions
from patterns.observed import FILE as OBSERVED
from patterns.store import Store
from tests.training.nightly.nights import Nights, line, moment, quiet
from training.baselines.learned import learn_usual
from training.config import Learning, Mining, Patterns, TrainingConfig
from training.corpus import Corpus
from training.engines import EngineName
from training.engines.python import PythonEngine
from training.fetched.time_range import ALL_TIMES, TimeRange
from training.job import train
from training.reading import Pass

LEARNING = Learning(learn=True, least_days=2, least_values=10, least_lines=3)


def day_lines(day: int, seed: int = 0) -> list[str]:
    """Return a day: a heartbeat each hour, 24 jobs of a few kinds, and in one hour many of one kind."""
    random = Random(100 * seed + day)
    jobs = [line(day, f"job {n} from queue {random.choice('ab')}1 done", random.uniform(0, 23.9)) for n in range(24)]
    rush = [line(day, f"door opened by {random.randint(1, 90)}", 8 + n / 100) for n in range(random.randint(5, 9))]
    return [*(line(day, "still alive", hour) for hour in range(24)), *jobs, *rush]


def learned(nights: Nights) -> tuple[bytes, bytes]:
    return nights.stored(OBSERVED), nights.stored(BASELINES)


def test_nights_one_by_one_learn_what_one_training_learns_of_the_same_days(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights", baselines=LEARNING)
    nights.train(day_lines(0))
    summaries = [nights.learn(day, day_lines(day)) for day in range(1, 5)]
    at_once = Nights(tmp_path / "once", baselines=LEARNING)
    whole = at_once.train([each for day in range(5) for each in day_lines(day)])

    assert {known.id for known in nights.now.patterns.patterns} == {known.id for known in at_once.now.patterns.patterns}
    assert learned(nights) == learned(at_once)
    assert summaries[-1]["baselines"] == whole["baselines"]
    assert whole["baselines"]["days"] == 5
    assert min(whole["baselines"][kind] for kind in ("rates", "heartbeats", "values")) > 0


def test_a_night_that_catches_up_learns_as_nights_one_by_one(tmp_path: Path) -> None:
    one_by_one, caught_up = (Nights(tmp_path / name, baselines=LEARNING) for name in ("one", "up"))
    for nights in (one_by_one, caught_up):
        nights.train(day_lines(0))
    for day in range(1, 4):
        one_by_one.learn(day, day_lines(day))
    caught_up.learn(3, [each for day in range(1, 4) for each in day_lines(day)])
    assert learned(caught_up) == learned(one_by_one)


def test_days_before_the_window_and_lines_that_claim_to_be_later_are_not_learned_of(tmp_path: Path) -> None:
    config = Learning(learn=True, days=2, least_days=2)
    nights = Nights(tmp_path / "long", baselines=config)
    nights.train([*day_lines(0), line(900, "still alive")])
    for day in range(1, 4):
        nights.learn(day, day_lines(day))
    last_two = Nights(tmp_path / "short", baselines=config)
    last_two.train([each for day in (2, 3) for each in day_lines(day)])
    assert learned(nights) == learned(last_two)


def test_a_night_without_lines_moves_the_window_on(tmp_path: Path) -> None:
    nights = Nights(tmp_path, baselines=Learning(learn=True, days=2, least_days=2))
    nights.train([*day_lines(0), *day_lines(1)])
    assert nights.learn(2, [])["baselines"]["days"] == 1
    summary = nights.learn(3, [])
    assert rows_of(nights) == []
    assert summary["baselines"]["days"] == 0


def test_what_the_operator_decided_is_observed_by(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.train(day_lines(0))
    patterns = nights.now.patterns
    (alive,) = (known for known in patterns.patterns if known.pattern.text == "still alive")
    with Corpus([str(tmp_path / "train.log")]) as corpus:
        for entries in (
            (),
            (Decision(do="reject", scope="app", pattern="still alive", by="me", at="2026-03-01T00:00:00Z"),),
        ):
            usual = learn_usual(
                patterns,
                Decisions(entries),
                [Pass(PythonEngine(corpus), ALL_TIMES)],
                [],
                LEARNING,
                excluded=(),
                progress=quiet,
            )
            assert usual.observed is not None
            found = {row["pattern"] for rows in usual.observed.tables() for row in rows.to_pylist()}
            assert (alive.id in found) == (not entries)


def test_what_is_pending_is_not_observed_before_it_is_known(tmp_path: Path) -> None:
    nights = Nights(tmp_path, baselines=LEARNING)
    nights.train(day_lines(0))
    before = {row["pattern"] for row in rows_of(nights)}
    nights.learn(1, [*day_lines(1), *(line(1, "strange noise in the cellar", hour) for hour in range(24))])
    assert {row["pattern"] for row in rows_of(nights)} == before
    nights.learn(2, [*day_lines(2), *(line(2, "strange noise in the cellar", hour) for hour in range(24))])
    assert len({row["pattern"] for row in rows_of(nights)}) == len(before) + 1


def rows_of(nights: Nights) -> list[dict[str, object]]:
    observed = nights.store.read_observed(nights.now.version)
    assert observed is not None
    return [row for rows in observed.tables() for row in rows.to_pylist()]


def test_an_excluded_time_is_learned_from_neither_at_once_nor_later(tmp_path: Path) -> None:
    incident = TimeRange(moment(1, 8), moment(1, 9))
    at_once, later = (Nights(tmp_path / name, baselines=LEARNING) for name in ("now", "later"))
    for nights in (at_once, later):
        nights.train(day_lines(0))
    at_once.learn(1, day_lines(1), excluded=(incident,))
    later.learn(1, day_lines(1))
    for nights, excluded in ((at_once, ()), (later, (incident,))):
        nights.learn(2, day_lines(2), excluded=excluded)
        hours = {row["hour"] for row in rows_of(nights) if row["gap"] == -1}
        assert moment(1, 8) // 3_600_000_000 not in hours
        assert moment(1, 7) // 3_600_000_000 in hours


def test_nothing_is_learned_unless_it_is_asked_for(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    summary = nights.train(day_lines(0))
    assert "baselines" not in summary
    assert nights.store.read_baselines(nights.now.version) is None
    assert nights.store.read_observed(nights.now.version) is None
    nights.baselines = LEARNING
    assert nights.learn(1, day_lines(1))["baselines"]["days"] == 1


def test_an_added_version_brings_what_was_observed_of_it(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "added", baselines=LEARNING)
    nights.train([*day_lines(0), *day_lines(1)])
    nights.train(day_lines(2), add=["current"])
    at_once = Nights(tmp_path / "once", baselines=LEARNING)
    at_once.train([each for day in range(3) for each in day_lines(day)])
    assert learned(nights) == learned(at_once)


def trained(folder: Path, paths: list[str], engine: EngineName) -> tuple[bytes, bytes]:
    config = TrainingConfig(
        mining=Mining(engine=engine), patterns=Patterns(store=str(folder / "store")), baselines=LEARNING
    )
    version = train(paths, config, config.rules({}), force=True, progress=quiet)["version"]
    stored = Path(Store(config.patterns.store).root) / version
    return (stored / OBSERVED).read_bytes(), (stored / BASELINES).read_bytes()


@given(st.integers(0, 10_000))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_engine_nor_files_nor_their_order_are_seen(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    lines = [each for day in range(3) for each in day_lines(day, seed)]
    expected = None
    for engine, parts in (("python", 1), ("python", 3), ("polars", 1), ("polars", 4)):
        random.shuffle(lines)
        paths = []
        for part in range(parts):
            path = tmp_path / f"{part}.log"
            path.write_text("".join(lines[part::parts]), encoding="utf-8")
            paths.append(str(path))
        found = trained(tmp_path, paths, engine)  # type: ignore[arg-type]
        assert expected is None or found == expected
        expected = found


def test_jobs_of_a_real_log_that_run_each_night_are_its_heartbeats(loghub: Path, tmp_path: Path) -> None:
    nights = Nights(tmp_path, mining=Mining(), baselines=Learning(learn=True, days=3_650))
    config = nights.config
    train([str(loghub / "Linux/Linux_2k.log")], config, config.rules({}), force=True, progress=quiet)
    patterns = nights.now.patterns.by_id
    found = [json.loads(row) for row in nights.stored(BASELINES).splitlines()[1:]]
    beats = {patterns[row["pattern"]].pattern.text for row in found if row["of"] == "heartbeat"}
    assert beats == {
        "session opened for user cyrus by uid= *{1,1}",
        "session closed for user cyrus",
        "session opened for user news by uid= *{1,1}",
        "session closed for user news",
        "ALERT exited abnormally with *{1,1}",
    }


@pytest.mark.spark
def test_spark_learns_the_same(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("".join(each for day in range(3) for each in day_lines(day)), encoding="utf-8")
    assert trained(tmp_path / "spark", [str(path)], "spark") == trained(tmp_path / "python", [str(path)], "python")
