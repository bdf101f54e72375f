"""
How fast the source `files` gives lines to the task that judges them, beside Spark's own text source.

Both give a million lines of a log to the same `mapInArrow`, which counts them and passes nothing on, in pairs of runs
that take turns in one warm Spark. Ours plans ranges and reads the bytes in the task; Spark's reads whole files in the
JVM and hands the lines over by Arrow. What counts is the time of the batch, as Spark measures it; that of the whole
query has the start of the process in which ours is planned, which a stream has once.

    python benchmarks/following.py [--lines N] [--pairs N] [--json FILE]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame

from patterns.records import Records
from patterns.rules import Rules
from spark import session
from spark.config import SparkConfig
from streaming.config import FilesSourceConfig
from streaming.following.ranges import read_columns
from streaming.source import LINES
from streaming.source.files import FilesSource, ranges_of

_LINE = "Nov 28 10:00:{:02} web{} sshd[{}]: Accepted password for user{} from 10.0.{}.{} port {} ssh2\n"


class Run(NamedTuple):
    """Seconds of the batches and of the whole query; how many lines came."""

    batches: float
    query: float
    lines: int


def main() -> None:
    """Write the log, run the pairs, print the table."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "logs" / "syslog"
        log.parent.mkdir()
        with log.open("w") as file:
            file.writelines(
                _LINE.format(n % 60, n % 9, n % 9_973, n % 50, n % 7, n % 250, n % 60_000)
                for n in range(arguments.lines)
            )
        spark = session.start(SparkConfig(master="local[*]"), {"spark.sql.shuffle.partitions": "1"})
        source = FilesSource("bench", FilesSourceConfig([str(log)], 2**40), once=True)
        runs: dict[str, Callable[[], Run]] = {
            "ours": partial(_stream, partial(source.load, spark, Rules()), _read_ranges),
            "ours, with ids": partial(_stream, partial(source.load, spark, Rules()), _Sourced(source)),
            "spark": partial(_stream, partial(spark.readStream.text, str(log.parent)), _count_rows),
        }
        for run in runs.values():
            # What starts workers and compiles is no part of it.
            run()
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        whole: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(arguments.pairs):
            for name, run in runs.items():
                done = run()
                if done.lines != arguments.lines:
                    raise SystemExit(f"{name} gave {done.lines} of {arguments.lines} lines")
                seconds[name].append(done.batches)
                whole[name].append(done.query)
        spark.stop()
    _print(arguments, seconds, whole)
    if arguments.json:
        Path(arguments.json).write_text(
            json.dumps({"lines": arguments.lines, "batches": seconds, "queries": whole}) + "\n"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json")
    return parser.parse_args()


def _read_ranges(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    records = Records(Rules())
    for batch in batches:
        read = (read_columns(part, records, LINES) or () for part, _ in ranges_of(batch))
        number = sum(len(lines) for pieces in read for lines, _ in pieces)
        yield pa.RecordBatch.from_pydict({"lines": [number]})


class _Sourced:
    """The task as the stream's begins: each line with its id and the fields that say where it stands."""

    def __init__(self, source: FilesSource) -> None:
        self._source = source

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            number = sum(1 for _ in self._source.lines(batch, Rules(), Counter()))
            yield pa.RecordBatch.from_pydict({"lines": [number]})


def _count_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        # Of an Arrow string Python has to make the bytes that ours has already.
        number = sum(1 for _ in map(str.encode, batch.column(0).to_pylist()))
        yield pa.RecordBatch.from_pydict({"lines": [number]})


def _stream(load: Callable[[], DataFrame], task: Callable[..., Any]) -> Run:
    """Take all that is there."""
    counted: list[int] = []

    def count(batch: DataFrame, _number: int) -> None:
        counted.extend(row["lines"] for row in batch.mapInArrow(task, "lines long").collect())

    with tempfile.TemporaryDirectory() as checkpoint:
        begin = time.perf_counter()
        writer = load().writeStream.option("checkpointLocation", checkpoint).trigger(availableNow=True)
        query = writer.foreachBatch(count).start()
        query.awaitTermination()
        whole = time.perf_counter() - begin
    return Run(sum(each.durationMs["triggerExecution"] for each in query.recentProgress) / 1000, whole, sum(counted))


def _print(arguments: argparse.Namespace, seconds: dict[str, list[float]], whole: dict[str, list[float]]) -> None:
    print(f"{arguments.lines:,} lines, {arguments.pairs} pairs")
    for name, took in seconds.items():
        batches, query = statistics.median(took), statistics.median(whole[name])
        print(f"{name:15} {batches:6.2f} s  {arguments.lines / batches:12,.0f} lines/s  query {query:.2f} s")
    for name in ("ours", "ours, with ids"):
        ratios = sorted(spark / ours for ours, spark in zip(seconds[name], seconds["spark"], strict=True))
        print(f"{name} to Spark's: {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
