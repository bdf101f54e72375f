"""
Engine `polars`: by columns, a process for each core of this machine.

    pieces ─► processes: chunks ─► kernels ─► rows, merged; past a limit on disk ─► this process: merged bucket by bucket
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from patterns.rules import Rules
from patterns.shapes import ShapeTable, temporary_writes
from training.candidates import CandidateTable, Keys
from training.clusters import Method
from training.corpus import Corpus, Progress
from training.engines.tasks import count, count_shapes, find_candidates, raw_outliers, shaped_outliers, tabulate
from training.engines.workers import cores, in_order, spread
from training.kernels.raw import CANDIDATE_ROWS, COUNT_ROWS, COUNTS, CandidateKernel, counters_of, keys_of
from training.line_filter import Filter
from training.lines import Coverage, Lines, ShapedLines
from training.pieces import Piece
from training.runs import Part, merged_runs
from training.shapes import CorpusCounts
from training.support import Support, in_lines
from training.tables import TableBuilder

_MOST_PIECE_BYTES: Final = 2**26
_LEAST_PIECE_BYTES: Final = 2**22


class PolarsEngine:
    """Does what `training.engines.Engine` says."""

    def tabulate(self, corpus: Corpus, rules: Rules, progress: Progress) -> tuple[ShapeTable, CorpusCounts]:
        """Read a corpus into a table of shapes. Cost: memory for a part of the rows."""
        corpus.refuse_uris("polars")
        counts = CorpusCounts()
        with TableBuilder() as builder:
            task = partial(tabulate, rules=rules, folder=builder.folder)
            for read, runs in spread(task, _pieces(corpus), progress):
                counts.add(read)
                builder.add_runs(runs)
            return builder.finish(), counts

    def raw_lines(self, corpus: Corpus, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines of a corpus, whole."""
        corpus.refuse_uris("polars")
        return RawLines(corpus, chosen, progress)

    def shaped_lines(self, corpus: Corpus, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """Return the lines of a corpus by their shapes. Cost: one pass, and memory for the shapes."""
        corpus.refuse_uris("polars")
        return CountedLines(corpus, chosen, rules, progress)


class RawLines:
    """Whole lines, split at ASCII white space."""

    def __init__(self, corpus: Corpus, chosen: Filter, progress: Progress) -> None:
        """Read nothing yet."""
        self.left_out: Counter[str] = Counter()
        self._corpus, self._filter, self._progress = corpus, chosen, progress

    def scopes(self) -> Collection[str]:
        """Return the one scope."""
        return [""]

    def keys(self, _scope: str, support: Support, method: Method) -> Keys:
        """Find the frequent words. Cost: one pass; temporary files for the distinct words of each chunk."""
        with _folder() as folder:
            task = partial(count, chosen=self._filter, positions=method.algorithm == "slct", folder=folder)
            parts = spread(task, _pieces(self._corpus), self._progress)
            least = in_lines(support, sum(part.lines for part in parts))
            counters = sum(part.counters for part in parts)
            # Most words are seen to be rare before their texts are compared.
            perhaps = Part(COUNT_ROWS, folder)
            for rows in _stored(part.path for part in parts):
                perhaps.add(rows.filter(pa.array((counters >= least)[counters_of(rows)])))
            merged = merged_runs(COUNT_ROWS, perhaps.runs())
            enough = [rows.filter(pc.greater_equal(rows["lines"], least)) for rows in merged]
            return keys_of(pa.concat_tables([COUNTS.empty_table(), *enough]), method)

    def candidates(self, _scope: str, keys: Keys, support: Support, method: Method) -> CandidateTable:
        """Find the candidates. Cost: one pass."""
        table = CandidateTable()
        kernel = CandidateKernel(keys)
        with _folder() as folder:
            task = partial(find_candidates, chosen=self._filter, keys=keys, folder=folder)
            runs = []
            self.left_out.clear()
            for lines, rejected, found in spread(task, _pieces(self._corpus), self._progress):
                table.lines += lines
                runs += found
                self.left_out += Counter(filter=rejected)
            least = 1 if method.needs_all else in_lines(support, table.lines)
            for rows in merged_runs(CANDIDATE_ROWS, runs):
                enough = rows.filter(pc.greater_equal(rows["lines"], least))
                table.candidates.update(map(kernel.candidate, enough.to_pylist()))
                table.too_few += rows.num_rows - enough.num_rows
        return table

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        task = partial(raw_outliers, chosen=self._filter, coverage=coverage)
        for lines in in_order(task, _pieces(self._corpus), progress):
            yield from lines


class CountedLines(ShapedLines):
    """Lines by their shapes, a scope for each program."""

    def __init__(self, corpus: Corpus, chosen: Filter, rules: Rules, progress: Progress) -> None:
        """
        Count the lines of each shape. Cost: one pass, and memory for the shapes.

        Raises:
            RulesError: The rules cannot be used.
        """
        self._corpus, self._filter, self._rules, self._progress = corpus, chosen, rules, progress
        left_out: Counter[str] = Counter()
        with TableBuilder() as builder:
            task = partial(count_shapes, chosen=chosen, rules=rules, folder=builder.folder)
            for read, runs in spread(task, _pieces(corpus), progress):
                left_out += read
                builder.add_runs(runs)
            scopes = builder.finish().scopes()
        super().__init__(scopes, left_out)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        task = partial(shaped_outliers, chosen=self._filter, rules=self._rules, coverage=coverage)
        for lines in in_order(task, _pieces(self._corpus), progress):
            yield from lines


def _pieces(corpus: Corpus) -> list[Piece]:
    """Cut a corpus so that no process waits long for another's last piece."""
    wanted = corpus.size // (8 * cores())
    return corpus.pieces(min(max(wanted, _LEAST_PIECE_BYTES), _MOST_PIECE_BYTES))


@contextmanager
def _folder() -> Iterator[Path]:
    with temporary_writes(), TemporaryDirectory(prefix="logwinnow-") as folder:
        yield Path(folder)


def _stored(paths: Iterable[Path]) -> Iterator[pa.Table]:
    for path in paths:
        with pa.ipc.open_stream(pa.memory_map(str(path))) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])
