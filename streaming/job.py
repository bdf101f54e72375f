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
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import msgspec
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from patterns.store import Store
from spark import session
from streaming.alerts import AlertBook
from streaming.batches import BatchLog, BatchRecord
from streaming.config import StreamingConfig
from streaming.dead_letters import DeadLetters
from streaming.dead_letters.kinds import letters_of
from streaming.dead_letters.letter import Sender
from streaming.errors import ReceiverError, StreamingError
from streaming.failures import explained
from streaming.match import RESULT, RESULT_COLUMNS, JudgeTask, OutlierShape
from streaming.receiver.beside import receiving
from streaming.sets import LiveSet, Sets, wait_for_set
from streaming.sink import Sink
from streaming.sink.elasticsearch import ElasticsearchSink
from streaming.sink.files import FilesSink
from streaming.source import Source
from streaming.source.files import FilesSource
from streaming.source.kafka import KafkaSource
from streaming.source.socket import SocketSource

_log = logging.getLogger("logwinnow")

_SETTINGS = {
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
_LOOK_FOR_SET_SECONDS = 1


@dataclass
class Stream:
    """
    A running stream.

    Attributes:
        config: conf/streaming.toml.
        once: Take what is there and end.
        totals: Counts over all batches of this run, by the names of a batch's log line.
    """

    config: StreamingConfig
    once: bool
    totals: Counter[str] = field(default_factory=Counter)
    # No Event: a signal handler that sets one may meet the lock of the very thread it interrupted.
    _stop: bool = False
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
        with log.held(), receiver_of(self.config, once=self.once) as self._check_receiver:
            store = Store(self.config.patterns.store)
            if self.once:
                store.read()
            elif not wait_for_set(store, self._pause):
                return
            source = source_of(self.config)
            source.check(once=self.once)
            log.claim(source.origin())
            sink = sink_of(self.config, log.stream_id())
            sink.start()
            sender = Sender(self.config.source.kind, self.config.source.name, log.stream_id())
            letters = letters_of(self.config.dead_letters, sender)
            letters.start()
            try:
                spark = session.start(self.config.spark, _SETTINGS | source.settings(self.config.spark))
            except (PySparkException, Py4JError) as error:
                raise explained(error) from None
            try:
                batches = _Batches(self.config, Sets(store, spark.sparkContext), log, source, sink, letters)
                self._stream(spark, source, batches)
            finally:
                # Where its JVM died there is nothing to stop.
                with contextlib.suppress(Py4JError, OSError):
                    spark.stop()

    def _stream(self, spark: SparkSession, source: Source, batches: "_Batches") -> None:
        def judge(given: DataFrame, number: int) -> None:
            with self._in_batch:
                if self._stop:
                    # Not begun: it is judged after the restart.
                    raise StreamingError("stopped")
                try:
                    self.totals += batches.judge(given, number)
                except BaseException as error:
                    self._failure = error
                    raise

        every = f"{round(self.config.seconds_between_batches * 1000)} milliseconds"
        try:
            stream = source.load(spark, once=self.once).writeStream.queryName(self.config.source.name)
            writer = stream.option("checkpointLocation", self.config.checkpoint)
            writer = writer.trigger(availableNow=True) if self.once else writer.trigger(processingTime=every)
            self._await(writer.foreachBatch(judge).start())
        except (PySparkException, Py4JError) as error:
            if not self._stop:
                raise explained(self._failure or error) from None

    def _await(self, query: StreamingQuery) -> None:
        try:
            while query.isActive:
                if self._stop:
                    return
                self._check_receiver()
                time.sleep(_LOOK_SECONDS)
        except ReceiverError:
            self.stop()
            raise
        finally:
            if self._stop:
                with self._in_batch:
                    # The current batch is over.
                    pass
                query.stop()
        query.awaitTermination()

    def _pause(self) -> bool:
        self._check_receiver()
        time.sleep(_LOOK_FOR_SET_SECONDS)
        return not self._stop


@dataclass(frozen=True)
class _Batches:
    """Judges one batch after the other."""

    config: StreamingConfig
    sets: Sets
    log: BatchLog
    source: Source
    sink: Sink
    letters: DeadLetters

    def judge(self, given: DataFrame, number: int) -> Counter[str]:
        """Judge a batch, new or replayed, and return its counts."""
        began = time.monotonic()
        record, live = self._record(number)
        self.sink.begin(number)
        self.letters.begin(number)
        task = JudgeTask(
            pattern_set=live.broadcast,
            version=live.version,
            place=self.config.patterns.store,
            name=self.config.source.name,
            source=self.source,
            sink=self.sink,
            letters=self.letters,
            batch=number,
            planned_at=record.planned_at,
        )
        counts, shapes, record_time = merge(self._run(task, given, number))
        book = AlertBook(self.config.alerts, self.config.source.name, live.version, self.log.alerts_before(number))
        made = book.tell(shapes, counts["outliers_of_further_shapes"], record_time)
        written = self.sink.write_alerts(made)
        self.log.write(msgspec.structs.replace(record, alerts=book.close()))
        self.sink.done(record.planned_at)
        counts.update(outlier_shapes=len(shapes), alerts=written, alerts_held_back=book.held_back)
        facts = {"batch": number, "set": live.version, **counts, "seconds": round(time.monotonic() - began, 3)}
        _log.info("batch", extra={"facts": facts})
        return counts + Counter(batches=1)

    def _run(self, task: JudgeTask, given: DataFrame, number: int) -> list[Row]:
        """Run the task on the rows of a batch, or where Spark cannot read them on those that the source has instead."""
        try:
            return given.mapInArrow(task, RESULT_COLUMNS).collect()
        except (PySparkException, Py4JError) as error:
            rows = self.source.reread(given.sparkSession, self.config.checkpoint, number, error)
            if rows is None:
                raise
        session.wait_for_tasks(given.sparkSession)
        self.sink.begin(number)
        self.letters.begin(number)
        return rows.mapInArrow(task, RESULT_COLUMNS).collect()

    def _record(self, number: int) -> tuple[BatchRecord, LiveSet]:
        """Return the record of a batch and its set: as it was recorded, or for a new batch the newest."""
        record = self.log.read(number)
        if record is not None:
            return record, self.sets.exactly(record.set)
        live = self.sets.newest()
        # A clock that was put back shall not lead into a day that is closed.
        planned_at = max(time.time_ns() // 1000, self.log.planned_before(number))
        record = BatchRecord(number, live.version, planned_at)
        self.log.write(record)
        return record, live


def source_of(config: StreamingConfig) -> Source:
    """Return the source that a configuration says."""
    source = config.source
    if source.kind == "kafka":
        return KafkaSource(source.name, source.kafka)
    if source.kind == "socket":
        return SocketSource(source.name, source.socket, config.checkpoint)
    return FilesSource(source.name, source.files)


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


def merge(rows: Iterable[Row]) -> tuple[Counter[str], list[OutlierShape], int]:
    """Return the sum of the tasks' counts, their outlier shapes, each once, and the latest record time, 0 if none."""
    # A log line has these whatever they are.
    counts = Counter(lines=0, matched=0, outliers=0)
    record_time = 0
    shapes: dict[tuple[str, str], OutlierShape] = {}
    for row in rows:
        if row["counts"] is not None:
            counts.update(msgspec.json.decode(row["counts"], type=dict[str, int]))
            record_time = max(record_time, row["record_time"] or 0)
            continue
        shape = OutlierShape(*(row[name] for name in RESULT.names if name != "counts"))
        before = shapes.get((shape.scope, shape.shape))
        shapes[shape.scope, shape.shape] = before.add(shape) if before else shape
    return counts, list(shapes.values()), record_time
