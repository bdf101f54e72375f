"""
`logwinnow` that kills its own process group at a moment of its first batch that no clock would meet.

    python killed_at.py stream …    with LOGWINNOW_TEST_MOMENT one of

    before_alerts    all events are in Elasticsearch, and no alert is
    after_alerts     the alerts are there too; the batch record does not say so
    after_record     the batch record says so; Spark has not noted yet that the batch is over
"""

import os
import signal
import sys
from typing import Any, NoReturn

from commands.__main__ import main
from streaming.batches import BatchLog, BatchRecord
from streaming.sink.elasticsearch import ElasticsearchSink


def die() -> NoReturn:
    """Kill this process, its JVM and its workers."""
    os.killpg(0, signal.SIGKILL)
    raise AssertionError


def arrange(moment: str) -> None:
    """Have this process die at the moment."""
    write_alerts, write = ElasticsearchSink.write_alerts, BatchLog.write

    def alerts(sink: ElasticsearchSink, made: Any) -> int:
        if moment == "before_alerts":
            die()
        write_alerts(sink, made)
        if moment == "after_alerts":
            die()
        return 0

    def record(log: BatchLog, batch: BatchRecord) -> None:
        write(log, batch)
        if batch.alerts is not None:
            die()

    ElasticsearchSink.write_alerts = alerts  # type: ignore[assignment, method-assign]
    BatchLog.write = record  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    arrange(os.environ["LOGWINNOW_TEST_MOMENT"])
    sys.exit(main())
