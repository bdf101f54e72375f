r"""
Bytes → where its lines and words are: positions in arrays, without an object for any line or word.

    "ab c=1\nd\n"   lines  [0, 6) [7, 8)     words  [0, 2) [3, 5) [5, 6) [7, 8)

The same lines as `patterns.line.split_lines` gives, and the same words as `patterns.words` finds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patterns.words import SEPARATORS

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_LINE_FEED, _CARRIAGE_RETURN = 10, 13
_DIGIT, _SEPARATOR, _KEY_END = 1, 2, 3
# Beyond this, memory that is asked for anew with each array costs more than all that is done in it.
_PIECE = 262_144


class Spans(NamedTuple):
    """Where some parts of a text begin, and where they end."""

    starts: Positions
    ends: Positions

    def at(self, chosen: Any) -> "Spans":
        """Return some of them, by index or flags."""
        return Spans(self.starts[chosen], self.ends[chosen])


class Words(NamedTuple):
    """Where words are, in order, and whether each has a digit; by the raw rules that is not asked, and none has."""

    spans: Spans
    digits: Flags


@dataclass(frozen=True, slots=True)
class WordBytes:
    """
    What each byte means where words are sought.

    Attributes:
        table: Byte → what it is, for bytes.translate.
        separators: The bytes that belong to no word.
        keys: Whether ``=`` ends a word, and whether a word has a digit is asked.
    """

    table: bytes
    separators: bytes
    keys: bool

    @classmethod
    def of(cls, separators: str, *, keys: bool) -> "WordBytes":
        """Return the table for separators that are written as inside of a regular expression's brackets."""
        is_separator = re.compile(f"[{separators}]", re.ASCII).fullmatch
        # A line feed ends a line, so it separates in any case.
        found = bytes(code for code in range(128) if is_separator(chr(code)) or code == _LINE_FEED)
        table = bytearray(256)
        for code in range(256):
            if code in found:
                table[code] = _SEPARATOR
            elif chr(code) in "0123456789":
                table[code] = _DIGIT
        if keys:
            table[ord("=")] = _KEY_END
        return cls(bytes(table), found, keys)


DEFAULT_WORDS: Final = WordBytes.of(SEPARATORS, keys=True)
"""Words by the default rules (patterns/words.py)."""

RAW_WORDS: Final = WordBytes.of(r"\s", keys=False)
"""Words by the raw rules: what ASCII white space leaves."""


def lines_of(chunk: bytes) -> Spans:
    """Return the lines of a text without their ends, and without a final carriage return."""
    data = np.frombuffer(chunk, np.uint8)
    ends = np.flatnonzero(data == _LINE_FEED)
    if chunk and not chunk.endswith(b"\n"):
        ends = np.append(ends, len(chunk))
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    if b"\r" in chunk and len(ends):
        ends = ends - ((ends > starts) & (data[np.maximum(ends - 1, 0)] == _CARRIAGE_RETURN))
    return Spans(starts, ends)


def records_of(chunk: bytes, starts: Positions | None) -> tuple[Spans, Spans | None]:
    """
    Return the records of a text without their ends, as `lines_of` does; and the first line of each.

    Args:
        chunk: The text.
        starts: Where its records start, each where a line does; None where each line is one: then there are no first
            lines beside them.
    """
    lines = lines_of(chunk)
    if starts is None:
        return lines, None
    first = np.searchsorted(lines.starts, starts)
    last = np.append(first, len(lines.starts))[1:] - 1
    return Spans(starts, lines.ends[last]), lines.at(first)


def count_lines(chunk: bytes) -> int:
    """Return how many lines a text has."""
    return chunk.count(b"\n") + (not chunk.endswith(b"\n") and bool(chunk))


