"""
The stream, whole: source → parse → match → sink, batch by batch.

    source ─► foreachBatch ─► batch record ─► match.JudgeTask in mapInArrow ─► events in the sink, dead letters
                                              └─► counts, outlier shapes ─► alerts ─► sink ─► record done
"""

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from patterns.errors import LogwinnowError
from patterns.store import Store
from spark import session
from streaming.batches import BatchLog
from streaming.config import StreamingConfig
from streaming.dead_letters.kinds import letters_of
from streaming.dead_letters.letter import Sender
from streaming.errors import StreamingError
from streaming.failures import explained
from streaming.judging import Batches, Judged
from streaming.metrics import Metrics, serving
from streaming.notifying.notifier import notifying
from streaming.proposing import Proposing
from streaming.receiver.beside import receiving
from streaming.sets import Sets, wait_for_set
from streaming.sink import Sink
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.files import FilesSink
from streaming.source import Source
from streaming.source.files import FilesSource
from streaming.source.kafka import KafkaSource
from streaming.source.socket import SocketSource
from streaming.unusual.usual import is_asked_for
from streaming.unusual.watch import LOOK_SECONDS, Watch

_log = logging.getLogger("logwinnow")

SETTINGS = {
    # Nothing is shuffled.
    "spark.sql.shuffle.partitions": "1",
    # Spark's own two files of a batch. The default manager, without Hadoop's native library, starts 20 processes for
    # them (readlink, chmod), 150 ms of each batch; this one 4. Its rename is a local disk's: a file is whole or not
    # there.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
}
_LOOK_SECONDS = 0.1
_LOOK_AGAIN_SECONDS = 1
_NOTHING_TO_READ = "Waiting for data to arrive"
"""What Spark's MicroBatchExecution says of itself when it has asked the source, and there was nothing."""
_LOOK_FOR_SET_SECONDS = 1
_LOOK_FOR_PROBLEMS_SECONDS = 60
_MOST_SAID = 5


