"""
What a process of engine `polars` does with its share of a corpus: pieces ─► chunks ─► kernels ─► rows that add up.

Each is a function of a module, so that it pickles.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kernels.spans import count_lines
from mining.candidates import Keys
from patterns.pattern_set import PatternSet
from patterns.row_files import temporary_writes
from patterns.rules import Rules
from training.baselines.rows import OBSERVED_ROWS
from training.corpus import LONGEST_JUDGED
from training.fetched.time_range import Times
from training.kernels.filtered import ChunkFilter
from training.kernels.observed import ObserveKernel
from training.kernels.raw import (
    CANDIDATE_ROWS,
    COUNT_ROWS,
    COUNTS,
    SKETCH_COUNTERS,
    CandidateKernel,
    add_to_sketch,
    count_words,
    counters_of,
)
from training.kernels.records import RecordChunk, record_chunks
from training.kernels.rows import ShapeKernel
from training.line_filter import Filter
from training.pieces import Piece
from training.runs import Part
from training.shapes import CorpusCounts
from training.tables import SHAPE_ROWS


class Counted(NamedTuple):
    """
    What the first pass over raw lines found in a share.

    Attributes:
        lines: How many lines are mined.
        counters: The sketch of their words.
        path: A stream of Arrow, rows of training.kernels.raw.COUNTS, not unique.
    """

    lines: int
    counters: NDArray[np.int64]
    path: Path


def tabulate(pieces: Iterable[Piece], rules: Rules, times: Times, folder: Path) -> tuple[CorpusCounts, list[Path]]:
    """Return what was read, and runs of the table of shapes."""
    kernel, table = ShapeKernel(rules, times=times), Part(SHAPE_ROWS, folder)
    for piece in pieces:
        for text, starts in record_chunks(piece, longest=LONGEST_JUDGED):
            table.add(kernel.rows(text, piece.record_time, starts))
    return kernel.counts, table.runs()


def observe(pieces: Iterable[Piece], patterns: PatternSet, times: Times, folder: Path) -> list[Path]:
    """Return runs of the table of observations."""
    kernel, table = ObserveKernel(patterns, times), Part(OBSERVED_ROWS, folder)
    for piece in pieces:
        for text, starts in record_chunks(piece, longest=LONGEST_JUDGED):
            table.add(kernel.rows(text, piece.record_time, starts))
    return table.runs()


def count_shapes(
    pieces: Iterable[Piece], chosen: Filter, rules: Rules, folder: Path
) -> tuple[Counter[str], list[Path]]:
    """Return why lines are not mined, and how many; and runs of a table of shapes without days and examples."""
    kernel, table = ShapeKernel(rules, examples=False), Part(SHAPE_ROWS, folder)
    left_out = Counter[str]()
    for text, starts in _filtered(pieces, ChunkFilter(chosen), left_out):
        table.add(kernel.rows(text, 0, starts))
    return left_out + kernel.counts.unjudged, table.runs()


def count(pieces: Iterable[Piece], chosen: Filter, *, positions: bool, folder: Path) -> Counted:
    """Count words; see `count_words` for `positions`."""
    lines, counters = 0, np.zeros(SKETCH_COUNTERS, np.int64)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with temporary_writes():
        number, path = tempfile.mkstemp(dir=folder)
        os.close(number)
        with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, COUNTS, options=options) as stream:
            for text, _ in _filtered(pieces, ChunkFilter(chosen), Counter()):
                rows = count_words(text, positions=positions)
                add_to_sketch(counters, rows)
                lines += count_lines(text)
                stream.write(rows)
    return Counted(lines, counters, Path(path))


def perhaps_frequent(path: Path, enough: NDArray[np.bool_], folder: Path) -> list[Path]:
    """
    Return runs of the words that `count` wrote to a path and whose counters say that they may be frequent.

    Args:
        path: Of the stream.
        enough: For each counter of the sketch of all words whether it reaches the support.
        folder: For the runs.
    """
    part = Part(COUNT_ROWS, folder)
    with pa.ipc.open_stream(pa.memory_map(str(path))) as stream:
        for batch in stream:
            rows = pa.Table.from_batches([batch])
            part.add(rows.filter(pa.array(enough[counters_of(rows)])))
    return part.runs()


def find_candidates(pieces: Iterable[Piece], chosen: Filter, keys: Keys, folder: Path) -> tuple[int, int, list[Path]]:
    """Return how many lines were mined, how many the filter rejected, and runs of candidates."""
    kernel, part = CandidateKernel(keys), Part(CANDIDATE_ROWS, folder)
    left_out = Counter[str]()
    for text, _ in _filtered(pieces, ChunkFilter(chosen), left_out):
        part.add(kernel.rows(text))
    return kernel.lines, left_out["filter"], part.runs()


def _filtered(pieces: Iterable[Piece], keep: ChunkFilter, left_out: Counter[str]) -> Iterator[RecordChunk]:
    """Yield what a filter leaves of each chunk."""
    for piece in pieces:
        for chunk in record_chunks(piece):
            left, rejected = keep.records(chunk)
            left_out["filter"] += rejected
            yield left
