"""The index templates: each field of our documents has its type, and nothing is guessed."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from patterns.baselines import Heartbeat, Rate, Values
from patterns.judge import Judge
from patterns.language import parse
from patterns.pattern_set import PENDING, KnownPattern, PatternSet
from patterns.rules import FormatRule, Rules
from streaming.condensed import condensed_alert
from streaming.config import AlertsConfig
from streaming.documents import KEYWORD, alert, event, overflow
from streaming.sink.templates import VERSION, names, templates, version_of
from streaming.source import SourceLine
from streaming.unusual import rates, silence
from streaming.unusual import values as new_values
from streaming.unusual.counting import Counted, NewValue
from streaming.unusual.state import Tables
from streaming.unusual.telling import Telling
from streaming.unusual.usual import Usual

_RULES = Rules(formats={"app": FormatRule(r"(?P<timestamp>\d{4}-\d\d-\d\d) (?P<level>[A-Z]+) (?P<message>.*)", "iso")})
_KNOWN = KnownPattern("sshd", parse("session of *{1,1} closed"), 2, 9, 9, first_day="2026-11-17")
_PENDING = replace(
    KnownPattern("sshd", parse("login of *{1,1}"), 2, 9, 9, PENDING, "2026-11-17"),
    name="a login",
    severity="high",
    runbook="https://wiki/login",
)
_JUDGE = Judge(PatternSet.of(_RULES, [_KNOWN, _PENDING]))
_SET = "20261117T040012.345Z-0123456789abcdef"
_LINES = [
    b"<38>Nov 18 11:06:40 web1 sshd[77]: session of root closed",
    b"<38>Nov 18 11:06:40 web1 sshd[77]: session of root opened",
    b"<38>Nov 18 11:06:40 web1 sshd[77]: login of root",
    b"2026-11-18 WARN disk full",
    b"\xff" * 70_000,
    b"",
]
_WHERE: list[dict[str, Any]] = [
    {"kafka": {"topic": "logs", "partition": 1, "offset": 7}},
    {"log": {"file": {"path": "/var/log/syslog"}, "offset": 7}},
    {"log": {"file": {"path": "spool/1"}, "offset": 7}, "source": {"ip": "::1"}, "host": {"name": "::1"}},
]


def flat(table: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Return dotted names and their values."""
    fields: dict[str, Any] = {}
    for name, value in table.items():
        fields |= flat(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}": value}
    return fields


