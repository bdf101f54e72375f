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

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.fields import Fields
from kernels.spans import Flags, Positions, Spans, slices
from kernels.times import PADDING, RecordTime, Times
from patterns.judge import check_rules
from patterns.line import HeaderFormat, LineReader
from patterns.linear import compile_linear
from patterns.rules import BUILT_IN_FORMATS, PLAIN, Rules
from patterns.words import DEFAULT_CLASSES, Splitter

_DIGITS_ALIKE: Final = bytes.maketrans(b"023456789", b"1" * 9)
_WHITE: Final = bytes(code in b" \t\n\r\f\v" for code in range(256))
_WHITE_SPACE: Final = np.frombuffer(_WHITE, np.bool_)
_DIGIT: Final = np.isin(np.arange(256), list(b"0123456789"))
_PRIORITY: Final = ord("<")
_LONGEST_HEAD: Final = 512
_PLACES: Final = ("timestamp", "host", "program", "pid")
_SAYS_NOTHING: Final = (None, "", "-")
_REMEMBERED_HEADS: Final = 100_000


@dataclass(slots=True)
class Messages:
    """
    Lines of a chunk whose headers were read.

    Attributes:
        text: Where the messages are.
        spans: Their places in it; each begins and ends between words.
        lines: Which lines of the chunk they are of.
        scopes: Their scopes, as indices into `Headers.scopes`.
        times: Their times, in microseconds since 1970.
        formats: Format → how many of the lines.
    """

    text: bytes
    spans: Spans
    lines: Positions
    scopes: Positions
    times: Positions
    formats: dict[str, int]


class _Head(NamedTuple):
    """What a line begins with: its format, −1 for none, −2 where that cannot be told; offsets from its start, or −1."""

    format: int
    message: int
    timestamp: int
    timestamp_end: int
    scope: int
    host: int = -1
    host_end: int = -1
    program: int = -1
    program_end: int = -1
    pid: int = -1
    pid_end: int = -1
    priority_end: int = -1


