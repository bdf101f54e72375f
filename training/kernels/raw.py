"""
Chunks of raw lines → frequent words and candidates: both passes of both algorithms.

    first pass    chunk ─► words ─► a row for each distinct word: in how many lines
    second pass   chunk ─► words ─► a number for each frequent word ─► a row for each distinct candidate

Rows of all chunks are merged by `merged_counts` and `merged_candidates`, in any order, wherever they were made. A line
of the second pass is a row of numbers, its *code*: 1, 2, 3 … for a frequent word, −n for n other words in a row.

    "Interface eth0 down at 10:01", Interface, at and down frequent:  [1, −1, 3, 2, −1]
    LogCluster's key: [1, 3, 2], and gaps 0 1 0 0 1               SLCT's key: [1, −1, 3, 2], and gaps 0 1 0 0 1
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, groupby
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kernels.spans import RAW_WORDS, Flags, Positions, lines_of, side_by_side, within, word_texts, words_of
from mining.candidates import Candidate, Key, Keys, PositionKeys, WordKeys
from mining.clusters import Method
from patterns.line import exact_bytes, exact_text
from patterns.shapes import BUCKETS
from training.runs import Kind

ANYWHERE: Final = -1
"""Stands for the position of a word that is counted wherever it is."""

SKETCH_COUNTERS: Final = 2**20

COUNTS: Final = pa.schema([("word", pa.large_binary()), ("position", pa.int32()), ("lines", pa.int64())])
"""Rows of the first pass: a word, its position from 0 for SLCT, and the lines that have it."""

SKETCH: Final = pa.schema([("counter", pa.int32()), ("lines", pa.int64())])
"""Rows of a sketch: a counter, and the lines of all words that have it."""

CANDIDATES: Final = pa.schema(
    [
        ("key", pa.large_binary()),
        ("lines", pa.int64()),
        ("least", pa.large_list(pa.int32())),
        ("most", pa.large_list(pa.int32())),
    ]
)
"""
Rows of the second pass: a candidate's key as 32-bit numbers, its lines, and for each gap the fewest and the most words.
"""

Numbers = NDArray[np.int32]


def count_words(chunk: bytes, *, positions: bool) -> pa.Table:
    """
    Return in how many lines of a chunk each word is.

    Args:
        chunk: Whole lines.
        positions: Whether the same word at another position is another.

    Returns:
        A table with COUNTS, a row for each distinct word.
    """
    words = words_of(chunk, RAW_WORDS)
    lines = lines_of(chunk)
    first, behind = within(words.spans, lines)
    codes = word_texts(chunk, words.spans, RAW_WORDS.separators).dictionary_encode()
    code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if positions:
        place = np.arange(len(code)) - np.repeat(first, behind - first)
        keys, begins = _sorted((code << 32) | place)
        counts, at = np.diff(np.append(begins, len(code))), keys & 0xFFFFFFFF
        chosen = keys >> 32
    else:
        line = np.repeat(np.arange(len(first)), behind - first)
        # A word counts once a line, however often the line has it.
        keys, _ = _sorted((code << 32) | line)
        counts = np.bincount(keys >> 32, minlength=len(codes.dictionary))
        chosen, at = np.arange(len(counts)), np.full(len(counts), ANYWHERE)
    texts = codes.dictionary.cast(pa.large_binary()).take(pa.array(chosen))
    return pa.table([texts, pa.array(at, pa.int32()), pa.array(counts, pa.int64())], schema=COUNTS)


def _sorted(keys: Positions) -> tuple[Positions, Positions]:
    """Return the distinct keys, and where each begins among all when they are sorted."""
    # np.unique takes ten times as long for keys of which most are distinct.
    keys.sort()
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else keys
    return keys[begins], begins


def counters_of(rows: pa.Table) -> NDArray[np.uint64]:
    """Return for each row of COUNTS the counter of a sketch that its word has: any number, equal for equal words."""
    hashes = pl.DataFrame(rows.select(["word"]))["word"].hash()
    return hashes.to_numpy() % np.uint64(SKETCH_COUNTERS)


def add_to_sketch(counters: Positions, rows: pa.Table) -> None:
    """
    Add the lines of the words of rows of COUNTS to the counters that they have: SKETCH_COUNTERS of them.

    Sketches of parts add up. A counter is never less than the lines of any of its words, so a word whose counter is
    below the support is not frequent: most words are passed over so, before their texts are compared.

    Source: Vaarandi, IPOM 2003, section 4: the word summary vector.
    """
    np.add.at(counters, counters_of(rows).astype(np.int64), rows["lines"].to_numpy())


def sketch_rows(counters: Positions) -> pa.Table:
    """Return a sketch as rows of SKETCH, without the counters that are 0."""
    used = np.flatnonzero(counters)
    return pa.table([pa.array(used, pa.int32()), pa.array(counters[used])], schema=SKETCH)


def merged_sketches(rows: pa.Table) -> pa.Table:
    """Add up rows of SKETCH."""
    lines = np.bincount(rows["counter"].to_numpy(), rows["lines"].to_numpy(), SKETCH_COUNTERS)
    return sketch_rows(lines.astype(np.int64))


def merged_counts(rows: pa.Table) -> pa.Table:
    """Add up rows of COUNTS, so that each word is there once."""
    summed = pl.DataFrame(rows).group_by("word", "position").agg(pl.col("lines").sum())
    return summed.select(COUNTS.names).to_arrow().cast(COUNTS)


def keys_of(rows: pa.Table, method: Method) -> Keys:
    """Return the keys that go by the words of rows of COUNTS."""
    words = map(exact_text, rows["word"].to_pylist())
    if method.algorithm == "slct":
        return PositionKeys(frozenset(zip(rows["position"].to_pylist(), words, strict=True)), method.anchored)
    return WordKeys(frozenset(words))


class _Rows(NamedTuple):
    """Rows of 32-bit numbers, side by side."""

    numbers: Numbers
    offsets: Positions

    @property
    def lengths(self) -> Positions:
        """How many numbers each has."""
        return np.diff(self.offsets)

    def as_bytes(self) -> pa.Array:
        """Return each row as its bytes."""
        return side_by_side(self.numbers, self.lengths * self.numbers.itemsize)

    def kept(self, chosen: Flags) -> "_Rows":
        """Return the rows with some of their numbers alone."""
        return _Rows(self.numbers[chosen], np.concatenate([[0], np.cumsum(chosen)])[self.offsets])


class CandidateKernel:
    """
    Makes rows of candidates by frequent words. Not thread-safe.

    Attributes:
        lines: How many lines were read so far, with those that belong to no candidate.
    """

    def __init__(self, keys: Keys) -> None:
        """
        Make ready.

        Args:
            keys: The frequent words.
        """
        self.lines = 0
        words = keys.frequent if isinstance(keys, WordKeys) else {word for _, word in keys.frequent}
        self._words = [None, *sorted(words, key=exact_bytes)]
        self._numbers = {word: number for number, word in enumerate(self._words) if word is not None}
        self._texts = pa.array([exact_bytes(word) for word in self._numbers], pa.binary())
        self._places: Positions | None = None
        self._anchored = isinstance(keys, PositionKeys) and keys.anchored
        if isinstance(keys, PositionKeys):
            self._places = np.array([(at << 32) | self._numbers[word] for at, word in keys.frequent], np.int64)

    def rows(self, chunk: bytes) -> pa.Table:
        """Return the candidates of a chunk of whole lines, a row of CANDIDATES each."""
        codes, _, lines = self._codes(chunk)
        gaps = _gaps(codes)
        return _grouped(self._keys(codes).as_bytes(), lines, gaps, gaps.numbers)

    def outliers(self, chunk: bytes, covered: Collection[bytes]) -> Flags:
        """Tell which lines of a chunk belong to none of the candidates with these keys, as CANDIDATES has them."""
        codes, code_of_line, _ = self._codes(chunk)
        outside = [key not in covered for key in self._keys(codes).as_bytes().to_pylist()]
        return np.array(outside, np.bool_)[code_of_line]

    def candidate(self, row: Mapping[str, Any]) -> tuple[Key, Candidate]:
        """Return what a row of CANDIDATES says, as mining.candidates has it."""
        numbers = np.frombuffer(row["key"], np.int32).tolist()
        constants = tuple(self._words[number] for number in numbers if number > 0)
        # By the raw rules no word is a class word.
        found = Candidate(constants, row["lines"], row["least"], row["most"], row["most"])
        if self._places is None:
            return constants, found
        place = tuple(chain.from_iterable([self._words[n]] if n > 0 else [None] * -n for n in numbers))
        last = len(place) if numbers[-1] > 0 else len(place) + numbers[-1]
        return (len(place), place[:last]), found

    def encoded(self, key: Any) -> bytes:
        """Return a key of mining.candidates as CANDIDATES has it; the inverse of what `candidate` does."""
        words: Sequence[str | None] = key
        if self._places is not None:
            length, place = key
            words = [*place, *[None] * (length - len(place))]
        numbers = [0 if word is None else self._numbers[word] for word in words]
        runs = [(number, len(list(same))) for number, same in groupby(numbers)]
        coded = chain.from_iterable([number] * times if number else [-times] for number, times in runs)
        return np.array(list(coded), np.int32).tobytes()

    def _codes(self, chunk: bytes) -> tuple[_Rows, Positions, Positions]:
        """Return the distinct codes of lines, which of them each line has, and how many lines each has."""
        words, lines = words_of(chunk, RAW_WORDS), lines_of(chunk)
        self.lines += len(lines.starts)
        first, behind = within(words.spans, lines)
        texts = word_texts(chunk, words.spans, RAW_WORDS.separators)
        numbers = pc.index_in(texts, value_set=self._texts.cast(texts.type)).fill_null(-1)
        number = numbers.to_numpy(zero_copy_only=False) + 1
        if self._places is not None:
            place = np.arange(len(number)) - np.repeat(first, behind - first)
            number = np.where(np.isin((place << 32) | number, self._places), number, 0)
        coded = _run_lengths(number, first, behind)
        codes = coded.as_bytes().dictionary_encode()
        code_of_line = codes.indices.to_numpy(zero_copy_only=False)
        return _rows_of(codes.dictionary), code_of_line, np.bincount(code_of_line, minlength=len(codes.dictionary))

    def _keys(self, codes: _Rows) -> _Rows:
        is_word = codes.numbers > 0
        if self._places is None:
            return codes.kept(is_word)
        if self._anchored:
            words = np.concatenate([[0], np.cumsum(is_word)])[codes.offsets]
            return codes.kept(np.repeat(np.diff(words) > 0, codes.lengths))
        # What stands behind the last frequent word is left open.
        last = codes.offsets[1:] - 1
        chosen = np.ones(len(codes.numbers), np.bool_)
        some = last >= codes.offsets[:-1]
        chosen[last[some]] = codes.numbers[last[some]] > 0
        return codes.kept(chosen)


def merged_candidates(rows: pa.Table) -> pa.Table:
    """Add up rows of CANDIDATES, so that each key is there once: least and greatest gaps, lines in all."""
    if not rows.num_rows:
        return CANDIDATES.empty_table()
    whole = rows.combine_chunks()
    least, most = whole["least"].chunk(0), whole["most"].chunk(0)
    widths = pc.list_value_length(least).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(widths)])
    gaps = _Rows(least.flatten().to_numpy(), offsets)
    return _grouped(whole["key"].chunk(0), whole["lines"].to_numpy(), gaps, most.flatten().to_numpy())


def _grouped(keys: pa.Array, lines: Positions, least: _Rows, most: Numbers) -> pa.Table:
    """Return a row of CANDIDATES for each distinct key that is not empty."""
    codes = keys.dictionary_encode()
    code = codes.indices.to_numpy(zero_copy_only=False)
    widths = np.zeros(len(codes.dictionary), np.int64)
    widths[code] = least.lengths
    offsets = np.concatenate([[0], np.cumsum(widths)])
    slots = np.repeat(offsets[code] - least.offsets[:-1], least.lengths) + np.arange(len(least.numbers))
    low = np.full(offsets[-1], np.iinfo(np.int32).max, np.int32)
    high = np.zeros(offsets[-1], np.int32)
    np.minimum.at(low, slots, least.numbers)
    np.maximum.at(high, slots, most)
    counts = np.bincount(code, weights=lines, minlength=len(widths)).astype(np.int64)
    columns = [
        codes.dictionary.cast(pa.large_binary()),
        pa.array(counts),
        pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(low)),
        pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(high)),
    ]
    found = pa.table(columns, schema=CANDIDATES)
    return found.filter(pc.not_equal(found["key"], pa.scalar(b"", pa.large_binary())))


def _run_lengths(number: Numbers, first: Positions, behind: Positions) -> _Rows:
    """Return the code of each line: its words' numbers, and in place of 0 in a row how many there are, negative."""
    begins_line = np.zeros(len(number), np.bool_)
    begins_line[first[behind > first]] = True
    kept = number > 0
    kept[1:] |= kept[:-1]
    kept |= begins_line
    at = np.flatnonzero(kept)
    # A run ends where the next number is kept: each line's first one is.
    coded = np.where(number[at] > 0, number[at], at - np.append(at[1:], len(number))).astype(np.int32)
    before = np.concatenate([[0], np.cumsum(kept)])
    return _Rows(coded, np.append(before[first], len(at)))


