"""
Messages of many lines → their shapes.

    messages ─► words ─► class words: those with a digit, and what the rules say of each other distinct word, once
             ─► a number for each word, 0 for a run of class words ─► equal rows of numbers are one shape
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.keys import grown
from kernels.rows import Numbers, RowTable
from kernels.shape_words import ShapeWords
from kernels.spans import DEFAULT_WORDS, Flags, Positions, Spans, ranges, within, words_of
from kernels.vocabulary import PADDING, Vocabulary
from patterns.rules import Rules
from patterns.severity import SEVERITIES
from patterns.words import CLASS_RUN, DEFAULT_CLASSES, Splitter

_REMEMBERED: Final = 500_000
"""Distinct words, and distinct shapes, that are remembered; then all are forgotten, for free text has ever new ones."""

_REMEMBERED_BYTES: Final = 64 << 20
"""Bytes of these words, and numbers of these shapes times four."""


class Known:
    """
    Words and shapes that were met: shapes have numbers, from 0.

    Attributes:
        vocabulary: The words; those that it was made with first.
        rows: The shapes, as numbers of words; 0 is a run of class words.
        severities: The numbers of words that say how grave a line is.
    """

    def __init__(self, words: Sequence[str], splitter: Splitter) -> None:
        """Take words that get the first numbers, and what tells class words."""
        # A word that is no UTF-8 is of no line that is.
        self.vocabulary = Vocabulary([word.encode(errors="surrogatepass") for word in words])
        self.rows = RowTable()
        self.severities = self._add([word.encode() for word in SEVERITIES])
        self._classes = _Classes(splitter)
        self._shown = np.zeros(256, np.int32)
        self._asked = 1
        self._words: dict[int, str] = {0: CLASS_RUN}
        self._texts: dict[int, str] = {}

    @property
    def full(self) -> bool:
        """Whether as much is remembered as may be."""
        taken = max(self.vocabulary.taken, 4 * self.rows.taken)
        return max(self.vocabulary.size, self.rows.size) > _REMEMBERED or taken > _REMEMBERED_BYTES

    def numbers(self, data: NDArray[np.uint8], words: Spans) -> Numbers:
        """Return the number of each word of messages, 0 for a class word."""
        numbers = self.vocabulary.add(data, words)
        size = self.vocabulary.size + 1
        if size > self._asked:
            self._shown = grown(self._shown, size)
            new = np.arange(self._asked, size, dtype=np.int32)
            self._shown[self._asked : size] = np.where(self._classes.are(self.vocabulary.texts(self._asked)), 0, new)
            self._asked = size
        return self._shown[numbers]

    def of_text(self, shape: str) -> int:
        """Return the number of a shape that was read by itself."""
        words = [word.encode() for word in shape.split(" ")] if shape else []
        numbers = self._add(words)
        # What a message keeps of a class word is a word of its own there.
        numbers[[word == CLASS_RUN.encode() for word in words]] = 0
        return int(self.rows.add(numbers, np.array([len(words)]))[0])

    def text(self, shape: int) -> str:
        """Return a shape, remembered."""
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = " ".join(map(self._word, self.rows.row(shape)))
        return text

    def _add(self, words: Sequence[bytes]) -> Numbers:
        ends = np.cumsum([len(word) + 1 for word in words], dtype=np.int64) - 1
        starts = ends - np.array([len(word) for word in words], np.int64)
        return self.vocabulary.add(np.frombuffer(b" ".join(words) + bytes(PADDING), np.uint8), Spans(starts, ends))

    def _word(self, number: int) -> str:
        word = self._words.get(number)
        if word is None:
            word = self._words[number] = self.vocabulary.text(number)
        return word


class Shapes:
    """
    Messages → shapes.

    Attributes:
        splitter: Says what class words are.
        known: What was met so far; another object once all was forgotten.
    """

    def __init__(self, rules: Rules, words: Sequence[str] = ()) -> None:
        """Read by rules; some words get the first numbers."""
        self.splitter = Splitter(rules.words)
        self._first = words
        self.known = Known(words, self.splitter)
        # That a word has a digit is seen without looking it up.
        self._digits_vary = rules.words.classes.get("number") == DEFAULT_CLASSES["number"]

    def of(self, text: bytes, messages: Spans, texts: dict[str, int]) -> Positions:
        """
        Return the shapes of messages as indices into `texts`, to which new ones are added.

        A blank message has the shape ``""``, one without a constant ``<*>``.
        """
        self.forget()
        distinct, which = np.unique(self.read(text, messages)[0], return_inverse=True)
        names = map(self.known.text, distinct.tolist())
        return np.array([texts.setdefault(name, len(texts)) for name in names], np.int64)[which]

    def forget(self) -> None:
        """Forget all if it is too much; what numbers were given before are of the `known` of before."""
        if self.known.full:
            self.known = Known(self._first, self.splitter)

    def read(self, text: bytes, messages: Spans) -> tuple[Positions, ShapeWords]:
        """Return the numbers of the shapes of messages, as `known` has them, and where their words are."""
        numbers, sizes, words = self._rows(text, messages)
        found = self.known.rows.add(numbers, sizes)
        for index in words.alone.tolist():
            message = text[messages.starts[index] : messages.ends[index]].decode()
            found[index] = self.known.of_text(self.splitter.shape(message))
        return found, words

    def _rows(self, text: bytes, messages: Spans) -> tuple[Numbers, Positions, ShapeWords]:
        """Return each message as the numbers of its words, one message after the other; how many; where they are."""
        words = words_of(text, DEFAULT_WORDS)
        first, behind = within(words.spans, messages)
        lengths = behind - first
        # What lies between messages, headers above all, is left out.
        inside = ranges(first, lengths)
        begins = np.cumsum(lengths) - lengths
        numbers = self._number(text, words.spans, words.digits, inside)
        kept = np.ones(len(numbers), np.bool_)
        kept[1:] = (numbers[1:] != 0) | (numbers[:-1] != 0)
        kept[begins[lengths > 0]] = True
        before = np.zeros(len(numbers) + 1, np.int64)
        np.cumsum(kept, out=before[1:])
        starts = before[begins]
        sizes, numbers = before[begins + lengths] - starts, numbers[kept]
        alone = self._alone(numbers, starts, sizes)
        return numbers, sizes, ShapeWords(text, messages, words.spans, inside, kept, starts, alone, self.splitter)

    def _alone(self, numbers: Numbers, starts: Positions, sizes: Positions) -> Positions:
        """Return which messages have class words alone, or behind a severity: they may keep a part of one."""
        one, two = np.flatnonzero(sizes == 1), np.flatnonzero(sizes == 2)
        one = one[numbers[starts[one]] == 0]
        two = two[(numbers[starts[two] + 1] == 0) & np.isin(numbers[starts[two]], self.known.severities)]
        return np.concatenate([one, two])

    def _number(self, text: bytes, spans: Spans, digits: Flags, inside: Positions) -> Numbers:
        """Return the number of each word inside of messages, 0 for a class word."""
        data = np.frombuffer(text + bytes(PADDING), np.uint8)
        if not self._digits_vary:
            return self.known.numbers(data, spans.at(inside))
        without = np.flatnonzero(~digits[inside])
        numbers = np.zeros(len(inside), np.int32)
        numbers[without] = self.known.numbers(data, spans.at(inside[without]))
        return numbers


class _Classes:
    """Tells which words are class words: those that the shipped expressions take, all at once."""

    def __init__(self, splitter: Splitter) -> None:
        classes = splitter.rules.classes
        shipped = [each for name, each in classes.items() if DEFAULT_CLASSES.get(name) == each]
        self._expression = rf"\A(?:{'|'.join(f'(?:{each})' for each in [*shipped, '<[*]>'])})\z"
        self._others = splitter.is_class if len(shipped) < len(classes) else None

    def are(self, words: pa.Array) -> Flags:
        """Tell of each word, which is binary, whether it is one."""
        try:
            texts = words.view(pa.string())
            texts.validate(full=True)
        except pa.ArrowInvalid:
            # A pattern may have a word that no line has.
            texts = pa.array([word.decode(errors="replace") for word in words.to_pylist()], pa.string())
        found: Flags = pc.match_substring_regex(texts, self._expression).to_numpy(zero_copy_only=False)
        if self._others is not None:
            rest = np.flatnonzero(~found)
            found = found.copy()
            found[rest] = [self._others(word) for word in texts.take(pa.array(rest)).to_pylist()]
        return found
