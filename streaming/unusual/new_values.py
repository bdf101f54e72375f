"""Values of parameters that no training saw, of many lines at once."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from kernels.documents import parts
from kernels.judging import Judged
from kernels.spans import Flags, Positions, Spans, ranges
from patterns.judge import Judge
from streaming.columns import Parameters
from streaming.unusual.usual import OfPattern

NewValueOf = tuple[int, int, int, str]
"""The line, which of its pattern's gaps that are looked at, in their order, the gap, and the value."""


class _Gap(NamedTuple):
    """
    A gap of a kind that is looked at.

    Attributes:
        order: Which of those of its pattern.
        gap: Its number.
        known: Its known values.
        said: What all lines of the kind have in it; None where it is what the gap took.
    """

    order: int
    gap: int
    known: frozenset[str]
    said: str | None


def new_values(
    judged: Judged,
    parameters: Sequence[Parameters],
    judge: Judge,
    usual: Sequence[OfPattern | None],
    counted: Flags,
) -> Iterator[NewValueOf]:
    """
    Yield the new values of lines, but for those that were judged one by one.

    Args:
        judged: The lines and their verdicts.
        parameters: What the gaps of their patterns took, by groups of messages.
        judge: By their set.
        usual: Of each kind what is looked at.
        counted: Which lines are looked at.
    """
    gaps, numbers = _gaps(judged, judge, usual)
    places = np.array([each.gap for each in gaps], np.int64)
    said = np.array([each.said is not None for each in gaps], np.bool_)
    begins = np.cumsum(numbers) - numbers
    for group, took in zip(judged.messages, parameters, strict=True):
        kinds = judged.kind[group.lines]
        lengths = np.where(counted[group.lines], numbers[kinds], 0)
        if not lengths.any():
            continue
        at = np.repeat(np.arange(len(lengths)), lengths)
        which = ranges(begins[kinds], lengths)
        starts, ends = took.spans.at((np.cumsum(took.lengths) - took.lengths)[at] + places[which])
        # What is the same for all lines of a kind is not read.
        unread = said[which]
        texts, codes = _texts(group.text, Spans(np.where(unread, 0, starts), np.where(unread, 0, ends)))
        keys, inverse = np.unique(which * len(texts) + codes, return_inverse=True)
        found = [(gaps[key // len(texts)], texts[key % len(texts)]) for key in keys.tolist()]
        values = [text if gap.said is None else gap.said for gap, text in found]
        new = [value not in gap.known for value, (gap, _) in zip(values, found, strict=True)]
        for index in np.flatnonzero(np.array(new, np.bool_)[inverse]).tolist():
            gap = gaps[which[index]]
            yield int(group.lines[at[index]]), gap.order, gap.gap, values[inverse[index]]


def odd_values(judged: Judged, judge: Judge, usual: Sequence[OfPattern | None], counted: Flags) -> Iterator[NewValueOf]:
    """Yield the new values of lines that were judged one by one, by `judge`."""
    watched = _watched(usual)
    for index, judgement in judged.odd.items():
        values = watched.get(int(judged.kind[index])) if counted[index] else None
        if values is None:
            continue
        taken = judge.values(judgement, judge.parameters(judgement))
        for order, (gap, known) in enumerate(values.items()):
            if gap < len(taken) and taken[gap] not in known:
                yield index, order, gap, taken[gap]


def _gaps(judged: Judged, judge: Judge, usual: Sequence[OfPattern | None]) -> tuple[list[_Gap], Positions]:
    """Return the gaps that are looked at, kind by kind, and how many each kind has."""
    found, numbers = list[_Gap](), np.zeros(len(judged.kinds), np.int64)
    for kind, values in _watched(usual).items():
        masked = judge.masked(judged.kinds[kind].scope, str(judged.kinds[kind].shape))
        # An accepted shape has the pattern's place, and no parameters.
        some = [
            _Gap(order, gap, known, masked[gap])
            for order, (gap, known) in enumerate(values.items())
            if gap < len(masked)
        ]
        numbers[kind] = len(some)
        found += some
    return found, numbers


def _texts(text: bytes, places: Spans) -> tuple[list[str], Positions]:
    """Return the distinct texts at some places, and of each place which it is."""
    found = parts(text, places).dictionary_encode()
    return [each.decode() for each in found.dictionary.to_pylist()], found.indices.to_numpy(zero_copy_only=False)


def _watched(usual: Sequence[OfPattern | None]) -> dict[int, dict[int, frozenset[str]]]:
    return {kind: each.values for kind, each in enumerate(usual) if each is not None and each.values}
