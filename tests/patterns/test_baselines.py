"""What is usual of patterns, as a file: read as written, the same bytes for any order, refused where it is damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.baselines import HOURS, MOST_VALUES, Baselines, Heartbeat, Rate, Row, Values
from patterns.errors import BrokenPatternSet

IDS = st.text("0123456789abcdef", min_size=12, max_size=12)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(0, 1e9)
ROWS = st.one_of(
    st.builds(
        Rate,
        pattern=IDS,
        host=TEXTS,
        days=st.integers(1, 90),
        hours=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=HOURS, max_size=HOURS).map(tuple),
    ),
    st.builds(
        Heartbeat, pattern=IDS, host=TEXTS, period=st.floats(1e-3, 1e6), tolerance=NUMBERS, times=st.integers(2, 10**9)
    ),
    st.builds(
        Values,
        pattern=IDS,
        gap=st.integers(0, 9),
        values=st.lists(TEXTS, min_size=1, max_size=MOST_VALUES, unique=True).map(tuple),
        lines=st.integers(1, 10**9),
    ),
)
HEAD = b'{"logwinnow-baselines": 1, "from": "", "to": "", "days": 0}\n'
UNIQUE = st.lists(ROWS, max_size=8, unique_by=lambda row: (type(row).__name__, row.pattern))


@given(UNIQUE)
def test_what_was_written_is_read(rows: list[Row]) -> None:
    baselines = Baselines.of("2026-11-10", "2026-11-24", 14, rows)

    assert Baselines.decode(baselines.encode(), "x") == baselines


@given(UNIQUE, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_bytes(rows: list[Row], random: object) -> None:
    before = Baselines.of("", "", 0, rows).encode()
    random.shuffle(rows)  # type: ignore[attr-defined]

    assert Baselines.of("", "", 0, rows).encode() == before


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "damaged"),
        (b"[]\n", "damaged"),
        (b'{"logwinnow-baselines": 1}\n', "missing required field"),
        (b'{"logwinnow-baselines": 2, "something": "new"}\n', "has format 2.*upgrade logwinnow"),
        (HEAD + b"\xff\n", "damaged"),
        (HEAD + b'{"of": "mood"}\n', "Invalid value 'mood'"),
        (HEAD + b'{"of": "rate", "pattern": "0", "host": "", "days": 1, "hours": [[1, 1]]}\n', "length >= 24"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(BrokenPatternSet, match=why):
        Baselines.decode(data, "'store/1/baselines.jsonl'")