@dataclass
class Stream:
    """
    A running stream.

    Attributes:
        config: conf/streaming.toml.
        once: Take what is there and end.
        tell: Is called after each batch, in another thread than `run`; it must not raise.
        totals: Counts over all batches of this run, by the names of a batch's log line.
    """

    config: StreamingConfig
    once: bool
    tell: Callable[[Judged], None] = lambda _judged: None
    totals: Counter[str] = field(default_factory=Counter)
    # No Event: a signal handler that sets one may meet the lock of the very thread it interrupted.
    _stop: bool = False
    _plan_anew: bool = False
    _in_batch: threading.Lock = field(default_factory=threading.Lock)
    _failure: BaseException | None = None
    _check_receiver: Callable[[], None] = lambda: None

    def stop(self) -> None:
        """End after the current batch; may be called from a signal handler."""
        self._stop = True

    def run(self) -> None:
        """
        Stream until `stop`, or with `once` until all that was there is judged.

        Raises:
            LogwinnowError: What went wrong, and how to mend it; after a restart the last batch is replayed.

        Cost: starts Spark; one action a batch.
        """
        log = BatchLog(self.config.checkpoint)
        store = Store(self.config.patterns.store)
        with (
            log.held(),
            serving(self.config.metrics, self.config.source.name, store) as metrics,
            receiver_of(self.config, once=self.once) as self._check_receiver,
            notifying(self.config, log.folder, lambda: self.once and not self._stop, metrics.watch) as notify,
        ):
            if self.once:
                store.read()
            elif not wait_for_set(store, self._pause):
                return
            store.decisions()
            source = source_of(self.config, once=self.once)
            source.check()
            log.claim(source.origin())
            sink = sink_of(self.config, log.stream_id())
            sink.start()
            sender = Sender(self.config.source.kind, self.config.source.name, log.stream_id())
            letters = letters_of(self.config.dead_letters, sender)
            letters.start()
            try:
                spark = session.start(self.config.spark, SETTINGS | source.settings(self.config.spark))
            except (PySparkException, Py4JError) as error:
                raise explained(error) from None
            try:
                watch = None
                if is_asked_for(self.config.alerts):
                    watch = Watch(self.config, log.folder, source.waits())
                sets = Sets(store, spark.sparkContext, self.config.alerts)
                proposing = Proposing(store, self.config.source.name)
                batches = Batches(self.config, sets, log, source, sink, letters, notify, proposing, watch)
                self._stream(spark, source, batches, metrics)
            finally:
                # Where its JVM died there is nothing to stop.
                with contextlib.suppress(Py4JError, OSError):
                    spark.stop()

    def _stream(self, spark: SparkSession, source: Source, batches: Batches, metrics: Metrics) -> None:
        """Run queries until the end: one more each time a set comes that batches are planned by otherwise."""
        self._plan_anew = True
        while self._plan_anew and not self._stop:
            self._plan_anew = False
            live = batches.sets.newest(time.time_ns() // 1000)
            metrics.judges_by(live)
            try:
                stream = source.load(spark, live.rules).writeStream.queryName(self.config.source.name)
                self._await(self._started(stream, source.planned_by(live.rules), batches, metrics), batches, metrics)
            except (PySparkException, Py4JError) as error:
                if not self._is_ending():
                    raise explained(self._failure or error) from None

    def _started(self, stream: DataStreamWriter, planned_by: str, batches: Batches, metrics: Metrics) -> StreamingQuery:
        def judge(given: DataFrame, number: int) -> None:
            with self._in_batch:
                if self._is_ending():
                    # Not begun: it is judged after the restart.
                    raise StreamingError("stopped")
                try:
                    judged = batches.judge(given, number)
                    self.totals += judged.counts
                    metrics.add(judged, batches.sets.last)
                    self.tell(judged)
                except BaseException as error:
                    self._failure = error
                    raise
                judged_by = batches.sets.last.rules
                self._plan_anew = batches.source.planned_by(judged_by) != planned_by and not self.once

        every = f"{round(self.config.seconds_between_batches * 1000)} milliseconds"
        writer = stream.option("checkpointLocation", self.config.checkpoint)
        writer = writer.trigger(availableNow=True) if self.once else writer.trigger(processingTime=every)
        return writer.foreachBatch(judge).start()

    def _await(self, query: StreamingQuery, batches: Batches, metrics: Metrics) -> None:
        problems: dict[str, str] = {}
        look_at = time.monotonic()
        watch_at = look_at + LOOK_SECONDS
        try:
            while query.isActive and not self._is_ending():
                if time.monotonic() >= look_at:
                    problems = say_new(batches.source.problems(), problems)
                    look_at = time.monotonic() + _LOOK_FOR_PROBLEMS_SECONDS
                if time.monotonic() >= watch_at:
                    has_looked = self._watch(query, batches, metrics)
                    watch_at = time.monotonic() + (LOOK_SECONDS if has_looked else _LOOK_AGAIN_SECONDS)
                self._check_receiver()
                time.sleep(_LOOK_SECONDS)
        except LogwinnowError:
            # The receiver's, or of what a look tells.
            self.stop()
            raise
        finally:
            if self._is_ending():
                with self._in_batch:
                    # The current batch is over.
                    pass
                query.stop()
        if not self._is_ending():
            query.awaitTermination()

    def _watch(self, query: StreamingQuery, batches: Batches, metrics: Metrics) -> bool:
        """
        Look at the time that passes without batches; with `once` there is none to pass. Return whether it was looked.

        After a long batch there may be much that was not read: it is looked where Spark has found nothing since.
        """
        if self.once or batches.watch is None or not self._in_batch.acquire(blocking=False):
            return False
        try:
            if query.status["message"] != _NOTHING_TO_READ:
                return False
            told = batches.look(time.time_ns() // 1000)
        finally:
            self._in_batch.release()
        if told is not None:
            self.totals += told.counts
            metrics.count(told.counts)
            self.tell(told)
        return True

    def _is_ending(self) -> bool:
        return self._stop or self._plan_anew

    def _pause(self) -> bool:
        self._check_receiver()
        time.sleep(_LOOK_FOR_SET_SECONDS)
        return not self._stop


def source_of(config: StreamingConfig, *, once: bool = False) -> Source:
    """Return the source that a configuration says, with `once` one that takes what is there and ends."""
    source = config.source
    if source.kind == "kafka":
        return KafkaSource(source.name, source.kafka)
    if source.kind == "socket":
        return SocketSource(source.name, source.socket, config.checkpoint, once)
    return FilesSource(source.name, source.files, once)


def receiver_of(config: StreamingConfig, *, once: bool) -> AbstractContextManager[Callable[[], None]]:
    """
    Return what runs beside a stream: with source `socket` a receiver, unless one runs or `once` takes what is there.

    What its context gives is called now and then.

    Raises:
        ReceiverError: On entering, or when it is called: the receiver cannot receive.
    """
    if config.source.kind == "socket":
        return receiving(config.source.socket, once=once)
    return nullcontext(lambda: None)


def sink_of(config: StreamingConfig, stream: str) -> Sink:
    """
    Return the sink that a configuration says, for the stream of this name.

    Raises:
        SettingsError: A secret is not there.
    """
    if config.sink.kind == "elasticsearch":
        return ElasticsearchSink.of(config.sink.elasticsearch)
    files = config.sink.files
    return FilesSink(files.path, stream, files.keep_days, config.alerts.repeat_after_hours)


def say_new(problems: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Log what gives no lines where it is not what it was, and return it."""
    if problems != before:
        said = [why for name, why in problems.items() if before.get(name) != why] or ["all give lines now"]
        facts = {"problems": len(problems), "why": "; ".join(said[:_MOST_SAID])}
        _log.warning("source", extra={"facts": facts})
    return problems
