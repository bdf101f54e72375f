"""
Engine `spark`: the kernels in the tasks of Spark, on one machine or many.

    pieces ─► tasks: chunks ─► kernels ─► rows by bucket ─► shuffled ─► tasks: rows of a bucket, merged ─► files

Rows of a bucket are shuffled as Arrow streams: Spark moves bytes and never looks into them. Files are read by the
tasks, so each machine must see them; URIs are read by Spark.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import fsspec
import numpy as np
import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, functions

from mining.candidates import CandidateTable, Keys
from mining.clusters import Method
from mining.support import Support, in_lines
from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.row_files import temporary_writes
from patterns.rules import Rules
from patterns.shapes import BUCKETS, ShapeTable
from spark import session
from spark.errors import SparkError, ours, said
from training.baselines.rows import OBSERVED_ROWS
from training.corpus import LONGEST_JUDGED, Corpus, Progress
from training.engines import TrainingSpark, stages
from training.engines.outliers import FindOutliers
from training.engines.stages import BUCKET_ROWS, FACTS, Stage
from training.errors import CorpusError
from training.fetched.time_range import ALL_TIMES, Times
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
from training.pieces import together
from training.runs import Kind
from training.shapes import CorpusCounts
from training.tables import SHAPE_ROWS

_SETTINGS: Final = {
    # There is a process for each core already.
    "spark.executorEnv.POLARS_MAX_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    # What Spark reads by URI comes to the kernels in batches of so many lines, and of so many bytes at most.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "32768",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64MB",
    # Buckets go to as many tasks as their rows ask for: no more than cores where they are few.
    "spark.sql.shuffle.partitions": str(BUCKETS),
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "32MB",
}

_LEAST_PIECE_BYTES: Final = 2**22
_MOST_PIECE_BYTES: Final = 2**27


class SparkEngine:
    """Does what `training.engines.Engine` says."""

    def __init__(self, corpus: Corpus, config: TrainingSpark) -> None:
        """
        Start Spark, or find the session that there is.

        Raises:
            SparkError: It does not start, or cannot read a URI.
        """
        self._corpus, self._shared = corpus, config.staging
        if not self._shared and not config.master.startswith("local"):
            raise SparkError(
                f"$.spark.master is {config.master!r} and $.spark.staging is not set: set it to a folder or URL that "
                "this machine and those of the cluster can write and read"
            )
        try:
            self._spark = session.start(config, _SETTINGS)
            self._lines = self._uri_lines() if corpus.uris else None
        except (PySparkException, Py4JError) as error:
            raise SparkError(said(error)) from None
        wanted = corpus.size // (3 * self._spark.sparkContext.defaultParallelism)
        most_bytes = min(max(wanted, _LEAST_PIECE_BYTES), _MOST_PIECE_BYTES)
        # A task for each of a thousand small files would take longer than their lines.
        self._parts = together(corpus.pieces(most_bytes), most_bytes)

    def tabulate(self, rules: Rules, progress: Progress, times: Times = ALL_TIMES) -> tuple[ShapeTable, CorpusCounts]:
        """Read the corpus into a table of shapes. Cost: one Spark job; temporary files for the rows."""
        counts = CorpusCounts()

        def tables() -> Iterator[pa.Table]:
            stage = partial(stages.Tabulate, rules, times)
            for bucket, found in self.merged(stage, SHAPE_ROWS, progress, longest=LONGEST_JUDGED):
                if bucket == FACTS:
                    counts.add(CorpusCounts.of_run(found))
                else:
                    yield found

        return ShapeTable.of_tables(tables()), counts

    def observe(self, patterns: PatternSet, progress: Progress, times: Times = ALL_TIMES) -> ObservedTable:
        """Judge the lines by columns. Cost: one Spark job; temporary files for the rows, the set in each task."""
        stage = partial(stages.Observe, PatternSet(patterns.rules, patterns.patterns), times)
        found = self.merged(stage, OBSERVED_ROWS, progress, longest=LONGEST_JUDGED)
        return ObservedTable.of_tables(rows for bucket, rows in found if bucket != FACTS)

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
        Yield with FACTS the facts of each task; then buckets and their rows, merged, in ascending order.

        Args:
            stage: What makes the rows of chunks.
            kind: Of the rows.
            progress: Called at the start and at the end.
            least: Rows of less lines are left out; how many is a fact, ``too_few``.
            longest: Of a longer line only so many bytes are read. None: all are.

        Raises:
            CorpusError: A file cannot be read.
            SparkError: Spark failed.

        Cost: one Spark job. Only facts come through Spark; rows are written by the tasks and read here.
        """
        return self.merge(self.over_chunks(partial(stages.map_chunks, stage, kind), longest), kind, progress, least)

    def merge(self, rows: DataFrame, kind: Kind, progress: Progress, least: int = 1) -> Iterator[tuple[int, Any]]:
        """Do the same with BUCKET_ROWS that are there already."""
        with self.staging() as folder:
            merge = partial(stages.merge_buckets, kind, least, folder)
            told = self._collected(rows.repartition("bucket").mapInArrow(merge, BUCKET_ROWS), progress)
            yield from ((FACTS, json.loads(found)) for bucket, found in told if bucket == FACTS)
            for bucket in sorted(bucket for bucket, _ in told if bucket != FACTS):
                yield bucket, stages.stored(folder, bucket)

    def outliers(self, find: FindOutliers, progress: Progress) -> Iterator[bytes]:
        """Yield outliers, file by file; those of URIs in no particular order. Cost: one Spark job."""
        with self.staging() as folder:
            rows = self.over_chunks(partial(stages.map_outliers, find, folder), None)
            for partition, _ in sorted(self._collected(rows, progress)):
                yield from stages.stored(folder, partition)["line"].to_pylist()

    def _collected(self, rows: DataFrame, progress: Progress) -> list[tuple[int, bytes]]:
        size = self._corpus.size
        progress(0, 0, size)
        try:
            found = [(row["bucket"], bytes(row["rows"])) for row in rows.collect()]
        except (PySparkException, Py4JError) as error:
            why = ours(error)
            raise (CorpusError(why) if why else SparkError(said(error))) from None
        progress(0, size, size)
        return found

    @contextmanager
    def staging(self) -> Iterator[str]:
        """Make a folder that tasks write to and this process reads; it goes with all that is in it."""
        if not self._shared:
            with temporary_writes(), TemporaryDirectory(prefix="logwinnow-") as folder:
                yield folder
            return
        folder = f"{self._shared.rstrip('/')}/logwinnow-{uuid4().hex}"
        system, path = fsspec.core.url_to_fs(folder)
        system.makedirs(path)
        try:
            yield folder
        finally:
            system.rm(path, recursive=True)

    def over_chunks(self, function: Callable[..., Iterator[pa.RecordBatch]], longest: int | None) -> DataFrame:
        """Return what a function of `stages` makes of all chunks."""
        # A partition is a part, and they stay in order.
        read = partial(stages.chunks_of_pieces, self._parts, longest=longest)
        made = self.indices(len(self._parts)).mapInArrow(partial(function, read), BUCKET_ROWS)
        if self._lines is not None:
            read_lines = partial(stages.chunks_of_lines, longest=longest)
            made = made.union(self._lines.mapInArrow(partial(function, read_lines), BUCKET_ROWS))
        return made

    def indices(self, number: int) -> DataFrame:
        """Return the numbers from 0 on, a partition for each."""
        return self._spark.range(0, number, 1, max(number, 1))

    def _uri_lines(self) -> DataFrame:
        read = self._spark.read.option("lineSep", "\n").text(self._corpus.uris)
        # A file's bytes are as they were, though Spark calls them text.
        line = functions.col("value").cast("binary").alias("line")
        return read.select(line, functions.unix_micros("_metadata.file_modification_time").alias("record_time"))


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
        """Find the frequent words. Cost: one pass; temporary files for the distinct words of each chunk."""
        engine, counters, names = self._engine, np.zeros(SKETCH_COUNTERS, np.int64), list[str]()
        self._lines = 0
        with engine.staging() as folder:
            count = partial(stages.count_chunks, self._filter, folder, positions=method.algorithm == "slct")
            for bucket, found in engine.merge(engine.over_chunks(count, None), SKETCH_ROWS, self._progress):
                if bucket == FACTS:
                    self._lines += found["lines"]
                    names.append(found["words"])
                else:
                    counters[found["counter"].to_numpy()] = found["lines"].to_numpy()
            least = in_lines(support, self._lines)
            # Most words are seen to be rare before their texts are shuffled.
            perhaps = partial(stages.perhaps_frequent, names, folder, np.packbits(counters >= least))
            rows = engine.indices(len(names)).mapInArrow(perhaps, BUCKET_ROWS)
            merged = engine.merge(rows, COUNT_ROWS, self._progress, least)
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
        return self._engine.outliers(FindOutliers(self._filter, coverage), progress)


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

        def tables() -> Iterator[pa.Table]:
            for bucket, found in engine.merged(partial(stages.CountShapes, chosen, rules), SHAPE_ROWS, progress):
                if bucket == FACTS:
                    left_out.update(found)
                else:
                    yield found

        scopes = ShapeTable.of_tables(tables()).scopes()
        # A filter that rejects nothing is no reason.
        left_out += Counter()
        super().__init__(scopes, left_out)

    def outliers(self, coverage: Coverage, progress: Progress) -> Iterator[bytes]:
        """Yield the lines that belong to no cluster. Cost: one pass."""
        return self._engine.outliers(FindOutliers(self._filter, coverage, self._rules), progress)
