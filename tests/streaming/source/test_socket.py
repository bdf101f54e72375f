"""The source as Spark calls it, without Spark: what a receiver spooled, planned, read, replayed, removed."""

import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql.datasource import DataSourceStreamReader
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadLimit, ReadMaxBytes, SupportsTriggerAvailableNow
from single_events import each_line

from patterns.rules import Rules
from streaming.batches import BatchLog
from streaming.config import SocketSourceConfig
from streaming.errors import CheckpointError, SourceError
from streaming.receiver.blocks import HEAD, segment_path, segments, spool_id
from streaming.receiver.spool import SpoolWriter
from streaming.source import DeadLetter, SourceLine
from streaming.source import socket as source_socket
from streaming.source import spool as source_spool
from streaming.source.socket import SocketSource
from streaming.source.spool import COLUMNS, SpoolSource, options

Offset = dict[str, int]
_ALL = ReadAllAvailable()
_MAX = 4_194_304


class Site:
    """A spool, its writer, and the checkpoint of its stream."""

    def __init__(self, folder: Path) -> None:
        self.spool, self.checkpoint = folder / "spool", folder / "checkpoint"
        self.spool.mkdir()
        self.source = SocketSource("app", SocketSourceConfig(spool=str(self.spool)), str(self.checkpoint))
        self.writer = SpoolWriter(self.spool, _MAX)

    def receive(self, *messages: bytes, peer: str = "10.0.0.1") -> None:
        """Spool messages as a block."""
        self.writer.add(list(messages), peer, "tcp", 1_795_000_000_000_000)
        self.writer.flush()

    def receive_segments(self, number: int) -> list[bytes]:
        """Spool so many whole segments; return their messages."""
        sent: list[bytes] = []
        before = len(segments(self.spool))
        while len(segments(self.spool)) < before + number:
            sent.append(b"%d %s" % (len(sent), b"x" * 50_000))
            self.receive(sent[-1])
        return sent

    def reader(self, pieces: int = 2) -> DataSourceStreamReader:
        given = options(self.source.config, str(self.checkpoint), pieces)
        # Spark gives the names of options back in small letters.
        return SpoolSource({name.lower(): value for name, value in given.items()}).streamReader(COLUMNS)

    def commit(self, batch: int) -> None:
        """Note a batch as planned and committed, as Spark does."""
        self.plan(batch)
        (self.checkpoint / "commits").mkdir(exist_ok=True)
        (self.checkpoint / "commits" / str(batch)).write_text("v1")

    def plan(self, batch: int) -> None:
        (self.checkpoint / "offsets").mkdir(parents=True, exist_ok=True)
        (self.checkpoint / "offsets" / str(batch)).write_text("v1")

    def lines(self, start: Offset, end: Offset, pieces: int = 2) -> tuple[list[SourceLine], Counter[str]]:
        """Return the lines of a batch by position, and what was counted."""
        counts: Counter[str] = Counter()
        reader, found = self.reader(pieces), []
        for part in reader.partitions(start, end):
            for batch in reader.read(part):
                lines = each_line(self.source.lines(batch, Rules(), counts))
                found += [each for each in lines if isinstance(each, SourceLine)]
        return found, counts


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def latest(reader: DataSourceStreamReader, start: Offset, limit: ReadLimit = _ALL) -> Offset:
    """Ask for the newest offset; both cross as JSON."""
    found: Offset = json.loads(json.dumps(reader.latestOffset(json.loads(json.dumps(start)), limit)))
    return found


def test_a_message_is_a_line_that_says_where_it_came_from(site: Site) -> None:
    site.receive(b"<13>a", b"<13>b\nc")
    site.receive(b"<13>d", peer="::1")
    reader = site.reader()
    start = reader.initialOffset()
    lines, counts = site.lines(start, latest(reader, start))
    assert [(line.data, line.offset, line.record_time) for line in lines] == [
        (b"<13>a", 0, 1_795_000_000_000_000),
        (b"<13>b\nc", 1, 1_795_000_000_000_000),
        (b"<13>d", 2, 1_795_000_000_000_000),
    ]
    assert lines[2].where == {
        "log": {"file": {"path": str(segment_path(site.spool, 1))}, "offset": 2},
        "source": {"ip": "::1"},
        "host": {"name": "::1"},
    }
    assert lines[2].place == f"{spool_id(site.spool)}/1/::1"
    assert len({line.event_id for line in lines}) == 3
    assert not counts


