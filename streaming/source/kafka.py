"""
The source `kafka`: a record is a line, or JSON that has one in it (patterns/envelope.py).

Spark's own Kafka source plans and fetches; its offsets are in the checkpoint, none are committed to Kafka. A record's
timestamp is the record time of its line.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from clients.kafka import spark_options
from patterns.envelope import Envelope, plain_line
from patterns.errors import EnvelopeError
from patterns.rules import Rules
from patterns.timestamps import SECOND
from spark.config import SparkConfig
from spark.connector import connector
from streaming.config import KafkaSourceConfig
from streaming.documents import record_event_id
from streaming.source import DeadLetter, SourceLine

_LATEST: Final = 4_102_444_800 * SECOND  # 2100

_COLUMNS: Final = ("topic", "partition", "offset", "timestamp", "value")


@dataclass
class KafkaSource:
    """
    Records of topics; see `streaming.source.Source`.

    Attributes:
        name: Of the source, part of each event's id.
        config: Which topics, from where, how many at once.
    """

    name: str
    config: KafkaSourceConfig
    _envelope: Envelope | None = None

    def check(self, *, once: bool) -> None:
        """Nothing can be said before Kafka is asked."""

    def origin(self) -> dict[str, Any]:
        """Return the topics."""
        if self.config.topic_pattern:
            return {"kind": "kafka", "topic_pattern": self.config.topic_pattern}
        return {"kind": "kafka", "topics": sorted(self.config.topics)}

    def settings(self, config: SparkConfig) -> dict[str, str]:
        """Return the connector, and what bounds the bytes that a task holds: a record may have megabytes."""
        return {**connector(config), "spark.sql.execution.arrow.maxBytesPerBatch": "16MB"}

    def load(self, spark: SparkSession, *, once: bool) -> DataFrame:  # noqa: ARG002 (Spark's trigger bounds it)
        """Return the stream of records."""
        options = spark_options(self.config) | self.config.options | _options(self.config)
        # A topic of one partition keeps all cores busy as well.
        options["minPartitions"] = str(spark.sparkContext.defaultParallelism)
        return spark.readStream.format("kafka").options(**options).load().select(*_COLUMNS)

    def lines(
        self,
        batch: pa.RecordBatch,
        rules: Rules,
        counts: Counter[str],  # noqa: ARG002 (nothing is gone unseen: Spark says so)
    ) -> Iterator[SourceLine | DeadLetter]:
        """Yield the lines of records; a record that has none is a dead letter."""
        topics, partitions, offsets, _, values = (batch.column(name).to_pylist() for name in _COLUMNS)
        times = batch.column("timestamp").cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
        for topic, partition, offset, time, value in zip(topics, partitions, offsets, times, values, strict=True):
            place = f"{topic}/{partition}"
            event_id = record_event_id(self.name, topic, partition, offset, time)
            if value is None:
                yield DeadLetter(event_id, place, offset, time, "no_value", "the record has no value", None)
                continue
            try:
                data = self._line(value, time, rules)
            except EnvelopeError as error:
                yield DeadLetter(event_id, place, offset, time, "no_line", str(error), value)
                continue
            where = {"kafka": {"topic": topic, "partition": partition, "offset": offset}}
            yield SourceLine(data, value, time, event_id, place, offset, where)

    def _line(self, value: bytes, time: int, rules: Rules) -> bytes:
        if self.config.format == "plain":
            return plain_line(value)
        if self._envelope is None:
            self._envelope = Envelope(rules, self.config.message_field)
        # A producer may set any time; what a header can say ends with the year 9999.
        return self._envelope.line(value, min(max(time, 0), _LATEST))


def _options(config: KafkaSourceConfig) -> dict[str, str]:
    named = (
        {"subscribePattern": config.topic_pattern} if config.topic_pattern else {"subscribe": ",".join(config.topics)}
    )
    limits = {
        "maxOffsetsPerTrigger": config.max_offsets_per_batch,
        "minOffsetsPerTrigger": config.min_offsets_per_batch,
        "maxTriggerDelay": config.longest_wait_seconds and f"{config.longest_wait_seconds}s",
    }
    return {
        **named,
        "startingOffsets": config.starting_offsets,
        "failOnDataLoss": str(config.fail_on_data_loss).lower(),
        **{name: str(value) for name, value in limits.items() if value is not None},
    }
