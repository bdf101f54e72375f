"""The whole stream in this process: sets that change, files that grow, crashes at every step, hostile lines."""

import base64
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from patterns.errors import BrokenPatternSet, LogwinnowError, NoPatternSet
from patterns.rules import Rules
from patterns.timestamps import DAY
from spark import session
from streaming import job, judging
from streaming.batches import BatchLog, BatchRecord
from streaming.errors import CheckpointError, SourceError, StreamingError
from streaming.job import Stream
from streaming.judging import Batches
from streaming.sink.files import FilesSink
from tests.streaming.running import running

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("spark")]

Told = Callable[[str], list[dict[str, Any]]]


def sets_of(site: "Site") -> dict[str, str]:
    """Return the text of each event → the set that it is stamped with."""
    return {event["event"]["original"]: event["logwinnow"]["set"] for event in site.events()}


def test_a_stream_waits_for_a_set_and_takes_up_each_new_one_but_no_broken_one(site: "Site", told: Told) -> None:
    site.append("user left")
    with running(Stream(site.config(), once=False)) as wait_until:
        wait_until(lambda: told("no_set"))
        first = site.publish("user left")
        wait_until(lambda: site.lines() == ["user left"])
        second = site.publish("user left", "user came")
        site.append("user came")
        wait_until(lambda: len(site.events()) == 2)
        broken = site.store / site.publish("other")
        (broken / "patterns.jsonl").write_bytes(b"")
        site.append("user left again")
        wait_until(lambda: len(site.events()) == 3)
    assert sets_of(site) == {"user left": first, "user came": second, "user left again": second}
    outliers = {event["event"]["original"] for event in site.events() if event["logwinnow"]["outlier"]}
    assert outliers == {"user left again"}
    assert [facts["set"] for facts in told("set_refused")] == [second]
    assert len(told("no_set")) == 1
    site.check_alerts()


def test_a_growing_emptied_and_rotated_file_gives_each_line_once(site: "Site") -> None:
    site.publish("line *{1,1}")
    site.append("line 1")
    with site.log.open("ab") as log:
        log.write(b"line")
    with running(Stream(site.config(site.log, f"{site.folder}/*.log"), once=False)) as wait_until:
        wait_until(lambda: site.lines() == ["line 1"])
        with site.log.open("ab") as log:
            log.write(b" 2\nline 3\n")
        wait_until(lambda: len(site.events()) == 3)
        # Emptied and filled anew, longer than it was.
        os.truncate(site.log, 0)
        site.append(*(f"anew {n}" for n in range(9)))
        wait_until(lambda: len(site.events()) == 12)
        # A last line just before the rotation, and one behind it by who still has the file open.
        with site.log.open("ab", buffering=0) as log:
            log.write(b"last 1\n")
            site.log.rename(site.folder / "app.log.1")
            site.append("new 1")
            wait_until(lambda: len(site.events()) == 14)
            log.write(b"last 2\n")
        wait_until(lambda: len(site.events()) == 15)
    events = site.events()
    expected = [*(f"line {n}" for n in (1, 2, 3)), *(f"anew {n}" for n in range(9)), "last 1", "new 1", "last 2"]
    assert site.lines() == sorted(expected)
    assert len({event["event"]["id"] for event in events}) == 15
    offsets = {event["event"]["original"]: event["log"]["offset"] for event in events}
    assert [offsets[line] for line in ("line 1", "line 2", "line 3", "anew 0", "anew 1", "last 1", "last 2")] == [
        *(0, 7, 14, 0, 7, 63, 70)
    ]
    assert {event["log"]["file"]["path"] for event in events} == {str(site.log)}


def fail(patch: pytest.MonkeyPatch, owner: object, name: str, when: Callable[..., bool] = lambda *_: True) -> None:
    """Let a step crash instead of doing its work, at the calls of which `when` is true."""
    step = getattr(owner, name)

    def crash(*arguments: Any, **named: Any) -> Any:
        if when(*arguments):
            raise ZeroDivisionError("crash")
        return step(*arguments, **named)

    patch.setattr(owner, name, crash)


def between_record_and_events(patch: pytest.MonkeyPatch) -> None:
    fail(patch, FilesSink, "begin")


