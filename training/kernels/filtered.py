"""A line filter over chunks of lines."""

from typing import NamedTuple

import numpy as np

from kernels.spans import Positions, records_of
from patterns.line import split_lines
from training.kernels.records import RecordChunk
from training.line_filter import Filter


class Filtered(NamedTuple):
    """
    What a filter leaves of a chunk.

    Attributes:
        text: What is mined of the lines that it lets through, as a chunk.
        lines: These lines, or records, as they stand in the corpus.
        rejected: How many of them it does not let through.
        starts: Where records start in `text`; None where each line is one.
    """

    text: bytes
    lines: list[bytes]
    rejected: int
    starts: Positions | None = None


class ChunkFilter:
    """Applies a filter to chunks of whole lines. Cost: a search in each line, where there is an expression."""

    def __init__(self, chosen: Filter) -> None:
        """Raises RulesError for a filter that cannot be used."""
        keep = chosen.compiled()
        self._keep = None if chosen.expression is None else keep

    def text(self, chunk: bytes) -> tuple[bytes, int]:
        """Return what is mined of a chunk, and how many lines are not."""
        if self._keep is None:
            return chunk, 0
        found = self.lines(chunk)
        return found.text, found.rejected

    def records(self, chunk: RecordChunk) -> tuple[RecordChunk, int]:
        """Do what `text` does, for records too."""
        if chunk.starts is None or self._keep is None:
            text, rejected = self.text(chunk.text)
            return RecordChunk(text, chunk.starts), rejected
        found = self.lines(*chunk)
        return RecordChunk(found.text, found.starts), found.rejected

    def lines(self, chunk: bytes, starts: Positions | None = None) -> Filtered:
        """Return the lines, too; records where it is said where they start."""
        lines = split_lines(chunk) if starts is None else _records(chunk, starts)
        if self._keep is None:
            return Filtered(chunk, lines, 0, starts)
        mined = [self._keep(line) for line in lines]
        kept = [line for line, text in zip(lines, mined, strict=True) if text is not None]
        # An end behind each, so that the last may be empty, and that a carriage return of the text itself stays.
        ended = [text + (b"\r\n" if text.endswith(b"\r") else b"\n") for text in mined if text is not None]
        found = Filtered(b"".join(ended), kept, len(lines) - len(kept))
        return found if starts is None else found._replace(starts=_starts(ended))


def _records(chunk: bytes, starts: Positions) -> list[bytes]:
    records, _ = records_of(chunk, starts)
    return [chunk[begin:end] for begin, end in zip(*(part.tolist() for part in records), strict=True)]


def _starts(texts: list[bytes]) -> Positions:
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    return np.cumsum(lengths) - lengths
