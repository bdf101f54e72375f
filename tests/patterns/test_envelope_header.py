"""What a record says beside its text → the header in front of the line."""

from typing import Any

import pytest
from enveloped import AT_RECORD, RECORD, line

from patterns.envelope import Envelope
from patterns.line import LineReader
from patterns.rules import FormatRule, Rules


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
