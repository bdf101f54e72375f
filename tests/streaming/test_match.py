"""What a task does, without Spark: it is called as `mapInArrow` calls it."""

import base64
import gc
import json
import pickle
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pyarrow as pa
import pytest
from pyspark import Broadcast

from patterns.judge import Judge
from patterns.records import Records
from patterns.rules import Rules
from patterns.store import Store
from streaming import tally
from streaming.dead_letters.files import FileLetters
from streaming.dead_letters.letter import Sender
from streaming.errors import SinkError
from streaming.following.follower import Follower, State
from streaming.following.ranges import Range
from streaming.match import JudgeTask, uncollected
from streaming.sink.files import FilesSink
from streaming.source.files import COLUMNS, FilesSource
from streaming.tally import RESULT, RESULT_COLUMNS, OutlierShape

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

_RECEIVED = 1_795_000_000_123_456
_COUNTED = ("matched", "outliers", "unjudged_blank", "unjudged_no_constant")


@dataclass(frozen=True)
class FakeBroadcast:
    value: tuple[str, bytes, bytes, bytes]


def task(site: "Site", batch: int = 0) -> JudgeTask:
    """Return the task of a batch that is judged by the newest set."""
    stored = Store(str(site.store)).read()
    judged_by = FakeBroadcast((stored.version, stored.manifest, stored.rows, b""))
    sink = FilesSink(str(site.sink), "57ea")
    sink.start()
    return JudgeTask(
        judged_by=cast("Broadcast[tuple[str, bytes, bytes, bytes]]", judged_by),
        version=stored.version,
        place=str(site.store),
        name="app",
        source=FilesSource("app", site.config().source.files),
        sink=sink,
        letters=FileLetters(str(site.folder / "dead-letters"), Sender("files", "app", "57ea")),
        batch=batch,
        planned_at=_RECEIVED,
    )


def whole(*paths: Path) -> list[Range]:
    """Return one range for each file, all of it."""
    ranges = []
    for path in paths:
        (taken,) = Follower([str(path)], Records(Rules()), once=True).plan(State(), 2**40).ranges_from(State())
        ranges.append(taken)
    return ranges


def given(ranges: Iterable[Range], record_time: int = _RECEIVED) -> list[pa.RecordBatch]:
    """Return the rows of ranges as the source's stream has them."""
    rows = [
        {"file": json.dumps(asdict(part.file)), "start": part.start, "end": part.end, "record_time": record_time}
        for part in ranges
    ]
    return [pa.RecordBatch.from_pylist([row], schema=COLUMNS) for row in rows]


