import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.records import Records
from patterns.rules import OFF, Multiline, Rules
from streaming.following.ranges import FileLine
from streaming.shipping import standard_input
from streaming.shipping.standard_input import read_input


def read(*parts: bytes, multiline: Multiline = OFF, is_stopped: Callable[[], bool] = lambda: False) -> list[FileLine]:
    """Return the records of what is written part by part."""
    readable, writable = os.pipe()

    def write() -> None:
        for part in parts:
            os.write(writable, part)
        os.close(writable)

    writer = threading.Thread(target=write)
    writer.start()
    batches = read_input(readable, Records(Rules(multiline=multiline)), is_stopped)
    found = [line for batch in batches for line in batch]
    writer.join()
    os.close(readable)
    return found


@given(
    st.lists(st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b" b", b"\xff"]), max_size=6).map(b"".join), max_size=6)
)
def test_lines_come_whole_with_their_offsets_however_they_are_written(parts: list[bytes]) -> None:
    data = b"".join(parts)
    lines = data.split(b"\n")
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    expected = list(zip([line.removesuffix(b"\r") for line in lines], offsets, strict=True))
    assert read(*parts) == (expected if lines[-1] else expected[:-1])


def test_lines_are_joined_where_that_is_asked_for() -> None:
    parts = (b"boom\n\tat", b" a\n\tat b\n", b"boom\n\tat c")
    assert read(*parts, multiline="indented") == [(b"boom\n\tat a\n\tat b", 0), (b"boom\n\tat c", 17)]


def test_the_last_record_is_whole_when_no_line_comes_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_input, "SETTLED_SECONDS", 0)
    monkeypatch.setattr(standard_input, "_IDLE_SECONDS", 0.01)
    readable, writable = os.pipe()
    os.write(writable, b"boom\n\tat a\n")
    batches = read_input(readable, Records(Rules(multiline="indented")), lambda: False)
    assert next(batch for batch in batches if batch) == [(b"boom\n\tat a", 0)]
    os.close(writable)
    assert [line for batch in batches for line in batch] == []
    os.close(readable)


def test_a_line_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_input, "LONGEST_LINE", 10)
    monkeypatch.setattr(standard_input, "_READ_BYTES", 4)
    assert read(b"x" * 30 + b"\nlast\n") == [(b"x" * 12, 0), (b"x" * 12, 12), (b"x" * 6, 24), (b"last", 31)]


def test_it_ends_when_it_is_told_to() -> None:
    assert read(b"one\n", is_stopped=lambda: True) == []
