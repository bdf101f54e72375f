"""Records by columns are what they are one by one."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from single_events import each_line

from patterns.envelope import plain_line
from patterns.records import Records as Joining
from patterns.rules import INDENTED, Rules
from streaming.config import KafkaSourceConfig
from streaming.documents import record_event_ids
from streaming.following.content import open_content
from streaming.following.followed import begun
from streaming.following.ranges import Range, read_columns, read_records
from streaming.origin import HEADER, Origin
from streaming.source import DeadLetter, Place, SourceLine
from streaming.source.kafka import KafkaSource
from streaming.source.records import Records, Standing, plain_lines
from streaming.source.reread import Record

_TIME = 1_795_000_000_123_000
ORIGIN = Origin("web1", "f1", "/a.log", 12, _TIME + 5)

ENDS = st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"", b"\xff"]), max_size=4).map(b"".join)


@given(st.lists(ENDS, max_size=8), st.integers(0, 3))
def test_plain_lines_are_those_that_texts_are_one_by_one(values: list[bytes], start: int) -> None:
    # Of a slice of an array, too.
    given = pa.array(values, pa.binary())[start:]
    assert plain_lines(given).to_pylist() == [plain_line(value) for value in values[start:]]


RECORDS = st.lists(
    st.builds(
        Record,
        st.sampled_from(["t", "u"]),
        st.integers(0, 2),
        st.integers(0, 99),
        st.sampled_from([_TIME, 0, 2**63 - 1]),
        st.sampled_from([b"a", b"b\n", None, b"c\nd"]),
        st.sampled_from([[], [ORIGIN.header()], [(HEADER, b"no JSON")], [("x", None), ORIGIN.header()]]),
    ),
    min_size=1,
    max_size=8,
)


@given(RECORDS, st.booleans())
def test_each_record_is_a_line_or_a_letter_with_its_own_place_id_and_time(records: list[Record], trusts: bool) -> None:
    source = KafkaSource("app", KafkaSourceConfig(trust_origin=trusts))
    found = each_line(source._lines(Records.of_each(records), Rules()))
    expected: list[SourceLine | DeadLetter] = []
    for topic, partition, offset, written, value, headers in records:
        where = {"kafka": {"topic": topic, "partition": partition, "offset": offset}}
        [identity], place = record_event_ids("app", topic, partition, [(offset, written)]), f"{topic}/{partition}"
        time = written
        if trusts and ORIGIN.header() in headers:
            identity, time = ORIGIN.event_id("app"), ORIGIN.time
            where |= {"log": {"file": {"path": "/a.log"}, "offset": 12}, "host": {"name": "web1"}}
        if value is None:
            expected.append(DeadLetter(identity, place, offset, time, "no_value", "the record has no value", None))
        else:
            expected.append(SourceLine(plain_line(value), value, time, identity, place, offset, where))
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    assert [each for each in found if isinstance(each, SourceLine)] == [
        each for each in expected if isinstance(each, SourceLine)
    ]


def test_what_says_where_records_stand_is_not_changed_by_those_that_are_shipped() -> None:
    stand = Standing(["a"], np.array([7]), [Place("t/0", {"kafka": {"topic": "t"}})], np.array([0]), np.array([1]))
    before = repr(stand)
    assert stand.shipped("app", [[ORIGIN.header()]]).event_ids == [ORIGIN.event_id("app")]
    assert repr(stand) == before


HOLE = b"\0" * 600


@pytest.mark.parametrize("rules", [Rules(), Rules(multiline=INDENTED)])
@pytest.mark.parametrize("most", [1, 2, 100])
@pytest.mark.parametrize("behind_the_first", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"a\nb\n",
        b"a\r\nb\r\n\r\n",
        b"a\n\n\nb",
        b"a\n b\n c\nd\n",
        HOLE + b"a\nb\n",
        b"a\n" + HOLE,
        b"a\n" + HOLE + b"\nb\n",
    ],
)
def test_a_range_has_by_columns_the_records_that_it_has_one_by_one(
    content: bytes, most: int, behind_the_first: bool, rules: Rules, tmp_path: Path
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(content)
    opened = open_content(str(path))
    assert opened is not None
    with opened:
        file = begun(str(path), str(path), opened, (), take_unfinished=True)
        assert file is not None
        start = content.index(b"\n") + 1 if behind_the_first else 0
        part = Range(file.taken_to(opened, len(content)), start, len(content))
    columns = list(read_columns(part, Joining(rules), most) or ())
    found = [pair for lines, offsets in columns for pair in zip(lines.to_pylist(), offsets.tolist(), strict=True)]
    assert found == list(read_records(part, Joining(rules)) or ())
    assert all(0 < len(lines) <= most for lines, _ in columns)
