"""Which version is current: proposed, promoted, rolled back, whatever fails or happens at once."""

import getpass
import json
import threading
import time
from collections.abc import Callable, Generator
from itertools import pairwise
from pathlib import Path
from typing import Any

import fsspec
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns import beside as module
from patterns import disk
from patterns.decisions import Decision
from patterns.errors import BrokenPatternSet, DecisionsError, NoPatternSet, PatternsError
from patterns.history import LINES, Change, History, appended, who
from patterns.language import parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from patterns.store import Store
from patterns.words import WordRules

RUN: dict[str, Any] = {"corpus": {"judged": 7}, "added": {"v": 5}}
TABLE = ShapeTable.of({})


def a_set(text: str) -> PatternSet:
    return PatternSet.of(Rules(), [KnownPattern("", parse(text), level=2, support=2, mined_support=2)])


def publish(store: Store, text: str = "a b", *, propose: bool = False) -> str:
    # Versions are told apart by the millisecond.
    time.sleep(0.002)
    return store.publish(a_set(text), TABLE, RUN, propose=propose)


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Store]:
    """A store of either kind."""
    if request.param == "local":
        yield Store(str(tmp_path / "store"))
        return
    yield Store("memory://promoting/sets")
    fsspec.filesystem("memory").rm("/promoting", recursive=True)


@pytest.fixture
def local(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def deeds(store: Store) -> list[tuple[str, str, str | None]]:
    return [(change.do, change.version, change.before) for change in store.history().changes]


def test_a_proposed_version_lies_beside_the_current_one(store: Store) -> None:
    first = publish(store)
    proposed = publish(store, "c d", propose=True)

    assert store.current() == first
    assert store.versions() == [first, proposed]
    assert store.read().version == first
    assert store.read(proposed).patterns == a_set("c d")
    assert (store.head(proposed).proposed, store.head(first).proposed) == (True, False)
    assert (store.head(proposed).patterns, store.head(proposed).lines) == (1, 12)
    assert deeds(store) == [("publish", first, None)]


def test_a_store_of_proposed_versions_alone_says_how_one_becomes_current(store: Store) -> None:
    proposed = publish(store, propose=True)

    with pytest.raises(NoPatternSet, match=f"logwinnow patterns promote {proposed} --store {store.root}"):
        store.read()
    assert store.promote(proposed) is None
    assert store.read().version == proposed


def test_promoting_and_rolling_back_set_what_is_current_and_are_remembered(store: Store) -> None:
    first = publish(store)
    proposed = publish(store, "c d", propose=True)

    assert store.promote(proposed) == first
    assert store.current() == proposed
    assert store.rollback() == (first, proposed)
    assert store.current() == first
    assert deeds(store) == [
        ("publish", first, None),
        ("promote", proposed, first),
        ("rollback", first, proposed),
    ]


def test_a_second_rollback_goes_further_back(store: Store) -> None:
    one, two, three = (publish(store, text) for text in ("a", "b", "c"))

    assert [store.rollback()[0], store.rollback()[0]] == [two, one]
    with pytest.raises(NoPatternSet, match="has no version that was current before"):
        store.rollback()
    assert store.current() == one
    assert store.rollback(three) == (three, one)
    assert store.previous() == one


def test_a_rollback_passes_over_proposed_versions_and_such_as_are_gone(local: Store) -> None:
    one, two = publish(local, "a"), publish(local, "b")
    publish(local, "c", propose=True)
    publish(local, "d")
    (Path(local.root) / two).rename(Path(local.root) / "elsewhere")

    assert local.rollback()[0] == one


def test_without_a_history_the_version_published_before_is_gone_back_to(local: Store) -> None:
    one = publish(local, "a")
    publish(local, "b", propose=True)
    publish(local, "c")
    (Path(local.root) / "history.jsonl").unlink()

    assert local.previous() == one


def test_making_the_current_version_current_changes_nothing(store: Store) -> None:
    first = publish(store)

    assert store.promote(first) == first
    assert deeds(store) == [("publish", first, None)]


@pytest.mark.parametrize("file", ["manifest.json", "patterns.jsonl", "shapes.parquet"])
@pytest.mark.parametrize("damage", [None, b"", b"half"])
def test_a_damaged_version_never_becomes_current(file: str, damage: bytes | None, local: Store) -> None:
    bad, good = publish(local, "a"), publish(local, "b")
    path = Path(local.root) / bad / file
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)

    for way in (lambda: local.promote(bad), lambda: local.rollback(bad), local.rollback):
        with pytest.raises(BrokenPatternSet, match=repr(bad)):
            way()
    assert local.current() == good
    assert len(local.history().changes) == 2


