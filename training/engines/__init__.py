"""
What reads a corpus: the same tables of shapes and the same candidates from each engine, byte for byte.

    python   one process, plain loops: what the others are compared with
    polars   by columns, a process for each core, one machine
    spark    the same kernels in the tasks of Spark, on one machine or many
"""

from typing import Literal, Protocol

from patterns.observed import ObservedTable
from patterns.pattern_set import PatternSet
from patterns.rules import Rules
from patterns.shapes import ShapeTable
from spark.config import SparkConfig
from training.corpus import Corpus, Progress
from training.fetched.time_range import ALL_TIMES, Times
from training.line_filter import Filter
from training.lines import Lines
from training.shapes import CorpusCounts


class TrainingSpark(SparkConfig, frozen=True, forbid_unknown_fields=True):
    """How Spark is started; and on a cluster the folder or URL that driver and tasks can write and read."""

    staging: str = ""


EngineName = Literal["python", "polars", "spark"]


class Engine(Protocol):
    """An engine that reads a corpus, made by `engine`."""

    def tabulate(self, rules: Rules, progress: Progress, times: Times = ALL_TIMES) -> tuple[ShapeTable, CorpusCounts]:
        """
        Read the corpus into a table of shapes; lines of other times than `times`, by their headers, are counted alone.

        Raises:
            CorpusError: A file cannot be read.
            RulesError: The rules cannot be used.

        Cost: one pass.
        """

    def observe(self, patterns: PatternSet, progress: Progress, times: Times = ALL_TIMES) -> ObservedTable:
        """
        Judge the lines of some times, by their headers, and return what baselines need of those that are known.

        Args:
            patterns: The set, with what the operator decided.
            progress: Called now and then.
            times: Of which times.

        Raises:
            CorpusError: A file cannot be read.
            RulesError: The set's rules cannot be used.

        Cost: one pass.
        """

    def raw_lines(self, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines, whole; `progress` is called in each pass."""

    def shaped_lines(self, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """
        Return the lines by their shapes, a scope for each program.

        Raises:
            CorpusError: A file cannot be read.
            RulesError: The rules cannot be used.

        Cost: one pass.
        """


def engine(name: EngineName, corpus: Corpus, spark: TrainingSpark) -> Engine:
    """
    Return an engine that reads a corpus.

    Args:
        name: Which.
        corpus: Open for as long as the engine is used.
        spark: How Spark is started, by engine spark alone.

    Raises:
        CorpusError: The engine cannot read URIs, and there are some.
        SparkError: Spark does not start.

    Cost: for engine spark, some seconds where no session is there yet.
    """
    # Each needs libraries that the others do not.
    if name == "python":
        from training.engines.python import PythonEngine

        return PythonEngine(corpus)
    if name == "polars":
        from training.engines.workers import Workers

        # They start while this process is still loading its libraries.
        workers = Workers(corpus, "training.engines.tasks")
        from training.engines.polars import PolarsEngine

        return PolarsEngine(corpus, workers)
    from training.engines.spark import SparkEngine

    return SparkEngine(corpus, spark)