def words_of(chunk: bytes, kind: WordBytes) -> Words:
    """Return the words of a text."""
    found = [_words_of(chunk[start:end], start, kind) for start, end in pieces(chunk, _PIECE)]
    if not found:
        return _words_of(chunk, 0, kind)
    starts, ends = (np.concatenate(parts) for parts in zip(*(words.spans for words in found), strict=True))
    return Words(Spans(starts, ends), np.concatenate([words.digits for words in found]))


def pieces(chunk: bytes, size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of pieces of whole lines, of so many bytes at most unless a line has more."""
    start, end = 0, 0
    while end < len(chunk):
        if len(chunk) - start <= size:
            end = len(chunk)
        else:
            end = chunk.rfind(b"\n", start, start + size) + 1 or chunk.find(b"\n", start) + 1 or len(chunk)
        yield start, end
        start = end


def _words_of(text: bytes, offset: int, kind: WordBytes) -> Words:
    """Return the words of a piece that begins at an offset."""
    kinds = np.frombuffer(text.translate(kind.table), np.uint8)
    # What tells where words end and which have a digit: all that is no plain byte, of digits in a row the first.
    told = kinds != 0
    told[1:] &= (kinds[1:] != _DIGIT) | (kinds[:-1] != _DIGIT)
    places = np.flatnonzero(told)
    at = kinds[places]
    which = np.flatnonzero(at > _DIGIT)
    # Between two breaks is a word, if there is anything between them; a key's end belongs to it.
    starts, ends = np.zeros(len(which) + 1, np.int64), np.full(len(which) + 1, len(kinds))
    ends[:-1] = breaks = places[which]
    np.add(breaks, 1, out=starts[1:])
    if kind.keys:
        ends[:-1] += at[which] == _KEY_END
    some = ends > starts
    spans = Spans(starts[some] + offset, ends[some] + offset)
    if not kind.keys:
        return Words(spans, np.zeros(len(spans.starts), np.bool_))
    # What is told between two breaks are digits.
    edges = np.full(len(which) + 2, len(places))
    edges[0], edges[1:-1] = -1, which
    return Words(spans, (edges[1:] - edges[:-1] > 1)[some])


def word_texts(chunk: bytes, spans: Spans, separators: bytes) -> pa.Array:
    """Return the texts of all words of a chunk, as binary: without what separates them they lie side by side."""
    return side_by_side(chunk.translate(None, separators), spans.ends - spans.starts)


def side_by_side(data: Any, lengths: NDArray[Any]) -> pa.Array:
    """Return parts of some bytes that lie side by side as an array of binary, without copying them."""
    # Beyond 2 GiB, which one line may have, offsets need eight bytes.
    kind, width = (pa.binary(), np.int32) if memoryview(data).nbytes < 2**31 else (pa.large_binary(), np.int64)
    offsets = np.zeros(len(lengths) + 1, width)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(kind, len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def slices(chunk: bytes, spans: Spans) -> pa.Array:
    """Return parts of a text, in order and apart, as an array of binary: copied."""
    if not len(spans.starts):
        return pa.array([], pa.binary())
    edges = np.empty(2 * len(spans.starts), np.int64)
    edges[0::2], edges[1::2] = spans.starts, spans.ends
    begin, end = int(edges[0]), int(edges[-1])
    parts = side_by_side(memoryview(chunk)[begin:end], np.diff(edges))
    return parts.take(pa.array(np.arange(0, len(parts), 2)))


def within(words: Spans, spans: Spans) -> tuple[Positions, Positions]:
    """
    Return for each part of a text the index of its first word, and one past its last.

    Args:
        words: All words of the text in order.
        spans: Parts of it that begin and end between words.
    """
    first = np.searchsorted(words.starts, spans.starts)
    return first, np.maximum(np.searchsorted(words.starts, spans.ends), first)


def ranges(first: Positions, lengths: Positions) -> Positions:
    """Return all indices of some ranges, one range after the other."""
    begins = np.cumsum(lengths) - lengths
    return np.repeat(first - begins, lengths) + np.arange(int(lengths.sum()))
