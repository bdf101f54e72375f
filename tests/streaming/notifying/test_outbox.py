import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.errors import CheckpointError
from streaming.notifying.outbox import FORMAT, Item, Outbox, Tally

_NOW = 1_000


def item(name: str, shape: str = "", size: int = 2) -> Item:
    return Item(name, "alert", shape or f"shape of {name}", b"x" * size)


def ids(outbox: Outbox, receiver: str, most: int = 100) -> list[str]:
    return [each.item.id for each in outbox.waiting(receiver, most)]


def last(outbox: Outbox, receiver: str, most: int = 100) -> int:
    return outbox.waiting(receiver, most)[-1].seq


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path, ["a", "b"], 1_000_000, _NOW)) as made:
        yield made


def test_what_a_batch_told_waits_for_each_receiver_in_order_until_it_has_it(outbox: Outbox) -> None:
    outbox.put(0, [item("one"), item("two")], {}, "v1", _NOW)
    outbox.put(1, [item("three")], {}, "v1", _NOW)
    assert ids(outbox, "a") == ids(outbox, "b") == ["one", "two", "three"]
    outbox.advance("a", last(outbox, "a", 2), sent=2)
    assert (ids(outbox, "a"), ids(outbox, "b")) == (["three"], ["one", "two", "three"])
    assert outbox.counts("a") == (1, 2, 0, 0)


def test_a_batch_that_is_replayed_is_not_put_again(outbox: Outbox) -> None:
    outbox.put(0, [item("one")], {"lines": 5}, "v1", _NOW)
    outbox.put(0, [item("one"), item("other")], {"lines": 5}, "v1", _NOW)
    assert ids(outbox, "a") == ["one"]
    assert tally(outbox).counts["lines"] == 5


def test_what_is_told_without_a_batch_is_put_by_its_id_and_holds_up_no_batch(outbox: Outbox) -> None:
    outbox.put(0, [item("one")], {}, "v1", _NOW)
    for _ in range(2):
        outbox.put(None, [item("silence")], {}, "v1", _NOW)
    outbox.put(1, [item("two")], {}, "v1", _NOW)
    assert ids(outbox, "a") == ["one", "silence", "two"]


def test_an_id_is_put_once_also_when_all_receivers_have_it(outbox: Outbox) -> None:
    outbox.put(0, [item("one")], {}, "v1", _NOW)
    for receiver in ("a", "b"):
        outbox.advance(receiver, last(outbox, receiver), sent=1)
    outbox.put(1, [item("one"), item("two")], {}, "v1", _NOW)
    assert ids(outbox, "a") == ["two"]


def test_all_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, ["a", "b"], 1_000, _NOW)) as outbox:
        outbox.put(3, [item("one"), item("two")], {"lines": 7}, "v1", _NOW)
        outbox.advance("a", last(outbox, "a", 1), sent=1)
    with closing(Outbox(tmp_path, ["a", "b"], 1_000, _NOW + 5)) as outbox:
        assert (ids(outbox, "a"), ids(outbox, "b")) == (["two"], ["one", "two"])
        outbox.put(3, [item("three")], {"lines": 7}, "v1", _NOW)
        assert (outbox.since(), tally(outbox).counts["lines"]) == (_NOW, 7)


def test_a_receiver_that_is_new_gets_what_comes_and_one_that_is_gone_holds_nothing_up(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, ["a"], 1_000, _NOW)) as outbox:
        outbox.put(0, [item("one")], {}, "v1", _NOW)
    with closing(Outbox(tmp_path, ["b"], 1_000, _NOW)) as outbox:
        assert ids(outbox, "b") == []
        outbox.put(1, [item("two")], {}, "v1", _NOW)
        assert ids(outbox, "b") == ["two"]
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite")) as file:
        assert file.execute("SELECT id FROM item WHERE document IS NOT NULL").fetchall() == [("two",)]


def test_the_oldest_are_dropped_and_counted_when_there_is_no_room(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, ["a", "b"], 100, _NOW)) as outbox:
        assert outbox.put(0, [item("one", size=40), item("two", size=40)], {}, "v1", _NOW) == 0
        outbox.advance("a", last(outbox, "a", 1), sent=1)
        assert outbox.put(1, [item("three", size=40)], {}, "v1", _NOW) == 1
        assert ids(outbox, "a") == ids(outbox, "b") == ["two", "three"]
        assert (outbox.counts("a"), outbox.counts("b")) == ((2, 1, 0, 0), (2, 0, 0, 1))


