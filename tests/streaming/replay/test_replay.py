from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from single_events import each_event

from patterns.errors import DecisionsError
from patterns.timestamps import DAY, iso
from streaming import replay as replay_module
from streaming.batches import BatchLog
from streaming.config import AlertsConfig
from streaming.dead_letters.kinds import letters_of
from streaming.dead_letters.letter import Sender
from streaming.errors import CheckpointError
from streaming.replay import drop, replay
from streaming.sink.events import Events
from streaming.sink.files import FilesSink
from streaming.sink.late import LateFiles
from streaming.source import DeadLetter

if TYPE_CHECKING:
    from tests.streaming.replay.conftest import Place


def test_letters_become_the_events_that_the_stream_would_have_written(place: "Place") -> None:
    times = [place.now - 5, place.now - 400 * DAY, place.now - 3]
    place.judge(b"user left", b"job 7 done", b"odd thing", times=times)
    assert place.events() == {}
    assert place.replay(place.config("plain")).done == 3
    replayed = place.events()
    assert place.letters() == []
    # The same records by a stream that was right from the beginning.
    other = replace(place, site=replace(place.site, folder=place.site.folder / "other"))
    other.site.folder.mkdir()
    other.site.publish("user left", "job *{1,1} done")
    other.judge(b"user left", b"job 7 done", b"odd thing", times=times, config=other.config("plain"))
    expected = other.events()
    for event in (*replayed.values(), *expected.values()):
        # Of another publishing, that is.
        del event["logwinnow"]["set"], event["logwinnow"]["set_published"]
    assert replayed == expected


def test_a_replay_after_a_month_dates_lines_and_events_as_the_stream_did(place: "Place") -> None:
    batch = place.now - 370 * DAY
    # Undated then and now; dated then, undated now.
    times = [batch - 400 * DAY, batch - 300 * DAY]
    seen: list[tuple[int, bool]] = []
    place.judge(b"Nov  3 04:05:06 h p[1]: user left", b"Nov  3 04:05:06 h p[1]: odd", times=times, at=batch)

    class Writer:
        def write(self, events: Events) -> None:
            [(document, line, dated)] = each_event(events)
            seen.append((line.record_time, dated))
            assert document["event"]["created"] == iso(batch)
            assert (
                abs(
                    datetime.fromisoformat(document["@timestamp"]).timestamp() / 86_400
                    - (line.record_time if dated else batch) / DAY
                )
                < 183
            )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LateFiles, "part", _yielding(Writer()))
        assert place.replay(place.config("plain")).done == 2
    assert seen == [(times[0], False), (times[1], True)]


def test_what_fails_again_stays_and_says_why_now(place: "Place") -> None:
    place.judge(
        b'{"message": "user left"}', b'{"text": "user left"}', b"user left", config=place.config(message_field="x")
    )
    outcome = place.replay(place.config())
    assert (outcome.done, outcome.failed) == (1, Counter(no_line=2))
    assert [(letter.offset, letter.detail[:18]) for letter in place.letters()] == [
        (1, "no text in field m"),
        (2, "no JSON object: JS"),
    ]
    assert [example.offset for example in outcome.examples] == [1, 2]
    assert place.replay(place.config(message_field="text")).done == 1
    assert place.replay(place.config("plain")).done == 1
    assert place.events().keys() == {0, 1, 2}


def test_a_reason_chooses_letters(place: "Place") -> None:
    place.judge(b"user left", None, b"odd")
    assert place.replay(place.config("plain"), "refused").left == Counter(other_reason=3)
    assert place.replay(place.config("plain"), "no_line").done == 2
    assert [letter.reason for letter in place.letters()] == ["no_value"]


def test_letters_without_bytes_stay_until_they_are_dropped(place: "Place") -> None:
    place.judge(None, b"{}", None)
    outcome = place.replay()
    assert (outcome.done, outcome.failed, outcome.left) == (0, Counter(no_line=1), Counter(empty=2))
    assert drop(place.config(), "no_value", place.damaged).done == 2
    assert [letter.offset for letter in place.letters()] == [1]
    assert drop(place.config(), "no_value", place.damaged).done == 0
    assert place.events() == {}


