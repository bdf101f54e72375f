"""What leaves of alerts of known kinds, whole and masked, and how each receiver gets it."""

import json
from collections import Counter
from typing import Any

import pytest
from alert_documents import Document, rate_of, silent_of, value_of

from streaming.notifying.bodies import alertmanager_body, json_body, slack_body, text_of
from streaming.notifying.notice import notice_of
from streaming.notifying.notifier import _item, _numbers
from streaming.notifying.redaction import Frequent

SECRET = "hunterxx"
_LINE = f"Nov 29 08:00:00 {SECRET} sshd[12]: user {SECRET} logged in"
_PATTERN = f"user *{{1,1}} logged {SECRET}"

DOCUMENTS: dict[str, Document] = {
    "rate": rate_of(SECRET, _PATTERN),
    "heartbeat": silent_of(SECRET, pattern=_PATTERN),
    "silent_source": silent_of(SECRET, "web2", "web3", pattern=_PATTERN),
    "value": value_of(_LINE, 0, SECRET),
}


def test_whole_a_notice_says_what_the_sink_says() -> None:
    document = rate_of()
    notice = notice_of(document, "https://x", None)
    assert (notice.kind, notice.unusual, notice.id) == ("unusual", "rate", document["event"]["id"])
    assert (notice.observed, notice.usual, notice.spread, notice.host) == (217.0, 40.0, 6.0, "hostname")
    assert notice.message == document["message"]
    assert notice.summary.startswith(
        "unusual rate in app: 217 lines in the hour from 2026-11-29 08:00 UTC, usual are 40"
    )
    value = notice_of(DOCUMENTS["value"], None, None)
    assert (value.message, value.value, value.count) == (f"user {SECRET} logged in", SECRET, 3)
    assert value.first_event_id == "0123456789abcdef0123"
    assert value.summary.startswith(f"new value in app: '{SECRET}' is new as parameter 1 of user *{{1,1}} logged in")
    assert "logwinnow explain" not in value.summary


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_masked_no_host_no_value_and_no_rare_word_leaves_in_any_body(kind: str) -> None:
    document = DOCUMENTS[kind]
    assert SECRET in json.dumps(document)
    notice = notice_of(document, None, Frequent(frozenset({"user", "logged", "in"}), frozenset({"sshd"})))
    for body in (json_body(notice), slack_body(notice), alertmanager_body(notice, 24, 0), text_of(notice).encode()):
        assert SECRET.encode() not in body
        # Nor an id that follows from words or hosts.
        assert document["event"]["id"].encode() not in body
        assert b"web2" not in body
    assert notice.redacted
    assert notice.scope in {"sshd", None}


def test_masked_ids_are_the_same_each_time_and_of_one_step_apart() -> None:
    document = DOCUMENTS["rate"]
    other: dict[str, Any] = {**document, "event": {**document["event"], "sequence": 1}}
    frequent = Frequent()
    ids = [notice_of(each, None, frequent).id for each in (document, document, other)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_each_receiver_tells_what_it_is_about(kind: str) -> None:
    notice = notice_of(DOCUMENTS[kind], None, None)
    titles = {
        "rate": "Unusual rate",
        "heartbeat": "Heartbeat stopped",
        "silent_source": "Silent source",
        "value": "New value",
    }
    assert json.loads(slack_body(notice))["blocks"][0]["text"]["text"] == f"{titles[kind]}: app"
    [alert] = json.loads(alertmanager_body(notice, 24, 0))
    assert (alert["labels"]["alertname"], alert["labels"]["unusual"]) == ("LogwinnowUnusual", kind)
    assert text_of(notice).startswith(titles[kind].lower())
    assert json.loads(json_body(notice))["unusual"] == kind


def test_hostile_names_move_no_cursor_and_call_nobody() -> None:
    notice = notice_of(rate_of("\x1b[2J<!channel>"), None, None)
    assert "\x1b" not in text_of(notice)
    assert b"<!channel>" not in slack_body(notice)


def test_they_are_no_outliers_of_the_digest_and_no_new_kinds() -> None:
    made = [DOCUMENTS["rate"], DOCUMENTS["value"]]
    counts = Counter(lines=9, outliers=4)
    assert _numbers(made, counts) == {"lines": 9, "outliers": 4, "held_back": 4, "unusual": 2}
    assert _numbers([], counts) == {"lines": 9, "outliers": 4, "held_back": 4}
    assert {(_item(each).kind, _item(each).shape) for each in made} == {("unusual", None)}
