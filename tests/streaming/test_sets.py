import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
from pyspark import SparkContext

from patterns.decisions import Decisions
from patterns.errors import BrokenPatternSet, DecisionsError, NoPatternSet
from patterns.rules import Rules
from patterns.store import Store
from patterns.timestamps import iso
from patterns.words import WordRules
from streaming.errors import CheckpointError
from streaming.match import judge_of
from streaming.sets import LiveSet, Sets, wait_for_set

if TYPE_CHECKING:
    from tests.streaming.conftest import Site


NOW = 1_795_996_800_000_000


@dataclass
class FakeBroadcast:
    """What a context gives for a value."""

    value: tuple[str, bytes, bytes, bytes]
    destroyed: bool = False

    def destroy(self) -> None:
        assert not self.destroyed
        self.destroyed = True


@dataclass
class FakeContext:
    """Remembers what was broadcast."""

    given: list[FakeBroadcast] = field(default_factory=list)

    def broadcast(self, value: tuple[str, bytes, bytes, bytes]) -> FakeBroadcast:
        self.given.append(FakeBroadcast(value))
        return self.given[-1]


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def sets(site: "Site", context: FakeContext) -> Sets:
    return Sets(Store(str(site.store)), cast("SparkContext", context))


def live(context: FakeContext) -> list[FakeBroadcast]:
    return [broadcast for broadcast in context.given if not broadcast.destroyed]


def test_a_published_set_is_taken_up_and_the_one_before_is_freed(
    site: "Site", sets: Sets, context: FakeContext
) -> None:
    first = site.publish("a b")
    assert sets.newest(NOW).version == first
    second = site.publish("a c")
    newest = sets.newest(NOW)
    assert newest.version == second
    assert [broadcast.value[0] for broadcast in live(context)] == [second]
    assert not judge_of("p", *newest.broadcast.value).judge.judge.judge(b"a c", 0).outlier


def test_an_equal_set_is_not_broadcast_again_but_events_have_its_version(
    site: "Site", sets: Sets, context: FakeContext
) -> None:
    first = site.publish("a b")
    sets.newest(NOW)
    shutil.move(site.store / first, site.store / f"2{first[1:]}9")
    (site.store / "CURRENT").write_text(f"2{first[1:]}9\n")
    assert sets.newest(NOW).version == f"2{first[1:]}9"
    assert len(context.given) == 1


