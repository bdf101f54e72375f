"""How a dead letter is kept, and read again."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.letters import Kept, kept_record, kept_row, record_of, row_of
from streaming.source import DeadLetter

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NUMBER = st.integers(-(2**62), 2**62)
_LETTERS = st.builds(
    DeadLetter, st.text("0123456789abcdef", min_size=1), _TEXT, _NUMBER, _NUMBER, _TEXT, _TEXT, st.none() | st.binary()
)


@given(_LETTERS, _NUMBER)
def test_a_row_of_a_file_is_read_as_the_letter_that_it_was_written_as(letter: DeadLetter, planned_at: int) -> None:
    assert kept_row(msgspec.json.decode(msgspec.json.encode(row_of(letter, planned_at)))) == Kept(letter, planned_at)


@given(_LETTERS, _NUMBER)
def test_a_record_is_read_as_the_letter_that_it_was_written_as(letter: DeadLetter, planned_at: int) -> None:
    assert kept_record(**record_of(letter, planned_at)) == Kept(letter, planned_at)


_ROW = row_of(DeadLetter("a", "logs/0", 1, 2, "refused", "why", b"raw"), 3)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: None} for name in _ROW if name != "raw"),
        {"raw": "no base64!"},
        {"raw": 5},
        {"offset": "x"},
        {"reason": 5},
        {"id": ""},
    ],
)
def test_what_is_no_letter_is_told(changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        kept_row(json.loads(json.dumps(_ROW | changes)))


def test_a_record_of_another_program_is_no_letter() -> None:
    for headers in ([], [("place", b"\xff")], [("place", b"x"), ("offset", b"x")]):
        with pytest.raises(ValueError):  # noqa: PT011 (whatever is wrong with it)
            kept_record(b"key", b"value", headers)
    with pytest.raises(ValueError):  # noqa: PT011
        kept_record(None, None, record_of(kept_row(_ROW).letter, 3)["headers"])
