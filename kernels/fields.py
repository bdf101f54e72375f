"""
What the headers of a chunk's lines say, as columns: host, program, pid, level, priority, and the format they have.

Few lines differ in their host or program, and most of these columns are asked for by few. So a text is a number for
each line and a list of distinct ones, and both are made when they are asked for.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kernels.spans import Positions, Spans, slices
from patterns.line import Line
from patterns.rules import PLAIN

PRIORITIES: Final = 192
"""Above are no priorities of syslog."""


class Column:
    """A text for each line, or none."""

    def __init__(self, lines: int) -> None:
        """Begin with none for so many lines."""
        self._lines = lines
        self._parts: list[tuple[Positions, Callable[[], pa.Array]]] = []

    def put(self, lines: Positions, text: str) -> None:
        """Give some lines a text."""
        self._parts.append((lines, lambda: pa.repeat(text, len(lines))))

    def put_texts(self, lines: Positions, texts: pa.Array) -> None:
        """Give some lines a text each, or null."""
        self._parts.append((lines, lambda: texts))

    def put_spans(self, lines: Positions, chunk: bytes, spans: Spans) -> None:
        """Give some lines parts of a chunk, which are in order."""
        self._parts.append((lines, lambda: slices(chunk, spans).view(pa.string())))

    @property
    def codes(self) -> NDArray[np.int32]:
        """Of each line the index of its text in `texts`, or −1."""
        return self._encoded[0]

    @property
    def texts(self) -> list[str]:
        """The distinct texts."""
        return self._encoded[1]

    def of(self, line: int) -> str | None:
        """Return the text of a line."""
        code = self.codes[line]
        return self.texts[code] if code >= 0 else None

    @cached_property
    def _encoded(self) -> tuple[NDArray[np.int32], list[str]]:
        codes = np.full(self._lines, -1, np.int32)
        found: dict[str, int] = {}
        for lines, texts in self._parts:
            encoded = texts().dictionary_encode()
            indices = [found.setdefault(text, len(found)) for text in encoded.dictionary.to_pylist()]
            # Null is the last.
            which = encoded.indices.fill_null(len(indices)).to_numpy(zero_copy_only=False)
            codes[lines] = np.array([*indices, -1], np.int32)[which]
        return codes, list(found)


class Fields:
    """
    What headers say.

    Attributes:
        format: Name of the header's format; none for a line without one.
        host: Host.
        program: Program.
        pid: Process id.
        level: Level.
    """

    def __init__(self, lines: int) -> None:
        """Begin with nothing for so many lines."""
        self._lines = lines
        self.format, self.host, self.program, self.pid, self.level = (Column(lines) for _ in range(5))
        self._priorities: list[tuple[Positions, bytes, Spans]] = []
        self._told: list[tuple[Positions, NDArray[np.int16]]] = []

    def put_priorities(self, lines: Positions, chunk: bytes, spans: Spans) -> None:
        """Give some lines a priority: up to three digits of a chunk each."""
        if len(lines):
            self._priorities.append((lines, chunk, spans))

    def put_lines(self, which: Positions, lines: Sequence[Line]) -> None:
        """Give some lines what was read of them one by one."""
        if not lines:
            return
        for name in ("host", "program", "pid", "level"):
            getattr(self, name).put_texts(which, pa.array([getattr(line, name) for line in lines], pa.string()))
        formats = [None if line.format == PLAIN else line.format for line in lines]
        self.format.put_texts(which, pa.array(formats, pa.string()))
        priorities = [-1 if line.priority is None else line.priority for line in lines]
        self._told.append((which, np.array(priorities, np.int16)))

    @cached_property
    def priority(self) -> NDArray[np.int16]:
        """Of each line the syslog priority, or −1."""
        priorities = np.full(self._lines, -1, np.int16)
        for lines, chunk, (starts, ends) in self._priorities:
            data = np.frombuffer(chunk, np.uint8)
            values = np.zeros(len(lines), np.int16)
            for place in range(3):
                there = starts + place < ends
                digits = data[np.where(there, starts + place, starts)].astype(np.int16) - ord("0")
                values = np.where(there, values * 10 + digits, values).astype(np.int16)
            priorities[lines] = np.where(values < PRIORITIES, values, -1)
        for lines, told in self._told:
            priorities[lines] = told
        return priorities
