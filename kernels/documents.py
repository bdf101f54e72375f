"""
Parts of JSON documents, a column each: texts of a chunk as they read inside a JSON string, times, and what joins them.

A chunk is escaped as a whole, and a part of it is found again by how many bytes were added before it: no text of a line
is looked at by itself.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.spans import Positions, Spans, ranges, side_by_side

_ESCAPED: Final = {
    # What escapes is escaped first.
    ord("\\"): b"\\\\",
    **{code: b"\\u%04x" % code for code in range(32)},
    **{
        ord(code): b"\\" + short
        for code, short in zip('"\n\t\r\b\f', (b'"', b"n", b"t", b"r", b"b", b"f"), strict=True)
    },
}
"""Byte → how it reads inside a JSON string; all others read as they are."""

_ADDED: Final = np.array([len(_ESCAPED.get(code, b"x")) - 1 for code in range(256)], np.int64)
_FIRST_PLAIN: Final = 32
_TIME_LENGTH: Final = len("2026-11-18 11:06:40.123")
_BETWEEN_DAY_AND_HOUR: Final = len("2026-11-18")


class Escaped:
    """
    A text as it reads inside a JSON string.

    Attributes:
        text: What it reads.
    """

    def __init__(self, text: bytes) -> None:
        """Escape a text. Cost: a pass over it for each of the few bytes that are escaped and that it has."""
        data = np.frombuffer(text, np.uint8)
        found = data < _FIRST_PLAIN
        found |= data == ord('"')
        found |= data == ord("\\")
        self._places = np.flatnonzero(found)
        codes = data[self._places]
        self._before = np.concatenate([[0], np.cumsum(_ADDED[codes])])
        present = np.bincount(codes, minlength=1)
        for code, escaped in _ESCAPED.items():
            if code < len(present) and present[code]:
                text = text.replace(bytes([code]), escaped)
        self.text = text

    def at(self, spans: Spans) -> Spans:
        """Return where parts of the text are now."""
        return Spans(*(place + self._before[np.searchsorted(self._places, place)] for place in spans))

    def parts(self, spans: Spans) -> pa.Array:
        """Return parts of the text as they read now, in whatever order, as binary."""
        return parts(self.text, self.at(spans))


def parts(text: bytes, spans: Spans) -> pa.Array:
    """Return parts of a text, in whatever order, as an array of binary: copied byte by byte, so better short ones."""
    lengths = spans.ends - spans.starts
    return side_by_side(np.frombuffer(text, np.uint8)[ranges(spans.starts, lengths)], lengths)


def rfc3339(times: Positions) -> pa.Array:
    """Return times in microseconds since 1970, of the years 1 to 9999, as `patterns.timestamps.iso` writes them."""
    texts = pa.array(times // 1_000).cast(pa.timestamp("ms")).cast(pa.string())
    data = np.frombuffer(texts.buffers()[2], np.uint8)[: len(texts) * _TIME_LENGTH].reshape(-1, _TIME_LENGTH).copy()
    data[:, _BETWEEN_DAY_AND_HOUR] = ord("T")
    return joined(side_by_side(data, np.full(len(texts), _TIME_LENGTH)), b"Z")


def by_code(codes: Any, text: Callable[[int], bytes]) -> pa.Array:
    """Return for each code its text, which is asked for once for each distinct one."""
    encoded = pa.array(codes).dictionary_encode()
    return pa.array([text(code) for code in encoded.dictionary.to_pylist()], pa.binary()).take(encoded.indices)


def joined(*columns: pa.Array | bytes) -> pa.Array:
    """Return columns joined line by line, as binary; one that is no array is the same on each line."""
    return pc.binary_join_element_wise(
        *(pa.scalar(each, pa.binary()) if isinstance(each, bytes) else each for each in columns), b""
    )


def bounds(column: pa.Array) -> tuple[Positions, memoryview]:
    """Return of a binary column that was just made the bytes, side by side, and the edges of its texts in them."""
    _, edges, data = column.buffers()
    ends = np.frombuffer(edges, np.int32)[: len(column) + 1].astype(np.int64)
    return ends, memoryview(data)[: int(ends[-1])] if data is not None else memoryview(b"")


def lists(texts: pa.Array, lengths: Positions, separator: bytes) -> pa.Array:
    """Return the texts of each line joined by a separator; there are so many of each, one line after the other."""
    ends = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), texts), separator)


def in_order(lines: int, columns: Sequence[tuple[Positions, pa.Array]]) -> pa.Array:
    """Return a column of so many lines of which some columns have lines each; what none has is empty."""
    if len(columns) == 1 and len(columns[0][0]) == lines:
        return columns[0][1]
    places = np.zeros(lines, np.int64)
    behind = 1
    for which, _ in columns:
        places[which] = np.arange(behind, behind + len(which))
        behind += len(which)
    return pa.concat_arrays([pa.array([b""]), *(column for _, column in columns)]).take(pa.array(places))
