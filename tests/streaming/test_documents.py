import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.decided import decided
from patterns.decisions import Decisions
from patterns.judge import Judge, shape_id
from patterns.language import hash_of, parse
from patterns.pattern_set import KnownPattern, PatternSet
from patterns.rules import FormatRule, Rules
from streaming.documents import (
    KEYWORD,
    alert,
    alert_id,
    brief,
    event,
    explained,
    file_event_ids,
    keyword,
    overflow,
    record_event_ids,
)
from streaming.source import SourceLine

_RULES = Rules(formats={"app": FormatRule(r"(?P<timestamp>\d{4}-\d\d-\d\d) (?P<level>[A-Z]+) (?P<message>.*)", "iso")})
_KNOWN = [
    KnownPattern("sshd", parse("Accepted password for *{1,1} from *{1,1}"), 2, 9, 9),
    KnownPattern("sshd", parse("session closed"), 1, 1, 1, "pending"),
    KnownPattern("", parse("INFO user *{0,} left"), 2, 2, 2),
]
_JUDGE = Judge(PatternSet.of(_RULES, _KNOWN))
_RECEIVED = 1_795_000_000_123_456  # 2026-11-18T11:06:40.123Z

_WHERE = {"log": {"file": {"path": "/var/log/app.log"}, "offset": 7}}

# Where a value is whole, however long.
_WHOLE = {"message", "event.original", "logwinnow.original_base64"}
_EVENT_FIELDS = {
    *("@timestamp", "event.id", "event.kind", "event.dataset", "event.created", *_WHOLE),
    *("host.name", "process.name", "process.pid", "log.level", "log.file.path", "log.offset"),
    *("log.syslog.priority", "log.syslog.facility.code", "log.syslog.severity.code"),
    *(f"logwinnow.{name}" for name in ("outlier", "unjudged", "reason", "set", "scope", "params", "cut")),
    *(f"logwinnow.pattern.{name}" for name in ("id", "text", "label", "state")),
    *(f"logwinnow.shape.{name}" for name in ("id", "text")),
    *(f"logwinnow.nearest.{name}" for name in ("id", "text", "difference")),
}


def judged(line: bytes, judge: Judge = _JUDGE, version: str = "v1") -> dict[str, Any]:
    """Return the event of a line."""
    judgement = judge.judge(line, _RECEIVED)
    parameters = judge.parameters(judgement)
    given = SourceLine(line, line, _RECEIVED, "id", "/var/log/app.log", 7, _WHERE)
    return event(judgement, parameters, given, source="app", created="2026-11-18T11:06:41.000Z", version=version)


