from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from patterns import disk
from patterns.decisions import Decision, Decisions
from streaming.alerts import AlertState
from streaming.batches import KEPT, BatchLog, BatchRecord
from streaming.errors import CheckpointError

if TYPE_CHECKING:
    from tests.streaming.conftest import Site


@pytest.fixture
def log(site: "Site") -> BatchLog:
    return BatchLog(str(site.checkpoint))


def state(told: int) -> AlertState:
    """Return a state that is told from others by a number."""
    return AlertState({"5a5a": (12, 3)}, 20_000, told)


def test_a_new_batch_has_no_record(log: BatchLog) -> None:
    assert log.read(0) is None
    assert log.alerts_before(0) == AlertState()


def test_a_record_is_read_as_it_was_written_also_by_the_next_process(log: BatchLog, site: "Site") -> None:
    log.write(BatchRecord(3, "v1", 1_795_000_000_123_456))
    assert BatchLog(str(site.checkpoint)).read(3) == BatchRecord(3, "v1", 1_795_000_000_123_456)
    log.write(BatchRecord(3, "v1", 1_795_000_000_123_456, state(1)))
    assert BatchLog(str(site.checkpoint)).read(3) == BatchRecord(3, "v1", 1_795_000_000_123_456, state(1))


@pytest.mark.parametrize(
    ("done", "begun", "batch", "told"),
    [
        ([0, 1, 2], [], 3, 2),
        ([0, 1, 2], [3], 3, 2),
        ([0, 1, 2, 3], [], 3, 2),
        ([0, 1], [2, 3], 3, 1),
        ([], [0], 1, 0),
        ([0], [], 0, 0),
        ([9, 10], [], 11, 10),
        ([99_999_999, 100_000_000], [], 100_000_001, 100_000_000),
    ],
)
def test_alerts_go_on_from_the_last_batch_before_that_is_done(
    done: list[int], begun: list[int], batch: int, told: int, log: BatchLog
) -> None:
    for number in done:
        log.write(BatchRecord(number, "v1", 1, state(number)))
    for number in begun:
        log.write(BatchRecord(number, "v1", 1))
    assert log.alerts_before(batch).told == told


def test_old_records_are_forgotten(log: BatchLog, site: "Site") -> None:
    for number in range(KEPT + 50):
        log.write(BatchRecord(number, "v1", 1, state(number)))
    assert len(site.records()) == KEPT + 1
    assert log.read(KEPT + 49) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"batch": 0}', b'{"batch":0,"set":1,"planned_at":2}', b"\xff"])
