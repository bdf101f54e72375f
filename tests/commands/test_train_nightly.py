"""`logwinnow train --nightly`, as a user sees it: what it says, its exit codes, and what kills leave."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from patterns.store import Store
from training.lock import alone

Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]


def written(day: int, *texts: str) -> Path:
    path = Path(f"{day:02}.log")
    path.write_text("".join(f"2026-03-{day:02}T12:00:00+00:00 host app[1]: {text}\n" for text in texts))
    return path


def night(run: Run, day: int, *words: str | Path, store: str = "store") -> tuple[int, str, str]:
    return run("train", "--nightly", *words, "--store", store, "--to", f"2026-03-{day + 1:02}")


def test_a_night_says_what_came_and_what_became_of_it(run: Run) -> None:
    run("train", written(1, "door opened", "mail came"), "--store", "store", "--quiet")
    first = Store("store").current()

    code, out, err = night(run, 2, written(2, "door opened", "\x1b[31mstrange"))

    assert (code, err) == (0, "")
    assert out.split("\n\nthe widest")[0].rstrip("\n") == (
        f"published  {Store('store').current()} in store\n"
        "night      from 2026-03-01T12:00:00.001Z to 2026-03-03T00:00:00.000Z; 2 days in the table\n"
        "lines      2, all judged\n"
        f"added      2 judged lines of {first}\n"
        "headers    iso 2\n"
        "patterns   3 of 1 program, for 3 shapes\n"
        "coverage   75.0% of the judged lines\n"
        "mined at   2 at 1 line, 1 at 2 to 9 lines\n"
        "of these   2 known, 1 pending\n"
        "shapes     2 known, 1 pending, 0 rejected\n"
        "new        0 became known, 1 pending\n"
        "forgotten  0 shapes\n"
        "seen once  1 pattern, 25.0% of the judged lines"
    )


def test_a_night_without_anything_new_says_so_and_publishes_nothing(run: Run) -> None:
    night(run, 1, written(1, "door opened"))
    version = Store("store").current()

    code, out, _ = night(run, 1, written(1, "door opened"))

    assert (code, Store("store").versions()) == (0, [version])
    assert out == (
        f"nothing new  {version} in store stays\n"
        "night        all lines up to 2026-03-02T00:00:00.000Z are learned, and nothing was decided since\n"
    )
    assert json.loads(night(run, 1, "01.log", "--json")[1])["night"]["new"] is False


def test_what_is_excluded_is_said_and_what_of_it_stays(run: Run) -> None:
    night(run, 1, written(1, "door opened"))
    night(run, 2, written(2, "door opened", "in the incident"))

    out = night(run, 2, "02.log", "--exclude", "2026-03-02T11:00..2026-03-02T13:00")[1]

    assert "night      up to 2026-03-03T00:00:00.000Z, learned already: mined anew by what was decided" in out
    assert "excluded   2026-03-02T11:00:00.000Z to 2026-03-02T13:00:00.000Z: 2 lines learned before taken out\n" in out


def test_sources_are_those_of_the_configuration_where_none_is_named(run: Run) -> None:
    written(1, "door opened")
    Path("mine.toml").write_text("[nightly]\nsources = ['01.log']\n")

    assert night(run, 1, "--config", "mine.toml", "--quiet") == (0, "", "")
    assert Store("store").current()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nightly"], "give what is read each night, or set $.nightly.sources"),
        (["--nightly", "x", "--add", "current"], "--nightly goes on where the last night ended"),
        (["--nightly", "x", "--from", "2026-03-01"], "--nightly goes on where the last night ended"),
        (["x", "--strict"], "--strict is about --nightly"),
        (["x", "--exclude", "2026-03-01"], "is no time: give FROM..TO"),
        (["x", "--exclude", "2026-03-02..2026-03-01"], "nothing can be of that time"),
        (["x", "--exclude", "noon..2026-03-01"], "'noon' is no time"),
    ],
)
def test_what_does_not_go_together_is_wrong_use(run: Run, words: list[str], said: str) -> None:
    code, _, err = run("train", *words)

    assert code == 2
    assert said in err


def test_another_training_is_told_by_a_code_of_its_own(run: Run) -> None:
    with alone(Store("store")):
        code, out, err = night(run, 1, written(1, "door opened"))

    assert (code, out) == (75, "")
    assert err.startswith(f"logwinnow: another training runs into store 'store': process {os.getpid()} on ")


def started(temporary: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "commands", "train", *words, "--quiet"]
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}, stderr=subprocess.PIPE
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def killed_nights(run: Run, kills: int, temporary: Path) -> None:
    chance = random.Random(7)
    run("train", written(1, "door opened", "mail came"), "--store", "store", "--quiet")
    for day in range(2, 2 + kills):
        before = Store("store").current()
        file = written(day, "door opened", *(f"user {chance.choice('abcdef')} came {n}" for n in range(2_000)))
        number = chance.choice([signal.SIGTERM, signal.SIGKILL])
        process = started(temporary, "--nightly", str(file), "--store", "store", "--to", f"2026-03-{day + 1:02}")
        time.sleep(chance.uniform(0.2, 2.0))
        process.send_signal(number)
        code, _ = ended(process)
        assert code in {0, -number, 128 + number}
        # The last good set, or the new one, and none by halves.
        assert (
            Store("store").current() == before or code == 0 or Store("store").current() == Store("store").versions()[-1]
        )
        for version in Store("store").versions():
            Store("store").read(version)
            Store("store").read_shapes(version)
        code, err = ended(
            started(temporary, "--nightly", str(file), "--store", "store", "--to", f"2026-03-{day + 1:02}")
        )
        assert (code, err) == (0, "")
        assert not list(temporary.iterdir())
        assert {path.name for path in Path("store").iterdir()} - set(Store("store").versions()) == {
            "CURRENT",
            "history.jsonl",
            ".training",
        }


def test_a_night_that_is_ended_or_killed_leaves_a_whole_set_and_no_rubbish(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    killed_nights(run, 3, tmp_path_factory.mktemp("tmp"))


@pytest.mark.slow
def test_so_do_many(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    killed_nights(run, 25, tmp_path_factory.mktemp("tmp"))


def test_what_a_killed_training_left_in_the_store_goes_with_the_next(run: Run) -> None:
    left = Path("store/.publishing-killed/20260101T000000.000Z-x")
    left.mkdir(parents=True)

    night(run, 1, written(1, "door opened"))

    assert not left.parent.exists()
    assert len(Store("store").versions()) == 1


def test_nights_and_a_catch_up_of_a_real_log_know_the_same(run: Run, loghub: Path) -> None:
    log = loghub / "Linux" / "Linux_2k.log"
    Path("linux.log").write_bytes(log.read_bytes())
    # The year of its lines is the one nearest to when the file was written.
    os.utime("linux.log", (1_122_508_800, 1_122_508_800))
    zone = ("--set", "nightly.window_days=30")
    for store, days in (("nights", range(20, 29)), ("once", [28])):
        run("train", "--nightly", "linux.log", "--store", store, "--to", "2005-07-20", "--quiet", *zone)
        for day in days:
            assert run(
                "train", "--nightly", "linux.log", "--store", store, "--to", f"2005-07-{day}", "--quiet", *zone
            ) == (0, "", "")

    tables = [
        (Path(store) / str(Store(store).current()) / "shapes.parquet").read_bytes() for store in ("nights", "once")
    ]
    assert tables[0] == tables[1]
    states = [
        {known.id for known in Store(store).read().patterns.patterns if known.state == "known"}
        for store in ("nights", "once")
    ]
    assert len(states[0] & states[1]) > 0.8 * len(states[0] | states[1])