def test_what_is_being_sent_as_one_is_the_same_after_a_crash(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, ["a"], 1_000, _NOW)) as outbox:
        outbox.put(0, [item("one"), item("two")], {}, "v1", _NOW)
        outbox.plan("a", last(outbox, "a"))
    with closing(Outbox(tmp_path, ["a"], 1_000, _NOW)) as outbox:
        outbox.put(1, [item("three")], {}, "v1", _NOW)
        assert (ids(outbox, "a"), outbox.is_planned("a")) == (["one", "two"], True)
        outbox.advance("a", last(outbox, "a"), sent=2)
        assert (ids(outbox, "a"), outbox.is_planned("a")) == (["three"], False)


def test_what_was_being_sent_and_was_dropped_holds_nothing_up(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path, ["a"], 50, _NOW)) as outbox:
        outbox.put(0, [item("one", size=40)], {}, "v1", _NOW)
        outbox.plan("a", last(outbox, "a"))
        outbox.put(1, [item("two", size=40)], {}, "v1", _NOW)
        assert ids(outbox, "a") == ["two"]


def tally(outbox: Outbox) -> Tally:
    """Take the numbers, as a digest does."""
    found = []

    def make(given: Tally) -> Item:
        found.append(given)
        return item(f"digest {given.since}")

    outbox.put_digest(outbox.since() + 1, make, _NOW)
    return found[0]


def test_a_kind_is_new_once_and_told_again_after_that(outbox: Outbox) -> None:
    outbox.put(0, [item("one", "kind"), Item("over", "overflow", None, b"{}")], {"lines": 5}, "v1", _NOW)
    outbox.put(1, [item("two", "kind"), item("three", "other")], {"lines": 6}, "v2", _NOW)
    counted = tally(outbox)
    assert counted.counts == {"lines": 11, "new_kinds": 2, "told_again": 1}
    assert (counted.since, counted.set) == (_NOW, "v2")
    outbox.put(2, [item("four", "kind")], {"lines": 1}, "v2", _NOW)
    assert tally(outbox).counts == {"lines": 1, "new_kinds": 0, "told_again": 1}


def test_a_digest_of_a_time_is_made_once(outbox: Outbox) -> None:
    for _ in range(2):
        outbox.put_digest(5_000, lambda _tally: item("digest"), _NOW)
    outbox.put_digest(4_000, lambda _tally: item("earlier"), _NOW)
    assert (ids(outbox, "a"), outbox.since()) == (["digest"], 5_000)


def test_a_digest_that_cannot_be_made_loses_no_number(outbox: Outbox) -> None:
    outbox.put(0, [], {"lines": 5}, "v1", _NOW)

    def fail(_tally: Tally) -> Item:
        raise KeyError

    with pytest.raises(KeyError):
        outbox.put_digest(5_000, fail, _NOW)
    assert tally(outbox).counts["lines"] == 5


def test_what_fails_in_the_middle_leaves_nothing_behind(outbox: Outbox) -> None:
    def broken() -> Iterator[Item]:
        yield item("one")
        raise KeyError

    with pytest.raises(KeyError):
        outbox.put(0, broken(), {"lines": 5}, "v1", _NOW)
    assert ids(outbox, "a") == []
    outbox.put(0, [item("one")], {"lines": 5}, "v1", _NOW)
    assert (ids(outbox, "a"), tally(outbox).counts["lines"]) == (["one"], 5)


def test_a_damaged_file_is_named_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"no database at all, and long enough to be looked at" * 40)
    with pytest.raises(CheckpointError, match=r"outbox.sqlite' cannot be used: .*; remove it"):
        Outbox(tmp_path, ["a"], 1_000, _NOW)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite")) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(CheckpointError, match=f"is of format {FORMAT + 1}, and this logwinnow reads up to"):
        Outbox(tmp_path, ["a"], 1_000, _NOW)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.integers(0, 12), max_size=4)),
        st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 4)),
        st.just(("again", 0)),
        st.just(("open", 0)),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(_STEPS)
def test_each_receiver_gets_each_id_once_and_in_order_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("outbox")
    outbox = Outbox(folder, ["a", "b"], 1_000_000, _NOW)
    put: list[str] = []
    got: dict[str, list[str]] = {"a": [], "b": []}
    batch, before = 0, [item("none")][:0]
    for what, value in steps:
        if what == "open":
            outbox.close()
            outbox = Outbox(folder, ["a", "b"], 1_000_000, _NOW)
        elif what == "put":
            assert isinstance(value, list)
            batch, before = batch + 1, [item(str(each)) for each in value]
            outbox.put(batch, before, {}, "v1", _NOW)
            put += [name for name in dict.fromkeys(map(str, value)) if name not in put]
        elif what == "again":
            outbox.put(batch, before, {}, "v1", _NOW)
        elif waiting := outbox.waiting(what, value if isinstance(value, int) else 0):
            got[what] += [each.item.id for each in waiting]
            outbox.advance(what, waiting[-1].seq, sent=len(waiting))
    for receiver, had in got.items():
        assert had + ids(outbox, receiver, 1_000) == put
    outbox.close()