def test_letters_of_another_source_are_left_alone(place: "Place") -> None:
    place.judge(b"user left", config=place.config(name="other"))
    place.judge(b"user left", batch=1)
    assert place.replay(place.config("plain")).left == Counter(other_source=1)
    assert drop(place.config(), "no_line", place.damaged).left == Counter(other_source=1)
    files = place.config()
    files = msgspec.structs.replace(files, source=msgspec.structs.replace(files.source, kind="files", name="other"))
    assert place.replay(files).left == Counter(other_source=1)
    assert [letter.source for letter in place.letters()] == ["other"]


def test_letters_of_a_batch_that_the_stream_judges_again_are_left_to_it(place: "Place") -> None:
    place.judge(b"user left")
    place.judge(b"job 1 done", batch=1, committed=False)
    outcome = place.replay(place.config("plain"))
    assert (outcome.done, outcome.left) == (1, Counter(unfinished=1))
    assert drop(place.config(), "no_line", place.damaged).left == Counter(unfinished=1)
    # The stream is started again with what was mended.
    letters = letters_of(
        place.config().dead_letters, Sender("kafka", "app", BatchLog(place.config().checkpoint).stream_id())
    )
    letters.begin(1)
    place.judge(b"job 1 done", batch=1, config=place.config("plain"))
    assert place.replay(place.config("plain")).done == 0
    assert place.events().keys() == {0, 100}


def test_letters_of_a_stream_whose_checkpoint_is_gone_are_judged(place: "Place") -> None:
    place.judge(b"user left", batch=7, committed=False)
    place.site.checkpoint.rename(place.site.folder / "old")
    assert place.replay(place.config("plain")).done == 1


