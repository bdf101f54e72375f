"""A filter over a chunk leaves what it leaves of each of its lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.spans import count_lines
from patterns.errors import RulesError
from patterns.line import split_lines
from training.kernels.filtered import ChunkFilter
from training.line_filter import Filter

CHUNKS = st.lists(st.sampled_from([b"a 1", b"a", b"b", b"", b"\r", b"\xff", b"\n", b"\r\n", b"\x00"])).map(b"".join)
FILTERS = st.sampled_from(
    [
        Filter("a"),
        Filter("nothing at all"),
        Filter(""),
        Filter("^$"),
        Filter(r"\r$"),
        Filter("a(.*)", "$1"),
        Filter("(a)|(b)", "$1$2\r"),
        Filter(".", ""),
    ]
)


@given(CHUNKS, FILTERS)
def test_the_text_has_the_lines_that_a_filter_leaves_and_no_others(chunk: bytes, chosen: Filter) -> None:
    keep = chosen.compiled()
    mined = [keep(line) for line in split_lines(chunk)]

    found = ChunkFilter(chosen).lines(chunk)

    assert split_lines(found.text) == [text for text in mined if text is not None]
    assert found.lines == [line for line, text in zip(split_lines(chunk), mined, strict=True) if text is not None]
    assert found.rejected == mined.count(None)
    assert ChunkFilter(chosen).text(chunk) == (found.text, found.rejected)


@given(CHUNKS)
def test_without_an_expression_a_chunk_stays_as_it_is(chunk: bytes) -> None:
    found = ChunkFilter(Filter()).lines(chunk)

    assert found.text is chunk
    assert found.lines == split_lines(chunk)
    assert found.rejected == 0
    assert ChunkFilter(Filter()).text(chunk) == (chunk, 0)


@given(st.lists(CHUNKS.map(lambda chunk: chunk + b"\n"), max_size=4), FILTERS)
def test_chunks_are_filtered_as_their_lines_together(chunks: list[bytes], chosen: Filter) -> None:
    whole = ChunkFilter(chosen).text(b"".join(chunks))
    each = [ChunkFilter(chosen).text(chunk) for chunk in chunks]

    assert whole == (b"".join(text for text, _ in each), sum(rejected for _, rejected in each))


def test_a_line_of_which_nothing_is_left_is_mined_as_a_blank_one() -> None:
    text, rejected = ChunkFilter(Filter("^a(.*)", "$1")).text(b"a\nb\na")

    assert (count_lines(text), split_lines(text), rejected) == (2, [b"", b""], 1)


def test_a_carriage_return_that_belongs_to_a_line_stays() -> None:
    found = ChunkFilter(Filter("a")).lines(b"a\r\r\n")

    assert split_lines(found.text) == found.lines == [b"a\r"]


@pytest.mark.parametrize("chosen", [Filter("("), Filter("a", "$1"), Filter(None, "$1")])
def test_a_filter_that_cannot_be_used_is_refused_before_a_chunk_is_read(chosen: Filter) -> None:
    with pytest.raises(RulesError):
        ChunkFilter(chosen).text(b"")
