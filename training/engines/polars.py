"""
Engine `polars`: by columns, a process for each core of this machine.

    pieces ─► processes: chunks ─► kernels ─► rows, merged ─► runs on disk ─► this process: merged bucket by bucket
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mining.candidates import CandidateTable, Keys
from mining.clusters import Method
from mining.support import Support, in_lines
from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.row_files import temporary_writes
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from training.baselines.rows import OBSERVED_ROWS
from training.corpus import Corpus, Progress
from training.engines.outliers import FindOutliers
from training.engines.tasks import count, count_shapes, find_candidates, observe, perhaps_frequent, tabulate
from training.engines.workers import Workers
from training.fetched.time_range import ALL_TIMES, Times
from training.kernels.raw import CANDIDATE_ROWS, COUNT_ROWS, COUNTS, CandidateKernel, keys_of
from training.line_filter import Filter
from training.lines import Coverage, Lines, ShapedLines
from training.runs import RowsBuilder, merged_runs
from training.shapes import CorpusCounts
from training.tables import TableBuilder


class PolarsEngine:
    """Does what `training.engines.Engine` says."""

    def __init__(self, corpus: Corpus, workers: Workers) -> None:
        """Take a corpus, and the processes that read it."""
        corpus.refuse_uris("polars")
        self._workers = workers
        # pyarrow loads pandas with its first array. The workers are still starting: now is the time.
        pa.array([0])

    def tabulate(self, rules: Rules, progress: Progress, times: Times = ALL_TIMES) -> tuple[ShapeTable, CorpusCounts]:
        """Read the corpus into a table of shapes. Cost: memory for a part of the rows."""
        counts = CorpusCounts()
        with TableBuilder() as builder:
            task = partial(tabulate, rules=rules, times=times, folder=builder.folder)
            for read, runs in self._workers.share(task, progress):
                counts.add(read)
                builder.add_runs(runs)
            return builder.finish(), counts

    def observe(self, patterns: PatternSet, progress: Progress, times: Times = ALL_TIMES) -> ObservedTable:
        """Judge the lines by columns. Cost: memory for a part of the rows, and for the set in each process."""
        with RowsBuilder(OBSERVED_ROWS) as builder:
            task = partial(
                observe, patterns=PatternSet(patterns.rules, patterns.patterns), times=times, folder=builder.folder
            )
            for runs in self._workers.share(task, progress):
                builder.add_runs(runs)
            return ObservedTable.of_tables(builder.merged())

    def raw_lines(self, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines, whole."""
        return RawLines(self._workers, chosen, progress)

    def shaped_lines(self, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """Return the lines by their shapes. Cost: one pass, and memory for the shapes."""
        return CountedLines(self._workers, chosen, rules, progress)


class RawLines:
    """Whole lines, split at ASCII white space."""

    def __init__(self, workers: Workers, chosen: Filter, progress: Progress) -> None:
        """Read nothing yet."""
        self.left_out: Counter[str] = Counter()
        self._workers, self._filter, self._progress = workers, chosen, progress

    def scopes(self) -> Collection[str]:
        """Return the one scope."""
        return [""]

    def keys(self, _scope: str, support: Support, method: Method) -> Keys:
        """Find the frequent words. Cost: one pass; temporary files for the distinct words of each chunk."""
        with _folder() as folder:
            task = partial(count, chosen=self._filter, positions=method.algorithm == "slct", folder=folder)
            parts = self._workers.share(task, self._progress)
            least = in_lines(support, sum(part.lines for part in parts))
            counters = np.sum([part.counters for part in parts], axis=0)
            # Most words are seen to be rare before their texts are compared.
            perhaps = partial(perhaps_frequent, enough=counters >= least, folder=folder)
            runs = chain.from_iterable(self._workers.each(perhaps, [part.path for part in parts]))
            merged = merged_runs(COUNT_ROWS, runs)
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
            for lines, rejected, found in self._workers.share(task, self._progress):
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
        for lines in self._workers.in_order(FindOutliers(self._filter, coverage), progress):
            yield from lines


class CountedLines(ShapedLines):
    """Lines by their shapes, a scope for each program."""

    def __init__(self, workers: Workers, chosen: Filter, rules: Rules, progress: Progress) -> None:
        """
        Count the lines of each shape. Cost: one pass, and memory for the shapes.

        Raises:
            RulesError: The rules cannot be used.
        """
        self._workers, self._filter, self._rules = workers, chosen, rules
        left_out: Counter[str] = Counter()
        with TableBuilder() as builder:
            task = partial(count_shapes, chosen=chosen, rules=rules, folder=builder.folder)
            for read, runs in workers.share(task, progress):
                left_out += read
                builder.add_runs(runs)
            scopes = builder.finish().scopes()
        super().__init__(scopes, left_out)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        for lines in self._workers.in_order(FindOutliers(self._filter, coverage, self._rules), progress):
            yield from lines


@contextmanager
def _folder() -> Iterator[Path]:
    with temporary_writes(), TemporaryDirectory(prefix="logwinnow-") as folder:
        yield Path(folder)