def between_events_and_alerts(patch: pytest.MonkeyPatch) -> None:
    fail(patch, judging, "merge")


def between_two_alerts(patch: pytest.MonkeyPatch) -> None:
    calls = count(1)
    fail(patch, FilesSink, "_write_alert", lambda *_: next(calls) == 2)


def between_alerts_and_record_done(patch: pytest.MonkeyPatch) -> None:
    fail(patch, BatchLog, "write", lambda _log, record: record.alerts is not None)


def between_record_done_and_commit(patch: pytest.MonkeyPatch) -> None:
    whole = Batches.judge

    def crash(*arguments: Any) -> None:
        whole(*arguments)
        raise ZeroDivisionError("crash")

    patch.setattr(Batches, "judge", crash)


@pytest.mark.parametrize(
    "crash",
    [
        between_record_and_events,
        between_events_and_alerts,
        between_two_alerts,
        between_alerts_and_record_done,
        between_record_done_and_commit,
    ],
)
def test_a_batch_that_crashed_is_replayed_by_the_set_of_its_record(
    crash: Callable[[pytest.MonkeyPatch], None], site: "Site"
) -> None:
    first = site.publish("user left")
    site.append("user left", "user came", "user slept", "user came", "user slept and slept")
    with pytest.MonkeyPatch.context() as patch:
        crash(patch)
        with pytest.raises(StreamingError, match="crash"):
            site.stream_once()
    second = site.publish("user came", "user slept")
    site.append("user woke", "user left", "user came")
    stream = site.stream_once()

    assert stream.totals["batches"] == 2
    events = sorted(site.events(), key=lambda event: event["log"]["offset"])
    assert [event["logwinnow"]["set"] for event in events] == [first] * 5 + [second] * 3
    assert [event["logwinnow"]["outlier"] for event in events] == [False, *[True] * 4, True, True, False]
    assert len({event["event"]["id"] for event in events}) == 8
    site.check_alerts()
    counts = {alert["message"]: alert["logwinnow"]["count"] for alert in site.alerts()}
    assert counts == {"user came": 2, "user slept": 1, "user slept and slept": 1, "user woke": 1, "user left": 1}


def test_a_crash_before_the_record_judges_by_the_newest_set(site: "Site") -> None:
    site.publish("user left")
    site.append("user came")
    with pytest.MonkeyPatch.context() as patch:
        fail(patch, BatchLog, "write")
        with pytest.raises(StreamingError):
            site.stream_once()
    assert site.events() == []
    second = site.publish("user came")
    site.stream_once()
    assert sets_of(site) == {"user came": second}
    assert site.alerts() == []


def test_a_replay_whose_set_is_gone_is_refused(site: "Site") -> None:
    first = site.publish("user left")
    site.append("user came")
    with pytest.MonkeyPatch.context() as patch:
        between_events_and_alerts(patch)
        with pytest.raises(StreamingError):
            site.stream_once()
    site.publish("user came")
    shutil.rmtree(site.store / first)
    with pytest.raises(LogwinnowError, match=f"judged by the set '{first}', which cannot be read"):
        site.stream_once()


