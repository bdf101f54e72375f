"""Lines and words by position are those that patterns.line and patterns.words find."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.spans import (
    DEFAULT_WORDS,
    RAW_WORDS,
    Spans,
    WordBytes,
    count_lines,
    lines_of,
    side_by_side,
    slices,
    within,
    word_texts,
    words_of,
)
from patterns.line import exact_bytes, split_lines
from patterns.words import Splitter, WordRules
from training.lines import raw_words

# What separates by some rules, or nearly; and parts of characters.
TELLING = st.sampled_from([bytes([code]) for code in b"ab1=,; \t\r\n\v\f\x00\x1c\x1f({[]})-<*>\x85\xa0\xc3\xa9\xff"])
CHUNKS = st.lists(TELLING | st.binary(max_size=2), max_size=40).map(b"".join)
TEXTS = st.text(st.sampled_from("ab1=, \t\r\n\v(é\u2028\u0663\x1c\x00"), max_size=40)


def parts(chunk: bytes, spans: Spans) -> list[bytes]:
    return [chunk[begin:end] for begin, end in zip(*spans, strict=True)]


@given(CHUNKS)
def test_lines_are_those_of_split_lines(chunk: bytes) -> None:
    assert parts(chunk, lines_of(chunk)) == split_lines(chunk)
    assert count_lines(chunk) == len(split_lines(chunk))


@pytest.mark.parametrize(
    ("chunk", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"\r", [b""]),
        (b"\r\n\r\n", [b"", b""]),
        (b"\n\r", [b"", b""]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\rb", [b"a\rb"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
    ],
)
def test_one_carriage_return_goes_and_blank_lines_count(chunk: bytes, lines: list[bytes]) -> None:
    assert parts(chunk, lines_of(chunk)) == lines
    assert count_lines(chunk) == len(lines)


@given(TEXTS)
def test_default_words_are_those_of_the_splitter(text: str) -> None:
    chunk = text.encode()
    words = Splitter(WordRules(classes={})).take_apart(text).pieces[1::2]

    found = words_of(chunk, DEFAULT_WORDS)

    assert [part.decode() for part in parts(chunk, found.spans)] == words
    assert word_texts(chunk, found.spans, DEFAULT_WORDS.separators).to_pylist() == [word.encode() for word in words]
    assert found.digits.tolist() == [re.search("[0-9]", word) is not None for word in words]


@given(CHUNKS)
def test_raw_words_are_those_of_the_raw_lines(chunk: bytes) -> None:
    words = [exact_bytes(word or "") for line in split_lines(chunk) for word in raw_words(line)]

    found = words_of(chunk, RAW_WORDS)

    assert parts(chunk, found.spans) == words
    assert word_texts(chunk, found.spans, RAW_WORDS.separators).to_pylist() == words
    assert not found.digits.any()


@pytest.mark.parametrize("kind", [DEFAULT_WORDS, RAW_WORDS])
@given(chunk=CHUNKS)
def test_the_words_of_a_line_are_those_between_its_ends(kind: WordBytes, chunk: bytes) -> None:
    words = words_of(chunk, kind).spans

    first, behind = within(words, lines_of(chunk))

    of_lines = [parts(chunk, words)[begin:end] for begin, end in zip(first, behind, strict=True)]
    assert of_lines == [parts(line, words_of(line, kind).spans) for line in split_lines(chunk)]


@given(CHUNKS, st.lists(st.integers(0, 40), max_size=6))
def test_slices_are_parts_of_a_text_that_are_in_order(chunk: bytes, edges: list[int]) -> None:
    ordered = np.array(sorted(min(edge, len(chunk)) for edge in edges[: len(edges) // 2 * 2]), np.int64)
    spans = Spans(ordered[0::2], ordered[1::2])

    assert slices(chunk, spans).to_pylist() == parts(chunk, spans)
    assert slices(chunk, lines_of(chunk)).to_pylist() == split_lines(chunk)


@given(st.lists(st.binary(max_size=5)))
def test_what_lies_side_by_side_becomes_an_array_of_its_parts(texts: list[bytes]) -> None:
    found = side_by_side(b"".join(texts), np.array([len(text) for text in texts], np.int64))

    assert found.type == pa.binary()
    assert found.to_pylist() == texts


def test_some_spans_are_chosen_by_index_or_flags() -> None:
    spans = lines_of(b"a\nbc\nd\n")

    assert parts(b"a\nbc\nd\n", spans.at([1])) == [b"bc"]
    assert parts(b"a\nbc\nd\n", spans.at(np.array([True, False, True]))) == [b"a", b"d"]
