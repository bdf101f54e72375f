"""
Headers of formats that the configuration has: many lines at once, by RE2.

How an expression reads the header alone, kernels/header_expressions.py says.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kernels.header_expressions import HEADER, header_expressions
from kernels.messages import Messages
from kernels.spans import Flags, Positions, Spans, slices
from kernels.times import RecordTime, Times
from patterns.line import HeaderFormat
from patterns.linear import compile_linear
from patterns.rules import Rules


class Configured:
    """A format of the configuration, for many lines at once; `usable` tells whether that can be."""

    def __init__(self, form: HeaderFormat, rules: Rules) -> None:
        self.name, self.first_bytes = form.name, form.first_bytes
        compiled = compile_linear(form.expression, f"expression of format {form.name!r}")
        # pyarrow's RE2 wants each group to have a name; and a quotation may go on to the expression's end.
        self.usable = compiled.groups == len(compiled.groupindex) and r"\Q" not in form.expression
        self._expressions = header_expressions(form.expression)
        self._times = Times(form.time, rules.formats[form.name].time) if form.time else None
        self._usual = False

    def fits(self, texts: pa.Array) -> tuple[Flags, None] | None:
        """Tell which lines have the format, and take nothing of them; None where no line has it."""
        exact, wide, _ = self._expressions
        fits = pc.match_substring_regex(texts, wide)
        if wide != exact and fits.true_count:
            fits = pc.match_substring_regex(texts, exact)
        return (fits.to_numpy(zero_copy_only=False), None) if fits.true_count else None

    def takes(self, texts: pa.Array) -> tuple[Flags, pa.Array] | None:
        """
        Tell which lines have the format, and what the expression took of them, as a struct; None where no line has it.

        Cost: for a format of no line a match of each, and to compile what matches.
        """
        exact, wide, most = self._expressions
        taken = self._take(texts, wide)
        if taken and wide != exact and pc.max(pc.binary_length(taken[1].field(HEADER))).as_py() > most:
            taken = self._take(texts, exact)
        self._usual = taken is not None and 2 * len(taken[1]) > len(texts)
        return taken

    def _take(self, texts: pa.Array, expression: str) -> tuple[Flags, pa.Array] | None:
        # To match takes a third of what it takes to find groups, but those of lines that fit are needed.
        groups = pc.extract_regex(texts, expression) if self._usual else None
        fits = pc.match_substring_regex(texts, expression) if groups is None else groups.is_valid()
        if not fits.true_count:
            return None
        found = pc.extract_regex(texts.filter(fits), expression) if groups is None else groups
        return fits.to_numpy(zero_copy_only=False), found.filter(fits) if len(found) > fits.true_count else found

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
        times, timestamps = np.full(len(which), record_time), field_of(fields, "timestamp")
        if self._times is not None and timestamps is not None:
            times = self._times.of(timestamps, record_time)
        return Messages(text, Spans(ends - lengths, ends), which, scopes, times, {self.name: len(which)})


def fitting(
    configured: Sequence[Configured],
    chunk: bytes,
    lines: Spans,
    tell: Callable[[Configured, pa.Array], tuple[Flags, pa.Array | None] | None],
) -> Iterator[tuple[Configured, Positions, pa.Array | None]]:
    """
    Yield each format with the lines that fit it and none before it: indices, and what is taken of them.

    Args:
        configured: The formats.
        chunk: The text.
        lines: Its lines, or some of them.
        tell: `Configured.fits`, or `Configured.takes` where what the expressions take is wanted too.

    The first that cannot be told for many lines at once gets all lines that are left, of which it takes nothing, and is
    the last.

    Cost: for each format one expression over the lines that are left and may begin so.
    """
    texts = slices(chunk, lines).view(pa.string())
    firsts = np.frombuffer(chunk + b"\0", np.uint8)[lines.starts] * (lines.ends > lines.starts)
    left = np.ones(len(firsts), np.bool_)
    some: dict[tuple[int, int], tuple[Positions, pa.Array]] = {}
    for each in configured:
        if not each.usable:
            yield each, np.flatnonzero(left), None
            return
        if each.first_bytes not in some:
            least, greatest = each.first_bytes
            at = np.flatnonzero(left & (firsts >= least) & (firsts <= greatest))
            some[each.first_bytes] = at, texts if len(at) == len(texts) else texts.take(pa.array(at))
        at, of_them = some[each.first_bytes]
        if not len(at):
            continue
        told = tell(each, of_them)
        if told is not None:
            fits, taken = told
            at = at[fits]
            yield each, at, taken
            left[at] = False
            some.clear()


def with_messages(groups: pa.Array, chunk: bytes, lines: Spans) -> pa.Array:
    """Return what an expression took of lines, with the messages behind where it took the headers alone."""
    if groups.type.get_field_index(HEADER) < 0:
        return groups
    fields = dict(zip(groups.type.names, groups.flatten(), strict=True))
    headers = pc.binary_length(fields.pop(HEADER)).to_numpy(zero_copy_only=False)
    fields["message"] = slices(chunk, Spans(lines.starts + headers, lines.ends)).view(pa.string())
    return pa.StructArray.from_arrays(list(fields.values()), list(fields))


def field_of(fields: pa.Array, name: str) -> pa.Array | None:
    """Return a field of a header, null where it is empty or ``-``; None for a format without it."""
    if fields.type.get_field_index(name) < 0:
        return None
    values = fields.field(name)
    return pc.if_else(pc.is_in(values, pa.array(["", "-"])), None, values)