def test_what_is_taken_is_not_taken_again_and_a_replay_reads_the_same(site: Site) -> None:
    reader = site.reader()
    start = reader.initialOffset()
    assert latest(reader, start) == start
    site.receive(b"a")
    first = latest(reader, start)
    assert latest(site.reader(), first) == first
    site.receive(b"b")
    second = latest(reader, first)
    assert [line.data for line in site.lines(first, second)[0]] == [b"b"]
    assert site.lines(start, first) == site.lines(start, first)
    assert [line.data for line in site.lines(start, first)[0]] == [b"a"]


def test_a_batch_is_bounded_but_takes_a_block_at_least(site: Site) -> None:
    for number in range(4):
        site.receive(b"%d" % number * 1_000)
    reader = site.reader()
    offsets = [reader.initialOffset()]
    for limit in (1, 2_500, 2**40):
        offsets.append(latest(reader, offsets[-1], ReadMaxBytes(limit)))
    batches = [[line.data[:1] for line in site.lines(*pair)[0]] for pair in pairwise(offsets)]
    assert batches == [[b"0"], [b"1", b"2"], [b"3"]]


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_tasks_share_a_batch_and_together_have_all_of_it_once(
    pieces: int, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_spool, "SMALLEST_SPLIT", 100_000)
    sent = site.receive_segments(4)
    reader = site.reader(pieces)
    start = reader.initialOffset()
    end = latest(reader, start)
    assert [line.data for line in site.lines(start, end, pieces)[0]] == sent
    assert len(reader.partitions(start, end)) == pieces


def test_segments_are_removed_once_they_are_committed_also_when_nothing_new_comes(site: Site) -> None:
    sent = site.receive_segments(3)
    reader = site.reader()
    start = reader.initialOffset()
    end = latest(reader, start)
    site.plan(0)
    assert list(segments(site.spool)) == [1, 2, 3, 4]
    # Not yet committed: a replay needs it.
    latest(site.reader(), end)
    assert [line.data for line in site.lines(start, end)[0]] == sent
    site.commit(0)
    assert latest(site.reader(), end) == end
    assert list(segments(site.spool)) == [4]


def test_a_full_spool_has_room_again_when_all_is_judged(site: Site) -> None:
    reader = site.reader()
    offset, batch, sent, read = reader.initialOffset(), 0, 0, []
    for _ in range(3):
        while not site.writer.is_full:
            site.receive(b"%d %s" % (sent, b"x" * 40_000))
            sent += 1
        end = latest(reader, offset)
        read += site.lines(offset, end)[0]
        site.commit(batch)
        offset, batch = end, batch + 1
        assert latest(reader, offset) == offset
        site.writer.look()
        assert not site.writer.is_full
    assert [int(line.data.split()[0]) for line in read] == list(range(sent))
    assert len({line.event_id for line in read}) == sent


def test_losses_are_counted_once_with_the_blocks_that_tell_of_them(site: Site) -> None:
    site.writer.lost["udp_dropped_full"] = 7
    site.receive(b"a")
    site.receive(b"b")
    site.writer.lost["udp_dropped_kernel"] = 2
    site.writer.flush()
    reader = site.reader()
    start = reader.initialOffset()
    lines, counts = site.lines(start, latest(reader, start))
    assert [line.data for line in lines] == [b"a", b"b"]
    assert counts == {"udp_dropped_full": 7, "udp_dropped_kernel": 2}


def test_messages_of_many_blocks_are_handed_over_some_at_a_time_each_with_its_own_peer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_socket, "LINES", 3)
    peers = ["10.0.0.1", "::1", "10.0.0.1", "10.0.0.2", "::1"]
    for number, peer in enumerate(peers):
        site.receive(b"%d a" % number, b"%d b" % number, peer=peer)
    end = segment_path(site.spool, 1).stat().st_size
    row = {"spool": spool_id(site.spool), "segment": 1, "begin": 0, "end": end}
    batch = pa.RecordBatch.from_pylist([row], schema=COLUMNS)

    found = list(site.source.lines(batch, Rules(), Counter()))

    assert [len(each) for each in found] == [4, 4, 2]
    lines = [each for each in each_line(found) if isinstance(each, SourceLine)]
    assert [(line.data[:1], line.where["source"]["ip"]) for line in lines] == [
        (b"%d" % number, peer) for number, peer in enumerate(peers) for _ in "ab"
    ]
    assert [line.offset for line in lines] == list(range(10))