_NONE: Final = _Head(-1, 0, 0, 0, 0)
_UNTOLD: Final = _Head(-2, 0, 0, 0, 0)


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
        self._configured = [_Configured(each, rules) for each in formats if each.name not in BUILT_IN_FORMATS]
        self._times = [Times(each.time) if each.time else None for each in self._built_in]
        # Which digits a program's name has is seen in its scope only where digits are no class of their own.
        self._digits_alike = rules.words.classes.get("number") == DEFAULT_CLASSES["number"]
        self._heads: dict[bytes, _Head] = {}
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
            odd[which] |= heads[:, 0] == _UNTOLD.format
        for each in self._configured:
            rest = np.flatnonzero(~odd & ~found)
            if each.expression is None:
                odd[rest] = True
                break
            texts = slices(chunk, lines.at(rest)).view(pa.string())
            found[rest] = pc.match_substring_regex(texts, each.expression).to_numpy(zero_copy_only=False)
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
            odd |= found == _UNTOLD.format
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
        return _joined(chunk, groups), np.flatnonzero(odd)

    def _read_heads(
        self, chunk: bytes, data: NDArray[np.uint8], lines: Spans, even: Flags
    ) -> tuple[Positions, Positions]:
        """Return what the heads of some lines say, a row each as _Head has it; and which lines these are."""
        wanted = np.where(even, _words_of_header(data, lines.starts), 0)
        which = np.flatnonzero(wanted)
        if not len(which):
            return np.zeros((0, len(_NONE)), np.int64), which
        starts, ends = lines.at(which)
        white = np.frombuffer(chunk.translate(_WHITE), np.bool_)
        word_ends = np.append(np.flatnonzero(white[1:] & ~white[:-1]) + 1, len(chunk))
        last = np.searchsorted(word_ends, starts) + wanted[which] - 1
        head_ends = np.minimum(word_ends[np.minimum(last, len(word_ends) - 1)], ends)
        told = (head_ends < ends) & (head_ends - starts < _LONGEST_HEAD)
        head_ends = np.where(told, head_ends + 1, starts)
        alike = chunk.translate(_DIGITS_ALIKE) if self._digits_alike else chunk
        heads = slices(alike, Spans(starts, head_ends)).dictionary_encode()
        rows = np.array([self._head(head) for head in heads.dictionary.to_pylist()], np.int64)
        found = rows[heads.indices.to_numpy(zero_copy_only=False)]
        # A message of rfc5424 may begin with a mark of its encoding, which is no part of it.
        marked = data[(starts + found[:, 1])[:, None] + np.arange(3)] == np.frombuffer(BOM_UTF8, np.uint8)
        found[marked.all(axis=1), 0] = _UNTOLD.format
        return found, which

    def _head(self, head: bytes) -> _Head:
        found = self._heads.get(head)
        if found is None:
            if len(self._heads) >= _REMEMBERED_HEADS:
                self._heads.clear()
            found = self._heads[head] = self._read_head(head)
        return found

    def _read_head(self, head: bytes) -> _Head:
        # Something must follow, for a line that ends here could be of another format.
        line = head + b"x"
        if not head:
            return _UNTOLD
        text = line.decode()
        for index, each in enumerate(self._built_in):
            match = each.fullmatch(text)
            if match:
                message = len(line) - len((match["message"] or "").encode())
                timestamp, host, program, pid = (_place(match, name) for name in _PLACES)
                scope = self._scope_index(match["program"])
                return _Head(index, message, *timestamp, scope, *host, *program, *pid, match.end("priority"))
        # Structured data, the seventh word, may go on; no other format has more words than were asked for.
        return _UNTOLD if head[0] == _PRIORITY else _NONE

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
                read = reader.rfc3164 if each.name == "rfc3164" else reader.iso
                times = read(data, Spans(starts + begin, starts + end), own)
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
        texts = slices(chunk, first_lines or lines).view(pa.string())
        rests = None
        if first_lines is not None:
            rests = slices(chunk, Spans(first_lines.ends, lines.ends)).view(pa.string())
        for each in self._configured:
            if each.expression is None:
                return found, which[:0], which
            fields = pc.extract_regex(texts, each.expression)
            fits = fields.is_valid().to_numpy(zero_copy_only=False)
            if fits.any():
                kept, others = pa.array(fits), pa.array(~fits)
                rest = None if rests is None else rests.filter(kept)
                own = record_time if isinstance(record_time, int) else record_time[which[fits]]
                found.append(self._messages(each, fields.filter(kept), rest, which[fits], own))
                if told is not None:
                    told.format.put(which[fits], each.name)
                    for name in ("host", "program", "pid", "level"):
                        values = _field(fields.filter(kept), name)
                        if values is not None:
                            getattr(told, name).put_texts(which[fits], values)
                which, texts = which[~fits], texts.filter(others)
                rests = None if rests is None else rests.filter(others)
        return found, which, which[:0]

    def _messages(
        self, form: "_Configured", fields: pa.Array, rests: pa.Array | None, which: Positions, record_time: RecordTime
    ) -> Messages:
        messages, level = fields.field("message"), _field(fields, "level")
        if level is not None:
            messages = pc.binary_join_element_wise(level, messages, " ", null_handling="skip")
        if rests is not None:
            messages = pc.binary_join_element_wise(messages, rests, "")
        lengths = pc.binary_length(messages).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths + 1) - 1
        text = pc.binary_join(pa.ListArray.from_arrays([0, len(messages)], messages), "\n")[0].as_buffer().to_pybytes()
        scopes, program = np.zeros(len(which), np.int64), _field(fields, "program")
        if program is not None:
            codes = program.dictionary_encode()
            indices = [self._scope_index(name) for name in codes.dictionary.to_pylist()]
            chosen = codes.indices.fill_null(len(indices)).to_numpy(zero_copy_only=False)
            scopes = np.array([*indices, 0], np.int64)[chosen]
        times = form.times(_field(fields, "timestamp"), len(which), record_time)
        return Messages(text, Spans(ends - lengths, ends), which, scopes, times, {form.name: len(which)})