def test_a_batch_that_is_judged_on_a_later_day_than_it_was_planned_loses_nothing(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish("user left")
    clock = time.time_ns
    # The driver's clock alone: the source plans in a process of its own.
    monkeypatch.setattr(time, "time_ns", lambda: clock() + 2 * DAY * 1_000)
    for number in range(3):
        site.append(f"user {'x' * (number + 1)}")
        site.stream_once()
    assert site.lines() == ["user x", "user xx", "user xxx"]


def test_a_file_that_vanishes_before_it_is_judged_is_a_counted_gap(site: "Site", told: Told) -> None:
    site.publish("user left")
    site.append("user left", "user left")
    (site.folder / "b.log").write_text("user left\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FilesSink, "begin", lambda *_: site.log.unlink(missing_ok=True))
        totals = site.stream_once(site.config(f"{site.folder}/*.log")).totals
    assert (totals["lines"], totals["gone_bytes"]) == (1, 20)
    assert told("batch")[0]["gone_bytes"] == 20
    site.append("user came")
    site.stream_once(site.config(f"{site.folder}/*.log"))
    assert site.lines() == ["user came", "user left"]


def test_hostile_lines_come_out_once_and_whole(site: "Site") -> None:
    site.publish("user left")
    words = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}x" for n in range(100_000))
    lines = [
        *(b"user left", b"", b" " * 1_000, b"caf\xe9 \xff", b"nul \0 nul", b"x" * 10_000_000, words.encode(), b"12"),
        *(bytes(n for n in range(256) if n not in b"\r\n"), b'{"event":{"id":"mine"}}', b"user left\x1b[2J"),
        *(b"9999-12-31T23:59:59-14:00 h p: y", b"<191>Feb 30 25:61:61 h p[9]: y", "größe � 🙂".encode()),
    ]
    site.log.write_bytes(b"\r\n".join(lines))
    for name, content in (("empty.log", b""), ("blank.log", b"\n"), ("crlf.log", b"\r\n\r\n")):
        (site.folder / name).write_bytes(content)
    (site.folder / "folder.log").mkdir()
    totals = site.stream_once(site.config(f"{site.folder}/*.log", max_bytes=1_000_000)).totals
    found = Counter(whole(event) for event in site.events())
    assert found == Counter([*lines, b"", b"", b""])
    assert totals["lines"] == len(lines) + 3
    unjudged = totals["unjudged_blank"] + totals["unjudged_no_constant"]
    assert totals["matched"] + totals["outliers"] + unjudged == totals["lines"]
    assert unjudged == 6
    site.check_alerts()


def whole(event: dict[str, Any]) -> bytes:
    """Return the bytes of an event's line."""
    kept = event["logwinnow"].get("original_base64")
    return base64.b64decode(kept) if kept else bytes(event["event"]["original"].encode())


def test_an_empty_file_is_done_at_once(site: "Site") -> None:
    site.publish("user left")
    site.log.touch()
    assert site.stream_once().totals["lines"] == 0


def test_once_takes_the_unfinished_last_line_and_its_rest_is_another_one(site: "Site") -> None:
    site.publish("user left")
    site.log.write_bytes(b"user left\nuser c")
    site.stream_once()
    site.append("ame")
    site.stream_once()
    assert site.lines() == ["ame", "user c", "user left"]


def test_a_sink_that_refuses_in_a_worker_is_one_clear_error_and_once_mended_nothing_is_lost(site: "Site") -> None:
    site.publish("user left")
    site.append("user left")
    with pytest.MonkeyPatch.context() as patch:
        # Where the day's folder should be there is a file: it refuses root too.
        patch.setattr(FilesSink, "begin", lambda *_: occupy(site))
        with pytest.raises(StreamingError, match=r"^sink\.files\.path is '.*out': .*; check its rights") as failed:
            site.stream_once()
    assert "\n" not in str(failed.value)
    for day in site.sink.glob("events/*"):
        day.unlink()
    site.stream_once()
    assert site.lines() == ["user left"]


def occupy(site: "Site") -> None:
    """Put a file where the folder of any day from yesterday to tomorrow should be."""
    for day in (-1, 0, 1):
        (site.sink / "events" / time.strftime("%Y-%m-%d", time.gmtime(time.time() + day * 86_400))).touch()


def test_a_folder_gives_the_lines_of_all_files_below_it(site: "Site") -> None:
    site.publish("user left")
    below = site.folder / "logs" / "web"
    below.mkdir(parents=True)
    (below / "app.log").write_bytes(b"user left\n")
    (below.parent / "wtmp").write_bytes(b"\7\0\0\0")
    site.stream_once(site.config(site.folder / "logs"))
    (event,) = site.events()
    assert event["log"]["file"]["path"] == f"{below}/app.log"


def test_once_is_refused_when_nothing_can_be_read_and_says_why_of_each_path_else(site: "Site", told: Told) -> None:
    site.publish("user left")
    os.mkfifo(site.folder / "pipe")
    with pytest.raises(
        SourceError,
        match=r"^source\.files\.paths is \[.*\]: there is nothing to read; .*file' is not there.*pipe' is no r",
    ):
        site.stream_once(site.config("/no/such/file", f"{site.folder}/none*", site.folder / "pipe"))
    site.append("user left")
    site.stream_once(site.config("/no/such/file", site.log))
    assert told("source") == [{"problems": 1, "why": "'/no/such/file' is not there, or has no file"}]


def test_a_stream_waits_for_a_file_and_says_so_and_that_it_came(
    site: "Site", told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_LOOK_FOR_PROBLEMS_SECONDS", 0.1)
    site.publish("user left")
    with running(Stream(site.config(), once=False)) as wait_until:
        wait_until(lambda: told("source"))
        site.append("user left")
        wait_until(lambda: site.lines() == ["user left"])
        wait_until(lambda: told("source")[1:] == [{"problems": 0, "why": "all give lines now"}])


def test_lines_are_joined_as_the_set_says_also_by_one_that_comes_while_the_stream_runs(site: "Site") -> None:
    trace = ["boom", "\tat a", "\tat b"]
    site.publish("boom")
    site.append(*trace)
    with running(Stream(site.config(), once=False)) as wait_until:
        wait_until(lambda: site.lines() == sorted(trace))
        site.publish("boom at a at b", rules=Rules(multiline="indented"))
        # The batch that takes it up was planned without it.
        site.append("boom")
        wait_until(lambda: len(site.lines()) == 4)
        site.append(*trace, "boom", "\tat c", "boom")
        wait_until(lambda: {"boom\n\tat a\n\tat b", "boom\n\tat c"} <= set(site.lines()))
        # No line comes that could belong to the last one.
        wait_until(lambda: len(site.lines()) == 7)
    joined = [event for event in site.events() if "\n" in event["message"]]
    assert [event["logwinnow"]["outlier"] for event in sorted(joined, key=lambda event: event["message"])] == [
        False,
        True,
    ]
    assert len({event["event"]["id"] for event in site.events()}) == 7


def test_once_without_a_usable_set_is_refused_before_spark_starts(
    site: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "start", lambda *_: pytest.fail("Spark was started"))
    site.append("user left")
    with pytest.raises(NoPatternSet, match="holds no pattern set; run: logwinnow train"):
        site.stream_once()
    version = site.publish("user left")
    (site.store / version / "patterns.jsonl").write_bytes(b"")
    with pytest.raises(BrokenPatternSet, match=rf"{version}.* is damaged"):
        site.stream_once()


def test_two_streams_on_one_checkpoint_are_refused(site: "Site") -> None:
    site.publish("user left")
    site.append("user left")
    with (
        BatchLog(str(site.checkpoint)).held(),
        pytest.raises(CheckpointError, match="in use by another stream; stop it, or give this one its own"),
    ):
        site.stream_once()
    site.stream_once()
    assert site.lines() == ["user left"]


def test_spark_that_does_not_start_is_one_clear_error(site: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.errors import PySparkRuntimeError

    def refuse(*_: object) -> None:
        raise PySparkRuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited.\nat org.apache")

    monkeypatch.setattr(session, "start", refuse)
    site.publish("user left")
    site.append("user left")
    with pytest.raises(StreamingError, match=r"^Spark failed: \[JAVA_GATEWAY_EXITED\] .*; its log above says more$"):
        site.stream_once()


def test_a_stopped_stream_is_done_with_its_batch_and_goes_on_after_it(site: "Site", told: Told) -> None:
    site.publish("user left")
    site.append(*(f"user left{n * 'x'}" for n in range(50)))
    stream = Stream(site.config(max_bytes=100), once=False)
    with running(stream) as wait_until:
        wait_until(lambda: len(told("batch")) >= 2)
        stream.stop()
    judged = len(site.events())
    assert 0 < judged < 50
    assert stream.totals["lines"] == judged
    assert [record["alerts"] is not None for record in site.records()] == [True] * len(site.records())
    site.stream_once()
    assert len(site.events()) == len(set(site.lines())) == 50
    site.check_alerts()


def test_a_record_is_written_before_anything_else_of_its_batch(site: "Site") -> None:
    site.publish("user left")
    site.append("user left")
    seen: list[BatchRecord | None] = []

    def crash(*_: object) -> None:
        seen.append(BatchLog(str(site.checkpoint)).read(0))
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch, suppress(StreamingError):
        patch.setattr(FilesSink, "begin", crash)
        site.stream_once()
    assert seen[0] is not None
    assert seen[0].alerts is None
    assert site.events() == []