def test_a_torn_block_waits_until_there_is_a_later_segment_and_is_counted_then(site: Site) -> None:
    site.receive(b"a")
    whole = segment_path(site.spool, 1).read_bytes()
    site.writer.close()
    with segment_path(site.spool, 1).open("ab") as segment:
        segment.write(whole[:-1])
    reader = site.reader()
    start = reader.initialOffset()
    first = latest(reader, start)
    assert first == {"segment": 1, "byte": len(whole)}
    assert latest(reader, first) == first
    site.writer = SpoolWriter(site.spool, _MAX)
    site.receive(b"b")
    second = latest(reader, first)
    lines, counts = site.lines(first, second)
    assert [line.data for line in lines] == [b"b"]
    assert counts == {"damaged_bytes": len(whole) - 1}


@pytest.mark.parametrize("at", [0, 5, 9, HEAD.size + 3])
def test_a_block_that_the_disk_spoiled_is_counted_and_what_can_be_is_read(at: int, site: Site) -> None:
    site.receive(b"a")
    length = segment_path(site.spool, 1).stat().st_size
    site.receive(b"b")
    path = segment_path(site.spool, 1)
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(data)
    site.writer.close()
    site.writer = SpoolWriter(site.spool, _MAX)
    site.receive(b"c")
    reader = site.reader()
    start = reader.initialOffset()
    lines, counts = site.lines(start, latest(reader, start))
    # Where its length is lost, where the next begins is too.
    known = at >= HEAD.size - 4
    assert [line.data for line in lines] == ([b"b", b"c"] if known else [b"c"])
    assert counts == {"damaged_bytes": length if known else 2 * length}


def test_once_takes_what_is_there_at_its_beginning(site: Site) -> None:
    site.receive(b"a")
    reader = site.reader()
    assert isinstance(reader, SupportsTriggerAvailableNow)
    reader.prepareForTriggerAvailableNow()
    site.receive(b"b")
    site.receive_segments(2)
    start = reader.initialOffset()
    end = latest(reader, start)
    assert [line.data for line in site.lines(start, end)[0]] == [b"a"]
    assert latest(reader, end) == end


def test_a_segment_that_is_gone_is_an_error_and_not_a_smaller_batch(site: Site) -> None:
    site.receive_segments(3)
    reader = site.reader()
    middle = {"segment": 2, "byte": 0}
    end = latest(reader, middle)
    segment_path(site.spool, 2).unlink()
    for ask in (lambda: latest(reader, middle), lambda: reader.partitions(middle, end)):
        with pytest.raises(SourceError, match=r"000000000002\.blocks' is gone, .* restore it, or begin with a new"):
            ask()


def test_an_emptied_spool_is_another_one_and_its_old_checkpoint_is_refused(site: Site) -> None:
    log = BatchLog(str(site.checkpoint))
    log.claim(site.source.origin())
    site.receive(b"a")
    site.writer.close()
    SpoolWriter(site.spool, _MAX).close()
    log.claim(site.source.origin())
    for number in segments(site.spool):
        segment_path(site.spool, number).unlink()
    SpoolWriter(site.spool, _MAX).close()
    with pytest.raises(CheckpointError, match="another one or emptied: give the path of the former, or begin with"):
        log.claim(site.source.origin())


def test_once_without_a_spool_says_that_there_is_nothing(tmp_path: Path) -> None:
    source = SocketSource("app", SocketSourceConfig(spool=str(tmp_path / "spool")), str(tmp_path))
    source.check()
    with pytest.raises(SourceError, match="there is no spool, so that there is nothing to judge"):
        replace(source, once=True).check()


def test_a_dead_letter_becomes_the_same_line_again(site: Site) -> None:
    site.receive(b"a", peer="fe80::1")
    reader = site.reader()
    start = reader.initialOffset()
    (line,), _ = site.lines(start, latest(reader, start))
    letter = DeadLetter(line.event_id, line.place, line.offset, line.record_time, "refused", "", line.raw)
    assert site.source.again(letter, Rules()) == line
    moved: Any = site.source.again(letter._replace(place="/var/log/syslog"), Rules())
    assert "no spool, segment and peer" in moved.detail
