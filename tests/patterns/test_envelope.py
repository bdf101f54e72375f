"""A record, plain or JSON → its line: what real shippers write."""

import json
import re
from typing import Any

import pytest
from enveloped import AT_RECORD, ENVELOPE, RECORD, line

from patterns.envelope import Envelope
from patterns.errors import EnvelopeError
from patterns.rules import Rules

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
