"""Bytes → header and message: tables of what real senders write, and what nobody should."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.errors import RulesError
from patterns.line import Line, LineReader
from patterns.linear import compile_linear
from patterns.rules import FormatRule, Rules
from patterns.timestamps import microseconds

RECORD = microseconds(datetime(2026, 11, 23, 12, tzinfo=UTC))
"""When every line of these tests reached us."""

AUTO = LineReader(Rules())


def read(text: str) -> Line:
    return AUTO.read(text.encode(), RECORD)


def header(line: Line) -> dict[str, Any]:
    """Return what was found in front of the message, without what was not."""
    found = line._asdict()
    names = ("format", "host", "program", "pid", "priority", "level")
    return {name: found[name] for name in names if found[name] is not None}


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return microseconds(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


RFC3164 = [
    (
        "Jul 26 09:36:29 RUE3 anacron[1102]: Job `cron.daily' terminated",
        {"host": "RUE3", "program": "anacron", "pid": "1102"},
        "Job `cron.daily' terminated",
    ),
    (
        "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
        {"priority": 34, "host": "mymachine", "program": "su"},
        "'su root' failed for lonvick on /dev/pts/8",
    ),
    (
        "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0",
        {"host": "combo", "program": "sshd(pam_unix)", "pid": "19939"},
        "authentication failure; logname= uid=0",
    ),
    ("Nov 23 10:00:00 web1 postfix/smtpd[7]: x", {"host": "web1", "program": "postfix/smtpd", "pid": "7"}, "x"),
    ("Nov 23 10:00:00 web1 CRON[1]: (root) CMD", {"host": "web1", "program": "CRON", "pid": "1"}, "(root) CMD"),
    ("Nov 23 10:00:00 web1 su[]: x", {"host": "web1", "program": "su"}, "x"),
    ("Nov 23 10:00:00 web1 %ASA-6-302013: Built", {"host": "web1", "program": "%ASA-6-302013"}, "Built"),
    ("Nov 23 10:00:00 web1 docker/3f2a90c1[9]: x", {"host": "web1", "program": "docker/3f2a90c1", "pid": "9"}, "x"),
    ("Nov 23 10:00:00 web1 kernel: [    0.0] Linux", {"host": "web1", "program": "kernel"}, "[    0.0] Linux"),
    ("Nov 23 10:00:00 su: no host", {"program": "su"}, "no host"),
    ("Nov 23 10:00:00 su[12]: no host", {"program": "su", "pid": "12"}, "no host"),
    ("Nov 23 10:00:00 web1 -- MARK --", {"host": "web1"}, "-- MARK --"),
    ("Nov 23 10:00:00 web1 last message repeated 3 times", {"host": "web1"}, "last message repeated 3 times"),
    ("Nov 23 10:00:00 web1 prog:no space", {"host": "web1"}, "prog:no space"),
    ("Nov 23 10:00:00 web1 a::b: x", {"host": "web1"}, "a::b: x"),
    ("Nov 23 10:00:00 web1 su[1: x", {"host": "web1"}, "su[1: x"),
    ("Nov 23 10:00:00 web1 su:", {"host": "web1", "program": "su"}, ""),
    ("Nov 23 10:00:00 web1", {"host": "web1"}, ""),
    ("Nov 23 10:00:00 ", {}, ""),
    ("Nov 23 10:00:00 fe80::1 su: x", {"host": "fe80::1", "program": "su"}, "x"),
    ("Nov 23 10:00:00 - su: x", {"program": "su"}, "x"),
    ("<0>Nov 23 10:00:00 web1 su: x", {"priority": 0, "host": "web1", "program": "su"}, "x"),
    ("<191>Nov 23 10:00:00 web1 su: x", {"priority": 191, "host": "web1", "program": "su"}, "x"),
    ("<192>Nov 23 10:00:00 web1 su: x", {"host": "web1", "program": "su"}, "x"),
    ("Nov 23 10:00:00 web1 " + "p" * 129 + ": x", {"host": "web1"}, "p" * 129 + ": x"),
    ("Nov 23 10:00:00 web1 su: x  \x00 y ", {"host": "web1", "program": "su"}, "x  \x00 y "),
    ("Nov 31 10:00:00 web1 su: x", {"host": "web1", "program": "su"}, "x"),
]


@pytest.mark.parametrize(("text", "fields", "message"), RFC3164)
def test_a_line_of_rfc_3164_may_lack_priority_host_or_tag(text: str, fields: dict[str, Any], message: str) -> None:
    line = read(text)

    assert header(line) == {"format": "rfc3164", **fields}
    assert line.message == message
    assert line.text == text


RFC5424 = [
    (
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed for lonvick",
        {"priority": 34, "host": "mymachine.example.com", "program": "su"},
        "'su root' failed for lonvick",
    ),
    (
        "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
        {"priority": 165, "host": "192.0.2.1", "program": "myproc", "pid": "8710"},
        "%% It's time to make the do-nuts.",
    ),
    (
        '<165>1 2003-10-11T22:14:15.003Z web1 evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application"] An',
        {"priority": 165, "host": "web1", "program": "evntslog"},
        "An",
    ),
    ('<1>1 - h p 1 - [a b="1"][c d="2"]', {"priority": 1, "host": "h", "program": "p", "pid": "1"}, ""),
    ('<1>1 - h p 1 - [a b="\\"]\\\\"] x]y', {"priority": 1, "host": "h", "program": "p", "pid": "1"}, "x]y"),
    ('<1>1 - h p 1 - [a b="x] y"] z', {"priority": 1, "host": "h", "program": "p", "pid": "1"}, "z"),
    ("<1>1 - h p 1 - [a] [b] z", {"priority": 1, "host": "h", "program": "p", "pid": "1"}, "[b] z"),
    ("<0>1 - - - - - -", {"priority": 0}, ""),
    ("<0>1 - - - - - - ", {"priority": 0}, ""),
    ("<13>99 - h p - - - x", {"priority": 13, "host": "h", "program": "p"}, "x"),
    ("<13>1 notatime h p - - - x", {"priority": 13, "host": "h", "program": "p"}, "x"),
    ("<999>1 - h p - - - x", {"host": "h", "program": "p"}, "x"),
]


@pytest.mark.parametrize(("text", "fields", "message"), RFC5424)
def test_a_line_of_rfc_5424_has_nil_values_and_structured_data(text: str, fields: dict[str, Any], message: str) -> None:
    line = read(text)

    assert header(line) == {"format": "rfc5424", **fields}
    assert line.message == message
    assert line.text == text


ISO = [
    (
        "2003-10-11T22:14:15.003+02:00 web1 su[77]: message",
        {"host": "web1", "program": "su", "pid": "77"},
        "message",
    ),
    ("<13>2003-10-11T22:14:15Z web1 su: x", {"priority": 13, "host": "web1", "program": "su"}, "x"),
    ("2003-10-11T22:14:15 web1 no tag", {"host": "web1"}, "no tag"),
    ("2003-10-11T22:14:15,123 su: no host", {"program": "su"}, "no host"),
    ("2003-10-11T22:14:15.123456789-0700 web1 su: x", {"host": "web1", "program": "su"}, "x"),
    ("2003-13-11T22:14:15Z web1 su: x", {"host": "web1", "program": "su"}, "x"),
]


@pytest.mark.parametrize(("text", "fields", "message"), ISO)
def test_a_line_with_an_iso_time_has_host_and_tag(text: str, fields: dict[str, Any], message: str) -> None:
    line = read(text)

    assert header(line) == {"format": "iso", **fields}
    assert line.message == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello world",
        " Nov 23 10:00:00 web1 su: x",
        "nov 23 10:00:00 web1 su: x",
        "Nov 23 10:00 web1 su: x",
        "<1234>Nov 23 10:00:00 web1 su: x",
        "<x>Nov 23 10:00:00 web1 su: x",
        "<34> Nov 23 10:00:00 web1 su: x",
        "<34>0 - h p - - - x",
        "<34>1 - h p - -",
        '<34>1 - h p - - [a b="1" x',
        '<34>1 - h p - - [a b="1\\"] x',
        "2003-10-11 22:14:15 web1 su: x",
        "Nov\xa023 10:00:00 web1 su: x",
        "Nov 2\uff13 10:00:00 web1 su: x",
    ],
)
def test_what_no_format_fits_is_plain_and_its_whole_text_the_message(text: str) -> None:
    assert read(text) == Line(text, None, False, "plain", RECORD, None, None, None, None, None, text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Nov 23 11:59:00 web1 su: x", at(2026, 11, 23, 11, 59)),
        ("Dec 24 11:59:00 web1 su: x", at(2026, 12, 24, 11, 59)),
        ("May 22 11:59:00 web1 su: x", at(2027, 5, 22, 11, 59)),
        ("Nov 31 11:59:00 web1 su: x", RECORD),
        ("<34>1 2003-10-11T22:14:15.003Z h p - - - x", at(2003, 10, 11, 22, 14, 15) + 3000),
        ("<34>1 - h p - - - x", RECORD),
        ("<34>1 notatime h p - - - x", RECORD),
        ("2003-10-11T22:14:15+02:00 h p: x", at(2003, 10, 11, 20, 14, 15)),
        ("2003-13-11T22:14:15Z h p: x", RECORD),
        ("0001-01-01T00:00:00+14:00 h p: x", RECORD),
        ("x", RECORD),
    ],
)
def test_the_time_is_the_headers_or_else_the_records(text: str, time: int) -> None:
    assert read(text).time == time


def test_a_time_without_a_zone_is_in_the_configured_one() -> None:
    reader = LineReader(Rules(zone="America/New_York"))

    assert reader.read(b"Jul 23 11:59:00 web1 su: x", RECORD).time == at(2026, 7, 23, 15, 59)
    assert reader.read(b"2026-01-23T11:59:00 web1 su: x", RECORD).time == at(2026, 1, 23, 16, 59)
    assert reader.read(b"2026-01-23T11:59:00Z web1 su: x", RECORD).time == at(2026, 1, 23, 11, 59)


@pytest.mark.parametrize("name", ["rfc5424", "iso", "rfc3164", "plain"])
def test_a_named_format_is_the_only_one_tried(name: str) -> None:
    lines = {
        "rfc5424": "<34>1 - h p - - - x",
        "iso": "2003-10-11T22:14:15Z web1 su: x",
        "rfc3164": "Nov 23 10:00:00 web1 su: x",
    }
    reader = LineReader(Rules(header=name))

    for own, text in lines.items():
        assert reader.read(text.encode(), RECORD).format == (name if own == name else "plain")


APACHE = FormatRule(
    r"\[(?P<timestamp>[^\]]+)\] \[(?P<level>\w+)\] (?P<message>.*)", time="%a %b %d %H:%M:%S %Y", zone="Europe/Berlin"
)


def test_a_configured_format_gives_its_groups_and_the_level_is_the_first_word() -> None:
    reader = LineReader(Rules(formats={"apache": APACHE}))

    line = reader.read(b"[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok", RECORD)

    assert header(line) == {"format": "apache", "level": "notice"}
    assert line.message == "notice workerEnv.init() ok"
    assert line.time == at(2005, 12, 4, 3, 47, 44)


@pytest.mark.parametrize(
    ("time", "timestamp", "expected"),
    [
        ("iso", "2005-12-04 04:47:44,5", at(2005, 12, 4, 4, 47, 44) + 500_000),
        ("iso", "yesterday", RECORD),
        ("epoch", "1117838570.25", at(2005, 6, 3, 22, 42, 50) + 250_000),
        ("epoch", "2005-12-04", RECORD),
        ("%m.%d %H:%M:%S", "10.30 16:49:06", at(2026, 10, 30, 16, 49, 6)),
        ("", "", RECORD),
    ],
)
def test_a_configured_format_reads_its_time_as_it_says(time: str, timestamp: str, expected: int) -> None:
    rule = FormatRule(r"(?P<timestamp>.*?)\|(?P<message>.*)" if time else r".*?\|(?P<message>.*)", time=time)
    reader = LineReader(Rules(formats={"mine": rule}))

    assert reader.read(f"{timestamp}|x".encode(), RECORD).time == expected


def test_a_configured_format_may_have_every_group() -> None:
    names = ("timestamp", "host", "program", "pid", "level", "message")
    rule = FormatRule(r"\|".join(f"(?P<{name}>[^|]*)" for name in names), time="iso")

    line = LineReader(Rules(formats={"mine": rule})).read(b"2005-12-04|h|p|7|WARN|x", RECORD)

    assert header(line) == {"format": "mine", "host": "h", "program": "p", "pid": "7", "level": "WARN"}
    assert (line.time, line.message) == (at(2005, 12, 4), "WARN x")


def test_formats_are_tried_behind_the_built_in_ones_in_their_order() -> None:
    anything, first = FormatRule("(?P<message>.*)"), FormatRule("(?P<host>h) (?P<message>.*)")

    in_order = LineReader(Rules(formats={"first": first, "any": anything}))
    reversed_order = LineReader(Rules(formats={"any": anything, "first": first}))

    assert in_order.read(b"h x", RECORD).format == "first"
    assert reversed_order.read(b"h x", RECORD).format == "any"
    assert in_order.read(b"Nov 23 10:00:00 web1 su: x", RECORD).format == "rfc3164"
    assert LineReader(Rules(header="any", formats={"any": anything})).read(b"h", RECORD).message == "h"


@pytest.mark.parametrize(
    ("expression", "data", "fields", "message"),
    [
        ("(?P<pid>.*?)\\|(?P<program>.*?)\\|(?P<message>.*)", b"1|a b|x", {"pid": "1", "program": "a b"}, "x"),
        ("(?P<pid>.*?)\\|(?P<program>.*?)\\|(?P<message>.*)", b"-||x", {}, "x"),
        ("(?P<level>-) (?P<message>.*)", b"- x", {}, "x"),
        ("(?P<level>\\w+)(?: (?P<message>.*))?", b"INFO", {"level": "INFO"}, "INFO "),
        ("(?P<message>.*)", b"a\nb", {}, "a\nb"),
        ("(?P<host>\\w+) (?P<message>.*)", "é x".encode(), None, "é x"),
    ],
)
def test_empty_groups_and_dashes_are_nothing(
    expression: str, data: bytes, fields: dict[str, Any] | None, message: str
) -> None:
    line = LineReader(Rules(formats={"mine": FormatRule(expression)})).read(data, RECORD)

    assert header(line) == ({"format": "plain"} if fields is None else {"format": "mine", **fields})
    assert line.message == message


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (FormatRule("(?P<message>.*"), "RE2 says"),
        (FormatRule("(?=x)(?P<message>.*)"), "RE2 says"),
        (FormatRule("(?P<host>.*)"), "message is required"),
        (FormatRule(".*"), "message is required"),
        (FormatRule("(?P<message>.*)(?P<user>.*)"), "the others may be"),
        (FormatRule("(?P<timestamp>.*) (?P<message>.*)"), "time is empty"),
        (FormatRule("(?P<timestamp>.*) (?P<message>.*)", time="%Q"), "strptime"),
        (FormatRule("(?P<timestamp>.*) (?P<message>.*)", time="iso", zone="Mars/Base"), "no such time zone"),
    ],
)
def test_a_format_that_cannot_be_used_is_refused_with_its_name(rule: FormatRule, why: str) -> None:
    with pytest.raises(RulesError, match=why):
        LineReader(Rules(formats={"mine": rule}))


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "\x00"])
def test_a_zone_that_the_machine_does_not_know_is_refused(zone: str) -> None:
    with pytest.raises(RulesError, match="no such time zone"):
        LineReader(Rules(zone=zone))


@pytest.mark.parametrize("rest", ["INFO x", "  ERROR x: y", "stdout F x", "stderr P x", "0 [Note] x", "I NETWORK x"])
def test_what_follows_the_time_of_iso_and_is_no_host_makes_it_another_format(rest: str) -> None:
    line = f"2026-10-11T22:14:15Z {rest}".encode()
    behind = FormatRule(r"(?P<timestamp>\S+) (?P<message>.*)", time="iso")

    found = LineReader(Rules(formats={"behind": behind})).read(line, RECORD)

    assert (LineReader(Rules()).read(line, RECORD).format, found.format) == ("plain", "behind")


@pytest.mark.parametrize("host", ["info", "INFO1", "stdout", "7", "AB", "INFOS"])
def test_a_host_may_be_called_nearly_anything(host: str) -> None:
    assert LineReader(Rules()).read(f"2026-10-11T22:14:15Z {host} su: x".encode(), RECORD).host == host


@given(
    st.text(st.sampled_from("abcX <7é\x00\U0010ffff\xa0"), max_size=4),
    st.sampled_from(["", "a*", "b.*", "[a-c]b", "(?i)x", "\\S+ ", "é", "[^a]", "<?[0-9]", "\\pL", "(?:|a)"]),
)
@example("", "a*")
@example("\x00", "\\x00")
@example("X", "(?i)x")
def test_a_format_is_passed_over_by_its_first_byte_only_where_it_would_not_fit(line: str, begins: str) -> None:
    expression = f"{begins}(?P<message>.*)"
    reader = LineReader(Rules(formats={"mine": FormatRule(expression)}, header="mine"))

    found = reader.read(line.encode(), RECORD).format

    assert (found == "mine") == (compile_linear(expression, "x").fullmatch(line) is not None)
