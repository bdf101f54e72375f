"""
Messages of many lines → their shapes.

    messages ─► words ─► class words: those with a digit, and what the rules say of each other distinct word, once
             ─► a number for each word, 0 for a run of class words ─► equal rows of numbers are one shape
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.spans import DEFAULT_WORDS, Flags, Positions, Spans, side_by_side, within, word_texts, words_of
from patterns.rules import Rules
from patterns.words import CLASS_RUN, DEFAULT_CLASSES, Splitter

_REMEMBERED: Final = 500_000
"""Distinct words, and distinct shapes, that are remembered; then all are forgotten, for free text has ever new ones."""

_WIDTH: Final = np.dtype(np.int32).itemsize


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
        alone: Messages of class words alone; a part of such a word may be a word of the shape.
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


class Shapes:
    """Messages → shapes."""

    def __init__(self, rules: Rules) -> None:
        self.splitter = Splitter(rules.words)
        # That a word has a digit is seen without looking it up.
        self._digits_vary = rules.words.classes.get("number") == DEFAULT_CLASSES["number"]
        self._numbers: dict[bytes, int] = {}
        self._words: list[str] = [CLASS_RUN]
        self._rendered: dict[bytes, str] = {}

    def of(self, text: bytes, messages: Spans, texts: dict[str, int]) -> Positions:
        """
        Return the shapes of messages as indices into `texts`, to which new ones are added.

        A blank message has the shape ``""``, one without a constant ``<*>``.
        """
        return self.read(text, messages, texts)[0]

    def read(self, text: bytes, messages: Spans, texts: dict[str, int]) -> tuple[Positions, ShapeWords]:
        """Return the shapes of messages as `of` does, and where their words are."""
        if len(self._numbers) > _REMEMBERED or len(self._rendered) > _REMEMBERED:
            self._numbers.clear()
            self._rendered.clear()
            del self._words[1:]
        rows, words = self._rows(text, messages)
        codes = rows.dictionary_encode()
        known = np.array([_index(texts, shape) for shape in self._render(codes.dictionary)], np.int64)
        found: Positions = known[codes.indices.to_numpy(zero_copy_only=False)]
        for index in words.alone:
            # A message of class words alone may keep a part of one.
            message = text[messages.starts[index] : messages.ends[index]].decode()
            found[index] = _index(texts, self.splitter.shape(message))
        return found, words

    def _rows(self, text: bytes, messages: Spans) -> tuple[pa.Array, ShapeWords]:
        """Return each message as the bytes of its words' numbers; and where its words are."""
        words = words_of(text, DEFAULT_WORDS)
        first, behind = within(words.spans, messages)
        numbers = self._number(text, words.spans, words.digits, _covered(first, behind, len(words.digits)))
        # What lies between messages, headers above all, is taken out.
        lengths = behind - first
        begins = np.cumsum(lengths) - lengths
        chosen = ranges(first, lengths)
        numbers = numbers[chosen]
        kept = np.ones(len(numbers), np.bool_)
        kept[1:] = (numbers[1:] != 0) | (numbers[:-1] != 0)
        kept[begins[lengths > 0]] = True
        before = np.concatenate([[0], np.cumsum(kept)])
        starts = before[begins]
        sizes = before[begins + lengths] - starts
        numbers = numbers[kept]
        alone = np.flatnonzero(sizes == 1)
        alone = alone[numbers[starts[alone]] == 0]
        found = ShapeWords(text, messages, words.spans, chosen, kept, starts, alone, self.splitter)
        return side_by_side(numbers, sizes * numbers.itemsize), found

    def _number(self, text: bytes, spans: Spans, digits: Flags, wanted: Flags) -> NDArray[np.int32]:
        """Return the number of each word, 0 for a class word."""
        looked_up = wanted & ~digits if self._digits_vary else wanted
        texts = word_texts(text, spans, DEFAULT_WORDS.separators).filter(pa.array(looked_up))
        codes = texts.dictionary_encode()
        numbers = np.zeros(len(digits), np.int32)
        known = np.array([self._look_up(word) for word in codes.dictionary.to_pylist()], np.int32)
        numbers[looked_up] = known[codes.indices.to_numpy(zero_copy_only=False)]
        return numbers

    def _look_up(self, word: bytes) -> int:
        number = self._numbers.get(word)
        if number is None:
            shown = word.decode()
            number = 0 if self.splitter.is_class(shown) else len(self._words)
            if number:
                self._words.append(shown)
            self._numbers[word] = number
        return number

    def _render(self, rows: pa.Array) -> Iterator[str]:
        """Yield the shape of each row of numbers."""
        lengths = pc.binary_length(rows).to_numpy(zero_copy_only=False) // _WIDTH
        ends = np.cumsum(lengths).tolist()
        numbers: list[int] | None = None
        for row, end, length in zip(rows.to_pylist(), ends, lengths.tolist(), strict=True):
            shape = self._rendered.get(row)
            if shape is None:
                # All at once, for where one row is new many are.
                numbers = numbers or _numbers(rows)
                shape = " ".join(map(self._words.__getitem__, numbers[end - length : end]))
                self._rendered[row] = shape
            yield shape


def _numbers(rows: pa.Array) -> list[int]:
    """Return the numbers of all rows, one row after the other."""
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(rows)], rows), b"")[0].as_buffer()
    found: list[int] = np.frombuffer(joined, np.int32).tolist()
    return found


def _index(texts: dict[str, int], text: str) -> int:
    return texts.setdefault(text, len(texts))


def _covered(first: Positions, behind: Positions, number: int) -> Flags:
    """Tell for each of `number` words whether it lies in one of the ranges [first, behind), which are in order."""
    steps = np.zeros(number + 1, np.int8)
    chosen = behind > first
    np.add.at(steps, first[chosen], 1)
    np.subtract.at(steps, behind[chosen], 1)
    return np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_)


def ranges(first: Positions, lengths: Positions) -> Positions:
    """Return all indices of some ranges, one range after the other."""
    begins = np.cumsum(lengths) - lengths
    return np.repeat(first - begins, lengths) + np.arange(int(lengths.sum()))
