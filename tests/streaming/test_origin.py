import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.origin import Origin, origin_of

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_NUMBERS = st.integers(0, 10**18 - 1)


@given(st.builds(Origin, _TEXTS, _TEXTS, _TEXTS, _NUMBERS, _NUMBERS))
def test_headers_say_where_a_line_stands(origin: Origin) -> None:
    assert origin_of(origin.headers()) == origin
    assert origin_of([("traceparent", b"00-1"), *reversed(origin.headers())]) == origin


@pytest.mark.parametrize("value", [None, b"", b"-1", b"1.5", b"1" * 19, b"\xff", "²".encode()])
@pytest.mark.parametrize("name", ["logwinnow-offset", "logwinnow-time"])
def test_headers_with_nonsense_say_nothing(name: str, value: bytes | None) -> None:
    headers = [*Origin("web1", "f00d", "/a", 1, 2).headers(), (name, value)]
    assert origin_of(headers) is None


@pytest.mark.parametrize("missing", range(5))
def test_headers_that_are_not_all_there_say_nothing(missing: int) -> None:
    headers = Origin("web1", "f00d", "/a", 1, 2).headers()
    del headers[missing]
    assert origin_of(headers) is None
    assert origin_of(None) is None


def test_the_id_of_a_line_is_of_its_host_file_and_place_alone() -> None:
    ids = {
        Origin(host, file, path, offset, time).event_id("logs")
        for host, file, offset in (("a", "f", 0), ("b", "f", 0), ("a", "g", 0), ("a", "f", 1))
        for path, time in (("/x", 1), ("/y", 2))
    }
    assert len(ids) == 4