@pytest.mark.parametrize("size", [1, 100])
def test_a_letter_that_two_streams_kept_is_one_event(
    size: int, place: "Place", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.dead_letters.files.BUNDLE", size)
    place.judge(b"user left", b"odd")
    place.site.checkpoint.rename(place.site.folder / "old")
    place.judge(b"user left", b"odd")
    assert len(list((place.site.folder / "dead-letters").glob("*/*"))) == 2
    assert place.replay().done == 0
    assert len(list((place.site.folder / "dead-letters").glob("*/*"))) == 2
    assert place.replay(place.config("plain")).done == 2
    assert place.events().keys() == {0, 1}
    assert place.letters() == []
    assert [alert["logwinnow"]["count"] for alert in place.site.alerts()] == [1]


def test_letters_of_files_are_judged_as_they_are(place: "Place") -> None:
    config = place.site.config()
    letters = letters_of(config.dead_letters, Sender("files", "app", "0ld0"))
    letters.start()
    letter = DeadLetter("5" * 20, "/var/log/x.log", 77, place.now, "refused", "HTTP 400", b"job \xff done")
    with letters.part(0, 0, place.now) as keep:
        keep(letter)
    assert replay(config, None, place.damaged, lambda _letters: None).done == 1
    [event] = place.site.events()
    assert event["event"]["id"] == letter.event_id
    assert event["log"] == {"file": {"path": "/var/log/x.log"}, "offset": 77}
    assert event["logwinnow"]["params"] == ["\ufffd"]


def test_a_letter_whose_place_is_none_of_the_source_fails(place: "Place") -> None:
    config = place.config("plain")
    letters = letters_of(config.dead_letters, Sender("kafka", "app", "0ld0"))
    letters.start()
    with letters.part(0, 0, place.now) as keep:
        for number, where in enumerate(("logs", "/0", "logs/x", "")):
            keep(DeadLetter(f"{number:020}", where, 0, place.now, "refused", "", b"x"))
    outcome = place.replay(config)
    assert (outcome.done, outcome.failed) == (0, Counter(refused=4))
    assert outcome.examples[0].detail == "its place is 'logs': no topic and partition"


def test_an_outlier_gets_its_alert_and_only_if_it_was_not_told(place: "Place") -> None:
    place.judge(b"odd one", b"odd one", b"odd two")
    assert place.replay(place.config("plain")).alerts == 2
    assert sorted(alert["logwinnow"]["count"] for alert in place.site.alerts()) == [1, 2]
    place.judge(b"odd one", b"odd three", batch=1)
    assert place.replay(place.config("plain")).alerts == 1
    assert len(place.site.alerts()) == 3


def test_the_cap_of_an_hour_holds_over_all_files(place: "Place") -> None:
    for batch in range(3):
        place.judge(*(f"odd {'abc'[batch]}{word}".encode() for word in "xyz"), batch=batch)
    config = msgspec.structs.replace(place.config("plain"), alerts=AlertsConfig(per_hour=4))
    outcome = place.replay(config)
    assert (outcome.done, outcome.alerts, outcome.alerts_held_back) == (9, 5, 5)
    overflows = [alert for alert in place.site.alerts() if "overflow" in alert["logwinnow"]]
    assert len(overflows) == 1


def test_the_present_set_judges(place: "Place") -> None:
    place.judge(b"user came")
    version = place.site.publish("user came")
    place.replay(place.config("plain"))
    [event] = place.events().values()
    assert (event["logwinnow"]["outlier"], event["logwinnow"]["set"]) == (False, version)


def test_present_decisions_judge_and_broken_ones_are_told_before_a_letter_is_taken(place: "Place") -> None:
    place.judge(b"user came")
    operator = place.site.store / "operator.jsonl"
    operator.write_text("accept it\n")
    with pytest.raises(DecisionsError, match="mend the line"):
        place.replay(place.config("plain"))
    assert len(place.letters()) == 1
    operator.write_text('{"do":"accept","shape":"user came"}\n')
    place.replay(place.config("plain"))
    [event] = place.events().values()
    assert (event["logwinnow"]["outlier"], event["logwinnow"]["pattern"]["state"]) == (False, "accepted")


def test_events_and_letters_of_a_running_stream_are_not_touched(place: "Place") -> None:
    place.judge(b"user left", b'{"message": "job 1 done"}')
    with BatchLog(str(place.site.checkpoint)).held():
        assert place.replay(place.config("plain")).done == 1
    place.judge(b"user left", batch=1)
    assert [letter.batch for letter in place.letters()] == [1]
    assert place.events().keys() == {0, 1}


def test_events_are_in_no_day_that_the_stream_may_have_closed(place: "Place") -> None:
    place.judge(b"user left", at=place.now + 3 * DAY)
    place.replay(place.config("plain"))
    [part] = place.site.sink.glob("events/*/*")
    assert part.parent.name == iso(place.now + 3 * DAY)[:10]


def test_two_replays_at_once_are_refused(place: "Place") -> None:
    with (
        BatchLog(str(place.site.checkpoint)).held("replay.lock", "replay"),
        pytest.raises(CheckpointError, match="is in use by another replay"),
    ):
        place.replay()


def test_hostile_bytes_become_events(place: "Place") -> None:
    lines = [b"x" * 10_000_000, b"\x00", b"", b"\xff\xfe " * 9, b"<script>\x1b[31m", b"\n\n", b"odd\nline"]
    place.judge(*lines)
    assert place.replay(place.config("plain")).done == len(lines)
    events = place.events()
    assert [events[number]["event"]["original"] for number in (1, 2, 4, 6)] == [
        "\0",
        "",
        "<script>\x1b[31m",
        "odd line",
    ]
    assert len(events[0]["event"]["original"]) == 10_000_000


def test_a_sink_that_refuses_has_its_reason_in_the_letter(place: "Place", monkeypatch: pytest.MonkeyPatch) -> None:
    place.judge(b"user left", b"job 1 done", b"odd one")

    class Picky(FilesSink):
        """Refuses one, at its end."""

        @contextmanager
        def part(self, batch: int, part: int, planned_at: int, refuse: Any) -> Iterator[Any]:
            with super().part(batch, part, planned_at, refuse) as writer:

                class Writer:
                    def write(self, events: Events) -> None:
                        if events.line(0).offset != 1:
                            writer.write(events)

                yield Writer()
            refuse(DeadLetter(place.letters()[1].id, "logs/0", 1, 0, "refused", "HTTP 400: bad", b"job 1 done"))

    monkeypatch.setattr(replay_module, "sink_of", lambda _config, stream: Picky(str(place.site.sink), stream))
    outcome = place.replay(place.config("plain"))
    assert (outcome.done, outcome.failed) == (2, Counter(refused=1))
    [letter] = place.letters()
    assert (letter.offset, letter.reason, letter.detail, letter.raw) == (1, "refused", "HTTP 400: bad", b"job 1 done")
    assert place.events().keys() == {0, 2}


def _yielding(writer: Any) -> Any:
    @contextmanager
    def part(_self: LateFiles, _refuse: Any) -> Iterator[Any]:
        yield writer

    return part
