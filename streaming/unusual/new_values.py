"""Values of parameters that no training saw, of many lines at once."""

from collections.abc import Iterator, Sequence

import numpy as np

from kernels.documents import parts
from kernels.judging import Judged
from kernels.spans import Flags, Positions, Spans
from patterns.judge import Judge
from streaming.columns import Parameters
from streaming.unusual.usual import OfPattern

NewValueOf = tuple[int, int, int, str]
"""The line, which of its pattern's gaps that are looked at, in their order, the gap, and the value."""

_NOT_COUNTED = -1


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
    watched = _watched(usual)
    for group, took in zip(judged.messages, parameters, strict=True):
        begins = np.cumsum(took.lengths) - took.lengths
        kinds = np.where(counted[group.lines], judged.kind[group.lines], _NOT_COUNTED)
        for kind, values in watched.items():
            which = np.flatnonzero(kinds == kind)
            # An accepted shape has the pattern's place, and no parameters.
            number = int(took.lengths[which[0]]) if len(which) else 0
            masked = judge.masked(judged.kinds[kind].scope, str(judged.kinds[kind].shape)) if number else []
            for order, (gap, known) in enumerate(values.items()):
                if gap >= number:
                    continue
                said = masked[gap]
                if said is None:
                    texts, codes = _texts(group.text, took.spans.at(begins[which] + gap))
                else:
                    texts, codes = [said], np.zeros(len(which), np.int64)
                new = [at for at, text in enumerate(texts) if text not in known]
                for at in np.flatnonzero(np.isin(codes, new)).tolist():
                    yield int(group.lines[which[at]]), order, gap, texts[codes[at]]


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


def _texts(text: bytes, places: Spans) -> tuple[list[str], Positions]:
    """Return the distinct texts at some places, and of each place which it is."""
    found = parts(text, places).dictionary_encode()
    return [each.decode() for each in found.dictionary.to_pylist()], found.indices.to_numpy(zero_copy_only=False)


def _watched(usual: Sequence[OfPattern | None]) -> dict[int, dict[int, frozenset[str]]]:
    return {kind: each.values for kind, each in enumerate(usual) if each is not None and each.values}
