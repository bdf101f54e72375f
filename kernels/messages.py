"""The messages of a chunk's lines, as readers of headers leave them to who takes words out of them."""

from dataclasses import dataclass

import numpy as np

from kernels.shape_words import ShapeWords
from kernels.spans import Positions, Spans


@dataclass(slots=True)
class Messages:
    """
    Lines of a chunk whose headers were read.

    Attributes:
        text: Where the messages are.
        spans: Their places in it; each begins and ends between words.
        lines: Which lines of the chunk they are of.
        scopes: Their scopes, as indices into `kernels.headers.Headers.scopes`.
        times: Their times, in microseconds since 1970.
        formats: Format → how many of the lines.
        words: Where the words of their shapes are, once these were asked for; by the raw rules None.
    """

    text: bytes
    spans: Spans
    lines: Positions
    scopes: Positions
    times: Positions
    formats: dict[str, int]
    words: ShapeWords | None = None


def joined(chunk: bytes, groups: list[Messages]) -> list[Messages]:
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
