"""Lines of what the stream's sink of files wrote."""

import fcntl
import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from patterns.rules import Rules
from patterns.timestamps import DAY, iso, utc_day
from tests.training.nightly.nights import Nights, days_of, line, moment
from training.errors import CorpusError
from training.fetched.counts import FetchCounts
from training.fetched.events import fetch
from training.fetched.spool import Spool
from training.fetched.time_range import ANY_TIME, TimeRange


def event(text: str, created: int, time: int | None = None, **ours: Any) -> dict[str, Any]:
    return {
        "@timestamp": iso(created if time is None else time),
        "event": {"kind": "event", "created": iso(created), "original": text},
        "logwinnow": {"set": "v", **ours},
    }


def written(
    folder: Path, day: str, *events: object, name: str = "00000001-s-00000.ndjson", packed: bool = False
) -> None:
    data = b"".join(json.dumps(each).encode() + b"\n" for each in events)
    place = folder / "events" / (f"{day}.ndjson.zst" if packed else f"{day}/{name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    if packed:
        with pa.CompressedOutputStream(str(place), "zstd") as file:
            file.write(data)
    else:
        place.write_bytes(data)


def fetched(folder: Path, times: TimeRange = ANY_TIME, *excluded: TimeRange) -> tuple[list[str], FetchCounts]:
    counts = FetchCounts(f"events:{folder}", times, excluded=excluded, by_batch=True)
    with Spool() as spool:
        fetch(str(folder), Rules(), counts, spool, lambda *_: None)
        lines = [text for piece in spool.pieces() for text in Path(piece.path).read_text().splitlines()]
    return lines, counts


def test_events_are_read_from_open_and_compacted_days_by_when_their_batch_was_planned(tmp_path: Path) -> None:
    written(tmp_path, "2026-03-01", event("too old", moment(0, 23)))
    written(tmp_path, "2026-03-02", event("b", moment(1)), packed=True)
    # What was not removed yet of a day that is compacted.
    written(tmp_path, "2026-03-02", event("twice", moment(1)))
    written(tmp_path, "2026-03-03", event("c", moment(2)), event("d", moment(2), time=moment(0)))
    written(tmp_path, "2026-03-03", event("e", moment(2)), name=".hidden.ndjson")
    written(tmp_path, "2026-03-04", event("too new", moment(3)))

    written(tmp_path, "2026-03-03", event("before noon", moment(2, 11)), event("f", moment(2, 13)), name="2.ndjson")

    lines, counts = fetched(tmp_path, TimeRange(moment(1), moment(3)))
    assert sorted(fetched(tmp_path, TimeRange(moment(2, 12), moment(3)))[0]) == ["f"]

    assert sorted(lines) == ["b", "before noon", "c", "d", "f"]
    assert (counts.records, counts.lines) == (5, 5)


def test_the_line_is_the_bytes_that_were_judged(tmp_path: Path) -> None:
    written(tmp_path, "2026-03-01", event("caf\N{REPLACEMENT CHARACTER}", moment(0), original_base64="Y2Fm6Q=="))
    counts = FetchCounts("events:x", ANY_TIME)
    with Spool() as spool:
        fetch(str(tmp_path), Rules(), counts, spool, lambda *_: None)
        assert Path(spool.pieces()[0].path).read_bytes() == b"caf\xe9\n"


def test_what_is_no_line_is_counted_by_reason(tmp_path: Path) -> None:
    alert = event("a", moment(0))
    alert["event"]["kind"] = "alert"
    without = event("a", moment(0))
    del without["event"]["original"]
    undated = event("a", moment(0))
    undated["event"]["created"] = "yesterday"
    written(tmp_path, "2026-03-01", alert, without, undated, "no object", {"message": "not ours"})
    with (tmp_path / "events/2026-03-01/00000002-s-00000.ndjson").open("wb") as file:
        file.write(b'{"torn\n\xff\n')

    lines, counts = fetched(tmp_path)

    assert lines == []
    assert counts.left_out == {"alert": 1, "no_line": 5, "no_time": 1}


def test_an_excluded_time_holds_what_was_planned_in_it_and_what_says_so(tmp_path: Path) -> None:
    events = [event("planned", moment(0, 5)), event("late", moment(0, 9), time=moment(0, 5)), event("b", moment(0, 9))]
    written(tmp_path, "2026-03-01", *events)

    lines, counts = fetched(tmp_path, ANY_TIME, TimeRange(moment(0, 4), moment(0, 6)))

    assert (lines, counts.left_out) == (["b"], {"excluded": 2})


def test_the_sinks_lock_is_held_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "2026-03-01", event("a", moment(0)))
    (tmp_path / ".lock").touch()
    asked = []
    monkeypatch.setattr(fcntl, "flock", lambda _, how: asked.append(how))

    assert fetched(tmp_path)[0] == ["a"]
    assert asked == [fcntl.LOCK_SH]


def test_a_folder_of_no_stream_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no folder of a stream: .*give what \$\.sink\.files\.path"):
        fetched(tmp_path)


def test_a_line_that_claims_two_days_is_of_the_day_on_which_it_was_streamed(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights")
    nights.train(days_of({0: ["mail arrived"]}))
    forged = [event(line(day, "let me in").rstrip(), moment(1, 13), time=moment(day, 12)) for day in (-3, 0, 1)]
    written(tmp_path, "2026-03-02", *forged)

    nights.night(1, [f"events:{tmp_path}"])

    assert nights.reason("let me in") == "pending"
    days = {key.day for key, _ in nights.store.read_shapes(nights.now.version).rows() if key.shape == "let me in"}
    assert days == {"2026-03-02"}


def test_days_that_are_caught_up_give_the_table_of_nights(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        late = event(line(day - 1, f"late {day} came").rstrip(), moment(day, 0.1))
        own = event(line(day, "mail arrived").rstrip(), moment(day, 12))
        written(tmp_path, f"2026-03-0{day + 1}", late, own)
    one_by_one, at_once = (Nights(tmp_path / name) for name in ("nights", "once"))
    for nights in (one_by_one, at_once):
        nights.train(days_of({0: ["mail arrived"]}))
    for day in (1, 2, 3):
        one_by_one.night(day, [f"events:{tmp_path}"])
    at_once.night(3, [f"events:{tmp_path}"])

    assert one_by_one.table() == at_once.table()
    assert one_by_one.reason("late <*> came") is at_once.reason("late <*> came") is None


def test_what_is_streamed_after_the_night_is_not_passed_over_though_it_was_to_end_later(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights")
    nights.train(days_of({0: ["mail arrived"]}))
    now = time.time_ns() // 1_000
    later = now - moment(0)
    tomorrow = later // DAY + 1
    written(tmp_path, utc_day(now), event("mail arrived", now - 1_000))
    nights.night(tomorrow, [f"events:{tmp_path}"])
    written(tmp_path, utc_day(now), event("mail arrived", time.time_ns() // 1_000 + 1_000_000), name="2.ndjson")

    assert nights.night(tomorrow, [f"events:{tmp_path}"])["corpus"]["lines"] == 1
