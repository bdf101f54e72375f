"""
SLCT and LogCluster as a textbook of Spark would have them: an RDD of Python objects, counted by reduceByKey.

What the product's engine `spark` is held against. Lines are text, as `textFile` gives them.
"""

import os
import sys
from collections.abc import Iterable
from operator import add
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from benchmarks.training.programs.two_pass import as_slct
from spark.java import quiet_home


def session(master: str, memory: str) -> SparkSession:
    """Start Spark with its own settings but for those two, and a quiet console; some seconds."""
    os.environ["JAVA_HOME"] = str(quiet_home())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.appName("rdd").master(master).config("spark.driver.memory", memory)
    for name in ("spark.ui.enabled", "spark.ui.showConsoleProgress"):
        builder = builder.config(name, "false")
    return builder.getOrCreate()


def mine(spark: SparkSession, path: str, algorithm: str, support: int) -> list[tuple[tuple[Any, ...], int]]:
    """Return the candidates of enough lines: frequent words of a line, number of lines."""
    lines = spark.sparkContext.textFile(path).map(lambda line: _attributes(line, algorithm))
    counts = lines.flatMap(set).map(lambda word: (word, 1)).reduceByKey(add)
    words = counts.filter(lambda pair: pair[1] >= support).keys().collect()
    frequent = spark.sparkContext.broadcast(frozenset(words))
    candidates = lines.map(lambda line: (tuple(word for word in line if word in frequent.value), 1)).reduceByKey(add)
    return candidates.filter(lambda pair: bool(pair[0]) and pair[1] >= support).collect()


def show(found: Iterable[tuple[tuple[Any, ...], int]], algorithm: str, output: Path) -> None:
    """Write candidates as slct and logcluster.pl do, without gaps."""
    with output.open("wb") as file:
        for key, number in found:
            words = [word.encode() for word in key] if algorithm == "logcluster" else as_slct(_encoded(key))
            file.write(b"%s\nSupport: %d\n\n" % (b" ".join(words), number))


def _attributes(line: str, algorithm: str) -> list[Any]:
    words = line.split()
    return words if algorithm == "logcluster" else list(enumerate(words))


def _encoded(places: Iterable[tuple[int, str]]) -> Iterable[tuple[int, bytes]]:
    return ((place, word.encode()) for place, word in places)
