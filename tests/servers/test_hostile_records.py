"""Records that nobody would send on purpose, or only on purpose: each is one document or one dead letter."""

import json
import time
from collections import Counter
from contextlib import closing

import pytest
from live import Live

from patterns.timestamps import utc_day

pytestmark = [pytest.mark.servers, pytest.mark.spark]

_POISON = [
    b"",
    b"\n",
    b"\x00",
    b"user \x00 left",
    b"user \xff\xfe left",
    b"\xed\xa0\x80 left",  # half a surrogate pair
    b"user\n 1\r\nleft\n",
    b"<script>alert('user')</script>",
    b'{"message": "user 1 left"}',
    "\u202euser 1 left".encode(),
    b"user " + b"x" * 10_000_000 + b" left",
    b"x " * 100_000,
    b"\xf0\x9f\x98\x80" * 20_000,
    None,
]


def test_whatever_bytes_a_record_has_it_is_a_document_and_one_without_a_value_a_dead_letter(live: Live) -> None:
    live.publish("user *{1,1} left")
    live.send(_POISON)
    live.send(b"user %d left" % number for number in range(100))
    live.run_once()
    found = live.check()
    assert (found["events"], found["letters"]) == (len(_POISON) - 1 + 100, 1)
    (letter,) = live.letters()
    assert (letter["reason"], letter["raw"]) == ("no_value", None)


def test_of_json_records_the_broken_are_dead_letters_with_their_bytes(live: Live) -> None:
    live.settings["source.kafka.format"] = "json"
    live.publish("user *{1,1} left")
    good = [json.dumps({"message": f"user {number} left", "host": "web1"}).encode() for number in range(100)]
    broken = [b"", b"{", b'{"message": "user 1 left"', b"[]", b"7", b'{"other": 1}', b'{"message": {}}', b"{" * 100_000]
    odd = [b'{"message": "user \xff left"}', b'{"message": "\\ud800"}', b'{"message": "", "@timestamp": 1e308}']
    live.send([*good, *broken, *odd, None])
    live.run_once()
    found = live.check()
    assert (found["events"], found["letters"]) == (len(good) + len(odd), len(broken) + 1)
    assert Counter(letter["reason"] for letter in live.letters()) == {"no_line": len(broken), "no_value": 1}


_HOUR = 3_600_000


def test_of_a_backlog_no_old_line_raises_an_alert_and_one_alert_says_how_many_there_were(live: Live) -> None:
    now = time.time_ns() // 1_000_000
    live.topic += "-old"
    live.make_topic(1, retention_ms="-1")
    live.publish("user *{1,1} left")
    for days in (300, 30, 8):
        live.send([b"odd 1", b"strange 1", b"user 1 left"], timestamp_ms=now - days * 24 * _HOUR)
    live.send([b"odd 2", b"odd 3"])
    live.run_once()
    events, alerts = live.events(), live.alerts()
    assert [event["logwinnow"]["outlier"] for event in events].count(True) == 8
    [told] = [alert for alert in alerts if "overflow" not in alert["logwinnow"]]
    assert (told["logwinnow"]["shape"]["text"], told["logwinnow"]["count"]) == ("odd <*>", 2)
    [summary] = [alert for alert in alerts if "overflow" in alert["logwinnow"]]
    assert summary["message"].startswith("6 outliers of this batch are older than 168 hours, and raise no alert")


def test_a_wrong_clock_makes_no_index_takes_no_alert_of_another_hour_and_does_not_stop_the_stream(live: Live) -> None:
    now = time.time_ns() // 1_000_000
    live.topic += "-wrong"
    # It takes any time, and keeps it whatever its age.
    live.make_topic(2, retention_ms="-1", message_timestamp_after_max_ms=str(2**63 - 1))
    live.publish("user *{1,1} left")
    # The years 1970, 1969, 1, 2036, 10000, and about the last and the first that Spark's timestamps hold.
    wrong = [0, -1, -62_135_596_800_000, now + 87_660 * _HOUR, 253_402_300_800_000, 2**63 // 1000, -(2**63 // 1000)]
    for moment in wrong:
        live.send([b"odd 1", b"user 1 left"], timestamp_ms=moment)
    # It can be true, and is not now.
    live.send([b"early 1"], timestamp_ms=now + 20 * _HOUR)
    live.send([b"late 1"])
    live.run_once()
    assert live.check() == Counter(events=16, outliers=9, alerts=3, letters=0)
    days = [utc_day(moment * 1_000).replace("-", ".") for moment in (now, now + 24 * _HOUR)]
    assert {name.rpartition("-")[2] for name in live.indices()} <= {"undated", *days}
    with closing(live.client()) as client:
        assert client.count(index=f"{live.prefix}-events-undated")["count"] == 14
    # What counts the alerts of this hour has not left it.
    state = live.batch_records()[-1]["alerts"]
    assert (state["hour"] - now // _HOUR, state["told"]) in {(0, 3), (1, 3)}

    # Those that Spark cannot hold, between letters and lines of each part: what was written of the batch before Spark
    # gave it up is written again.
    for moment in (-(2**62), 2**62, -1):
        live.send([*(b"user %d left" % number for number in range(200)), None, b"odd 1"])
        live.send([b"user 1 came"], timestamp_ms=moment)
    live.run_once()
    assert live.check() == Counter(events=16 + 606, outliers=9 + 6, alerts=4, letters=3)
