"""The operator's file: what an entry is, and what no entry is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.decisions import Decision, Decisions
from patterns.errors import DecisionsError

MIDNIGHT = 1_795_996_800_000_000
"""2026-11-30T00:00:00Z."""

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_ENTRIES = st.builds(
    Decision,
    do=st.just("accept"),
    scope=_TEXTS,
    shape=_TEXTS,
    message=st.none() | _TEXTS,
    by=st.none() | _TEXTS,
    note=st.none() | _TEXTS,
)


@given(st.lists(_ENTRIES))
def test_what_is_written_is_read_back_whatever_the_texts_are(entries: list[Decision]) -> None:
    decisions = Decisions(tuple(entries))

    assert Decisions.parse(decisions.encoded, "here") == decisions


def test_blank_lines_and_comments_are_no_entries_and_do_not_change_the_revision() -> None:
    bare = b'{"do":"accept","shape":"a b"}'
    commented = Decisions.parse(b"# why\n\n  " + bare + b"\r\n", "here")

    assert commented == Decisions.parse(bare, "here")
    assert commented.revision == Decisions.parse(bare, "here").revision != ""


def test_an_entry_counts_until_its_end_and_not_at_it() -> None:
    decisions = Decisions.parse(b'{"do":"accept","shape":"a","until":"2026-11-30T01:00:00+01:00"}', "here")

    assert decisions.active(MIDNIGHT - 1) is decisions
    assert decisions.active(MIDNIGHT) == Decisions()
    assert decisions.active(MIDNIGHT).revision == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"accept this", "malformed"),
        (b'{"do":"accept"}', "either `shape` or `pattern`"),
        (b'{"do":"accept","shape":"a","pattern":"a"}', "either `shape` or `pattern`"),
        (b'{"do":"reject","shape":"a"}', "only `accept` takes a `shape`"),
        (b'{"do":"name","pattern":"a"}', "needs `name`, `severity` or `runbook`"),
        (b'{"do":"name","pattern":"a","severity":"loud"}', "severity"),
        (b'{"do":"pin","pattern":"*{2,1}"}', "is no pattern"),
        (b'{"do":"accept","shape":"a","until":"tomorrow"}', "no time with a zone"),
        (b'{"do":"accept","shape":"a","until":"2026-11-30"}', "no time with a zone"),
        (b'{"do":"forget","pattern":"a"}', "forget"),
        (b'{"do":"accept","shape":"a","why":"b"}', "why"),
        (b'{"do":"accept","shape":"\xff"}', "line 2 of here"),
    ],
)
def test_what_is_no_entry_is_told_with_its_line(line: bytes, why: str) -> None:
    with pytest.raises(DecisionsError, match="line 2 of here is no entry") as caught:
        Decisions.parse(b'{"do":"accept","shape":"fine"}\n' + line, "here")

    assert why in str(caught.value)