def test_a_set_is_read_once_while_it_stays_the_newest(
    site: "Site", sets: Sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("a b")
    sets.newest(NOW)
    monkeypatch.setattr(Store, "read", lambda *_: pytest.fail("read again"))
    sets.newest(NOW)


def remove_current(site: "Site", _version: str) -> None:
    (site.store / "CURRENT").unlink()


def empty_current(site: "Site", _version: str) -> None:
    (site.store / "CURRENT").write_text("")


def garble_current(site: "Site", _version: str) -> None:
    (site.store / "CURRENT").write_bytes(b"\xff\x00../..\n")


def remove_files(site: "Site", version: str) -> None:
    shutil.rmtree(site.store / version)


def truncate(site: "Site", version: str) -> None:
    rows = site.store / version / "patterns.jsonl"
    rows.write_bytes(rows.read_bytes()[:-20])


def empty(site: "Site", version: str) -> None:
    (site.store / version / "patterns.jsonl").write_bytes(b"")


def truncate_manifest(site: "Site", version: str) -> None:
    (site.store / version / "manifest.json").write_bytes(b'{"format": 1')


def make_newer(site: "Site", version: str) -> None:
    manifest = site.store / version / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"format": 1', b'"format": 99'))


def fill_with_garbage(site: "Site", version: str) -> None:
    (site.store / version / "patterns.jsonl").write_bytes(bytes(range(256)))


BREAKS = [
    *(remove_current, empty_current, garble_current, remove_files),
    *(truncate, empty, truncate_manifest, make_newer, fill_with_garbage),
]


@pytest.mark.parametrize("damage", BREAKS)
def test_a_set_that_cannot_be_used_leaves_the_last_good_one_and_says_so_once(
    damage: Callable[["Site", str], None],
    site: "Site",
    sets: Sets,
    context: FakeContext,
    told: Callable[[str], list[dict[str, Any]]],
) -> None:
    good = site.publish("a b")
    sets.newest(NOW)
    damage(site, site.publish("a c", "a d"))
    assert [sets.newest(NOW).version for _ in range(3)] == [good] * 3
    assert [broadcast.value[0] for broadcast in live(context)] == [good]
    refused = told("set_refused")
    assert [facts["set"] for facts in refused] == [good]
    assert refused[0]["error"]
    # A good one ends it; a bad one after that is told again.
    better = site.publish("a e")
    assert sets.newest(NOW).version == better
    damage(site, site.publish("a f", "a g"))
    sets.newest(NOW)
    assert [facts["set"] for facts in told("set_refused")] == [good, better]


def test_the_first_set_must_be_good(site: "Site", sets: Sets) -> None:
    with pytest.raises(NoPatternSet, match="publish one by: logwinnow train"):
        sets.newest(NOW)
    truncate(site, site.publish("a b"))
    with pytest.raises(BrokenPatternSet):
        sets.newest(NOW)


def test_a_replay_gets_the_set_of_its_record_and_the_next_batch_the_newest(site: "Site", sets: Sets) -> None:
    first, second = site.publish("a b"), site.publish("a c")
    assert sets.exactly(first, Decisions(), NOW).version == first
    assert sets.newest(NOW).version == second
    assert sets.exactly(first, Decisions(), NOW).version == first


@pytest.mark.parametrize("damage", [remove_files, truncate])
def test_a_replay_whose_set_is_gone_is_an_error_and_not_judged_by_another_one(
    damage: Callable[["Site", str], None], site: "Site", sets: Sets
) -> None:
    first, _ = site.publish("a b"), site.publish("a c")
    damage(site, first)
    with pytest.raises(CheckpointError, match=rf"judged by the set '{first}', which cannot be read"):
        sets.exactly(first, Decisions(), NOW)


def test_waiting_for_a_set_says_so_once_and_ends_when_one_is_published(
    site: "Site", told: Callable[[str], list[dict[str, Any]]]
) -> None:
    pauses = iter(range(3))

    def pause() -> bool:
        if next(pauses) == 2:
            site.publish("a b")
        return True

    assert wait_for_set(Store(str(site.store)), pause)
    assert told("no_set") == [{"store": str(site.store), "mend": "logwinnow train FILE"}]


def test_waiting_for_a_set_can_be_stopped(site: "Site") -> None:
    assert not wait_for_set(Store(str(site.store)), lambda: False)


def decide(site: "Site", *entries: dict[str, Any]) -> None:
    """Write the operator's file."""
    (site.store / "operator.jsonl").write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))


ACCEPT = {"do": "accept", "shape": "a c"}
REJECT = {"do": "reject", "pattern": "a b"}


def outliers(newest: LiveSet) -> list[str]:
    judge = judge_of("p", *newest.broadcast.value).judge.judge
    return [line for line in ("a b", "a c", "a d") if judge.judge(line.encode(), 0).outlier]


def test_what_the_operator_decides_counts_from_the_next_batch(site: "Site", sets: Sets, context: FakeContext) -> None:
    site.publish("a b")
    assert outliers(sets.newest(NOW)) == ["a c", "a d"]
    decide(site, ACCEPT, REJECT)
    newest = sets.newest(NOW)
    assert outliers(newest) == ["a b", "a d"]
    assert newest.decisions == Store(str(site.store)).decisions()
    (site.store / "operator.jsonl").unlink()
    assert outliers(sets.newest(NOW)) == ["a c", "a d"]
    assert len(live(context)) == 1


