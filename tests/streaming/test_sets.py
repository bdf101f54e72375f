import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from pyspark import SparkContext

from patterns.decisions import Decisions
from patterns.errors import BrokenPatternSet, NoPatternSet
from patterns.store import Store
from streaming.errors import CheckpointError
from streaming.match import judge_of
from streaming.sets import Sets, wait_for_set

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


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[dict[str, Any]]]:
    """Return the facts of the log records of a name."""
    monkeypatch.setattr(logging.getLogger("logwinnow"), "propagate", True)
    caplog.set_level(logging.INFO, logger="logwinnow")
    return lambda name: [vars(record)["facts"] for record in caplog.records if record.getMessage() == name]


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
    assert not judge_of("p", *newest.broadcast.value).judge(b"a c", 0).outlier


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
