"""Where the words of shapes are in the messages, for what the gaps of patterns took."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kernels.spans import Flags, Positions, Spans
from patterns.words import Splitter


@dataclass
class ShapeWords:
    """
    Where the words of shapes are: the words of messages, each run of class words as one.

    Attributes:
        text: Where the messages are.
        messages: Their places in it.
        words: The words of the text.
        chosen: Which of them are words of messages, in order.
        kept: Whether each of these begins a word of a shape; the others go on with a run of class words.
        starts: Of each message the index of its first word among the words of shapes.
        alone: Messages of class words alone, or behind a severity; a part of such a word may be a word of the shape.
        splitter: Takes those apart.
    """

    text: bytes
    messages: Spans
    words: Spans
    chosen: Positions
    kept: Flags
    starts: Positions
    alone: Positions
    splitter: Splitter

    @cached_property
    def _placed(self) -> tuple[Spans, Positions]:
        first = np.flatnonzero(self.kept)
        last = np.append(first[1:], len(self.kept))[: len(first)] - 1
        spans = Spans(self.words.starts[self.chosen[first]], self.words.ends[self.chosen[last]])
        if not len(self.alone):
            return spans, self.starts
        starts, more = self.starts.copy(), [spans]
        number = len(first)
        for index in self.alone.tolist():
            begin = int(self.messages.starts[index])
            message = self.text[begin : self.messages.ends[index]].decode()
            found = self.splitter.slices(message)
            places = [(each.start, each.end) for each in found]
            if not message.isascii():
                places = [(len(message[:start].encode()), len(message[:end].encode())) for start, end in places]
            starts[index] = number
            number += len(places)
            more.append(Spans(*(np.array(part, np.int64) + begin for part in zip(*places, strict=True))))
        return Spans(*(np.concatenate(parts) for parts in zip(*more, strict=True))), starts

    @property
    def spans(self) -> Spans:
        """Where they are in the text, message by message; those of `alone` behind all others."""
        return self._placed[0]

    @property
    def first(self) -> Positions:
        """Of each message the index of its first word in `spans`."""
        return self._placed[1]
