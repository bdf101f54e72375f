"""Lines of many JSON records are those of each."""

import json

import pytest
from hostile_headers import ENCODED, RULES
from hypothesis import given
from hypothesis import strategies as st

from patterns.envelope import Envelope
from patterns.errors import EnvelopeError
from patterns.line import exact_text
from streaming.source.enveloped import Enveloped

NOON = 1_795_435_200_000_000
OBJECTS = st.builds(
    lambda text, more: json.dumps({"message": text, **more}, ensure_ascii=False).encode(errors="surrogateescape"),
    ENCODED.map(exact_text) | st.sampled_from(["a\nb", "x" * 300, "Oct 11 22:14:15 web1 su: " + "x" * 300, "", "\r"]),
    st.sampled_from([{}, {"host": "web1", "ident": "su", "pid": 7}, {"@timestamp": "2026-10-11T00:00:00Z"}]),
)
VALUES = st.lists(
    st.tuples(
        OBJECTS | st.sampled_from([b"", b"{", b"[]", b"{}", b'{"message": 7}']), st.sampled_from([NOON, -1, 2**63 - 1])
    ),
    max_size=8,
)


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data(), records=VALUES)
def test_each_record_has_the_line_that_it_has_by_itself(
    kind: str, data: st.DataObject, records: list[tuple[bytes, int]]
) -> None:
    rules = data.draw(st.sampled_from(RULES[kind]))
    alone = Envelope(rules)

    def line(value: bytes, time: int) -> bytes | str:
        try:
            return alone.line(value, min(max(time, 0), 4_102_444_800_000_000))
        except EnvelopeError as error:
            return str(error)

    found = Enveloped(rules, None).lines([value for value, _ in records], [time for _, time in records])
    said = [str(each) if isinstance(each, EnvelopeError) else each for each in found]
    assert said == [line(*record) for record in records]