class _Configured:
    """A format of the configuration, for many lines at once; `expression` is None where that cannot be."""

    def __init__(self, form: HeaderFormat, rules: Rules) -> None:
        self.name = form.name
        self._iso = rules.formats[form.name].time == "iso"
        compiled = compile_linear(form.expression, f"expression of format {form.name!r}")
        # pyarrow's RE2 wants each group to have a name; and a quotation may go on to the expression's end.
        usable = compiled.groups == len(compiled.groupindex) and r"\Q" not in form.expression
        self.expression = rf"(?s)\A(?:{form.expression})\z" if usable else None
        self._times = Times(form.time) if form.time else None

    def times(self, timestamps: pa.Array | None, number: int, record_time: RecordTime) -> Positions:
        if self._times is None or timestamps is None:
            return np.full(number, record_time)
        if not self._iso:
            return self._times.each(timestamps, record_time)
        lengths = pc.binary_length(timestamps).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths)
        text = pc.binary_join(pa.ListArray.from_arrays([0, number], timestamps.fill_null("")), "")[0].as_buffer()
        data = np.frombuffer(text.to_pybytes() + bytes(PADDING), np.uint8)
        return self._times.iso(data, Spans(ends - lengths, ends), record_time)


def _place(match: re.Match[str], name: str) -> tuple[int, int]:
    """Return where a group of a header stands, in bytes; (−1, −1) where it says nothing."""
    if match[name] in _SAYS_NOTHING:
        return -1, -1
    start, end = match.span(name)
    return len(match.string[:start].encode()), len(match.string[:end].encode())


def _field(fields: pa.Array, name: str) -> pa.Array | None:
    """Return a field of a header, null where it is empty or ``-``; None for a format without it."""
    if fields.type.get_field_index(name) < 0:
        return None
    values = fields.field(name)
    return pc.if_else(pc.is_in(values, pa.array(["", "-"])), None, values)


def _words_of_header(data: NDArray[np.uint8], starts: Positions) -> Positions:
    """Return how many words a line's header may have, by its first bytes; 0 where it cannot have a built-in one."""
    first = data[starts]
    colons = (data[starts + 9] == ord(":")) & (data[starts + 12] == ord(":"))
    words = np.where((first >= ord("A")) & (first <= ord("Z")) & colons, 5, 0)
    words[(data[starts + 4] == ord("-")) & (data[starts + 10] == ord("T"))] = 3
    with_priority = np.flatnonzero(first == _PRIORITY)
    if len(with_priority):
        words[with_priority] = _words_behind_priority(data, starts[with_priority])
    return words


def _words_behind_priority(data: NDArray[np.uint8], starts: Positions) -> Positions:
    window = data[starts[:, None] + np.arange(2, 5)] == ord(">")
    behind = starts + 3 + window.argmax(axis=1)
    is_digit, white = _DIGIT[data[behind]], _WHITE_SPACE[data[behind + 1]]
    version = is_digit & (white | (_DIGIT[data[behind + 1]] & _WHITE_SPACE[data[behind + 2]]))
    words = np.where(version & (data[behind] != ord("0")), 7, np.where(is_digit & ~version, 3, 5))
    return np.where(window.any(axis=1) & ~(version & (data[behind] == ord("0"))), words, 0)


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


def _joined(chunk: bytes, groups: list[Messages]) -> list[Messages]:
    """Return messages that lie in the chunk itself as one group, in order; each group has words of its own to find."""
    here = [each for each in groups if each.text is chunk]
    if len(here) < 2:
        return groups
    lines = np.concatenate([each.lines for each in here])
    order = np.argsort(lines, kind="stable")
    starts, ends, scopes, times = (
        np.concatenate([np.asarray(part) for part in parts])[order]
        for parts in zip(*((each.spans.starts, each.spans.ends, each.scopes, each.times) for each in here), strict=True)
    )
    formats = {name: number for each in here for name, number in each.formats.items()}
    return [
        Messages(chunk, Spans(starts, ends), lines[order], scopes, times, formats),
        *(each for each in groups if each.text is not chunk),
    ]