def test_an_entry_ends_by_the_time_at_which_a_batch_was_planned(site: "Site", sets: Sets, context: FakeContext) -> None:
    site.publish("a b")
    decide(site, {**ACCEPT, "until": iso(NOW)}, REJECT)
    assert outliers(sets.newest(NOW - 1)) == ["a b", "a d"]
    ended = sets.newest(NOW)
    assert outliers(ended) == ["a b", "a c", "a d"]
    # What the batch records is the file, by which a replay of any time judges alike.
    assert len(ended.decisions.entries) == 2
    assert outliers(sets.exactly(ended.version, ended.decisions, NOW - 1)) == ["a b", "a d"]
    assert len(live(context)) == 1


def test_workers_get_nothing_new_while_nothing_that_counts_has_changed(
    site: "Site", sets: Sets, context: FakeContext
) -> None:
    site.publish("a b")
    decide(site, ACCEPT)
    sets.newest(NOW)
    decide(site, ACCEPT, {**REJECT, "until": iso(NOW - 1_000_000)})
    with (site.store / "operator.jsonl").open("a") as file:
        file.write("# a comment\n")
    assert len(sets.newest(NOW).decisions.entries) == 2
    assert len(context.given) == 1


BROKEN = [
    b"accept it\n",
    b'{"do":"reject","pattern":"user a7 left"}\n',
    b'{"do":"accept","shape":"7 <*>"}\n',
    b"\xff\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_decisions_that_cannot_be_used_leave_the_last_good_ones_and_say_so_once(
    broken: bytes, site: "Site", sets: Sets, context: FakeContext, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    version = site.publish("a b")
    decide(site, ACCEPT)
    good = sets.newest(NOW).decisions
    (site.store / "operator.jsonl").write_bytes(broken)
    for _ in range(3):
        newest = sets.newest(NOW)
        assert (newest.version, newest.decisions) == (version, good)
        assert outliers(newest) == ["a d"]
    (refused,) = told("decisions_refused")
    assert (refused["set"], refused["decisions"]) == (version, good.revision)
    assert re.search("mend the line, or put # before it|withdraw the entry", refused["error"])
    # A new set is taken up all the same, with the last good ones.
    assert outliers(sets.newest(NOW)) == ["a d"]
    second = site.publish("a d")
    newest = sets.newest(NOW)
    assert (newest.version, outliers(newest)) == (second, ["a b"])
    assert len(told("decisions_refused")) == 1
    # Good ones end it; what is broken after that is told again.
    decide(site, ACCEPT, REJECT)
    assert outliers(sets.newest(NOW)) == ["a b"]
    (site.store / "operator.jsonl").write_bytes(broken)
    sets.newest(NOW)
    assert len(told("decisions_refused")) == 2
    assert len(live(context)) == 1


def test_a_set_by_whose_rules_an_entry_means_nothing_leaves_the_last_good_set_until_it_is_withdrawn(
    site: "Site", sets: Sets, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    first = site.publish("a b")
    entry = {"do": "reject", "pattern": "a bob left"}
    decide(site, entry)
    sets.newest(NOW)
    second = site.publish("a b", rules=Rules(words=WordRules(classes={"name": "bob"})))
    assert [sets.newest(NOW).version for _ in range(2)] == [first, first]
    (refused,) = told("decisions_refused")
    assert "'bob' is no constant by the rules of today" in refused["error"]
    decide(site)
    assert sets.newest(NOW).version == second


def test_a_first_operators_file_must_be_good(site: "Site", sets: Sets) -> None:
    site.publish("a b")
    for broken in BROKEN:
        (site.store / "operator.jsonl").write_bytes(broken)
        with pytest.raises(DecisionsError):
            sets.newest(NOW)


def test_a_replay_is_judged_by_the_decisions_of_then(site: "Site", sets: Sets) -> None:
    version = site.publish("a b")
    decide(site, ACCEPT)
    then = sets.newest(NOW).decisions
    decide(site, REJECT)
    assert outliers(sets.newest(NOW)) == ["a b", "a c", "a d"]
    assert outliers(sets.exactly(version, then, NOW)) == ["a d"]
    assert outliers(sets.newest(NOW)) == ["a b", "a c", "a d"]