def test_a_damaged_record_is_an_error_that_says_how_to_mend(content: bytes, log: BatchLog, site: "Site") -> None:
    log.write(BatchRecord(0, "v1", 1))
    (site.checkpoint / "logwinnow" / "batches" / "00000000.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"00000000\.json' is damaged: .*; without it .*: restore it, or"):
        log.read(0)


def test_what_a_crash_leaves_of_a_record_is_no_record(log: BatchLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(path: Path, data: bytes) -> None:
        path.write_bytes(data[:10])
        raise KeyboardInterrupt

    log.write(BatchRecord(1, "v1", 1, state(1)))
    with monkeypatch.context() as patch:
        patch.setattr(disk, "write_synced", crash)
        with pytest.raises(KeyboardInterrupt):
            log.write(BatchRecord(2, "v2", 2))
    assert log.read(2) is None
    assert log.alerts_before(2) == state(1)


def test_two_streams_on_one_checkpoint_are_refused_until_the_first_ends(log: BatchLog, site: "Site") -> None:
    other = BatchLog(str(site.checkpoint))
    with log.held():
        with pytest.raises(CheckpointError, match=r"checkpoint' is in use by another stream; stop it, or give"):
            other.held().__enter__()
        with BatchLog(str(site.folder / "another")).held():
            pass
    with other.held():
        pass


def test_the_name_of_the_stream_stays_with_its_checkpoint(log: BatchLog, site: "Site") -> None:
    assert log.stream_id() == log.stream_id() == BatchLog(str(site.checkpoint)).stream_id()
    assert BatchLog(str(site.folder / "another")).stream_id() != log.stream_id()


def test_a_checkpoint_that_cannot_be_written_is_an_error(site: "Site") -> None:
    site.checkpoint.write_text("a file")
    with pytest.raises(CheckpointError, match=r"checkpoint is '.*': .*; check the path and its rights"):
        BatchLog(str(site.checkpoint))
    other = BatchLog(str(site.folder / "other"))
    (site.folder / "other" / "logwinnow" / "lock").mkdir()
    with pytest.raises(CheckpointError, match=r"other' cannot be written: .*; check its rights"):
        other.held().__enter__()
    (site.folder / "other" / "logwinnow" / "batches").rename(site.folder / "moved")
    with pytest.raises(CheckpointError, match="cannot be written"):
        other.write(BatchRecord(0, "v1", 1))


_KAFKA = {"kind": "kafka", "topics": ["a", "b"]}


@pytest.mark.parametrize("origin", [_KAFKA, {"kind": "kafka", "topics": ["a", "b", "c"]}])
def test_a_checkpoint_is_of_its_source_and_of_further_topics(origin: dict[str, object], log: BatchLog) -> None:
    for each in (_KAFKA, origin, origin):
        log.claim(each)


@pytest.mark.parametrize(
    "origin",
    [
        {"kind": "files"},
        {"kind": "kafka", "topics": ["a"]},
        {"kind": "kafka", "topics": ["a", "c"]},
        {"kind": "kafka", "topic_pattern": ".*"},
    ],
)
def test_the_checkpoint_of_another_source_is_refused(origin: dict[str, object], log: BatchLog) -> None:
    log.claim(_KAFKA)
    with pytest.raises(
        CheckpointError, match=r"it belongs to source kind kafka, topics \['a', 'b'\], and the source is"
    ):
        log.claim(origin)


def test_a_topic_that_was_made_again_is_told_whatever_was_seen_in_between(log: BatchLog) -> None:
    for ids in ({"a": "1"}, {}, {"a": "1", "b": "2"}, {"b": "2"}):
        log.claim({**_KAFKA, "ids": ids})
    with pytest.raises(CheckpointError, match="topic 'a' was deleted and made again"):
        log.claim({**_KAFKA, "ids": {"a": "3", "b": "2"}})


def test_a_damaged_origin_is_told(log: BatchLog, site: "Site") -> None:
    log.claim(_KAFKA)
    (site.checkpoint / "logwinnow" / "origin").write_text("{")
    with pytest.raises(CheckpointError, match="origin' is damaged"):
        log.claim(_KAFKA)


def decisions(*shapes: str) -> Decisions:
    return Decisions(tuple(Decision(do="accept", shape=shape) for shape in shapes))


def test_a_record_from_before_there_were_decisions_is_read(log: BatchLog, site: "Site") -> None:
    log.write(BatchRecord(0, "v1", 1))
    (site.checkpoint / "logwinnow" / "batches" / "00000000.json").write_bytes(
        b'{"batch":0,"set":"v1","planned_at":1,"alerts":null}\n'
    )
    record = log.read(0)
    assert record == BatchRecord(0, "v1", 1)
    assert log.decisions(record.decisions) == Decisions()


def test_decisions_are_kept_for_as_long_as_a_record_names_them(log: BatchLog, site: "Site") -> None:
    said = [decisions(*"abc"[: number + 1]) for number in range(3)]
    for number in range(KEPT + 12):
        each = said[min(number // 5, 2)]
        log.keep(each)
        log.write(BatchRecord(number, "v1", 1, decisions=each.revision))
    kept = {file.name for file in (site.checkpoint / "logwinnow" / "decisions").iterdir()}
    # The first one was named by batches 0 to 4 alone, which are forgotten; the second one by 5 to 9.
    assert kept == {f"{each.revision}.jsonl" for each in said[2:]}
    record = BatchLog(str(site.checkpoint)).read(KEPT + 11)
    assert record is not None
    assert log.decisions(record.decisions) == said[2]


@pytest.mark.parametrize("damage", [None, b"", b"{", b'{"do":"accept","shape":"another"}\n'])
def test_decisions_that_are_lost_are_an_error_and_no_others_are_taken(
    damage: bytes | None, log: BatchLog, site: "Site"
) -> None:
    each = decisions("a", "b")
    log.keep(each)
    path = site.checkpoint / "logwinnow" / "decisions" / f"{each.revision}.jsonl"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(CheckpointError, match=r"jsonl', by which the batch .*, cannot be used: .*; restore it, or beg"):
        log.decisions(each.revision)
