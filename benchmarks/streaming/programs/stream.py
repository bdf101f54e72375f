"""
Runs a stream again and again in one process and one session of Spark, which stays and grows warm with its workers.

It is the product's own, as `logwinnow stream` runs it, but that the session is not stopped at its end, and beside what
parts.py leaves out or notes. Each line of standard input is a `StreamOrder`, answered by a `StreamAnswer` when the
stream has ended.
"""

import json
import logging
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from pyspark import SparkContext
from pyspark.sql import SparkSession
from pyspark.sql.classic.dataframe import DataFrame
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

import streaming.job
import streaming.judging
from benchmarks.streaming.exchange import Progress, StreamAnswer, StreamOrder
from benchmarks.streaming.programs.parts import TASKS, DiscardingSink, noting, same
from benchmarks.streaming.programs.serving import serve
from benchmarks.training.looking import Looking
from commands.logs import log_to
from patterns.rules import Rules
from patterns.settings import load
from spark import session
from streaming.batches import BatchLog
from streaming.config import StreamingConfig
from streaming.job import Stream
from streaming.sink.elasticsearch import ElasticsearchSink

_log = logging.getLogger("logwinnow")

# The start of the session; and of what a batch does on the driver: Spark's job, the two records, the alerts.
_CLOCKED = (
    (session, "start", "session"),
    (DataFrame, "collect", "job"),
    (BatchLog, "write", "record"),
    (ElasticsearchSink, "write_alerts", "alerts"),
)


def run(order: StreamOrder) -> StreamAnswer:
    """Run a stream to its end."""
    config = load(StreamingConfig, Path(order.config), os.environ, order.assignments)
    stream = Stream(config, once=order.once)
    signal.signal(signal.SIGTERM, lambda _number, _frame: stream.stop())
    queries: list[StreamingQuery] = []
    failure = ""
    with Path(order.log).open("w") as log, ExitStack() as changed:
        log_to(log)
        kept = patch.object(SparkSession, "stop", lambda _session: None)
        clocks = [_clocked(place, name, step) for place, name, step in _CLOCKED]
        heap = [_Heap(order.heap_seconds)] if order.heap_seconds else []
        for each in (kept, _kept_query(queries), *clocks, *_part(order), *heap):
            changed.enter_context(each)
        try:
            if order.part == "identity":
                _hand_through(config)
            else:
                stream.run()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
            failure = f"{type(error).__name__}: {error}".partition("\n")[0]
        progress = [_progress(each) for query in queries for each in query.recentProgress]
    return StreamAnswer(progress, failure)


def _hand_through(config: StreamingConfig) -> None:
    """Run Spark's own query over the same rows, which ends in nothing."""
    source = streaming.job.source_of(config, once=True)
    # A session as the stream has it, or the two would be no comparison.
    settings = streaming.job.SETTINGS | source.settings(config.spark)
    spark = session.start(config.spark, settings)
    rows = source.load(spark, Rules())
    writer = rows.mapInArrow(same, rows.schema).writeStream.format("noop")
    writer = writer.option("checkpointLocation", config.checkpoint).trigger(availableNow=True)
    writer.start().awaitTermination()


def _part(order: StreamOrder) -> list[Any]:
    """Return what is put in the place of the product's own."""
    made = streaming.job.sink_of
    if order.part != "whole":
        changed = [patch.object(streaming.job, "sink_of", lambda _config, _stream: DiscardingSink())]
        task = TASKS.get(order.part)
        return [*changed, patch.object(streaming.judging, "JudgeTask", task)] if task else changed
    if order.acknowledged:
        noted = patch.object(
            streaming.job, "sink_of", lambda config, stream: noting(made(config, stream), order.acknowledged)
        )
        return [noted]
    return []


class _Heap(Looking):
    """Logs what the JVM's heap holds, now and then, until the block ends."""

    def look(self) -> None:
        """Log it, if there is a JVM yet."""
        context = SparkContext._active_spark_context  # noqa: SLF001 (all else would start one)
        jvm = context._jvm if context else None  # noqa: SLF001 (there is no other way to it)
        if jvm is not None:
            runtime = jvm.java.lang.Runtime.getRuntime()
            used = runtime.totalMemory() - runtime.freeMemory()
            _log.info("heap", extra={"facts": {"used": used, "most": runtime.maxMemory()}})


def _clocked(place: Any, name: str, step: str) -> Any:
    """Log how long each call of something takes."""
    called = getattr(place, name)

    def clocked(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return called(*arguments, **more)
        finally:
            _log.info("took", extra={"facts": {"step": step, "seconds": time.perf_counter() - began}})

    return patch.object(place, name, clocked)


def _kept_query(queries: list[StreamingQuery]) -> Any:
    """Keep the queries that are started: they know their progress when they have ended."""
    start = DataStreamWriter.start

    def kept(writer: DataStreamWriter, *arguments: Any, **more: Any) -> StreamingQuery:
        query = start(writer, *arguments, **more)
        queries.append(query)
        return query

    return patch.object(DataStreamWriter, "start", kept)


def _progress(told: Any) -> Progress:
    return msgspec.convert(json.loads(told.json), Progress)


if __name__ == "__main__":
    serve(StreamOrder, run)
    active = SparkSession.getActiveSession()
    if active:
        active.stop()
