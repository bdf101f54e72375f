"""Records that nobody should write, and what comes back of any."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from enveloped import AT_RECORD, ENVELOPE, READER, RECORD, line, read
from hypothesis import example, given
from hypothesis import strategies as st

from patterns.envelope import Envelope, plain_line
from patterns.errors import EnvelopeError
from patterns.line import split_lines
from patterns.rules import Rules
from patterns.timestamps import microseconds

Within = Callable[[float], AbstractContextManager[None]]


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
