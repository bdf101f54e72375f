"""
The source `kafka`: a record is a line, or JSON that has one in it (patterns/envelope.py).

Spark's own Kafka source plans and fetches; its offsets are in the checkpoint, none are committed to Kafka. A record's
timestamp is the record time of its line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from clients.kafka import spark_options, topic_ids
from kernels.spans import Positions
from patterns.envelope import plain_line
from patterns.errors import EnvelopeError
from patterns.rules import Rules
from spark.config import SparkConfig
from spark.connector import connector
from streaming.config import KafkaSourceConfig
from streaming.documents import record_event_ids
from streaming.errors import SourceError
from streaming.source import LINES, DeadLetter, Place, SourceLine, SourceLines, reread
from streaming.source.enveloped import Enveloped
from streaming.source.files import length_of
from streaming.source.records import Records, Standing, plain_lines

_LOGIN_OPTIONS: Final = ("kafka.security.", "kafka.sasl.", "kafka.ssl.")

_LONGEST_WAIT: Final = 900

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
    _enveloped_by: Enveloped | None = None

    def check(self) -> None:
        """Nothing: `origin` asks Kafka."""

    def problems(self) -> dict[str, str]:
        """Return none: Spark says what is amiss."""
        return {}

    def origin(self) -> dict[str, Any]:
        """Return the topics, and what tells each from one of the same name that is made later."""
        if self.config.topic_pattern:
            return {"kind": "kafka", "topic_pattern": self.config.topic_pattern, "ids": self._ids()}
        return {"kind": "kafka", "topics": sorted(self.config.topics), "ids": self._ids()}

    def _ids(self) -> dict[str, str]:
        """
        Ask Kafka for the topics.

        Spark sees a topic that was deleted and made again only while it has fewer records than were read.
        """
        if self._is_locked_out():
            return {}
        pattern, names = self.config.topic_pattern, self.config.topics
        found = topic_ids(self.config, None if pattern else names)
        if pattern is None and (missing := sorted(set(names) - found.keys())):
            raise SourceError(
                f"Kafka at {self.config.bootstrap_servers} has no topic {missing[0]!r} that this login may read: make "
                "it, or check source.kafka.topics"
            )
        return {name: each for name, each in found.items() if each and (pattern is None or _fits(pattern, name))}

    def _is_locked_out(self) -> bool:
        """Tell whether Spark's client has a login that ours does not know."""
        return any(name.startswith(_LOGIN_OPTIONS) for name in self.config.options)

    def settings(self, config: SparkConfig) -> dict[str, str]:
        """Return the connector, and what bounds the bytes that a task holds: a record may have megabytes."""
        return {**connector(config), "spark.sql.execution.arrow.maxBytesPerBatch": "16MB"}

    def planned_by(self, _rules: Rules) -> str:
        """Return that planning goes by no rules: a record is a record."""
        return ""

    def load(self, spark: SparkSession, _rules: Rules) -> DataFrame:
        """Return the stream of records."""
        options = spark_options(self.config) | self.config.options | _options(self.config)
        # A topic of one partition keeps all cores busy as well.
        options["minPartitions"] = str(spark.sparkContext.defaultParallelism)
        columns = (*_COLUMNS, "headers") if self.config.trust_origin else _COLUMNS
        return spark.readStream.format("kafka").options(**options).load().select(*columns)

    def lines(self, batch: pa.RecordBatch, rules: Rules, _counts: Counter[str]) -> Iterator[SourceLines | DeadLetter]:
        """Yield the lines of records; one that has none is a dead letter, and what is gone ends the stream."""
        if not reread.is_ranges(batch):
            yield from self._lines(Records.of(batch), rules)
            return
        left = reread.records(batch, self.config)
        while taken := list(islice(left, LINES)):
            yield from self._lines(Records.of_each(taken), rules)

    def _lines(self, records: Records, rules: Rules) -> Iterator[SourceLines | DeadLetter]:
        stand = self._stand(records)
        values = records.values
        there = values.is_valid().to_numpy(zero_copy_only=False)
        for index in np.flatnonzero(~there).tolist():
            yield stand.letter(index, "no_value", "the record has no value", None)
        kept = np.flatnonzero(there)
        if self.config.format == "plain":
            data = plain_lines(values.drop_null())
        else:
            kept, data, letters = self._enveloped(stand, kept, values.drop_null().to_pylist(), rules)
            yield from letters
        if len(kept):
            yield stand.lines(kept, data, values)

    def _enveloped(
        self, stand: Standing, there: Positions, given: list[bytes], rules: Rules
    ) -> tuple[Positions, pa.Array, list[DeadLetter]]:
        """Return which of the records that have a value have a line, these, and those that have none."""
        kept, lines, letters = [], [], []
        found = self._opened(rules).lines(given, stand.record_times[there].tolist())
        for index, value, line in zip(there.tolist(), given, found, strict=True):
            if isinstance(line, bytes):
                kept.append(index)
                lines.append(line)
            else:
                letters.append(stand.letter(index, "no_line", str(line), value))
        return np.array(kept, np.int64), pa.array(lines, pa.binary()), letters

    def _stand(self, records: Records) -> Standing:
        """Return the ids of records' events, their record times, and the fields that say where their lines stand."""
        places = [
            Place(f"{topic}/{partition}", {"kafka": {"topic": topic, "partition": partition}})
            for topic, partition in records.partitions
        ]
        ids: list[str] = [""] * len(records.offsets)
        for code, partition in enumerate(records.partitions):
            which = np.flatnonzero(records.partition == code)
            stamps = zip(records.offsets[which].tolist(), records.times[which].tolist(), strict=True)
            found = record_event_ids(self.name, *partition, stamps)
            if len(which) == len(ids):
                ids = found
            else:
                for index, identity in zip(which.tolist(), found, strict=True):
                    ids[index] = identity
        stand = Standing(ids, records.times, places, records.partition, records.offsets)
        return stand.shipped(self.name, records.headers) if self.config.trust_origin else stand

    def reread(self, spark: SparkSession, checkpoint: str, batch: int, error: Exception) -> DataFrame | None:
        """Return the same records by another way, where Spark cannot hold the time of one."""
        if reread.UNREADABLE.search(str(error)) is None or self._is_locked_out():
            return None
        ranges = reread.ranges(checkpoint, batch)
        # A task a partition.
        return spark.createDataFrame(spark.sparkContext.parallelize(ranges, len(ranges)), reread.COLUMNS)

    def fullness(self, batch: pa.RecordBatch) -> float:
        """Return the share of records."""
        records = length_of(batch, "begin") if reread.is_ranges(batch) else batch.num_rows
        return records / self.config.max_offsets_per_batch

    def waits(self) -> float:
        """Return how long a batch waits for more records; Spark's own time where none is given."""
        longest = self.config.longest_wait_seconds or _LONGEST_WAIT
        return 0.0 if self.config.min_offsets_per_batch is None else float(longest)

    def again(self, letter: DeadLetter, rules: Rules) -> SourceLine | DeadLetter:
        """Return the line of a record, or the letter with what is wrong with it now."""
        topic, _, partition = letter.place.rpartition("/")
        if not (topic and partition.isdecimal()):
            return letter._replace(detail=f"its place is {letter.place!r}: no topic and partition")
        raw = letter.raw or b""
        try:
            data = self._line(raw, letter.record_time, rules)
        except EnvelopeError as error:
            return letter._replace(reason="no_line", detail=str(error))
        where = {"kafka": {"topic": topic, "partition": int(partition), "offset": letter.offset}}
        return SourceLine(data, raw, letter.record_time, letter.event_id, letter.place, letter.offset, where)

    def _line(self, value: bytes, time: int, rules: Rules) -> bytes:
        if self.config.format == "plain":
            return plain_line(value)
        [line] = self._opened(rules).lines([value], [time])
        if isinstance(line, EnvelopeError):
            raise line
        return line

    def _opened(self, rules: Rules) -> Enveloped:
        if self._enveloped_by is None:
            self._enveloped_by = Enveloped(rules, self.config.message_field)
        return self._enveloped_by


def _fits(pattern: str, name: str) -> bool:
    """Tell whether a topic is one of those of a pattern, which is Java's: of one that Python cannot read none is."""
    try:
        return re.fullmatch(pattern, name) is not None
    except re.error:
        return False


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
        "includeHeaders": str(config.trust_origin).lower(),
        "startingOffsets": config.starting_offsets,
        "failOnDataLoss": str(config.fail_on_data_loss).lower(),
        **{name: str(value) for name, value in limits.items() if value is not None},
    }
