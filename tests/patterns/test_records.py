"""Lines → records: which lines are joined, from wherever a reader begins; and what judging makes of the result."""

import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_records import plain_records

import patterns.records
from patterns.errors import RulesError
from patterns.judge import check_rules
from patterns.line import LineReader, drop_carriage_return
from patterns.records import BLOCK_BYTES, Records
from patterns.rules import FormatRule, Multiline, Rules

LOG4J = FormatRule(
    r"(?P<timestamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) +(?P<level>[A-Z]+) +\[(?P<program>[^\]]*)\] (?P<message>.*)",
    "%Y-%m-%d %H:%M:%S,%f",
)
FORMATS = {"log4j": LOG4J}
INDENTED = Records(Rules(multiline="indented"))
NO_HEADER = Records(Rules(multiline="no_header", formats=FORMATS))

LINES = [
    # A line, and whether it begins a record: indented, no_header
    (b"Nov 23 10:00:00 web1 su[7]: failed", True, True),
    (b"2026-11-23 10:00:00,123 ERROR [shop] Checkout failed", True, True),
    (b"2026-11-23T10:00:00Z web1 su[7]: failed\r", True, True),
    (b"<34>1 2003-10-11T22:14:15.003Z web1 su 77 ID47 - failed", True, True),
    (b"\tat shop.Cart.pay(Cart.java:17)", False, False),
    (b'  File "/srv/shop.py", line 3, in pay', False, False),
    (b" Nov 23 10:00:00 web1 su[7]: failed", False, False),
    (b"Caused by: java.net.SocketException: reset", True, False),
    (b"Traceback (most recent call last):", True, False),
    (b"ZeroDivisionError: division by zero", True, False),
    (b"", True, False),
    (b"\r", True, False),
    (b"\x0b\x0c", True, False),
    (b"Nov 23 10:00:00 web1 \xff\xfe: failed", True, True),
]


def records_of(data: bytes, rule: Records, start: int = 0) -> list[tuple[bytes, int]]:
    """Join the lines of a file that begin at `start` or later."""
    lines, offset = [], start
    for line in data[start:].removesuffix(b"\n").split(b"\n") if data[start:] else []:
        lines.append((line, offset))
        offset += len(line) + 1
    return list(rule.joined(lines))


@pytest.mark.parametrize(("line", "indented", "no_header"), LINES)
def test_which_lines_begin_a_record(line: bytes, indented: bool, no_header: bool) -> None:
    assert INDENTED.begins(line) is indented
    assert NO_HEADER.begins(line) is no_header


def test_a_stack_trace_is_one_record_with_the_line_before() -> None:
    trace = (
        b"2026-11-23 10:00:00,123 ERROR [shop] Checkout failed\r\n"
        b"java.lang.IllegalStateException: no cart\r\n"
        b"\tat shop.Cart.pay(Cart.java:17)\r\n"
        b"\r\n"
        b"Caused by: java.net.SocketException: reset\r\n"
        b"\t... 3 more\r\n"
    )
    after = b"2026-11-23 10:00:01,001 INFO [shop] Started\r\n"
    expected = [(trace[:-2], 0), (after[:-2], len(trace))]
    assert records_of(trace + after, NO_HEADER) == expected


def test_a_line_without_header_begins_a_record_where_only_indented_ones_are_joined() -> None:
    data = b"Nov 23 10:00:00 web1 su[7]: failed\n\tat a\nCaused by: b\n\tat c\n"
    assert [record for record, _ in records_of(data, INDENTED)] == [
        b"Nov 23 10:00:00 web1 su[7]: failed\n\tat a",
        b"Caused by: b\n\tat c",
    ]


def test_no_line_is_joined_by_default() -> None:
    data = b"a\r\n\tb\n\nc"
    rule = Records(Rules())
    assert not rule.joins
    assert records_of(data, rule) == [(b"a", 0), (b"\tb", 3), (b"", 6), (b"c", 7)]
    assert [rule.last_start(io.BytesIO(data), at, len(data)) for at in range(9)] == [0, 0, 0, 3, 3, 3, 6, 7, 7]
    assert [rule.next_start(io.BytesIO(data), at, len(data)) for at in range(9)] == [0, 3, 3, 3, 6, 6, 6, 7, 8]


def test_a_file_without_headers_comes_out_line_by_line() -> None:
    data = b"one\n  two\nthree\n"
    assert [record for record, _ in records_of(data, NO_HEADER)] == [b"one", b"  two", b"three"]