def types(properties: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Return dotted names and their types."""
    fields: dict[str, dict[str, Any]] = {}
    for name, kind in properties.items():
        inner = kind.get("properties")
        fields |= types(inner, f"{path}{name}.") if inner else {f"{path}{name}": kind}
    return fields


def mapping(which: int) -> dict[str, dict[str, Any]]:
    body = templates("logwinnow", replicas=1, refresh_seconds=5)[names("logwinnow")[which]]
    return types(body["template"]["mappings"]["properties"])


def documents() -> list[dict[str, Any]]:
    made = []
    for line in _LINES:
        for where in _WHERE:
            judged = _JUDGE.judge(line, 1_795_000_000_123_456)
            given = SourceLine(line, line, 0, "id", "", 0, where)
            parameters = _JUDGE.parameters(judged)
            made.append(event(judged, parameters, given, source="app", created="2026-11-18T11:06:41Z", version=_SET))
    return made


_TEXTS = dict.fromkeys(("keyword", "text", "date", "binary", "ip"), str)
_PYTHON = {**_TEXTS, "long": int, "double": float, "boolean": bool}


def check(document: dict[str, Any], fields: dict[str, dict[str, Any]]) -> set[str]:
    for name, value in flat(document).items():
        assert name in fields
        for each in value if isinstance(value, list) else [value]:
            assert type(each) is _PYTHON[fields[name]["type"]], name
    return set(flat(document))


def test_each_field_of_events_has_its_type_and_no_other_field_has_one() -> None:
    used = set().union(*(check(document, mapping(0)) for document in documents()))
    assert used == mapping(0).keys()


def unusual_ones() -> list[dict[str, Any]]:
    """Return an alert of each kind that is about lines of known kinds, with all numbers that there are."""
    tables = Tables()
    alerts = AlertsConfig()
    telling = Telling(alerts, "app", _SET, 7, tables, lambda _id: _KNOWN, lambda _time: True)
    rate = Rate(pattern=_KNOWN.id, host="web1", days=7, hours=((99.0, 2.0),) * 24)
    values = Values(pattern=_KNOWN.id, gap=0, values=("on",), lines=9)
    beat = Heartbeat(pattern=_KNOWN.id, host="web1", period=60, tolerance=1, times=9)
    usual = Usual((rate,), (beat,), (values,))
    first = next(each for each in documents() if each["logwinnow"].get("params"))
    new = NewValue(_KNOWN.id, 0, "off", 1, 7, "/a", 0, msgspec.json.encode(first))
    counted = Counted({0: {0: 999}}, {0: (1, 7)}, [new])
    rates.add(counted, usual, telling)
    silence.hear(counted, usual, telling, 0)
    new_values.tell(counted, usual, telling)
    telling.now = 10**10
    silence.look(usual, telling, telling.now, 0)
    assert {each.document["logwinnow"]["kind"] for each in telling.alerts} == {"rate", "heartbeat", "value"}
    return [each.document for each in telling.alerts]


def test_each_field_of_alerts_has_its_type_and_no_other_field_has_one() -> None:
    outliers = [document for document in documents() if document["logwinnow"]["outlier"]]
    told = [alert(each, identity="a", bucket="2026-11-18T00:00:00Z", count=1, untold=0) for each in outliers]
    pattern = ("0123456789ab", "user *{1,1} left")
    told.append(
        condensed_alert(
            outliers, identity="a", bucket="2026-11-18T00:00:00Z", count=9, untold=2, pattern=pattern, shapes=["s"]
        )
    )
    told.append(overflow("more than 5 alerts", identity="a", source="app", time="2026-11-18T00:00:00Z", version="v"))
    told += unusual_ones()
    used = set().union(*(check(document, mapping(1)) for document in told))
    # Of a line that is not judged there is no alert.
    assert used | {"logwinnow.unjudged"} == mapping(1).keys()


def test_no_field_comes_into_being_by_a_document() -> None:
    for body in templates("logwinnow", replicas=1, refresh_seconds=5).values():
        assert body["template"]["mappings"]["dynamic"] is False


def test_a_keyword_that_is_searched_is_never_too_long_for_the_index() -> None:
    searched = [kind for kind in mapping(1).values() if kind["type"] == "keyword" and kind.get("index", True)]
    assert {kind["ignore_above"] for kind in searched} == {KEYWORD}
    # Lucene takes 32,766 bytes; a character has four at most.
    assert KEYWORD * 4 <= 32_766


def test_a_template_is_for_the_daily_indices_of_its_alias() -> None:
    for name, body in templates("logs", replicas=2, refresh_seconds=9).items():
        assert body["index_patterns"] == [f"{name}-*"]
        assert body["template"]["aliases"] == {name: {}}
        assert body["template"]["settings"]["index"]["number_of_replicas"] == 2
        assert body["template"]["settings"]["index"]["refresh_interval"] == "9s"
        # logs-*-* is Elasticsearch's own, of priority 100, and would make a data stream.
        assert body["priority"] > 200


@pytest.mark.parametrize(
    ("found", "version"),
    [
        ([], None),
        ([{"name": "a-events-of-others", "index_template": {"_meta": {"logwinnow": VERSION}}}], None),
        ([{"name": "a-events", "index_template": {}}], 0),
        ([{"name": "a-events", "index_template": {"_meta": {"logwinnow": "x"}}}], 0),
        ([{"name": "a-events", "index_template": {"_meta": {"logwinnow": VERSION}}}], VERSION),
    ],
)
def test_the_version_is_that_of_the_template_of_the_name(found: list[dict[str, Any]], version: int | None) -> None:
    assert version_of({"index_templates": found}, "a-events") == version
