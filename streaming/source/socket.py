"""
The source `socket`: messages that a receiver spooled (streaming/receiver), read by the task that judges them.

A message stands in the spool (by its id), in a segment, and is its n-th there; its record time is its arrival.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from patterns.rules import Rules
from spark.config import SparkConfig
from streaming.config import SocketSourceConfig
from streaming.documents import message_event_ids
from streaming.errors import SourceError
from streaming.receiver.blocks import ID, LOCK, Block, Damaged, is_held, read_blocks, segment_path, spool_id
from streaming.source import LINES, DeadLetter, Place, SourceLine, SourceLines
from streaming.source.files import length_of
from streaming.source.spool import FORMAT, SpoolSource, opened, options


@dataclass(frozen=True)
class SocketSource:
    """
    Messages of a spool; see `streaming.source.Source`.

    Attributes:
        name: Of the source, part of each event's id.
        config: Where the spool is, and how much of it a batch takes.
        checkpoint: Of the stream; what Spark committed there is safe before segments are removed.
        once: Take what is there; no receiver is started.
    """

    name: str
    config: SocketSourceConfig
    checkpoint: str
    once: bool = False

    def check(self) -> None:
        """Refuse with `once`, when no receiver is started, a spool that no receiver has made."""
        if self.once and not (Path(self.config.spool) / ID).exists():
            raise SourceError(
                f"source.socket.spool is {self.config.spool!r}: there is no spool, so that there is nothing to judge; "
                "check the path, or start without --once"
            )

    def problems(self) -> dict[str, str]:
        """Say where nothing is received."""
        spool = self.config.spool
        return {} if is_held(Path(spool) / LOCK) else {spool: f"no receiver writes to {spool!r} now"}

    def origin(self) -> dict[str, Any]:
        """Return the spool's id: offsets are of its segments alone, wherever it is moved to."""
        return {"kind": "socket", "spool": spool_id(Path(self.config.spool))}

    def settings(self, _config: SparkConfig) -> dict[str, str]:
        """Return none: there is no connector."""
        return {}

    def planned_by(self, _rules: Rules) -> str:
        """Return that planning goes by no rules: a message is a record."""
        return ""

    def load(self, spark: SparkSession, _rules: Rules) -> DataFrame:
        """Return the stream of ranges."""
        spark.dataSource.register(SpoolSource)
        given = options(self.config, self.checkpoint, spark.sparkContext.defaultParallelism)
        return spark.readStream.format(FORMAT).options(**given).load()

    def reread(self, spark: SparkSession, checkpoint: str, batch: int, error: Exception) -> None:
        """Return none: ranges are always read."""

    def lines(self, batch: pa.RecordBatch, _rules: Rules, counts: Counter[str]) -> Iterator[SourceLines]:
        """Yield the messages of ranges; count what the receiver lost, and bytes that are no block."""
        for row in batch.to_pylist():
            spool, segment = row["spool"], row["segment"]
            with opened(Path(self.config.spool), segment) as file:
                blocks, held = list[Block](), 0
                for block in read_blocks(file, row["begin"], row["end"]):
                    if isinstance(block, Damaged):
                        counts["damaged_bytes"] += block.length
                        continue
                    counts.update(block.lost)
                    blocks.append(block)
                    held += len(block.messages)
                    if held >= LINES:
                        yield self._messages(blocks, spool, segment)
                        blocks, held = [], 0
                if held:
                    yield self._messages(blocks, spool, segment)

    def _messages(self, blocks: Sequence[Block], spool: str, segment: int) -> SourceLines:
        codes: dict[str, int] = {}
        peers = [codes.setdefault(block.peer, len(codes)) for block in blocks]
        lengths = [len(block.messages) for block in blocks]
        data = pa.array([message for block in blocks for message in block.messages], pa.binary())
        numbers = np.array([n for block in blocks for n in range(block.number, block.number + len(block.messages))])
        return SourceLines(
            data=data,
            raw=data,
            record_times=np.repeat(np.array([block.arrival for block in blocks], np.int64), lengths),
            event_ids=message_event_ids(self.name, spool, segment, numbers.tolist()),
            places=[Place(f"{spool}/{segment}/{peer}", self._fields(segment, peer)) for peer in codes],
            place=np.repeat(np.array(peers, np.int64), lengths),
            offsets=numbers,
            numbered="log",
        )

    def _fields(self, segment: int, peer: str) -> dict[str, dict[str, Any]]:
        path = str(segment_path(Path(self.config.spool), segment))
        return {
            "log": {"file": {"path": path}},
            "source": {"ip": peer},
            # Where the header has a host, that one stands.
            "host": {"name": peer},
        }

    def fullness(self, batch: pa.RecordBatch) -> float:
        """Return the share of bytes."""
        return length_of(batch, "begin") / self.config.max_bytes_per_batch

    def waits(self) -> float:
        """Return none."""
        return 0.0

    def again(self, letter: DeadLetter, _rules: Rules) -> SourceLine | DeadLetter:
        """Return the message that a sink refused."""
        identity, place, offset, record_time, _, _, raw = letter
        _, _, rest = place.partition("/")
        segment, _, peer = rest.partition("/")
        if not (segment.isdecimal() and peer):
            return letter._replace(detail=f"its place is {place!r}: no spool, segment and peer")
        fields = self._fields(int(segment), peer)
        where = {**fields, "log": {**fields["log"], "offset": offset}}
        return SourceLine(raw or b"", raw or b"", record_time, identity, place, offset, where)