def _rows_of(texts: pa.Array) -> _Rows:
    """Return rows of numbers of their bytes."""
    offsets = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) // 4
    joined = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), b"")[0].as_py() if len(texts) else b""
    return _Rows(np.frombuffer(joined, np.int32), np.concatenate([[0], np.cumsum(offsets)]))


def _gaps(codes: _Rows) -> _Rows:
    """Return for each code how many other words stand before, between and behind its frequent ones."""
    is_word = codes.numbers > 0
    words = np.concatenate([[0], np.cumsum(is_word)])
    before = words[codes.offsets]
    offsets = before + np.arange(len(before))
    gaps = np.zeros(offsets[-1], np.int32)
    rows = np.repeat(np.arange(len(codes.lengths)), codes.lengths)
    others = ~is_word
    gaps[words[:-1][others] + rows[others]] = -codes.numbers[others]
    return _Rows(gaps, offsets)


def _buckets_of_keys(rows: pa.Table) -> NDArray[np.uint64]:
    return pl.DataFrame(rows.select(["key"]))["key"].hash().to_numpy() % np.uint64(BUCKETS)


def _buckets_of_counts(rows: pa.Table) -> NDArray[np.uint64]:
    return counters_of(rows) % np.uint64(BUCKETS)


def _buckets_of_sketch(rows: pa.Table) -> NDArray[Any]:
    counters: NDArray[np.int32] = rows["counter"].to_numpy()
    return counters % BUCKETS


SKETCH_ROWS: Final = Kind(SKETCH, merged_sketches, _buckets_of_sketch)
COUNT_ROWS: Final = Kind(COUNTS, merged_counts, _buckets_of_counts)
CANDIDATE_ROWS: Final = Kind(CANDIDATES, merged_candidates, _buckets_of_keys)