@pytest.mark.parametrize("version", ["20990101T000000.000Z-0", "../..", ".", "CURRENT"])
def test_what_is_no_version_never_becomes_current(version: str, store: Store) -> None:
    first = publish(store)

    with pytest.raises(BrokenPatternSet):
        store.promote(version)
    assert store.current() == first


class Crash(BaseException):
    """The machine stops."""


@pytest.mark.parametrize(("call", "current_is_new"), [(0, False), (1, True)])
@pytest.mark.parametrize("half", [False, True])
def test_a_crash_while_promoting_leaves_one_of_the_two_current_and_the_way_back_known(
    call: int, current_is_new: bool, half: bool, local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = publish(local, "a"), publish(local, "b", propose=True)
    calls, real = iter(range(9)), disk.write_synced

    def crash(path: Path, data: bytes) -> None:
        if next(calls) == call:
            real(path, data[: len(data) // 2] if half else data)
            raise Crash
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_synced", crash)
        with pytest.raises(Crash):
            local.promote(second)

    assert local.read().version == (second if current_is_new else first)
    assert local.previous() == (first if current_is_new else None)
    third = publish(local, "c")
    assert local.previous() == (second if current_is_new else first)
    assert local.current() == third


def test_a_history_that_cannot_be_written_is_told_with_what_is_current(
    local: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(local, "a")
    second, real = publish(local, "b", propose=True), disk.write_synced

    def full(path: Path, data: bytes) -> None:
        if path.name == "history.jsonl":
            raise OSError(28, "No space left on device")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_synced", full)
        with pytest.raises(PatternsError, match=f"version '{second}' is current now, but .*No space left"):
            local.promote(second)
    assert local.current() == second


def test_promotions_at_once_are_all_remembered_one_after_the_other(local: Store) -> None:
    versions = [publish(local, f"word{letter}", propose=True) for letter in "abcdefgh"]
    start = threading.Barrier(len(versions))

    def promote(version: str) -> None:
        start.wait()
        # A store of its own, as another process has one.
        Store(local.root).promote(version)

    threads = [threading.Thread(target=promote, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    changes = local.history().changes
    assert sorted(change.version for change in changes) == versions
    assert [change.before for change in changes] == [None, *(change.version for change in changes[:-1])]
    assert local.current() == changes[-1].version


def test_a_rollback_does_not_undo_what_became_current_meanwhile(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(local, "a")
    publish(local, "b")
    check = local._check

    def publish_meanwhile(version: str) -> None:
        check(version)
        publish(Store(local.root), "c")

    monkeypatch.setattr(local, "_check", publish_meanwhile)
    with pytest.raises(PatternsError, match=r"meanwhile, instead of .*: nothing was changed"):
        local.rollback()
    assert local.read().patterns == a_set("c")


def test_the_history_says_who_and_when(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "eve")
    first = publish(local)

    [row] = [json.loads(line) for line in (Path(local.root) / "history.jsonl").read_bytes().splitlines()]
    at = row.pop("at")
    assert row == {"do": "publish", "version": first, "by": "eve"}
    assert len(at) == len("2026-11-29T08:00:00.000Z")
    assert at.endswith("Z")


def test_without_a_user_of_this_number_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert who() is None


def test_what_is_no_entry_is_passed_over_and_stays(local: Store) -> None:
    first = publish(local, "a")
    file = Path(local.root) / "history.jsonl"
    file.write_bytes(b"# a note\n\xff\n" + file.read_bytes() + b'{"do":"torn')

    second = publish(local, "b")

    assert [change.version for change in local.history().changes] == [first, second]
    assert file.read_bytes().startswith(b"# a note\n\xff\n")


def test_the_history_is_bounded() -> None:
    data = b""
    for number in range(LINES + 3):
        data = appended(data, Change(at="", do="publish", version=str(number)))

    assert [change.version for change in History.parse(data).changes] == [str(n) for n in range(3, LINES + 3)]


DEEDS = st.lists(st.tuples(st.sampled_from(["publish", "promote", "rollback"]), st.sampled_from("abcd")), max_size=12)


@given(DEEDS, st.sets(st.integers(0, 11)))
def test_the_way_back_is_known_also_where_entries_are_missing(done: list[tuple[Any, str]], missing: set[int]) -> None:
    current: str | None = None
    changes = []
    for deed, version in done:
        if version != current:
            changes.append(Change(at="", do=deed, version=version, before=current))
            current = version
    there = [change for number, change in enumerate(changes) if number not in missing]

    trail = History(tuple(there)).trail(current)

    assert (trail[-1] if trail else None) == current
    assert all(one != other for one, other in pairwise(trail))
    if changes and len(changes) - 1 not in missing and changes[-1].do != "rollback" and changes[-1].before:
        assert trail[-2] == changes[-1].before


@given(DEEDS)
def test_an_entry_is_read_as_it_was_written(done: list[tuple[Any, str]]) -> None:
    changes = [Change(at="t", do=deed, version=version, before=None, by="é\x1b") for deed, version in done]
    data = b""
    for change in changes:
        data = appended(data, change)

    assert list(History.parse(data).changes) == changes
    assert all(msgspec.json.decode(line)["by"] == "é\x1b" for line in data.splitlines())


def test_an_object_store_that_fails_while_promoting_keeps_what_was_current(
    fail_pipes: Callable[[Store, int], None],
) -> None:
    store = Store("memory://failing/sets")
    try:
        first, second = publish(store, "a"), publish(store, "b", propose=True)
        fail_pipes(store, 0)
        with pytest.raises(PatternsError, match="connection lost"):
            store.promote(second)
        assert store.current() == first
    finally:
        fsspec.filesystem("memory").rm("/failing", recursive=True)


@pytest.fixture
def fail_pipes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store, int], None]:
    """Let the nth file that is written to an object store fail."""

    def arrange(store: Store, number: int) -> None:
        calls, real = iter(range(100)), store._fs.pipe_file

        def failing(*arguments: Any, **options: Any) -> Any:
            if next(calls) == number:
                raise OSError("connection lost")
            return real(*arguments, **options)

        monkeypatch.setattr(store._fs, "pipe_file", failing)

    return arrange


def test_a_version_under_whose_rules_a_decision_means_nothing_is_not_promoted(store: Store) -> None:
    first = publish(store)
    rules = Rules(words=WordRules(classes={"name": "bob|eve"}))
    other = PatternSet.of(rules, [KnownPattern("", parse("a b"), level=2, support=2, mined_support=2)])
    proposed = store.publish(other, TABLE, RUN, propose=True)
    ended = Decision(do="reject", pattern="user bob left", until="2026-11-01T00:00:00Z")
    store.decide(add=[ended])
    store.promote(proposed)
    store.rollback()
    store.decide(add=[Decision(do="reject", pattern="user eve left")])

    with pytest.raises(DecisionsError, match="'eve' is no constant by the rules"):
        store.promote(proposed)
    assert store.current() == first