def flat(document: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return dotted names and their values."""
    fields: dict[str, Any] = {}
    for name, value in document.items():
        fields |= flat(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}": value}
    return fields


def test_an_event_says_when_its_set_was_published_and_since_which_day_its_pattern_is_known() -> None:
    known = KnownPattern("", parse("session *{1,1}"), 2, 9, 9, first_day="2026-11-02")
    document = judged(b"session 7", Judge(PatternSet.of(Rules(), [known])), "20261117T040012.345Z-0123456789abcdef")
    assert document["logwinnow"]["set_published"] == "2026-11-17T04:00:12.345Z"
    assert document["logwinnow"]["pattern"]["first_day"] == "2026-11-02"


def test_an_event_has_what_the_operator_says_of_its_pattern_in_every_state() -> None:
    entry = {"do": "name", "pattern": "session *{1,1}", "name": "a session", "severity": "low", "runbook": "wiki/s"}
    reject = {"do": "reject", "pattern": "session *{1,1}"}
    patterns = PatternSet.of(Rules(), [KnownPattern("", parse("session *{1,1}"), 2, 9, 9)])
    for entries, state in (([entry], "known"), ([entry, reject], "rejected")):
        decisions = Decisions.parse(b"\n".join(map(msgspec.json.encode, entries)), "here")
        ours = judged(b"session 7", Judge(decided(patterns, decisions)))["logwinnow"]
        said = {name: ours["pattern"][name] for name in ("state", "name", "severity", "runbook", "label")}
        label = f"{ours['pattern']['id'][:6]} a session"
        assert said == {"state": state, "name": "a session", "severity": "low", "runbook": "wiki/s", "label": label}
        assert ours["params"] == ["7"]
        assert (ours["outlier"], ours.get("reason")) == ((True, state) if state == "rejected" else (False, None))
        assert "nearest" not in ours


def test_a_set_of_a_name_without_a_time_has_none() -> None:
    assert "set_published" not in judged(b"session 7", version="by-hand")["logwinnow"]


def test_a_matched_syslog_line_has_its_header_its_pattern_and_what_the_gaps_took() -> None:
    line = "<38>Nov 18 11:06:40 web1 sshd[77]: Accepted password for root from 10.0.0.7"
    assert judged(line.encode()) == {
        "@timestamp": "2026-11-18T11:06:40.000Z",
        "message": "Accepted password for root from 10.0.0.7",
        "event": {
            "id": "id",
            "kind": "event",
            "dataset": "app",
            "created": "2026-11-18T11:06:41.000Z",
            "original": line,
        },
        "host": {"name": "web1"},
        "process": {"name": "sshd", "pid": 77},
        "log": {**_WHERE["log"], "syslog": {"priority": 38, "facility": {"code": 4}, "severity": {"code": 6}}},
        "logwinnow": {
            "outlier": False,
            "set": "v1",
            "scope": "sshd",
            "shape": {
                "id": shape_id("sshd", "Accepted password for root from <*>"),
                "text": "Accepted password for root from <*>",
            },
            "pattern": {
                "id": _KNOWN[0].id,
                "text": "Accepted password for *{1,1} from *{1,1}",
                "label": f"{_KNOWN[0].id[:6]} Accepted password for *{{1,1}} from *{{1,1}}",
                "state": "known",
            },
            "params": ["root", "10.0.0.7"],
        },
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x sshd: y", {"outlier": True, "reason": "no_pattern"}),
        ("Nov 18 11:06:40 web1 ftpd: Accepted", {"outlier": True, "reason": "new_program", "scope": "ftpd"}),
        (
            "Nov 18 11:06:40 web1 sshd: session closed",
            {"outlier": True, "pattern.state": "pending", "reason": "pending", "params": None, "nearest.id": None},
        ),
        ("   ", {"outlier": False, "unjudged": "blank", "shape.id": None, "reason": None}),
        ("12 34", {"outlier": False, "unjudged": "no_constant", "shape.id": None}),
        ("2026-11-18 INFO user left", {"outlier": False, "params": [""], "unjudged": None}),
        ("x" * 70_000 + " y", {"outlier": True, "cut": True}),
        ("x", {"cut": None, "original_base64": None, "nearest.id": None, "scope": None}),
    ],
)
def test_our_own_fields_say_the_verdict(line: str, expected: dict[str, Any]) -> None:
    found = flat(judged(line.encode())["logwinnow"])
    assert {name: found.get(name) for name in expected} == expected


def test_an_outlier_says_what_is_nearest_and_where_it_differs() -> None:
    found = judged(b"Nov 18 11:06:40 web1 sshd: Accepted publickey for root from 10.0.0.7")["logwinnow"]["nearest"]
    assert (found["id"], found["text"]) == (_KNOWN[0].id, _KNOWN[0].pattern.text)
    assert "publickey" in found["difference"]


def test_a_level_is_a_field_and_the_first_word_of_the_message() -> None:
    document = judged(b"2026-11-18 WARN disk full")
    assert (document["log"], document["message"]) == ({**_WHERE["log"], "level": "WARN"}, "WARN disk full")


@pytest.mark.parametrize(
    ("pid", "field"), [("77", 77), ("", None), ("a77", None), ("7" * 18, 7 * (10**18 - 1) // 9), ("7" * 19, None)]
)
def test_a_pid_is_a_number_that_a_long_holds_or_is_left_out(pid: str, field: int | None) -> None:
    document = judged(f"Nov 18 11:06:40 web1 sshd[{pid}]: session closed".encode())
    assert document["process"].get("pid") == field
    assert f"[{pid}]" in document["event"]["original"]


def test_bytes_that_are_no_utf8_can_be_had_back() -> None:
    line = b"caf\xe9 \xff\x00 \xc3\xa9"
    document = judged(line)
    assert base64.b64decode(document["logwinnow"]["original_base64"]) == line
    assert document["event"]["original"] == "caf� �\0 é"


def test_the_header_time_is_taken_and_without_one_the_record_time() -> None:
    assert judged(b"Nov 17 01:02:03 web1 sshd: x y")["@timestamp"] == "2026-11-17T01:02:03.000Z"
    assert judged(b"no header")["@timestamp"] == "2026-11-18T11:06:40.123Z"


_HEADERS = [b"", b"Nov 18 11:06:40 h p[1]: ", b"<34>1 2003-10-11T22:14:15.003Z h p 1 - - ", b"2026-11-18 INFO "]
_YEARS = [b"0001-01-01T00:00:00+14:00 h p: x", b"9999-12-31T23:59:59-14:00 h p: x", b"Feb 29 23:59:60 h p: x"]


@given(st.one_of(st.sampled_from(_YEARS), st.builds(bytes.__add__, st.sampled_from(_HEADERS), st.binary(max_size=80))))
def test_whatever_the_line_is_the_event_is_json_with_field_names_of_ours_alone(line: bytes) -> None:
    document = judged(line)
    assert json.loads(msgspec.json.encode(document)) == document
    fields = flat(document)
    assert fields.keys() <= _EVENT_FIELDS
    assert all(len(value) <= KEYWORD for name, value in fields.items() if isinstance(value, str) and name not in _WHOLE)


def test_the_closed_list_of_fields_has_none_that_no_event_has() -> None:
    lines = [
        *(b"<38>Nov 18 11:06:40 web1 sshd[77]: Accepted password for root from 10.0.0.7", b"2026-11-18 INFO x \xff"),
        *(b"Nov 18 11:06:40 web1 sshd: session opened", b" ", b"y" * 70_000),
    ]
    assert {name for line in lines for name in flat(judged(line))} == _EVENT_FIELDS


def test_a_long_value_that_is_searched_by_is_cut_with_a_mark_and_the_line_is_whole() -> None:
    word = "é" * 30_000
    document = judged(f"Accepted {word}".encode())
    shown = document["logwinnow"]["shape"]["text"]
    assert (len(shown), shown[-1]) == (KEYWORD, "…")
    assert len(shown.encode()) < 32_766
    assert document["event"]["original"] == f"Accepted {word}"
    assert (keyword("x" * KEYWORD), keyword("x" * (KEYWORD + 1))[-1]) == ("x" * KEYWORD, "…")


def test_the_id_of_an_event_depends_on_source_file_and_offset_and_nothing_else() -> None:
    places = [
        ("app", "f1", 12),
        ("ap", "pf1", 12),
        ("app", "f11", 2),
        ("app", "f1", 13),
        ("b", "f1", 12),
        ("app", "f2", 12),
    ]
    ids = [file_event_ids(source, identity, [offset])[0] for source, identity, offset in places]
    assert len(set(ids)) == len(ids)
    assert file_event_ids("app", "f1", [12, 13]) == [ids[0], ids[3]]
    assert {len(i) for i in ids} == {20}


def test_an_alert_is_its_first_event_with_what_makes_it_an_alert() -> None:
    first = brief(judged(b"Nov 18 11:06:40 web1 sshd: Accepted publickey \xff"))
    made = alert(first, identity="a1", bucket="2026-11-18T00:00:00.000Z", count=3, untold=4)
    assert made["event"] == {**first["event"], "id": "a1", "kind": "alert", "first_event_id": "id"}
    shape = first["logwinnow"]["shape"]["id"]
    told = {"bucket": "2026-11-18T00:00:00.000Z", "count": 3, "untold": 4, "find": f'logwinnow.shape.id: "{shape}"'}
    told["accept"] = "logwinnow patterns accept a1"
    sentence = "no pattern of sshd matches; nearest is {id}, {difference}; more: logwinnow explain a1"
    told["explain"] = sentence.format(**first["logwinnow"]["nearest"])
    assert made["logwinnow"] == {**first["logwinnow"], **told}
    assert {name: value for name, value in made.items() if name not in ("event", "logwinnow")} == {
        name: value for name, value in first.items() if name not in ("event", "logwinnow")
    }


@pytest.mark.parametrize(
    ("ours", "sentence"),
    [
        ({"reason": "no_pattern"}, "no pattern matches"),
        ({"reason": "new_program"}, "the set knows no line without a program"),
        ({"reason": "new_program", "scope": "su"}, "the set knows no line of su"),
        ({"pattern": {"state": "pending"}}, "a pattern matches, and it is pending"),
        ({"reason": "rejected", "scope": "su", "pattern": {}}, "a pattern of su matches, and it is rejected"),
    ],
)
def test_an_alert_says_in_a_sentence_why_it_is_told(ours: dict[str, Any], sentence: str) -> None:
    assert explained(ours, "a1") == f"{sentence}; more: logwinnow explain a1"


def test_an_alert_does_not_carry_megabytes() -> None:
    first = brief(judged(b"\xff word" * 300_000))
    assert len(msgspec.json.encode(first)) < 8 * KEYWORD
    assert "original_base64" not in first["logwinnow"]
    assert first["event"]["original"].endswith("…")


def test_the_id_of_an_alert_depends_on_scope_shape_and_bucket() -> None:
    ids = [alert_id("a", "b", 1), alert_id("ab", "", 1), alert_id("", "ab", 1), alert_id("a", "b", 2)]
    assert len(set(ids)) == len(ids)


def test_an_overflow_says_why_and_that_no_line_is_lost() -> None:
    document = overflow("more than 5 alerts", identity="o", source="app", time="t", version="v1")
    assert (document["event"]["id"], document["event"]["kind"], document["logwinnow"]["overflow"]) == (
        "o",
        "alert",
        True,
    )
    assert document["message"] == "more than 5 alerts; their lines are events all the same"


@given(st.text(max_size=5), st.text(max_size=5), st.integers(0, 99), st.integers(0, 2**62), st.integers(-1, 2**62))
def test_the_id_of_a_record_is_the_hash_of_all_that_says_where_and_when_it_is(
    source: str, topic: str, partition: int, offset: int, time: int
) -> None:
    whole = hash_of([source, topic, partition, offset, time], 10)
    assert record_event_ids(source, topic, partition, [(offset, time)]) == [whole]
