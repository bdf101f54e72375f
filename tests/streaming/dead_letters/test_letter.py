import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.dead_letters.letter import (
    REASONS,
    KeptLetter,
    Sender,
    done_record,
    kept,
    letter_of,
    letter_of_record,
    record_of,
    row_of,
)
from streaming.source import DeadLetter

LETTER = DeadLetter("0123456789abcdef0123", "logs/0", 7, 1_795_000_000_123_456, "no_line", "no JSON", b"a\xff\x00\n")
KEPT = kept(LETTER, Sender("kafka", "app", "57ea0000"), 3, 1_795_000_000_000_000)

_text = st.text(st.characters(codec="utf-8"))
_long = st.integers(-(2**63), 2**63 - 1)
_number = st.integers(0, 2**63 - 1)
letters = st.builds(
    KeptLetter,
    id=st.text("0123456789abcdef", min_size=20, max_size=20),
    kind=st.sampled_from(["files", "kafka"]),
    source=_text,
    stream=_text,
    batch=_number,
    planned_at=st.integers(0, 253_402_300_799_999_999),
    place=_text,
    offset=_number,
    record_time=_long,
    reason=st.sampled_from(REASONS),
    detail=_text,
    raw=st.none() | st.binary(),
)


@given(letters)
def test_a_letter_is_the_same_after_a_file(letter: KeptLetter) -> None:
    row = row_of(letter)
    assert b"\n" not in row
    assert letter_of(row) == letter


@given(letters)
def test_a_letter_is_the_same_after_a_topic(letter: KeptLetter) -> None:
    record = record_of(letter)
    assert letter_of_record(record["key"], record["value"], record["headers"]) == letter


@given(st.binary())
def test_whatever_stands_in_a_file_is_a_letter_or_a_value_error(row: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        letter_of(row)


@given(
    st.none() | st.binary(),
    st.none() | st.binary(),
    st.lists(st.tuples(st.sampled_from([name for name, _ in record_of(KEPT)["headers"]]) | _text, st.binary())),
)
def test_whatever_stands_in_a_topic_is_a_letter_or_a_value_error(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        letter_of_record(key, value, headers)


def test_a_kept_letter_has_all_that_the_letter_had() -> None:
    assert KEPT.letter == LETTER


def test_a_file_has_the_bytes_in_base64_and_the_rest_as_it_is() -> None:
    assert json.loads(row_of(KEPT)) == {
        "id": "0123456789abcdef0123",
        "kind": "kafka",
        "source": "app",
        "stream": "57ea0000",
        "batch": 3,
        "planned_at": 1_795_000_000_000_000,
        "place": "logs/0",
        "offset": 7,
        "record_time": 1_795_000_000_123_456,
        "reason": "no_line",
        "detail": "no JSON",
        "raw": "Yf8ACg==",
    }


def test_a_topic_has_the_bytes_as_they_are_and_the_rest_as_headers() -> None:
    record = record_of(KEPT)
    assert (record["key"], record["value"]) == (b"0123456789abcdef0123", b"a\xff\x00\n")
    assert dict(record["headers"])["planned_at"] == b"1795000000000000"
    assert {name for name, _ in record["headers"]} | {"id", "raw"} == set(KeptLetter.__struct_fields__)


def test_a_mark_is_no_letter() -> None:
    mark = done_record(KEPT.id, "replayed")
    assert mark == {"key": KEPT.id.encode(), "value": None, "headers": [("done", b"replayed")]}
    with pytest.raises(ValueError, match="missing required field"):
        letter_of_record(mark["key"], mark["value"], mark["headers"])


def test_half_a_surrogate_pair_in_a_servers_answer_is_written_as_a_question_mark() -> None:
    letter = kept(LETTER._replace(detail="preview: \ud83d"), Sender("kafka", "app", "57ea"), 3, 0)
    assert letter_of(row_of(letter)).detail == "preview: ?"
    assert record_of(letter)["headers"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0123456789ABCDEF0123"),
        ("id", '"},"x":{"'),
        ("id", "0123456789abcdef0123\n"),
        ("kind", "rabbit"),
        ("planned_at", -1),
        ("planned_at", 253_402_300_800_000_000),
        ("planned_at", "soon"),
        ("batch", -1),
        ("offset", 1.5),
        ("record_time", 2**63),
        ("reason", "\x1b[31m"),
        ("reason", ""),
        ("detail", None),
        ("raw", "no base64"),
        ("raw", 7),
    ],
)
def test_a_field_that_no_stream_writes_makes_it_no_letter(field: str, value: object) -> None:
    row = json.loads(row_of(KEPT)) | {field: value}
    with pytest.raises(ValueError, match=rf"\$\.{field}|out of range|base64"):
        letter_of(json.dumps(row).encode())


@pytest.mark.parametrize("field", list(KeptLetter.__struct_fields__))
def test_a_field_that_is_missing_makes_it_no_letter(field: str) -> None:
    row = json.loads(row_of(KEPT))
    del row[field]
    with pytest.raises(ValueError, match=f"`{field}`"):
        letter_of(json.dumps(row).encode())


@pytest.mark.parametrize(
    "row", [b"", b"[" * 100_000, b"null", b"[]", b'"x"', b"{}", b"\xff", b'{"id": "\xff"}', b"{}{}"]
)
def test_what_is_no_letter_at_all_says_why(row: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        letter_of(row)
