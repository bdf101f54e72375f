"""
The headers of a chunk's lines, all at once.

    lines ─► broken UTF-8 or too long?  ─► `odd`: left to the reader of patterns/line.py
          ─► heads: the first words, digits alike ─► that reader, once for each distinct head
          ─► no built-in format? ─► configured formats by RE2, all lines in one call
          ─► no format at all    ─► plain

Which built-in format a line has, and where its message begins, follows from its first words alone: three for `iso`,
five for `rfc3164`, seven for `rfc5424` without structured data. Digits are never told apart in them, so that lines of
one program have the same head, and heads are few.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kernels.configured import Configured, field_of, fitting, with_messages
from kernels.fields import Fields
from kernels.heads import NONE, PRIORITY, UNTOLD, WHITE, Head, place_of, words_of_header
from kernels.messages import Messages, joined
from kernels.spans import Flags, Positions, Spans, slices
from kernels.times import ISO, PADDING, RFC3164, RecordTime, Times
from patterns.judge import check_rules
from patterns.line import HeaderFormat, LineReader
from patterns.rules import BUILT_IN_FORMATS, PLAIN, Rules
from patterns.words import DEFAULT_CLASSES, Splitter

_DIGITS_ALIKE: Final = bytes.maketrans(b"023456789", b"1" * 9)
_LONGEST_HEAD: Final = 512
_PLACES: Final = ("timestamp", "host", "program", "pid")
_REMEMBERED_HEADS: Final = 100_000


class Headers:
    """
    Reads headers by `rules`. Not thread-safe.

    Attributes:
        scopes: All scopes met so far; the first is that of lines without a program.
    """

    def __init__(self, rules: Rules) -> None:
        """Raises RulesError for rules that cannot be used."""
        check_rules(rules)
        formats = LineReader(rules).formats
        self._limit = rules.max_line_bytes
        self._built_in = [each for each in formats if each.name in BUILT_IN_FORMATS]
        self._configured = [Configured(each, rules) for each in formats if each.name not in BUILT_IN_FORMATS]
        self._times = [_times_of(each) for each in self._built_in]
        # Which digits a program's name has is seen in its scope only where digits are no class of their own.
        self._digits_alike = rules.words.classes.get("number") == DEFAULT_CLASSES["number"]
        self._heads: dict[bytes, Head] = {}
        self.scopes: list[str] = [""]
        self._indices: dict[str, int] = {"": 0}
        self._scope = lru_cache(maxsize=4096)(Splitter(rules.words).scope)

    def found(self, chunk: bytes, lines: Spans) -> tuple[Flags, Positions]:
        """Tell which lines have a header; and of which ones that must be asked one by one."""
        odd = lines.ends - lines.starts > self._limit
        odd |= _broken(chunk, lines)
        found = np.zeros(len(odd), np.bool_)
        if self._built_in:
            data = np.frombuffer(chunk + bytes(PADDING), np.uint8)
            heads, which = self._read_heads(chunk, data, lines, ~odd)
            found[which] = heads[:, 0] >= 0
            odd[which] |= heads[:, 0] == UNTOLD.format
        rest = np.flatnonzero(~odd & ~found)
        for each, at, _ in fitting(self._configured, chunk, lines.at(rest), Configured.fits):
            (found if each.usable else odd)[rest[at]] = True
        return found, np.flatnonzero(odd)

    def read(
        self,
        chunk: bytes,
        lines: Spans,
        record_time: RecordTime,
        first_lines: Spans | None = None,
        fields: Fields | None = None,
    ) -> tuple[list[Messages], Positions]:
        """
        Read the headers of lines or records.

        Args:
            chunk: The text.
            lines: Its lines, or its records.
            record_time: Of all of them or of each, in microseconds since 1970.
            first_lines: Of records the first line of each, which has the header; None where they are lines.
            fields: Gets what headers say beside that; None where nobody asks.

        Returns:
            The messages; and which lines are odd: they must be read one by one.
        """
        odd = lines.ends - lines.starts > self._limit
        odd |= _broken(chunk, lines)
        found = np.full(len(odd), -1)
        groups = []
        if self._built_in:
            data = np.frombuffer(chunk + bytes(PADDING), np.uint8)
            heads, which = self._read_heads(chunk, data, first_lines or lines, ~odd)
            found[which] = heads[:, 0]
            odd |= found == UNTOLD.format
            own = record_time if isinstance(record_time, int) else record_time[which]
            groups += list(self._built_in_messages(chunk, data, lines.at(which), which, heads, own))
            if fields is not None:
                self._tell(chunk, lines.starts, which, heads, fields)
        rest = np.flatnonzero(~odd & (found < 0))
        if self._configured and len(rest):
            first = None if first_lines is None else first_lines.at(rest)
            more, rest, unread = self._configured_messages(chunk, lines.at(rest), first, rest, record_time, fields)
            groups += more
            odd[unread] = True
        if len(rest):
            times = np.full(len(rest), record_time) if isinstance(record_time, int) else record_time[rest]
            groups.append(Messages(chunk, lines.at(rest), rest, np.zeros_like(rest), times, {PLAIN: len(rest)}))
        return joined(chunk, groups), np.flatnonzero(odd)

    def _read_heads(
        self, chunk: bytes, data: NDArray[np.uint8], lines: Spans, even: Flags
    ) -> tuple[Positions, Positions]:
        """Return what the heads of some lines say, a row each as Head has it; and which lines these are."""
        wanted = np.where(even, words_of_header(data, lines.starts), 0)
        which = np.flatnonzero(wanted)
        if not len(which):
            return np.zeros((0, len(NONE)), np.int64), which
        starts, ends = lines.at(which)
        white = np.frombuffer(chunk.translate(WHITE), np.bool_)
        word_ends = np.append(np.flatnonzero(white[1:] & ~white[:-1]) + 1, len(chunk))
        last = np.searchsorted(word_ends, starts) + wanted[which] - 1
        head_ends = np.minimum(word_ends[np.minimum(last, len(word_ends) - 1)], ends)
        told = (head_ends < ends) & (head_ends - starts < _LONGEST_HEAD)
        head_ends = np.where(told, head_ends + 1, starts)
        heads = slices(chunk, Spans(starts, head_ends))
        if self._digits_alike:
            heads = _translated(heads, _DIGITS_ALIKE)
        heads = heads.dictionary_encode()
        rows = np.array([self._head(head) for head in heads.dictionary.to_pylist()], np.int64)
        found = rows[heads.indices.to_numpy(zero_copy_only=False)]
        # A message of rfc5424 may begin with a mark of its encoding, which is no part of it.
        messages = starts + found[:, 1]
        marked = np.flatnonzero(data[messages] == BOM_UTF8[0])
        if len(marked):
            bytes_there = data[messages[marked][:, None] + np.arange(3)] == np.frombuffer(BOM_UTF8, np.uint8)
            found[marked[bytes_there.all(axis=1)], 0] = UNTOLD.format
        return found, which

    def _head(self, head: bytes) -> Head:
        found = self._heads.get(head)
        if found is None:
            if len(self._heads) >= _REMEMBERED_HEADS:
                self._heads.clear()
            found = self._heads[head] = self._read_head(head)
        return found

    def _read_head(self, head: bytes) -> Head:
        # Something must follow, for a line that ends here could be of another format.
        line = head + b"x"
        if not head:
            return UNTOLD
        text = line.decode()
        for index, each in enumerate(self._built_in):
            match = each.fullmatch(text)
            if match:
                message = len(line) - len((match["message"] or "").encode())
                timestamp, host, program, pid = (place_of(match, name) for name in _PLACES)
                scope = self._scope_index(match["program"])
                return Head(index, message, *timestamp, scope, *host, *program, *pid, match.end("priority"))
        # Structured data, the seventh word, may go on; no other format has more words than were asked for.
        return UNTOLD if head[0] == PRIORITY else NONE

    def _scope_index(self, program: str | None) -> int:
        scope = self._scope(program) if program and program != "-" else ""
        if scope not in self._indices:
            self._indices[scope] = len(self.scopes)
            self.scopes.append(scope)
        return self._indices[scope]

    def _built_in_messages(
        self,
        chunk: bytes,
        data: NDArray[np.uint8],
        lines: Spans,
        which: Positions,
        heads: Positions,
        record_time: RecordTime,
    ) -> Iterator[Messages]:
        for index, each in enumerate(self._built_in):
            chosen = heads[:, 0] == index
            number = int(chosen.sum())
            if not number:
                continue
            starts, ends = lines.at(chosen)
            _, message, begin, end, scope = heads[chosen, :5].T
            own = record_time if isinstance(record_time, int) else record_time[chosen]
            times = np.full(number, own)
            reader = self._times[index]
            if reader:
                times = reader.at(data, Spans(starts + begin, starts + end), own)
            yield Messages(chunk, Spans(starts + message, ends), which[chosen], scope, times, {each.name: number})

    def _tell(self, chunk: bytes, starts: Positions, which: Positions, heads: Positions, fields: Fields) -> None:
        """Hand over what built-in headers say."""
        told = heads[:, 0] >= 0
        which, heads = which[told], heads[told]
        starts = starts[which]
        for index, each in enumerate(self._built_in):
            fields.format.put(which[heads[:, 0] == index], each.name)
        for at, column in ((5, fields.host), (7, fields.program), (9, fields.pid)):
            some = heads[:, at] >= 0
            begins, ends = starts[some] + heads[some, at], starts[some] + heads[some, at + 1]
            column.put_spans(which[some], chunk, Spans(begins, ends))
        some = heads[:, 11] >= 0
        fields.put_priorities(which[some], chunk, Spans(starts[some] + 1, starts[some] + heads[some, 11]))

    def _configured_messages(
        self,
        chunk: bytes,
        lines: Spans,
        first_lines: Spans | None,
        which: Positions,
        record_time: RecordTime,
        told: Fields | None,
    ) -> tuple[list[Messages], Positions, Positions]:
        """Return the messages of configured formats, the lines of none, and the lines that cannot be told here."""
        found: list[Messages] = []
        left = np.ones(len(which), np.bool_)
        firsts = first_lines or lines
        for each, at, taken in fitting(self._configured, chunk, firsts, Configured.takes):
            left[at] = False
            if not each.usable:
                return found, which[left], which[at]
            groups = with_messages(taken, chunk, firsts.at(at))
            rests = None
            if first_lines is not None:
                rests = slices(chunk, Spans(first_lines.ends[at], lines.ends[at])).view(pa.string())
            own = record_time if isinstance(record_time, int) else record_time[which[at]]
            found.append(each.messages(groups, rests, which[at], own, self._scope_index))
            if told is not None:
                told.format.put(which[at], each.name)
                for name in ("host", "program", "pid", "level"):
                    values = field_of(groups, name)
                    if values is not None:
                        getattr(told, name).put_texts(which[at], values)
        return found, which[left], which[:0]


def _times_of(built_in: HeaderFormat) -> Times | None:
    return Times(built_in.time, RFC3164 if built_in.name == "rfc3164" else ISO) if built_in.time else None


def _translated(texts: pa.Array, table: bytes) -> pa.Array:
    """Return an array of binary without offset, with each byte translated."""
    _, offsets, data = texts.buffers()
    return pa.Array.from_buffers(
        texts.type, len(texts), [None, offsets, pa.py_buffer(data.to_pybytes().translate(table))]
    )


def _broken(chunk: bytes, lines: Spans) -> Flags:
    """Tell which lines are not UTF-8."""
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return np.array([not _is_utf8(chunk[begin:end]) for begin, end in zip(*lines, strict=True)], np.bool_)
    return np.zeros(len(lines.starts), np.bool_)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