def test_a_record_as_long_as_a_block_is_whole_and_a_longer_one_ends_in_the_second_block() -> None:
    head, line = b"Nov 23 10:00:00 web1 su[7]: failed\n", b"\tat a.b.c(d.java:1)\n"
    before = head * 20_000
    whole = head + line * (BLOCK_BYTES // len(line) - 2)
    records = records_of(before + whole + head, NO_HEADER)
    assert records[-2:] == [(whole[:-1], len(before)), (head[:-1], len(before) + len(whole))]

    start = BLOCK_BYTES // len(head) * len(head)
    longer = records_of(head * (start // len(head)) + head + line * 200_000, NO_HEADER)
    at, starts = longer.index(longer[start // len(head)]), [offset for _, offset in longer]
    ends = starts[at + 1]
    assert ends - 2 * BLOCK_BYTES < len(line)
    assert starts[at + 1 :] == list(range(ends, start + len(head) + len(line) * 200_000, len(line)))


def test_a_line_that_is_longer_than_what_is_judged_is_known_by_its_start() -> None:
    head = b"Nov 23 10:00:00 web1 su[7]: " + b"x y " * 100
    rule = Records(Rules(multiline="no_header", max_line_bytes=256))
    assert rule.begins(head)
    assert rule.begins(head[: rule.enough])
    assert not rule.begins(b"no header " * 100)


def test_no_header_without_any_format_is_refused() -> None:
    with pytest.raises(RulesError, match="no line would begin a record; set multiline to 'indented'"):
        check_rules(Rules(multiline="no_header", header="plain"))
    check_rules(Rules(multiline="indented", header="plain"))


PARTS = st.sampled_from(
    [
        b"Nov 23 10:00:00 web1 su[7]: failed\n",
        b"Nov 23 10:00:00 web1 su[7]: " + b"long " * 20 + b"\n",
        b"\tat a\n",
        b"  b\r\n",
        b"Caused by: c\n",
        b"\n",
        b"\r\n",
        b'<34>1 2003-10-11T22:14:15Z a b c d [x@1 k="v"] e\r\n',
        b"x" * 70 + b"\n",
        b"\xff\xfe\n",
    ]
)
FILES = st.tuples(st.lists(PARTS, max_size=60), st.sampled_from([b"", b"end", b"\tend\r", b"\r"])).map(
    lambda given: b"".join(given[0]) + given[1]
)
RULES = st.sampled_from(["off", "indented", "no_header"])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make blocks and steps so small that files of some lines have many."""
    monkeypatch.setattr(patterns.records, "BLOCK_BYTES", 128)
    monkeypatch.setattr(patterns.records, "NOWHERE", -256)
    monkeypatch.setattr(patterns.records, "_STEP", 24)


@pytest.mark.usefixtures("small")
@given(FILES, RULES)
def test_records_are_those_of_the_definition(data: bytes, multiline: Multiline) -> None:
    rule = Records(Rules(multiline=multiline, max_line_bytes=256))
    assert records_of(data, rule) == plain_records(data, multiline, 128)


@pytest.mark.usefixtures("small")
@given(FILES, RULES)
def test_a_record_starts_where_it_does_wherever_one_looks_from(data: bytes, multiline: Multiline) -> None:
    rule = Records(Rules(multiline=multiline, max_line_bytes=256))
    starts = [offset for _, offset in plain_records(data, multiline, 128)]
    file = io.BytesIO(data + b"\nNov 23 10:00:00 what was written since")
    size = len(data)
    for position in range(size + 1):
        inside = min(position, size - 1)
        before = max((start for start in starts if start <= inside), default=0)
        behind = min((start for start in starts if start >= position), default=size)
        assert rule.last_start(file, position, size) == before
        assert rule.next_start(file, position, size) == behind


@pytest.mark.usefixtures("small")
@given(FILES, RULES)
def test_a_file_that_is_cut_where_records_start_has_the_same_records(data: bytes, multiline: Multiline) -> None:
    rule = Records(Rules(multiline=multiline, max_line_bytes=256))
    whole = records_of(data, rule)
    starts = [offset for _, offset in whole]
    for start, end in pairwise([*starts, len(data)]):
        assert records_of(data[:end], rule, start) == [each for each in whole if each[1] == start]
        assert records_of(data, rule, start) == [each for each in whole if each[1] >= start]


@given(FILES, st.sampled_from([256, 1024]))
def test_a_record_has_the_header_of_its_first_line(data: bytes, limit: int) -> None:
    reader = LineReader(Rules(max_line_bytes=limit))
    line = reader.read(data, 0)
    first = reader.read(drop_carriage_return(data.split(b"\n")[0]), 0)
    assert (line.format, line.program, line.pid, line.time) == (first.format, first.program, first.pid, first.time)
    assert reader.has_header(drop_carriage_return(data.split(b"\n")[0])) is (line.format != "plain")
    if not first.cut:
        assert line.message.startswith(first.message)
    assert line.cut or line.text.endswith(line.message)


def test_a_configured_header_of_the_first_line_is_followed_by_the_rest() -> None:
    record = b"2026-11-23 10:00:00,123 ERROR [shop] Checkout failed\r\njava.lang.Error: [no] cart\n\tat a"
    line = LineReader(Rules(formats=FORMATS)).read(record, 0)
    assert (line.format, line.program) == ("log4j", "shop")
    assert line.message == "ERROR Checkout failed\r\njava.lang.Error: [no] cart\n\tat a"


def test_a_record_that_is_read_from_a_real_file_is_found_in_small_reads(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    head, line = b"Nov 23 10:00:00 web1 su[7]: failed\n", b"\tat a.b.c(d.java:1)\n"
    path.write_bytes(head + line * 40_000 + head)
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        assert NO_HEADER.last_start(file, size // 2, size) == 0
        assert NO_HEADER.next_start(file, size // 2, size) == size - len(head)
