"""
Headers of formats that the configuration has: many lines at once, by RE2.

Nearly every expression ends with a message that is whatever follows. RE2 then reads the header alone: where its match
ends, the message begins, and no message is read twice.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.messages import Messages
from kernels.spans import Positions, Spans, slices
from kernels.times import PADDING, RecordTime, Times
from patterns.line import HeaderFormat
from patterns.linear import compile_linear
from patterns.rules import Rules

_MESSAGE: Final = re.compile(r"\(\?P<message>\.\*\)|\(\?:(?P<between>[^()|]+)\(\?P<message>\.\*\)\)\?")
"""How expressions end: with the message, or with one that may be missing with what is in front of it."""

_HEADER: Final = "in_front_of_the_message"


class Configured:
    """A format of the configuration, for many lines at once; `expression` is None where that cannot be."""

    def __init__(self, form: HeaderFormat, rules: Rules) -> None:
        self.name, self.first_bytes = form.name, form.first_bytes
        self._iso = rules.formats[form.name].time == "iso"
        compiled = compile_linear(form.expression, f"expression of format {form.name!r}")
        # pyarrow's RE2 wants each group to have a name; and a quotation may go on to the expression's end.
        usable = compiled.groups == len(compiled.groupindex) and r"\Q" not in form.expression
        self.expression = rf"(?s)\A(?:{form.expression})\z" if usable else None
        header = _header(form.expression) if usable else None
        if header is not None:
            self.expression = rf"(?s)\A(?P<{_HEADER}>{header})"
        self._times = Times(form.time) if form.time else None
        self._usual = False

    def fit(self, texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
        """
        Tell which lines have the format.

        Returns:
            That; and what the expression took of all, where it was taken.
        """
        # To match takes a third of what it takes to find groups, but those of lines that fit are needed.
        groups = pc.extract_regex(texts, self.expression) if self._usual else None
        fits = pc.match_substring_regex(texts, self.expression) if groups is None else groups.is_valid()
        self._usual = 2 * fits.true_count > len(fits)
        return fits, groups

    def messages(
        self,
        fields: pa.Array,
        rests: pa.Array | None,
        which: Positions,
        record_time: RecordTime,
        scope_index: Callable[[str | None], int],
    ) -> Messages:
        """
        Return the messages of lines that have the format.

        Args:
            fields: What its expression took of each line, as a struct.
            rests: What follows the first line of a record; None where they are lines.
            which: Which lines of the chunk they are.
            record_time: Of all of them or of each, in microseconds since 1970.
            scope_index: Returns the index of a program's scope.
        """
        messages, level = fields.field("message"), field_of(fields, "level")
        if level is not None:
            messages = pc.binary_join_element_wise(level, messages, " ", null_handling="skip")
        if rests is not None:
            messages = pc.binary_join_element_wise(messages, rests, "")
        lengths = pc.binary_length(messages).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths + 1) - 1
        text = pc.binary_join(pa.ListArray.from_arrays([0, len(messages)], messages), "\n")[0].as_buffer().to_pybytes()
        scopes, program = np.zeros(len(which), np.int64), field_of(fields, "program")
        if program is not None:
            codes = program.dictionary_encode()
            indices = [scope_index(name) for name in codes.dictionary.to_pylist()]
            chosen = codes.indices.fill_null(len(indices)).to_numpy(zero_copy_only=False)
            scopes = np.array([*indices, 0], np.int64)[chosen]
        times = self._times_of(field_of(fields, "timestamp"), len(which), record_time)
        return Messages(text, Spans(ends - lengths, ends), which, scopes, times, {self.name: len(which)})

    def _times_of(self, timestamps: pa.Array | None, number: int, record_time: RecordTime) -> Positions:
        if self._times is None or timestamps is None:
            return np.full(number, record_time)
        if not self._iso:
            return self._times.each(timestamps, record_time)
        lengths = pc.binary_length(timestamps).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        ends = np.cumsum(lengths)
        text = pc.binary_join(pa.ListArray.from_arrays([0, number], timestamps.fill_null("")), "")[0].as_buffer()
        data = np.frombuffer(text.to_pybytes() + bytes(PADDING), np.uint8)
        return self._times.iso(data, Spans(ends - lengths, ends), record_time)


def fitting(
    configured: Sequence[Configured], chunk: bytes, lines: Spans
) -> Iterator[tuple[Configured, Positions, Callable[[], pa.Array]]]:
    """
    Yield each format with the lines that fit it and none before it: indices, and what its expression takes of them.

    The first that cannot be told for many lines at once gets all lines that are left, of which it takes nothing, and is
    the last.

    Cost: for each format one expression over the lines that are left and may begin so.
    """
    texts = slices(chunk, lines).view(pa.string())
    firsts = np.frombuffer(chunk + b"\0", np.uint8)[lines.starts] * (lines.ends > lines.starts)
    left = np.ones(len(firsts), np.bool_)
    some: dict[tuple[int, int], tuple[Positions, pa.Array]] = {}
    for each in configured:
        if each.expression is None:
            yield each, np.flatnonzero(left), lambda: None
            return
        if each.first_bytes not in some:
            least, greatest = each.first_bytes
            at = np.flatnonzero(left & (firsts >= least) & (firsts <= greatest))
            some[each.first_bytes] = at, texts if len(at) == len(texts) else texts.take(pa.array(at))
        at, of_them = some[each.first_bytes]
        if not len(at):
            continue
        fits, groups = each.fit(of_them)
        if fits.true_count:
            at = at[fits.to_numpy(zero_copy_only=False)]
            yield each, at, partial(_groups, each.expression, of_them, fits, groups, chunk, lines.at(at))
            left[at] = False
            some.clear()


def _groups(
    expression: str, texts: pa.Array, fits: pa.Array, groups: pa.Array | None, chunk: bytes, lines: Spans
) -> pa.Array:
    """Return what an expression takes of the texts that fit it, which are these lines of the chunk."""
    found = pc.extract_regex(texts.filter(fits), expression) if groups is None else groups
    if len(found) > fits.true_count:
        found = found.filter(fits)
    if found.type.get_field_index(_HEADER) < 0:
        return found
    fields = dict(zip(found.type.names, found.flatten(), strict=True))
    headers = pc.binary_length(fields.pop(_HEADER)).to_numpy(zero_copy_only=False)
    fields["message"] = slices(chunk, Spans(lines.starts + headers, lines.ends)).view(pa.string())
    return pa.StructArray.from_arrays(list(fields.values()), list(fields))


def _header(expression: str) -> str | None:
    """Return what of an expression reads the header alone; None where its end is not known."""
    for end in _MESSAGE.finditer(expression):
        if end.end() == len(expression) and not _has_alternatives(expression):
            return expression[: end.start()] + (rf"(?:{end['between']}|\z)" if end["between"] else "")
    return None


def _has_alternatives(expression: str) -> bool:
    """Tell whether a whole expression may be one of several: whether a bar stands in no group, for all that is seen."""
    depth, at = 0, 0
    while at < len(expression):
        character = expression[at]
        if character == "\\":
            at += 1
        elif character == "[":
            at = _set_end(expression, at)
        elif character == "|" and depth == 0:
            return True
        depth += (character == "(") - (character == ")")
        at += 1
    return False


def _set_end(expression: str, at: int) -> int:
    """Return where the set ends that begins there; a bracket that is its first character is one of it."""
    at += 2 if expression.startswith("[^", at) else 1
    at += expression.startswith("]", at)
    while at < len(expression) and expression[at] != "]":
        at += 2 if expression[at] == "\\" else 1
    return at


def field_of(fields: pa.Array, name: str) -> pa.Array | None:
    """Return a field of a header, null where it is empty or ``-``; None for a format without it."""
    if fields.type.get_field_index(name) < 0:
        return None
    values = fields.field(name)
    return pc.if_else(pc.is_in(values, pa.array(["", "-"])), None, values)
