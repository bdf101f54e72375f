"""
Engine `spark`: the kernels in the tasks of Spark, on one machine or many.

    pieces ─► tasks: chunks ─► kernels ─► rows by bucket ─► shuffled ─► tasks: a bucket's rows, merged ─► driver

Between stages the rows of a bucket travel as one value, an Arrow stream: Spark moves bytes and never looks into them.
Files are read by the tasks, so each machine must see them; URIs are read by Spark.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, functions

from patterns.rules import Rules
from patterns.shapes import BUCKETS, ShapeTable, temporary_writes
from spark import session
from spark.config import SparkConfig
from spark.errors import SparkError, said
from training.candidates import CandidateTable, Keys
from training.clusters import Method
from training.corpus import LONGEST_JUDGED, Corpus, Progress
from training.engines import stages
from training.engines.stages import BUCKET_ROWS, FACTS, Stage
from training.errors import CorpusError
from training.kernels.raw import (
    CANDIDATE_ROWS,
    COUNT_ROWS,
    COUNTS,
    SKETCH_COUNTERS,
    SKETCH_ROWS,
    CandidateKernel,
    keys_of,
)
from training.line_filter import Filter
from training.lines import Coverage, Lines, ShapedLines
from training.runs import Kind
from training.shapes import CorpusCounts
from training.support import Support, in_lines
from training.tables import SHAPE_ROWS

_SETTINGS: Final = {
    # There is a process for each core already.
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    # What Spark reads by URI comes to the kernels in batches of so many lines, and of so many bytes at most.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "32768",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64MB",
    "spark.sql.adaptive.enabled": "false",
}

_LEAST_PIECE_BYTES: Final = 2**22
_MOST_PIECE_BYTES: Final = 2**27
_BYTES_A_MERGE: Final = 2**26
"""Of the corpus, for each task that merges; however many shapes it has, their rows are not much more than its lines."""


class SparkEngine:
    """
    Does what `training.engines.Engine` says.

    Attributes:
        merging: How many tasks merge what the others found.
    """

    def __init__(self, corpus: Corpus, config: SparkConfig) -> None:
        """
        Start Spark, or find the session that there is.

        Raises:
            SparkError: It does not start, or cannot read a URI.
        """
        self._corpus = corpus
        try:
            self._spark = session.start(config, _SETTINGS)
            self._lines = self._uri_lines() if corpus.uris else None
        except (PySparkException, Py4JError) as error:
            raise SparkError(said(error)) from None
        wanted = corpus.size // (3 * self._spark.sparkContext.defaultParallelism)
        self._pieces = corpus.pieces(min(max(wanted, _LEAST_PIECE_BYTES), _MOST_PIECE_BYTES))
        self.merging = min(max(self._bytes() // _BYTES_A_MERGE, self._spark.sparkContext.defaultParallelism), BUCKETS)

    def tabulate(self, rules: Rules, progress: Progress) -> tuple[ShapeTable, CorpusCounts]:
        """Read the corpus into a table of shapes. Cost: one Spark job, then one for each task that merges."""
        counts = CorpusCounts()
        with _Buckets() as buckets:
            found = self.merged(partial(stages.Tabulate, rules), SHAPE_ROWS, progress, longest=LONGEST_JUDGED)
            for facts in buckets.fill(found):
                counts.add(CorpusCounts.of_run(facts))
            return ShapeTable.of_tables(buckets.tables()), counts

    def raw_lines(self, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines, whole."""
        return RawLines(self, chosen, progress)

    def shaped_lines(self, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """Return the lines by their shapes. Cost: as `tabulate`, and memory for the shapes."""
        return CountedLines(self, chosen, rules, progress)

    def merged(
        self, stage: Stage, kind: Kind, progress: Progress, *, least: int = 1, longest: int | None = None
    ) -> Iterator[tuple[int, Any]]:
        """
        Yield buckets and their rows, merged; and with FACTS the facts of each task.

        Args:
            stage: What makes the rows of chunks.
            kind: Of the rows.
            progress: Called at the start and at the end.
            least: Rows of less lines are left out; how many is a fact, ``too_few``.
            longest: Of a longer line only so many bytes are read. None: all are.

        Raises:
            CorpusError: A file cannot be read.
            SparkError: Spark failed.

        Cost: one Spark job for the rows, then one for each task that merges, so that one task's rows are here.
        """
        rows = self._over_chunks(partial(stages.map_chunks, stage, kind), longest)
        merge = partial(stages.merge_buckets, kind, least)
        merged = rows.repartition(self.merging, "bucket").mapInArrow(merge, BUCKET_ROWS)
        for bucket, found in self._collected(merged, progress):
            yield bucket, json.loads(found) if bucket == FACTS else stages.decoded(found)

    def outliers(self, find: stages.FindOutliers, progress: Progress) -> Iterator[bytes]:
        """Yield outliers, file by file; those of URIs in no particular order. Cost: one Spark job for each piece."""
        for _, found in self._collected(self._over_chunks(partial(stages.map_outliers, find), None), progress):
            yield from stages.decoded(found)["line"].to_pylist()

    def _collected(self, rows: DataFrame, progress: Progress) -> Iterator[tuple[int, bytes]]:
        size = self._corpus.size
        progress(0, 0, size)
        try:
            for row in rows.toLocalIterator(prefetchPartitions=True):
                yield row["bucket"], bytes(row["rows"])
        except (PySparkException, Py4JError) as error:
            found = said(error)
            raise (SparkError if found.startswith("Spark failed") else CorpusError)(found) from None
        progress(0, size, size)

    def _over_chunks(self, function: Callable[..., Iterator[pa.RecordBatch]], longest: int | None) -> DataFrame:
        """Return what a function of `stages` makes of all chunks."""
        number = len(self._pieces)
        # A partition is a piece, and they stay in order.
        indices = self._spark.range(0, number, 1, max(number, 1))
        made = indices.mapInArrow(
            partial(function, partial(stages.chunks_of_pieces, self._pieces, longest=longest)), BUCKET_ROWS
        )
        if self._lines is not None:
            read = partial(stages.chunks_of_lines, longest=longest)
            made = made.union(self._lines.mapInArrow(partial(function, read), BUCKET_ROWS))
        return made

    def _uri_lines(self) -> DataFrame:
        read = self._spark.read.option("lineSep", "\n").text(self._corpus.uris)
        # A file's bytes are as they were, though Spark calls them text.
        line = functions.col("value").cast("binary").alias("line")
        return read.select(line, functions.unix_micros("_metadata.file_modification_time").alias("record_time"))

    def _bytes(self) -> int:
        if self._lines is None:
            return self._corpus.size
        plan = self._lines._jdf.queryExecution().optimizedPlan()  # noqa: SLF001 (there is no other way to it)
        return self._corpus.size + int(plan.stats().sizeInBytes())


class RawLines:
    """Whole lines, split at ASCII white space."""

    def __init__(self, engine: SparkEngine, chosen: Filter, progress: Progress) -> None:
        """Read nothing yet."""
        self.left_out: Counter[str] = Counter()
        self._engine, self._filter, self._progress = engine, chosen, progress
        self._lines: int | None = None

    def scopes(self) -> Collection[str]:
        """Return the one scope."""
        return [""]

    def keys(self, _scope: str, support: Support, method: Method) -> Keys:
        """Find the frequent words. Cost: two passes; the first sees which words are rare, so that few are shuffled."""
        positions = method.algorithm == "slct"
        stage: Stage = partial(stages.Sketch, self._filter, positions=positions)
        counters = np.zeros(SKETCH_COUNTERS, np.int64)
        self._lines = 0
        for bucket, found in self._engine.merged(stage, SKETCH_ROWS, self._progress):
            if bucket == FACTS:
                self._lines += found["lines"]
            else:
                counters[found["counter"].to_numpy()] = found["lines"].to_numpy()
        least = in_lines(support, self._lines)
        stage = partial(stages.Count, self._filter, positions=positions, enough=np.packbits(counters >= least))
        merged = self._engine.merged(stage, COUNT_ROWS, self._progress, least=least)
        words = [found for bucket, found in merged if bucket != FACTS]
        return keys_of(pa.concat_tables([COUNTS.empty_table(), *words]), method)

    def candidates(self, _scope: str, keys: Keys, support: Support, method: Method) -> CandidateTable:
        """Find the candidates. Cost: one pass."""
        table, kernel = CandidateTable(), CandidateKernel(keys)
        self.left_out.clear()
        stage = partial(stages.FindCandidates, self._filter, keys)
        # With a dictionary nobody has counted the lines yet, of which a support may be a share.
        known = not isinstance(support, Fraction) or self._lines is not None
        least = in_lines(support, self._lines or 0) if known and not method.needs_all else 1
        for bucket, found in self._engine.merged(stage, CANDIDATE_ROWS, self._progress, least=least):
            if bucket != FACTS:
                table.candidates.update(map(kernel.candidate, found.to_pylist()))
                continue
            table.lines += found.get("lines", 0)
            table.too_few += found.get("too_few", 0)
            self.left_out += Counter(filter=found.get("filter", 0))
        return table

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        return self._engine.outliers(stages.FindOutliers(self._filter, coverage, None), progress)


class CountedLines(ShapedLines):
    """Lines by their shapes, a scope for each program."""

    def __init__(self, engine: SparkEngine, chosen: Filter, rules: Rules, progress: Progress) -> None:
        """
        Count the lines of each shape. Cost: one pass, and memory for the shapes.

        Raises:
            RulesError: The rules cannot be used.
        """
        self._engine, self._filter, self._rules = engine, chosen, rules
        left_out: Counter[str] = Counter()
        with _Buckets() as buckets:
            stage = partial(stages.CountShapes, chosen, rules)
            for facts in buckets.fill(engine.merged(stage, SHAPE_ROWS, progress)):
                left_out += Counter(facts)
            scopes = ShapeTable.of_tables(buckets.tables()).scopes()
        super().__init__(scopes, left_out)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        return self._engine.outliers(stages.FindOutliers(self._filter, coverage, self._rules), progress)


class _Buckets:
    """Buckets as they come from tasks, in any order; kept in files until all are there. A context manager."""

    def __init__(self) -> None:
        with temporary_writes():
            self._temporary = TemporaryDirectory(prefix="logwinnow-")
        self._paths: dict[int, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._temporary.cleanup()

    def fill(self, merged: Iterable[tuple[int, Any]]) -> Iterator[dict[str, Any]]:
        """Keep the buckets, and yield the facts."""
        for bucket, found in merged:
            if bucket == FACTS:
                yield found
                continue
            path = Path(self._temporary.name) / str(bucket)
            with temporary_writes(), pa.OSFile(str(path), "wb") as file:
                stages.write(found, file)
            self._paths[bucket] = path

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows, a bucket after the other."""
        for bucket in sorted(self._paths):
            yield pa.ipc.open_stream(pa.memory_map(str(self._paths[bucket]))).read_all()