def judge(site: "Site", *ranges: Range, batch: int = 0) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Run the task over ranges; return its counts and its rows of outlier shapes."""
    (result,) = task(site, batch)(given(ranges))
    assert result.schema == RESULT
    found = result.to_pylist()
    counts = msgspec.json.decode(found[0]["counts"], type=dict[str, int])
    assert found[0]["record_time"] == (_RECEIVED if counts.get("lines") else None)
    assert all(row["counts"] is None for row in found[1:])
    return counts, found[1:]


def check_counts(counts: dict[str, int], lines: int) -> None:
    assert counts.get("lines", 0) == lines
    assert sum(counts.get(name, 0) for name in _COUNTED) == lines


@pytest.fixture
def known(site: "Site") -> "Site":
    """A site with a set."""
    site.publish("job *{1,1} done", "user left", "to be")
    return site


def test_every_line_is_an_event_that_says_where_it_stands(known: "Site") -> None:
    known.append("job 7 done", "what is this", "", "12 34", "user left")
    counts, shapes = judge(known, *whole(known.log))
    check_counts(counts, 5)
    assert {name: counts[name] for name in _COUNTED} == dict(zip(_COUNTED, (2, 1, 1, 1), strict=True))
    events = known.events()
    assert [event["event"]["original"] for event in events] == ["job 7 done", "what is this", "", "12 34", "user left"]
    assert [event["log"] for event in events] == [
        {"file": {"path": str(known.log)}, "offset": offset} for offset in (0, 11, 24, 25, 31)
    ]
    assert {event["event"]["dataset"] for event in events} == {"app"}
    assert len({event["event"]["id"] for event in events}) == 5
    assert [(row["scope"], row["shape"], row["count"], row["offset"]) for row in shapes] == [
        ("", "what is this", 1, 11)
    ]


def test_the_verdict_is_that_of_the_judge_and_stamped_with_the_set(known: "Site", loghub: Path) -> None:
    log = loghub / "Linux" / "Linux_2k.log"
    judge(known, *whole(log))
    stored = Store(str(known.store)).read()
    offline = Judge(stored.patterns)
    for event in known.events():
        judgement = offline.judge(event["event"]["original"].encode(), _RECEIVED)
        assert event["logwinnow"]["outlier"] == judgement.outlier
        assert event["logwinnow"].get("params", []) == offline.parameters(judgement)
        assert event["logwinnow"]["set"] == stored.version


def test_a_replay_makes_the_same_events_and_rows(known: "Site") -> None:
    known.append(*(f"line {word} of it" for word in ("one", "two", "one", "three")))
    first = judge(known, *whole(known.log)), known.events()
    assert (judge(known, *whole(known.log)), known.events()) == first


def test_the_line_that_stands_for_a_shape_is_the_one_with_the_smallest_position(known: "Site") -> None:
    for name in ("b.log", "a.log"):
        (known.folder / name).write_text(f"odd line 1{name}\nodd line 22{name}\n")
    ranges = whole(known.folder / "b.log", known.folder / "a.log")
    _, shapes = judge(known, *ranges)
    (shape,) = shapes
    assert (shape["count"], shape["place"], shape["offset"]) == (4, str(known.folder / "a.log"), 0)
    assert msgspec.json.decode(shape["first"])["event"]["original"] == "odd line 1a.log"
    # However its parts are told to the driver.
    parts = [OutlierShape("", "odd line <*>", n, f"/{p}", o, _RECEIVED, b"") for n, p, o in [(1, "b", 0), (2, "a", 7)]]
    assert parts[0].add(parts[1]) == parts[1].add(parts[0])
    assert (parts[0].add(parts[1]).count, parts[0].add(parts[1]).place) == (3, "/a")


def test_more_shapes_than_a_task_reports_are_counted(known: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "SHAPES_A_TASK", 3)
    known.append(*(f"odd {word}" for word in ("a", "b", "a", "c", "d", "e", "d", "a")))
    counts, shapes = judge(known, *whole(known.log))
    check_counts(counts, 8)
    assert [(row["shape"], row["count"]) for row in shapes] == [("odd a", 3), ("odd b", 1), ("odd c", 1)]
    assert counts["outliers"] == 8
    assert counts["outliers_of_further_shapes"] == 3
    assert len(known.events()) == 8


def test_a_line_that_is_too_old_is_an_event_and_stands_for_no_shape(known: "Site") -> None:
    known.append("odd line", "user left")
    ranges = whole(known.log)
    oldest = replace(task(known), max_age=1_000)
    for record_time, shapes in ((_RECEIVED - 1_001, 0), (_RECEIVED - 1_000, 1), (_RECEIVED, 1)):
        (result,) = oldest(given(ranges, record_time))
        counts = msgspec.json.decode(result.to_pylist()[0]["counts"], type=dict[str, int])
        assert (counts["outliers"], counts.get("outliers_too_old", 0)) == (1, 1 - shapes)
        assert result.num_rows == 1 + shapes
        assert [event["logwinnow"]["outlier"] for event in known.events()] == [True, False]


def test_a_file_that_is_gone_is_a_counted_gap_and_the_others_are_judged(known: "Site") -> None:
    for name in ("a.log", "b.log"):
        (known.folder / name).write_text("user left\n" * 3)
    ranges = whole(known.folder / "a.log", known.folder / "b.log")
    (known.folder / "a.log").unlink()
    counts, _ = judge(known, *ranges)
    check_counts(counts, 3)
    assert counts["gone_bytes"] == 30


def test_a_task_without_ranges_reports_nothing_and_writes_no_file(known: "Site") -> None:
    assert judge(known) == ({}, [])
    assert known.events() == []


_MANY = " ".join(
    f"w{'x' * (n % 7)}{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(10**5)
)
_GARBAGE = random.Random(1).randbytes(50_000)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"no end", [b"no end"]),
        (b"job 1 done\r\n\r\nuser left\r\n", [b"job 1 done", b"", b"user left"]),
        (b"caf\xe9 \xc3\n\xf0\x9f\x98\n", [b"caf\xe9 \xc3", b"\xf0\x9f\x98"]),
        (b"a\0b \0\n\0\n", [b"a\0b \0", b"\0"]),
        (b"x" * 10_000_000 + b"\n", [b"x" * 10_000_000]),
        (b"\xff " * 1_000_000 + b"\nto be\n", [b"\xff " * 1_000_000, b"to be"]),
        (b" " * 1_000_000 + b"\n", [b" " * 1_000_000]),
        (_MANY.encode() + b"\n", [_MANY.encode()]),
        (b"(" * 100_000 + b"\n" + b"=" * 100_000 + b"\n", [b"(" * 100_000, b"=" * 100_000]),
        (_GARBAGE, [line.removesuffix(b"\r") for line in _GARBAGE.split(b"\n")]),
        (b"\xef\xbb\xbfuser left\n", [b"\xef\xbb\xbfuser left"]),
        (b"<*> <*> *{1,1}\n\\ (a|b)\n", [b"<*> <*> *{1,1}", b"\\ (a|b)"]),
        (b"<999>Feb 30 25:61:61 h p[x]: y\n", [b"<999>Feb 30 25:61:61 h p[x]: y"]),
        (b"9999-12-31T23:59:59-14:00 h p: y\n", [b"9999-12-31T23:59:59-14:00 h p: y"]),
        (b'{"logwinnow": {"outlier": false}}\n', [b'{"logwinnow": {"outlier": false}}']),
    ],
)
def test_no_line_is_lost_whatever_is_in_it(content: bytes, lines: Sequence[bytes], known: "Site") -> None:
    known.log.write_bytes(content)
    counts, _ = judge(known, *(whole(known.log) if content else ()))
    check_counts(counts, len(lines))
    assert [original(event) for event in known.events()] == lines


def original(event: dict[str, Any]) -> bytes:
    """Return the bytes of an event's line."""
    kept = event["logwinnow"].get("original_base64")
    return base64.b64decode(kept) if kept else bytes(event["event"]["original"].encode())


def test_cut_lines_and_bytes_that_are_no_utf8_are_counted(known: "Site") -> None:
    known.append(b"x " * 50_000, b"caf\xe9", b"\xff" * 70_000, "user left", "to be")
    counts, _ = judge(known, *whole(known.log))
    assert (counts["cut"], counts["not_utf8"]) == (2, 2)
    assert sum(event["logwinnow"].get("cut", False) for event in known.events()) == 2


def test_an_outlier_of_megabytes_comes_back_to_the_driver_cut(known: "Site") -> None:
    known.append("odd " * 1_000_000)
    _, (shape,) = judge(known, *whole(known.log))
    assert len(pickle.dumps(shape)) < 200_000


def test_what_spark_calls_the_columns_is_what_arrow_has() -> None:
    kinds = {pa.string(): "string", pa.int64(): "long", pa.binary(): "binary"}
    assert ", ".join(f"{field.name} {kinds[field.type]}" for field in RESULT) == RESULT_COLUMNS


def test_the_collector_rests_for_a_task_and_works_again_whatever_comes() -> None:
    def fail() -> None:
        assert not gc.isenabled()
        raise SinkError("away")

    with pytest.raises(SinkError, match="away"), uncollected():
        fail()
    assert gc.isenabled()
