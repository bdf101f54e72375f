"""A record, plain or JSON → its line: what real shippers write, and what nobody should."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.envelope import Envelope, plain_line
from patterns.errors import EnvelopeError
from patterns.line import Line, LineReader, split_lines
from patterns.rules import FormatRule, Rules
from patterns.timestamps import microseconds

Within = Callable[[float], AbstractContextManager[None]]

RECORD = microseconds(datetime(2026, 11, 24, 12, tzinfo=UTC))
"""When every record of these tests reached us."""
AT_RECORD = "2026-11-24T12:00:00.000000+00:00"

ENVELOPE = Envelope(Rules())
READER = LineReader(Rules())


def line(document: dict[str, Any] | bytes, envelope: Envelope = ENVELOPE) -> str:
    return envelope.line(document, RECORD).decode()


def read(document: dict[str, Any], envelope: Envelope = ENVELOPE) -> Line:
    return READER.read(envelope.line(document, RECORD), RECORD)


RECORDS = {
    "rsyslog's jsonmesg": (
        """{"msg":" Accepted publickey","rawmsg":"<38>Nov 24 10:00:00 web1 sshd[12]: Accepted publickey","timereported":
        "2026-11-24T10:00:00.123456+01:00","hostname":"web1","syslogtag":"sshd[12]:","inputname":"imuxsock","fromhost":
        "relay","fromhost-ip":"192.0.2.1","pri":"38","syslogfacility":"4","syslogseverity":"6","timegenerated":
        "2026-11-24T10:00:01+01:00","programname":"sshd","protocol-version":"0","structured-data":"-","app-name":"sshd",
        "procid":"12","msgid":"-","uuid":null,"$!":null}""",
        "2026-11-24T09:00:00.123456+00:00 web1 sshd[12]:  Accepted publickey",
    ),
    "rsyslog's list template": (
        """{"@timestamp":"2026-11-24T10:00:00.5+00:00","@version":"1","message":"connect","host":"web1","severity":"info",
        "facility":"mail","programname":"postfix","procid":"7"}\n""",
        "2026-11-24T10:00:00.500000+00:00 web1 postfix[7]: connect",
    ),
    "rsyslog's tag is what a file has and its programname is not": (
        '{"message":"connect","programname":"postfix","syslogtag":"postfix/smtpd[7]:","timestamp":"Nov 24 10:00:00"}',
        "2026-11-24T10:00:00.000000+00:00 - postfix/smtpd[7]: connect",
    ),
    "rsyslog, of RFC 5424 with nothing in it": (
        '{"msg":"x","timereported":"-","hostname":"-","syslogtag":"-","app-name":"-","procid":"-"}',
        "x",
    ),
    "syslog-ng's format-json": (
        """{"SOURCE":"s_net","PROGRAM":"cron","PRIORITY":"info","PID":"99","MESSAGE":"job","HOST_FROM":"relay",
        "HOST":"web1","FACILITY":"cron","DATE":"Nov 24 10:00:00"}""",
        "2026-11-24T10:00:00.000000+00:00 web1 cron[99]: job",
    ),
    "journald": (
        """{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795514400123456","__MONOTONIC_TIMESTAMP":"6613388","_BOOT_ID":
        "3d3c","PRIORITY":"6","SYSLOG_FACILITY":"10","SYSLOG_IDENTIFIER":"sudo","_COMM":"sudo","_PID":"219929","_HOSTNAME":
        "web1","_TRANSPORT":"syslog","MESSAGE":"session opened"}""",
        "2026-11-24T10:00:00.123456+00:00 web1 sudo[219929]: session opened",
    ),
    "journald, of a text with colours": (
        '{"__REALTIME_TIMESTAMP":"1795514400000000","_COMM":"app","MESSAGE":[27,91,51,49,109,110,111]}',
        "2026-11-24T10:00:00.000000+00:00 - app: \x1b[31mno",
    ),
    "Filebeat": (
        """{"@timestamp":"2026-11-24T10:00:00.123Z","@metadata":{"beat":"filebeat","type":"_doc","version":"8.19.3"},
        "log":{"offset":148213,"file":{"path":"/var/log/app.log"}},"message":"started in 12 ms","input":{"type":
        "filestream"},"host":{"name":"web1.example.com","hostname":"web1","os":{"type":"linux","name":"Debian"}},
        "agent":{"name":"shipper","hostname":"shipper"},"ecs":{"version":"8.0.0"}}""",
        "2026-11-24T10:00:00.123000+00:00 web1 -: started in 12 ms",
    ),
    "Filebeat, of a line with a header": (
        """{"@timestamp":"2026-11-24T10:00:07Z","log":{"offset":0},"message":"Nov 24 10:00:00 db1 su[1]: x",
        "host":{"name":"web1"}}""",
        "Nov 24 10:00:00 db1 su[1]: x",
    ),
    "Filebeat's syslog processor": (
        """{"@timestamp":"2026-11-24T10:00:00Z","log":{"syslog":{"priority":165,"hostname":"db1","appname":"eventslog",
        "procid":"1024"}},"message":"this is the message","host":{"name":"relay","hostname":"relay"}}""",
        "2026-11-24T10:00:00.000000+00:00 db1 eventslog[1024]: this is the message",
    ),
    "Logstash's grok by ECS": (
        """{"@timestamp":"2026-11-24T10:00:00Z","@version":"1","message":"Job terminated",
        "timestamp":"Nov 24 10:01:00","host":{"hostname":"web1"},"process":{"name":"anacron","pid":1102},
        "event":{"original":"Nov 24 10:00:00 web1 anacron[1102]: Job terminated"}}""",
        "2026-11-24T10:00:00.000000+00:00 web1 anacron[1102]: Job terminated",
    ),
    "Logstash's grok before ECS": (
        """{"@timestamp":"2026-11-24T10:00:00Z","host":"relay","logsource":"web1","program":"su","pid":"77","message":
        "failed","timestamp":"Nov 24 10:00:00"}""",
        "2026-11-24T10:00:00.000000+00:00 web1 su[77]: failed",
    ),
    "Logstash's grok without overwrite": (
        '{"@timestamp":"2026-11-24T10:00:09Z","message":["Nov 24 10:00:00 web1 su[1]: x","x"],"process":{"name":"su"}}',
        "Nov 24 10:00:00 web1 su[1]: x",
    ),
    "Logstash's grok behind Filebeat": (
        '{"@timestamp":"2026-11-24T10:00:00Z","message":"x","host":{"name":"relay","hostname":["relay","web1"]}}',
        "2026-11-24T10:00:00.000000+00:00 web1 -: x",
    ),
    "Fluent Bit's Kafka output": (
        '{"@timestamp":1795514400.123456,"host":"web1","ident":"su","pid":"77","time":"Nov 24 10:00:00","message":"x"}',
        "2026-11-24T10:00:00.123456+00:00 web1 su[77]: x",
    ),
    "Fluent Bit in Kubernetes": (
        """{"@timestamp":1795514400.5,"stream":"stdout","log":"GET / 200\\n","kubernetes":{"pod_name":"web-5d9-x2x",
        "host":"node1","container_name":"web"}}""",
        "2026-11-24T10:00:00.500000+00:00 node1 web: GET / 200",
    ),
    "Filebeat in Kubernetes": (
        """{"@timestamp":"2026-11-24T10:00:00Z","message":"x","kubernetes":{"node":{"name":"node1"},"container":{"name":
        "web"}}}""",
        "2026-11-24T10:00:00.000000+00:00 node1 web: x",
    ),
    "Docker's json-file": (
        '{"log":"disk: full\\n","stream":"stderr","time":"2026-11-24T10:00:00.123456789Z"}',
        "2026-11-24T10:00:00.123456+00:00 - -: disk: full",
    ),
    "pino": (
        '{"level":30,"time":1795514400123,"pid":657,"hostname":"web1","msg":"hello"}',
        "2026-11-24T10:00:00.123000+00:00 web1 -[657]: hello",
    ),
}


@pytest.mark.parametrize(("record", "expected"), RECORDS.values(), ids=RECORDS)
def test_a_record_of_a_real_shipper_gives_its_text_behind_what_it_says_of_it(record: str, expected: str) -> None:
    assert line(record.encode()) == expected
    assert line(json.loads(record)) == expected


@pytest.mark.parametrize("record", [record for record, _ in RECORDS.values()], ids=RECORDS)
def test_objects_in_objects_and_dots_in_keys_are_the_same(record: str) -> None:
    def flat(document: dict[str, Any], before: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in document.items():
            found |= flat(value, f"{before}{key}.") if isinstance(value, dict) else {before + key: value}
        return found

    document = json.loads(record)

    assert line(flat(document)) == line(document)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"message": "a", "log": "b", "msg": "c", "MESSAGE": "d"}, "a"),
        ({"MESSAGE": "d", "msg": "c", "log": "b"}, "b"),
        ({"MESSAGE": "d", "msg": "c"}, "c"),
        ({"log": {"offset": 1}, "msg": "c"}, "c"),
        ({"message": None, "log": "b"}, "b"),
        ({"message": 5, "log": {}, "msg": [], "MESSAGE": "d"}, "d"),
        ({"message": [5, 256], "log": "b"}, "b"),
        ({"message": [5, "a"], "log": "b"}, "b"),
        ({"message": [["a"]], "log": "b"}, "b"),
        ({"message": [97, 195, 169]}, "aé"),
        ({"message": ""}, ""),
        ({"message": "a\n"}, "a"),
        ({"message": " a "}, " a "),
        ({"message": '{"message": "b", "host": "h"}'}, '{"message": "b", "host": "h"}'),
        ({"message": "a", "": {"": "h"}, "host": {"": "h"}, "process": {"name": {"name": "p"}}}, "a"),
    ],
)
def test_the_text_is_the_first_field_that_holds_one(document: dict[str, Any], text: str) -> None:
    assert line(document) == text


@pytest.mark.parametrize(
    "document",
    [
        {"event": {"original": "a"}, "message": "b"},
        {"event.original": "a", "message": "b"},
        {"x": 1, "event": {"original": ["a", "b"]}},
    ],
)
def test_a_field_that_is_named_is_the_only_one(document: dict[str, Any]) -> None:
    envelope = Envelope(Rules(), "event.original")

    assert line(document, envelope) == "a"
    with pytest.raises(EnvelopeError, match=r"^no text in field event\.original$"):
        envelope.line({"message": "b"}, RECORD)


@pytest.mark.parametrize(
    "document",
    [{"a.b.c": "x"}, {"a": {"b.c": "x"}}, {"a.b": {"c": "x"}}, {"a": {"b": {"c": "x"}}}, {"a": {"b": 1}, "a.b.c": "x"}],
)
def test_any_dot_of_a_field_that_is_named_may_be_in_a_key(document: dict[str, Any]) -> None:
    assert line(document, Envelope(Rules(), "a.b.c")) == "x"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "no JSON object: Input data was truncated"),
        (b"Nov 24 10:00:00 web1 su: x", "no JSON object: JSON is malformed"),
        (b'"a text"', "no JSON object: Expected `object`, got `str`"),
        (b"[]", "no JSON object: Expected `object`, got `array`"),
        (b"null", "no JSON object: Expected `object`, got `null`"),
        (b'{"message": "a"', "no JSON object: Input data was truncated"),
        (b'{"message": "a"} {"message": "b"}', "no JSON object: JSON is malformed: trailing characters"),
        (b'{"message": "a", "n": ' + b"9" * 5000 + b"}", "no JSON object: Integer value out of range"),
        ('{"message": "a"}'.encode("utf-16"), "no JSON object: "),
        (b'{"message": "a\xff', "no JSON object: "),
        (b"{}", "no text in field message, log, msg or MESSAGE"),
        (b'{"message": 7}', "no text in field message, log, msg or MESSAGE"),
    ],
)
def test_what_carries_no_text_is_refused_with_a_short_reason(value: bytes, reason: str) -> None:
    with pytest.raises(EnvelopeError, match=f"^{re.escape(reason)}") as raised:
        ENVELOPE.line(value, RECORD)

    assert len(str(raised.value)) < 120


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'\xef\xbb\xbf{"message": "a"}', b"a"),
        (b'{"message": "a", "cpu": NaN, "load": [-Infinity, 1e999]}', b"a"),
        (b'{"message": "a\tb\x00"}', b"a\tb\x00"),
        (b'{"message": "a", "message": "b"}', b"b"),
        (b'{"message": "caf\xe9"}', b"caf\xe9"),
        (b'{"message": "a", "\xff": "\xff"}', b"a"),
        (b'{"message": "cut \\ud83d"}', b"cut \xef\xbf\xbd"),
        (b'{"message": "\\ude00\\ud83d\\ude00"}', b"\xef\xbf\xbd\xf0\x9f\x98\x80"),
        (b'{"message": "\xe9 \\ud83d"}', b"\xe9 \xef\xbf\xbd"),
        (b'{"message": "a", "host": "w\\ud83d\xff"}', AT_RECORD.encode() + b" w__ -: a"),
        (b' \n{"message": "a"}\r\n', b"a"),
    ],
)
def test_json_that_is_not_quite_json_is_read_as_well_as_it_can_be(value: bytes, expected: bytes) -> None:
    assert ENVELOPE.line(value, RECORD) == expected


@pytest.mark.parametrize(
    ("value", "stamp"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000000"),
        ("2026-11-24T10:00:00.123456789+02:00", "2026-11-24T08:00:00.123456"),
        ("2026-11-24 10:00:00,5", "2026-11-24T10:00:00.500000"),
        ("20261124T100000Z", "2026-11-24T10:00:00.000000"),
        ("1969-12-31T23:59:59.75Z", "1969-12-31T23:59:59.750000"),
        ("Nov 24 10:00:00", "2026-11-24T10:00:00.000000"),
        ("Dec 31 10:00:00", "2026-12-31T10:00:00.000000"),
        (1795514400, "2026-11-24T10:00:00.000000"),
        (1795514400.123456, "2026-11-24T10:00:00.123456"),
        (1795514400123, "2026-11-24T10:00:00.123000"),
        (1795514400123.5, "2026-11-24T10:00:00.123500"),
        (1795514400123456, "2026-11-24T10:00:00.123456"),
        (1795514400123456789, "2026-11-24T10:00:00.123457"),
        ("1795514400", "2026-11-24T10:00:00.000000"),
        ("1795514400.25", "2026-11-24T10:00:00.250000"),
        ("1795514400123456", "2026-11-24T10:00:00.123456"),
        (10**11 - 1, "5138-11-16T09:46:39.000000"),
        (10**11, "1973-03-03T09:46:40.000000"),
    ],
)
def test_a_time_is_a_text_or_a_number_whose_size_tells_its_unit(value: object, stamp: str) -> None:
    assert line({"message": "x", "@timestamp": value}) == f"{stamp}+00:00 - -: x"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "-",
        "yesterday",
        "2026-11-24",
        "10:00:00",
        "2026-13-24T10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "24/Nov/2026:10:00:00 +0000",
        "Nov 31 10:00:00",
        "123456789abc",
        "1" * 30,
        "9" * 64,
        "1" * 100_000,
        True,
        0,
        -1795514400,
        12.5,
        10**20,
        pytest.param(10**5000, id="huge"),
        float("nan"),
        float("inf"),
        [1795514400],
        {"seconds": 1795514400},
    ],
)
def test_what_is_no_time_is_passed_over_and_none_is_made_up(value: object) -> None:
    assert line({"message": "x", "@timestamp": value}) == "x"
    assert line({"message": "x", "@timestamp": value, "time": 1795514400}) == "2026-11-24T10:00:00.000000+00:00 - -: x"
    assert line({"message": "x", "@timestamp": value, "host": "web1"}) == f"{AT_RECORD} web1 -: x"


def test_a_time_without_a_zone_is_in_the_configured_one() -> None:
    envelope = Envelope(Rules(zone="America/New_York"))

    assert line({"message": "x", "time": "2026-11-24T10:00:00"}, envelope) == "2026-11-24T15:00:00.000000+00:00 - -: x"
    assert line({"message": "x", "time": "Nov 24 10:00:00"}, envelope) == "2026-11-24T15:00:00.000000+00:00 - -: x"
    assert line({"message": "x", "time": "2026-11-24T10:00:00Z"}, envelope) == "2026-11-24T10:00:00.000000+00:00 - -: x"


@pytest.mark.parametrize(
    ("document", "header"),
    [
        ({"host": "my host"}, "my_host -"),
        ({"host": " web1\n"}, "web1 -"),
        ({"host": "[fe80::1]"}, "_fe80::1_ -"),
        ({"host": "fe80::"}, "fe80:_ -"),
        ({"host": ":"}, "_ -"),
        ({"host": "h" * 300}, "h" * 256 + " -"),
        ({"host": "h" * 255 + "::"}, "h" * 255 + "_ -"),
        ({"host": "wéb\xa01\x00"}, "wéb\xa01\x00 -"),
        ({"host": ["relay", "web1"]}, "web1 -"),
        ({"host": 7}, "7 -"),
        ({"program": "My Service: [a]"}, "- My_Service___a_"),
        ({"program": "a::b"}, "- a__b"),
        ({"program": "p" * 200}, "- " + "p" * 128),
        ({"syslogtag": "su"}, "- su"),
        ({"syslogtag": "su:"}, "- su"),
        ({"syslogtag": "%ASA-6-302013:"}, "- %ASA-6-302013"),
        ({"syslogtag": "su(pam_unix)[9]:"}, "- su(pam_unix)[9]"),
        ({"syslogtag": "su[9"}, "- su[9]"),
        ({"syslogtag": "[9]:", "program": "su"}, "- su[9]"),
        ({"syslogtag": ["su[9]:"], "program": "su"}, "- su"),
        ({"pid": "1 [2]"}, "- -[1__2_]"),
        ({"pid": 0}, "- -[0]"),
        ({"pid": -5}, "- -[-5]"),
        ({"pid": "1" * 100}, "- -[" + "1" * 64 + "]"),
    ],
)
def test_a_value_that_a_header_cannot_hold_is_made_fit(document: dict[str, Any], header: str) -> None:
    assert line({"message": "x", **document}) == f"{AT_RECORD} {header}: x"


@pytest.mark.parametrize("value", ["", " \n", "-", " - ", None, True, 1.5, 2**64, [], [[]], [10**5000], {}, {"x": "y"}])
@pytest.mark.parametrize("name", ["host", "program", "pid", "syslogtag", "host.name", "process.name", "process.pid"])
def test_a_value_that_says_nothing_is_left_out(name: str, value: object) -> None:
    assert line({"message": "x", name: value}) == "x"
    assert line({"message": "x", name: value, "HOST": "h", "_COMM": "p", "PID": "1"}) == f"{AT_RECORD} h p[1]: x"


@pytest.mark.parametrize(
    ("header", "in_front"), [("auto", True), ("iso", True), ("plain", False), ("rfc3164", False), ("mine", False)]
)
def test_nothing_is_put_in_front_where_it_would_not_be_read(header: str, in_front: bool) -> None:
    envelope = Envelope(Rules(header=header, formats={"mine": FormatRule(r"\[(?P<level>\w+)\] (?P<message>.*)")}))

    assert line({"message": "x", "host": "web1"}, envelope) == (f"{AT_RECORD} web1 -: x" if in_front else "x")
    assert line({"message": "[INFO] x", "host": "web1"}, envelope) == (
        f"{AT_RECORD} web1 -: [INFO] x" if header == "iso" else "[INFO] x"
    )


@pytest.mark.parametrize(("length", "in_front"), [(219, True), (220, False), (256, False)])
def test_a_header_longer_than_a_line_may_be_is_not_put_in_front(length: int, in_front: bool) -> None:
    rules = Rules(max_line_bytes=256)
    host = "h" * length

    found = Envelope(rules).line({"message": "text of a line", "host": host}, RECORD)

    assert found == (f"{AT_RECORD} {host} -: text of a line" if in_front else "text of a line").encode()
    assert LineReader(rules).read(found, RECORD).host == (host if in_front else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", b""),
        (b"a", b"a"),
        (b"a\n", b"a"),
        (b"a\r\n", b"a"),
        (b"a\r", b"a"),
        (b"a\r\r\n", b"a"),
        (b"a\n\n", b"a "),
        (b"a\n\r", b"a "),
        (b"\n", b""),
        (b"a\nb\r\nc\n", b"a b c"),
        (b"a\r\r\nb", b"a\r b"),
        (b"a\rb", b"a\rb"),
        (b"a\x00\v\f\x1c\xc2\x85\xff", b"a\x00\v\f\x1c\xc2\x85\xff"),
    ],
)
def test_a_record_is_one_line_whatever_line_feeds_are_in_it(value: bytes, expected: bytes) -> None:
    assert plain_line(value) == expected


@given(st.binary() | st.lists(st.sampled_from([b"\r", b"\n", b"a", b" "]), max_size=8).map(b"".join))
def test_a_plain_line_is_the_same_one_in_a_corpus_and_by_itself(value: bytes) -> None:
    text = plain_line(value)

    assert split_lines(text + b"\n") == [text]
    assert plain_line(text) == text


def test_each_line_of_a_text_belongs_to_its_header() -> None:
    text = "Nov 24 10:00:00 web1 app[1]: failed\n\tat A\r\n\tat B\n"

    assert line({"message": text, "host": "h"}) == "Nov 24 10:00:00 web1 app[1]: failed \tat A \tat B"
    assert line({"message": "failed\n\tat A", "host": "h"}) == f"{AT_RECORD} h -: failed \tat A"


PIECES = ["\n", "\r", "\r\n", "\x00", " ", ": ", "-", "-: ", "[1]: ", "\ufeff", "\ud800", "\udc80", "\x1b[31m", "é😀"]
HEADERS = [
    "<13>",
    "<13>1 ",
    "2026-11-24T10:00:00Z ",
    "Nov 24 10:00:00 ",
    "h ",
    "su: ",
    "- - - - - ",
    '{"message": "x"}',
]
HOSTILE_TEXTS = st.lists(st.text(st.characters(), max_size=8) | st.sampled_from(PIECES + HEADERS), max_size=6).map(
    "".join
)
HOSTILE_VALUES = (
    HOSTILE_TEXTS
    | st.lists(HOSTILE_TEXTS | st.none(), max_size=2)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dictionaries(st.sampled_from(["hostname", "name", "pid", ""]), HOSTILE_TEXTS, max_size=2)
)
FIELDS = (
    "hostname",
    "host",
    "host.name",
    "program",
    "process.name",
    "syslogtag",
    "pid",
    "procid",
    "@timestamp",
    "time",
)
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), HOSTILE_VALUES, max_size=6)


@given(HOSTILE_TEXTS, DOCUMENTS)
@example("\ud83d", {"host": "\ude00"})
@example("su: x", {"@timestamp": "2026-11-24T10:00:00Z"})
def test_a_hostile_message_comes_back_whole_whatever_is_put_in_front(text: str, fields: dict[str, Any]) -> None:
    value = json.dumps({"message": text, **fields}).encode()
    document = json.loads(value)

    found = ENVELOPE.line(value, RECORD)

    assert found == ENVELOPE.line(document, RECORD)
    assert split_lines(found + b"\n") == [found]
    alone = Envelope(Rules(header="plain")).line(document, RECORD)
    if READER.read(alone, RECORD).format != "plain":
        assert found == alone
    else:
        judged = READER.read(found, RECORD)
        assert judged.message == alone.decode(errors="replace")
        assert judged.format == "iso" or found == alone
        assert not re.search(r"[\s\[\]]", f"{judged.host}{judged.program}{judged.pid}", re.ASCII)
    if not re.search("[\ud800-\udfff]", document["message"]):
        assert alone.decode() == re.sub("\r?\n", " ", document["message"].removesuffix("\n").rstrip("\r"))


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\v\f:[]"), min_size=1, max_size=64)


@given(
    st.text(),
    st.none() | WORDS.filter(lambda word: word != "-"),
    st.none() | WORDS.filter(lambda word: word != "-"),
    st.none() | st.integers(0, 2**32).map(str) | WORDS.filter(lambda word: word != "-"),
    st.datetimes(timezones=st.just(UTC)),
)
def test_reading_a_line_gives_back_what_was_put_in_front(
    text: str, host: str | None, program: str | None, pid: str | None, time: datetime
) -> None:
    document = {
        "message": f"-{text}-",
        "host": {"name": host},
        "process": {"name": program, "pid": pid},
        "@timestamp": time.isoformat(),
    }

    judged = read(document)

    assert (judged.format, judged.host, judged.program, judged.pid) == ("iso", host, program, pid)
    assert judged.time == microseconds(time)
    assert judged.message == re.sub("\r?\n", " ", f"-{text}-")


HUGE = 10_000_000


@pytest.mark.parametrize(
    ("start", "unit", "times", "end"),
    [
        (b'{"message": "x", "a": ', b'{"a": ', 100_000, b"1" + b"}" * 100_001),
        (b'{"message": "x", "a": ', b"[", 100_000, b"]" * 100_000 + b"}"),
        (b'{"message": "x", "a": ', b'{"a": ', 100_000, b""),
        (b'{"message": "', b"x", HUGE, b'"}'),
        (b'{"message": "', b"\\n", HUGE // 2, b'"}'),
        (b'{"message": "', b"\\r\\n", HUGE // 4, b'\\r"}'),
        (b'{"message": "', b"\\ud800", HUGE // 6, b'"}'),
        (b'{"message": "', b"\xff", HUGE, b'"}'),
        (b'{"message": "', b"\\u0000", HUGE // 6, b'"'),
        (b'{"message": [1', b",1", HUGE // 2, b"]}"),
        (b'{"message": "x", "host": "', b" ", HUGE, b'"}'),
        (b'{"message": "x", "syslogtag": "', b"[", HUGE, b'"}'),
        (b'{"message": "x", "@timestamp": "', b"1", HUGE, b'"}'),
        (b'{"message": "x", "@timestamp": ', b"1", HUGE, b"}"),
        (b'{"message": "x"', b', "host": "h"', HUGE // 13, b"}"),
        (b'{"message": "x", "a": [1', b", NaN", HUGE // 5, b"]}"),
    ],
)
def test_a_hostile_record_takes_linear_time(start: bytes, unit: bytes, times: int, end: bytes, within: Within) -> None:
    with within(10), suppress(EnvelopeError):
        ENVELOPE.line(start + unit * times + end, RECORD)


def test_a_record_of_many_keys_takes_linear_time(within: Within) -> None:
    many = b"".join(b'"key%d": {"name": %d},' % (number, number) for number in range(300_000))

    with within(10):
        assert ENVELOPE.line(b"{" + many + b'"message": "x", "host": {' + many + b'"name": "h"}}', RECORD)
