"""
One batch: its record, its lines judged in tasks, its alerts, and the record again, done.

    batch record ─► match.JudgeTask in mapInArrow ─► events in the sink, dead letters
                    └─► counts, outlier shapes ─► alerts ─► sink ─► record done ─► outbox (streaming/notifying)
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row

from patterns.decisions import Decisions
from patterns.timestamps import SECOND
from patterns.versions import published_at
from spark import session
from streaming.alerts import HOUR, AlertBook
from streaming.batches import BatchLog, BatchRecord
from streaming.config import StreamingConfig
from streaming.dead_letters import DeadLetters
from streaming.match import JudgeTask
from streaming.notifying.notifier import Notify
from streaming.proposing import Proposing
from streaming.sets import LiveSet, Sets
from streaming.sink import Sink
from streaming.source import Source
from streaming.tally import RESULT_COLUMNS, SHAPE_COLUMNS, OutlierShape
from streaming.unusual.counting import merged
from streaming.unusual.watch import Watch

_log = logging.getLogger("logwinnow")


class Judged(NamedTuple):
    """
    What a batch came to.

    Attributes:
        set: Version that it was judged by.
        counts: By the names of its log line; and `batches`, 1.
        alerts: Their documents; on a replay those that were told before, too.
        record_time: The latest of its lines, in microseconds since 1970, 0 if it has none.
        decisions: The operator's file that it was judged by.
        seconds: That it took.
    """

    set: str
    counts: Counter[str]
    alerts: list[dict[str, Any]]
    record_time: int
    decisions: Decisions
    seconds: float


@dataclass(frozen=True)
class Batches:
    """Judges one batch after the other."""

    config: StreamingConfig
    sets: Sets
    log: BatchLog
    source: Source
    sink: Sink
    letters: DeadLetters
    notify: Notify
    proposing: Proposing
    watch: Watch | None = None

    def look(self, now: int) -> Judged | None:
        """
        Tell what is unusual about the time since the last batch; None for nothing.

        Nor is anything told while a batch may be replayed. The caller sees to it that none is judged meanwhile.
        """
        if self.watch is None or self.log.newest() > self.log.committed():
            return None
        live = self.sets.last
        told = self.watch.look(now, live)
        written = self.sink.write_alerts(told.alerts)
        documents, counts = [each.document for each in told.alerts], told.counts + Counter(alerts=written)
        if documents:
            # Before the state is kept: after a crash it is told again, and put where it was not.
            self.notify(None, live.version, iter(documents), counts)
        self.watch.keep()
        if not documents:
            return None
        _log.info("look", extra={"facts": {"set": live.version, **counts}})
        return Judged(live.version, counts, documents, 0, live.decisions, 0.0)

    def judge(self, given: DataFrame, number: int) -> Judged:
        """Judge a batch, new or replayed."""
        began = time.monotonic()
        record, live = self._record(number)
        self.sink.begin(number)
        self.letters.begin(number)
        task = JudgeTask(
            judged_by=live.broadcast,
            version=live.version,
            place=self.config.patterns.store,
            name=self.config.source.name,
            source=self.source,
            sink=self.sink,
            letters=self.letters,
            batch=number,
            planned_at=record.planned_at,
            max_age=self.config.alerts.max_age_hours * HOUR,
            usual=live.usual_broadcast,
        )
        rows = self._run(task, given, number)
        counts, shapes, record_time = merge(rows)
        book = AlertBook(self.config.alerts, self.config.source.name, live.version, self.log.alerts_before(number))
        further, too_old = counts["outliers_of_further_shapes"], counts["outliers_too_old"]
        made = book.tell(shapes, further, record_time, too_old=too_old, now=record.planned_at)
        if self.watch is not None:
            counted = merged(row["unusual"] for row in rows if row["unusual"] is not None)
            told = self.watch.judge(number, record.planned_at, counted, counts["lines"], live, book.admits)
            made += told.alerts
            counts.update(told.counts)
        written = self.sink.write_alerts(made)
        if self.watch is not None:
            self.watch.keep()
        self.log.write(msgspec.structs.replace(record, alerts=book.close()))
        self.proposing.propose(book.proposed, record.planned_at)
        self.sink.done(record.planned_at)
        counts.update(outlier_shapes=len(shapes), alerts=written, alerts_held_back=book.held_back)
        counts.update(alerts_condensed=book.condensed)
        # Before Spark holds the batch for done: after a crash it is judged again, and put where it was not.
        self.notify(number, live.version, (each.document for each in made), counts)
        stamps = _stamps(live, record.planned_at)
        seconds = time.monotonic() - began
        facts = {"batch": number, **stamps, **counts, "seconds": round(seconds, 3)}
        _log.info("batch", extra={"facts": facts})
        documents = [each.document for each in made]
        return Judged(live.version, counts + Counter(batches=1), documents, record_time, live.decisions, seconds)

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
        """Return the record of a batch and what it is judged by: as recorded, or for a new batch the newest."""
        record = self.log.read(number)
        if record is not None:
            decisions = self.log.decisions(record.decisions)
            return record, self.sets.exactly(record.set, decisions, record.planned_at)
        # A clock that was put back shall not lead into a day that is closed.
        planned_at = max(time.time_ns() // 1000, self.log.planned_before(number))
        live = self.sets.newest(planned_at)
        record = BatchRecord(number, live.version, planned_at, decisions=live.decisions.revision)
        self.log.keep(live.decisions)
        self.log.write(record)
        return record, live


def _stamps(live: LiveSet, planned_at: int) -> dict[str, str | int]:
    """Return what a batch was judged by: the set, its age where its name says when it was published, the decisions."""
    published = published_at(live.version)
    age = {} if published is None else {"set_age_seconds": max(planned_at - published, 0) // SECOND}
    return {"set": live.version, **age, "decisions": live.decisions.revision or "none"}


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
        shape = OutlierShape(*(row[name] for name in SHAPE_COLUMNS))
        before = shapes.get((shape.scope, shape.shape))
        shapes[shape.scope, shape.shape] = before.add(shape) if before else shape
    return counts, list(shapes.values()), record_time
