"""A line filter over chunks of lines."""

from typing import NamedTuple

from patterns.line import split_lines
from training.line_filter import Filter


class Filtered(NamedTuple):
    """
    What a filter leaves of a chunk.

    Attributes:
        text: What is mined of the lines that it lets through, as a chunk.
        lines: These lines as they stand in the corpus.
        rejected: How many lines it does not let through.
    """

    text: bytes
    lines: list[bytes]
    rejected: int


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

    def lines(self, chunk: bytes) -> Filtered:
        """Return the lines, too."""
        lines = split_lines(chunk)
        if self._keep is None:
            return Filtered(chunk, lines, 0)
        mined = [self._keep(line) for line in lines]
        kept = [line for line, text in zip(lines, mined, strict=True) if text is not None]
        # An end behind each, so that the last may be empty, and that a carriage return of the text itself stays.
        text = b"".join([text + (b"\r\n" if text.endswith(b"\r") else b"\n") for text in mined if text is not None])
        return Filtered(text, kept, len(lines) - len(kept))
