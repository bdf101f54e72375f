"""Bytes → lines: where they end, what is no UTF-8, what is too long, and what nobody should write."""

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.line import LineReader, drop_carriage_return, split_lines
from patterns.rules import Rules
from patterns.timestamps import microseconds

Within = Callable[[float], AbstractContextManager[None]]

RECORD = microseconds(datetime(2026, 11, 23, 12, tzinfo=UTC))
"""When every line of these tests reached us."""

AUTO = LineReader(Rules())


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"\n\n", [b"", b""]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"a\r", [b"a"]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\rb\n", [b"a\rb"]),
        ("a\vb\fc\x1cd\x85e\u2028f\n".encode(), ["a\vb\fc\x1cd\x85e\u2028f".encode()]),
        (b"\x00\n", [b"\x00"]),
    ],
)
def test_a_line_ends_at_a_line_feed_alone_and_loses_one_carriage_return(data: bytes, lines: list[bytes]) -> None:
    assert split_lines(data) == lines


@pytest.mark.parametrize(("line", "expected"), [(b"", b""), (b"\r", b""), (b"a\r\r", b"a\r"), (b"\ra", b"\ra")])
def test_only_the_final_carriage_return_is_dropped(line: bytes, expected: bytes) -> None:
    assert drop_carriage_return(line) == expected


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xe9 closed", "caf\ufffd closed"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"Nov 23 10:00:00 web1 su: \xe9", "Nov 23 10:00:00 web1 su: \ufffd"),
    ],
)
def test_bytes_that_are_not_utf_8_are_replaced_and_the_original_kept(data: bytes, text: str) -> None:
    line = AUTO.read(data, RECORD)

    assert line.text == text
    assert line.original is not None
    assert base64.b64decode(line.original) == data


@given(st.binary(max_size=60))
def test_the_original_is_kept_iff_the_text_alone_would_not_give_it_back(data: bytes) -> None:
    line = AUTO.read(data, RECORD)

    assert (base64.b64decode(line.original) if line.original else line.text.encode()) == data
    assert (line.original is None) == (line.text.encode() == data)


LIMIT = 256
SHORT = LineReader(Rules(header="plain", max_line_bytes=LIMIT))


@pytest.mark.parametrize(
    ("data", "judged"),
    [
        (b"x" * 256, b"x" * 256),
        (b"x" * 257, b"x" * 256),
        (b"x" * 250 + b" yyyyyyyyyy", b"x" * 250),
        (b"x" * 256 + b" y", b"x" * 256),
        (b"x" * 257 + b" y", b"x" * 256),
        (b"x" * 100 + b";" + b"y" * 50 + b"," + b"z" * 200, b"x" * 100 + b";" + b"y" * 50),
        (b" " + b"x" * 300, b" " + b"x" * 255),
        (b"x" * 255 + "é".encode() + b"y", b"x" * 255),
        (b"x" * 254 + "é".encode() + b"y", b"x" * 254 + "é".encode()),
        (b"x" * 253 + "\U0001f600".encode(), b"x" * 253),
        (b"x" * 200 + b"=" + b"y" * 100, b"x" * 200 + b"=" + b"y" * 55),
    ],
)
def test_a_long_line_is_judged_up_to_the_last_separator_before_the_limit(data: bytes, judged: bytes) -> None:
    line = SHORT.read(data, RECORD)

    assert line.message == judged.decode()
    assert line.cut == (len(data) > LIMIT)
    assert line.text == data.decode()


@given(st.text(st.sampled_from("x =,;()[]{}\t\v\fé€😀"), min_size=70, max_size=400))
def test_a_cut_loses_the_fewest_bytes_that_leave_whole_words_or_at_least_whole_characters(text: str) -> None:
    data = text.encode()

    line = SHORT.read(data, RECORD)

    judged = line.message.encode()
    assert line.cut == (len(data) > LIMIT)
    assert data.startswith(judged)
    if line.cut:
        assert 0 < len(judged) <= LIMIT
        separators = [index for index in range(1, LIMIT + 1) if data[index : index + 1] in b" \t\v\f,;()[]{}"]
        if separators:
            assert len(judged) == separators[-1]
        else:
            assert LIMIT - len(judged) < 4


def test_the_header_of_a_cut_line_is_read_and_the_text_stays_whole() -> None:
    data = b"Nov 23 10:00:00 web1 su[1]: " + b"word " * 100

    line = LineReader(Rules(max_line_bytes=LIMIT)).read(data, RECORD)

    assert (line.format, line.host, line.program, line.pid) == ("rfc3164", "web1", "su", "1")
    assert (line.priority, line.level) == (None, None)
    assert line.cut
    assert line.text == data.decode()
    assert data.startswith(b"Nov 23 10:00:00 web1 su[1]: " + line.message.encode())
    assert set(line.message.split()) == {"word"}


def test_a_cut_line_that_is_not_utf_8_keeps_all_its_bytes() -> None:
    data = b"\x80" * 5000

    line = SHORT.read(data, RECORD)

    assert line.cut
    assert line.original is not None
    assert base64.b64decode(line.original) == data


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        ("<34>1 - h p - - [", "a"),
        ("<34>1 - h p - - [", '"'),
        ("<34>1 - h p - - [", '"\\'),
        ("<34>1 - h p - - ", '[a b="1"]'),
        ("<34>1 - h p - - ", "[]"),
        ("<34>1 - h p - - [", '"x" '),
        ("<34>1 ", "x"),
        ("<34>1 ", "x "),
        ("Nov 23 10:00:00 ", "h"),
        ("Nov 23 10:00:00 ", "h:"),
        ("Nov 23 10:00:00 h ", "p["),
        ("Nov 23 10:00:00 h p[", "1"),
        ("Nov 23 10:00:00", " "),
        ("Nov 23 10:00:00 h", " "),
        ("2003-10-11T22:14:15", " "),
        ("2003-10-11T22:14:15 ", "a:"),
        ("", "<"),
        ("", "\n"),
    ],
)
def test_reading_a_header_takes_linear_time_on_hostile_lines(start: str, unit: str, within: Within) -> None:
    reader = LineReader(Rules(max_line_bytes=1_000_000))

    with within(10):
        for behind in ["", "\x00", "]", '"', "\n"]:
            reader.read((start + unit * (200_000 // len(unit)) + behind).encode(), RECORD)
