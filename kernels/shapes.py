"""
Messages of many lines → their shapes.

    messages ─► words ─► class words: those with a digit, and what the rules say of each other distinct word, once
             ─► a number for each word, 0 for a run of class words ─► equal rows of numbers are one shape
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.spans import DEFAULT_WORDS, Flags, Positions, Spans, side_by_side, within, word_texts, words_of
from patterns.rules import Rules
from patterns.severity import SEVERITIES
from patterns.words import CLASS_RUN, DEFAULT_CLASSES, Splitter

_REMEMBERED: Final = 500_000
"""Distinct words, and distinct shapes, that are remembered; then all are forgotten, for free text has ever new ones."""

_WIDTH: Final = np.dtype(np.int32).itemsize


class Shapes:
    """Messages → shapes."""

    def __init__(self, rules: Rules) -> None:
        self.splitter = Splitter(rules.words)
        # That a word has a digit is seen without looking it up.
        self._digits_vary = rules.words.classes.get("number") == DEFAULT_CLASSES["number"]
        self._numbers: dict[bytes, int] = {}
        self._words: list[str] = [CLASS_RUN]
        self._severities: list[int] = []
        self._rendered: dict[bytes, str] = {}

    def of(self, text: bytes, messages: Spans, texts: dict[str, int]) -> Positions:
        """
        Return the shapes of messages as indices into `texts`, to which new ones are added.

        A blank message has the shape ``""``, one without a constant ``<*>``.
        """
        if len(self._numbers) > _REMEMBERED or len(self._rendered) > _REMEMBERED:
            self._numbers.clear()
            self._rendered.clear()
            self._severities.clear()
            del self._words[1:]
        rows, alone = self._rows(text, messages)
        codes = rows.dictionary_encode()
        known = np.array([_index(texts, shape) for shape in self._render(codes.dictionary)], np.int64)
        found: Positions = known[codes.indices.to_numpy(zero_copy_only=False)]
        for index in alone:
            # A message of class words alone, or with a severity in front of them, may keep a part of one.
            message = text[messages.starts[index] : messages.ends[index]].decode()
            found[index] = _index(texts, self.splitter.shape(message))
        return found

    def _rows(self, text: bytes, messages: Spans) -> tuple[pa.Array, Positions]:
        """Return each message as the bytes of its words' numbers; and which have class words alone and a severity."""
        words = words_of(text, DEFAULT_WORDS)
        first, behind = within(words.spans, messages)
        numbers = self._number(text, words.spans, words.digits, _covered(first, behind, len(words.digits)))
        # What lies between messages, headers above all, is taken out.
        lengths = behind - first
        begins = np.cumsum(lengths) - lengths
        numbers = numbers[ranges(first, lengths)]
        kept = np.ones(len(numbers), np.bool_)
        kept[1:] = (numbers[1:] != 0) | (numbers[:-1] != 0)
        kept[begins[lengths > 0]] = True
        before = np.concatenate([[0], np.cumsum(kept)])
        sizes = before[begins + lengths] - before[begins]
        numbers = numbers[kept]
        firsts = before[begins]
        alone = np.flatnonzero(sizes == 1)
        alone = alone[numbers[firsts[alone]] == 0]
        two = np.flatnonzero(sizes == 2) if self._severities else alone[:0]
        two = two[(numbers[firsts[two] + 1] == 0) & np.isin(numbers[firsts[two]], self._severities)]
        return side_by_side(numbers, sizes * numbers.itemsize), np.concatenate([alone, two])

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
                if shown in SEVERITIES:
                    self._severities.append(number)
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
