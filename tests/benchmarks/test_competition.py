import sys
from typing import Any

import pytest

from benchmarks.training import corpus
from benchmarks.training.competition import Competition, Measurement
from benchmarks.training.corpus import Corpus
from benchmarks.training.peers import DEFAULT, RAW, Peer, peers


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return corpus.made("fleet", 2_000, tmp_path_factory.mktemp("cache"))


def named(*names: str) -> list[Peer]:
    return [peer for peer in peers() if peer.name in names]


def compete(mined: Corpus, task: str, *peers: Peer, rounds: int = 1) -> list[Measurement]:
    measured: list[Measurement] = []
    Competition(rounds, 60, measured.append).run(mined, task, 5, peers)
    return measured


def printing(name: str, text: str, **given: Any) -> Peer:
    code = f"import sys; sys.stdout.write({text!r})"
    return Peer(name, RAW, [sys.executable, "-c", code], "clusters", **given)


@pytest.mark.parametrize("task", ["logcluster", "slct"])
def test_the_two_pass_program_counts_what_engine_python_counts(fleet: Corpus, task: str) -> None:
    engine, two_pass = compete(fleet, task, *named("logwinnow-python", "two-pass"))
    assert engine.patterns == two_pass.patterns > 20
    assert (engine.agrees, two_pass.agrees) == (True, True)


def test_each_runs_once_a_round(fleet: Corpus) -> None:
    measured = compete(fleet, "slct", printing("a", ""), printing("b", ""), rounds=2)
    assert [(each.peer, each.round) for each in measured] == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]


def test_another_result_is_seen(fleet: Corpus) -> None:
    one, other = printing("one", "a\nSupport: 20\n\n"), printing("other", "a\nSupport: 21\n\n")
    assert [each.agrees for each in compete(fleet, "slct", one, other)] == [True, False]


def test_who_fails_is_out_and_the_others_go_on(fleet: Corpus) -> None:
    wrong = Peer("wrong", RAW, [sys.executable, "-c", "raise SystemExit('no')"], "clusters")
    measured = compete(fleet, "slct", wrong, printing("right", ""), rounds=2)
    assert [(each.peer, each.failure) for each in measured] == [("wrong", "no"), ("right", ""), ("right", "")]


def test_who_failed_is_not_tried_with_more_lines(fleet: Corpus) -> None:
    measured: list[Measurement] = []
    competition = Competition(1, 60, measured.append)
    for _ in range(2):
        wrong = Peer("wrong", RAW, [sys.executable, "-c", "raise SystemExit('no')"], "clusters")
        competition.run(fleet, "slct", 20, [wrong])
    assert [each.failure for each in measured] == ["no", "no"]
    assert measured[1].seconds == 0
    assert competition.is_out("wrong", fleet, "slct")
    assert not competition.is_out("wrong", fleet, "logcluster")


def test_who_lacks_something_is_told_and_not_run(fleet: Corpus) -> None:
    (measured,) = compete(fleet, "slct", printing("absent", "", lacks="not on PATH"))
    assert measured.failure == "not on PATH"


def test_output_that_cannot_be_read_is_a_failure(fleet: Corpus) -> None:
    silent = Peer("silent", DEFAULT, [sys.executable, "-c", ""], "exact", found=named("logwinnow-python")[1].found)
    (measured,) = compete(fleet, "default", silent)
    assert measured.failure.startswith("its output cannot be read")


def test_default_mode_gives_the_patterns_that_are_published(fleet: Corpus) -> None:
    (measured,) = compete(fleet, "default", *named("logwinnow-python"))
    assert measured.patterns > 20
    assert measured.support == 0


def test_a_process_that_stays_gives_the_same_again_and_again(fleet: Corpus) -> None:
    # Engine python in the place of engine spark, which takes long to start.
    python = next(peer for peer in named("logwinnow-python") if peer.tasks is RAW)
    arguments = ["logwinnow", *python.command[3:]]
    resident = Peer("stays", RAW, arguments, "exact", resident=True)
    measured = compete(fleet, "logcluster", python, resident, rounds=2)
    assert [(each.peer, each.round) for each in measured[1:]] == [
        ("stays", 0), ("stays", 1), ("logwinnow-python", 2), ("stays", 2),
    ]  # fmt: skip
    assert all(each.agrees for each in measured)
    assert measured[1].process > measured[1].seconds > 0


def test_a_process_that_stays_tells_why_it_was_refused(fleet: Corpus) -> None:
    absent = Peer("absent", RAW, ["logwinnow", "mine", "{file}", "--engine", "abacus"], "exact", resident=True)
    (measured,) = compete(fleet, "slct", absent)
    assert "invalid choice: 'abacus'" in measured.failure
