"""
What reads a corpus: the same tables of shapes and the same candidates from each engine, byte for byte.

    python   one process, plain loops: what the others are compared with
    polars   by columns, a process for each core, one machine
    spark    the same kernels in the tasks of Spark, on one machine or many
"""

from typing import Literal, Protocol

from patterns.rules import Rules
from patterns.shapes import ShapeTable
from spark.config import SparkConfig
from training.corpus import Corpus, Progress
from training.line_filter import Filter
from training.lines import Lines
from training.shapes import CorpusCounts

EngineName = Literal["python", "polars", "spark"]


class Engine(Protocol):
    """An engine, made ready by `engine`."""

    def tabulate(self, corpus: Corpus, rules: Rules, progress: Progress) -> tuple[ShapeTable, CorpusCounts]:
        """
        Read a corpus into a table of shapes.

        Raises:
            CorpusError: A file cannot be read.
            RulesError: The rules cannot be used.

        Cost: one pass.
        """

    def raw_lines(self, corpus: Corpus, chosen: Filter, progress: Progress) -> Lines:
        """Return the lines of a corpus, whole; `progress` is called in each pass."""

    def shaped_lines(self, corpus: Corpus, chosen: Filter, rules: Rules, progress: Progress) -> Lines:
        """
        Return the lines of a corpus by their shapes, a scope for each program.

        Raises:
            CorpusError: A file cannot be read.
            RulesError: The rules cannot be used.

        Cost: one pass.
        """


def engine(name: EngineName, spark: SparkConfig) -> Engine:
    """
    Return an engine.

    Args:
        name: Which.
        spark: How Spark is started, by engine spark alone.

    Raises:
        SparkError: Spark does not start.

    Cost: for engine spark, some seconds where no session is there yet.
    """
    # Each needs libraries that the others do not.
    if name == "python":
        from training.engines.python import PythonEngine

        return PythonEngine()
    if name == "polars":
        from training.engines.polars import PolarsEngine

        return PolarsEngine()
    from training.engines.spark import SparkEngine

    return SparkEngine(spark)
