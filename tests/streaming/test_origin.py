import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.origin import HEADER, Origin, origin_of

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_NUMBERS = st.integers(0, 10**18 - 1)


@given(st.builds(Origin, _TEXTS, _TEXTS, _TEXTS, _NUMBERS, _NUMBERS))
def test_a_header_says_where_a_line_stands(origin: Origin) -> None:
    assert origin_of([("traceparent", b"00-1"), origin.header()]) == origin


@pytest.mark.parametrize(
    "value",
    [
        None, b"", b"{}", b"[]", b'["web1","f","/a",1]', b'["web1","f","/a",1,2,3]', b'["web1","f","/a",-1,2]',
        b'["web1","f","/a",1.5,2]', b'["web1","f","/a",1,1000000000000000000]', b'["web1","f",null,1,2]', b"\xff",
        b'["\xff","f","/a",1,2]', b'["' + b"x" * 9_000 + b'","f","/a",1,2]', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_header_with_nonsense_says_nothing(value: bytes | None) -> None:
    assert origin_of([(HEADER, value)]) is None
    assert origin_of([]) is None
    assert origin_of(None) is None


def test_the_id_of_a_line_is_of_its_host_file_and_place_alone() -> None:
    ids = {
        Origin(host, file, path, offset, time).event_id("logs")
        for host, file, offset in (("a", "f", 0), ("b", "f", 0), ("a", "g", 0), ("a", "f", 1))
        for path, time in (("/x", 1), ("/y", 2))
    }
    assert len(ids) == 4
