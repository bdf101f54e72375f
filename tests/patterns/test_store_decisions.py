"""The operator's file in a store: nobody's entry or comment is lost, and nothing is half written."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from patterns import beside
from patterns.decisions import Decision
from patterns.errors import DecisionsError, PatternsError
from patterns.store import Store

_COMMENTED = b'# agreed on Monday\r\n{"do":"accept","shape":"a b"}\n\n{"do":"pin","pattern":"c d","level":2}\n# the end'


def accept(shape: str) -> Decision:
    return Decision(do="accept", shape=shape)


def test_an_entry_is_added_at_the_end_and_every_other_line_stays(tmp_path: Path) -> None:
    (tmp_path / "operator.jsonl").write_bytes(_COMMENTED)
    store = Store(str(tmp_path))
    store.decide(add=[accept("e")])
    assert (tmp_path / "operator.jsonl").read_bytes() == _COMMENTED + b'\n{"do":"accept","shape":"e"}\n'
    store.decide(withdraw=[accept("a b").id], add=[accept("f")])
    left = _COMMENTED.replace(b'{"do":"accept","shape":"a b"}\n', b"")
    assert (tmp_path / "operator.jsonl").read_bytes() == (
        left + b'\n{"do":"accept","shape":"e"}\n{"do":"accept","shape":"f"}\n'
    )
    assert [entry.do for entry in store.decisions().entries] == ["pin", "accept", "accept"]


def test_the_first_entry_makes_the_file_and_its_store(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "new"))
    store.decide(add=[accept("a")])
    assert store.decisions().entries == (accept("a"),)
    assert store.versions() == []


def test_what_is_not_there_cannot_be_withdrawn_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "operator.jsonl").write_bytes(_COMMENTED)
    with pytest.raises(
        DecisionsError, match=r"operator\.jsonl' has no entry '00000000'; see: logwinnow patterns decisi"
    ):
        Store(str(tmp_path)).decide(withdraw=[accept("a b").id, "00000000"])
    assert (tmp_path / "operator.jsonl").read_bytes() == _COMMENTED


def test_a_broken_file_is_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "operator.jsonl").write_bytes(b"accept a\n")
    with pytest.raises(DecisionsError, match="line 1 of"):
        Store(str(tmp_path)).decide(add=[accept("a")])
    assert (tmp_path / "operator.jsonl").read_bytes() == b"accept a\n"


def test_a_crash_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(path: Path, data: bytes) -> None:
        path.write_bytes(data[:10])
        raise KeyboardInterrupt

    (tmp_path / "operator.jsonl").write_bytes(_COMMENTED)
    monkeypatch.setattr(beside, "write_synced", crash)
    with pytest.raises(KeyboardInterrupt):
        Store(str(tmp_path)).decide(add=[accept("a")])
    assert (tmp_path / "operator.jsonl").read_bytes() == _COMMENTED


def _decide(root: str, who: int, begin: Barrier) -> None:
    begin.wait(60)
    for number in range(20):
        Store(root).decide(add=[accept(f"a w{who} n{number}")])
        if number % 2:
            Store(root).decide(withdraw=[accept(f"a w{who} n{number}").id])


def test_of_writers_at_the_same_time_none_loses_an_entry(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("spawn")
    begin = processes.Barrier(3)
    writers = [processes.Process(target=_decide, args=(str(tmp_path), who, begin)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(240)
        assert writer.exitcode == 0
    shapes = {entry.shape for entry in Store(str(tmp_path)).decisions().entries}
    assert shapes == {f"a w{who} n{number}" for who in range(3) for number in range(0, 20, 2)}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["operator.jsonl"]


def test_an_object_store_has_the_file_too() -> None:
    store = Store("memory://decisions-of-a-test")
    store.decide(add=[accept("a"), accept("b")])
    store.decide(withdraw=[accept("a").id])
    assert store.decisions().entries == (accept("b"),)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PatternsError, match=r"cannot be (read|written): .*; check the path and its rights"):
        Store(str(tmp_path / "file")).decide(add=[accept("a")])
