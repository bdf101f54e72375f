"""
What a stream says of itself to Prometheus: batches add to it, and each scrape is answered from it.

    Stream (streaming/job) ─► Metrics ─► registry ─► GET /metrics, in a thread of its own

Counters are of this process: they begin at 0 with it, and count a batch that it replays. Each series is labelled with
the source, so that one can be divided by the other. What may be a label is bounded: reasons, receivers, the names in
LOSSES, and of a set alone the current one.
"""

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from patterns.store import Store
from patterns.timestamps import SECOND
from patterns.versions import published_at
from streaming.config import MetricsConfig
from streaming.errors import MetricsError
from streaming.judging import Judged
from streaming.notifying.outbox import Counts
from streaming.receiver.addresses import mend_of, names
from streaming.receiver.blocks import LOSSES as RECEIVER_LOSSES
from streaming.sets import LiveSet
from streaming.unusual.documents import KINDS

_log = logging.getLogger("logwinnow")

LOSSES: Final = ("cut", "not_utf8", "outliers_of_further_shapes", "gone_bytes", "damaged_bytes", *RECEIVER_LOSSES)
"""Counts of a batch's log line, by their names there, that say of what a line was cut, changed or lost."""

_COUNTERS: Final = {
    "batches": "Batches that are done",
    "lines": "Lines read",
    "matched": "Lines of a known pattern",
    "outliers": "Lines of no known pattern",
    "outliers_too_old": "Outliers that raise no alert, for they are older than alerts.max_age_hours",
    "undated": "Lines whose record time cannot be true",
    "alerts": "Alerts told",
    "alerts_held_back": "Shapes whose alert was held back by alerts.per_hour",
}

# Named before the first of them comes: Prometheus sees no increase in a series that begins with 5.
_REASONS: Final = {
    "unjudged": ("Lines that were not judged", "reason", ("blank", "no_constant")),
    "dead_letters": ("What could not become an event", "reason", ("no_line", "no_value", "refused")),
    "unusual": ("Alerts told of lines of known kinds; they are among all alerts", "kind", KINDS),
}

_NOTIFY: Final = {
    "sent": "Notices that the receiver has, ever",
    "failed": "Notices that were given up, ever",
    "dropped": "Notices that were dropped for want of room, ever",
}

_BATCH_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class _State(NamedTuple):
    """What the last batch left: the end and the lag of it in seconds, and what the next is judged by."""

    live: LiveSet | None = None
    ended: float | None = None
    lag: float | None = None


class Metrics(Collector):
    """The numbers of one stream. One thread adds, others scrape."""

    def __init__(self, source: str, store: Store) -> None:
        """Begin at zero, for the stream of a source of this name that judges by the sets of `store`."""
        self._source, self._store = source, store
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._state = _State()
        self._notify: Callable[[], Mapping[str, Counts]] = dict
        self._seconds = Histogram(
            "logwinnow_batch_seconds", "Seconds that a batch took", ["source"], registry=None, buckets=_BATCH_SECONDS
        )
        self._seconds.labels(source)

    def judges_by(self, live: LiveSet) -> None:
        """Say what the next batch is judged by."""
        with self._lock:
            self._state = self._state._replace(live=live)

    def add(self, judged: Judged, live: LiveSet) -> None:
        """Add a batch that is done now, and what it was judged by."""
        now = time.time()
        with self._lock:
            self._counts.update(judged.counts)
            # A sender's clock may be ahead.
            lag = max(now - judged.record_time / SECOND, 0) if judged.record_time else self._state.lag
            self._state = _State(live, now, lag)
            self._seconds.labels(self._source).observe(judged.seconds)

    def count(self, counts: Counter[str]) -> None:
        """Add what was told without a batch."""
        with self._lock:
            self._counts.update(counts)

    def watch(self, notify: Callable[[], Mapping[str, Counts]]) -> None:
        """Ask this for the numbers of each receiver of alerts at every scrape."""
        self._notify = notify

    def collect(self) -> Iterator[Metric]:
        """
        Yield all series, those of a batch together or not at all.

        Cost: reads one small file of the store, and counts what waits for receivers.
        """
        with self._lock:
            counts, state, seconds = self._counts.copy(), self._state, list(self._seconds.collect())
        for name, said in _COUNTERS.items():
            yield self._counter(name, said, [((), counts[name])])
        for name, (said, label, known) in _REASONS.items():
            prefix = f"{name}_"
            by_reason = {
                **dict.fromkeys(known, 0),
                **{each.removeprefix(prefix): number for each, number in counts.items() if each.startswith(prefix)},
            }
            yield self._counter(name, said, [((reason,), number) for reason, number in by_reason.items()], label)
        said = "What lines were cut, changed or lost by, as a batch's log line names it"
        yield self._counter("counts", said, [((name,), counts[name]) for name in LOSSES], "name")
        yield from seconds
        yield self._gauge("last_batch_timestamp_seconds", "When the last batch was done", state.ended)
        said = "From the record time of the last batch's newest line to the end of that batch"
        yield self._gauge("record_lag_seconds", said, state.lag)
        yield from self._of_set(state.live)
        yield from self._of_newest()
        yield from self._of_receivers()

    def _of_set(self, live: LiveSet | None) -> Iterator[Metric]:
        info = self._family(
            "set_info",
            "What the last batch was judged by: pattern set, revision of the operator's file",
            "set",
            "decisions",
        )
        if live is not None:
            info.add_metric([self._source, live.version, live.decisions.revision or "none"], 1)
        yield info
        said = "Patterns of the set of the last batch"
        yield self._gauge("set_patterns", said, None if live is None else live.patterns)
        said = "When the set of the last batch was published"
        yield self._gauge("set_published_timestamp_seconds", said, None if live is None else _published(live.version))
        for what, said in (("set", "a newer set"), ("decisions", "an operator's file")):
            refused = None if live is None else f"{what}_refused" in live.refused
            yield self._gauge(f"{what}_refused", f"Whether the last batch found {said} that cannot be used", refused)

    def _of_newest(self) -> Iterator[Metric]:
        """Say what the store has now: while nothing comes there is no batch that takes it."""
        try:
            version = self._store.current()
        except Exception:  # noqa: BLE001 (what ails a store is said by the batch; the scrape has other numbers)
            version = None
        info = self._family(
            "newest_set_info", "The set that the next batch will be judged by, if it can be used", "set"
        )
        if version is not None:
            info.add_metric([self._source, version], 1)
        yield info
        said = "When the newest set was published"
        yield self._gauge(
            "newest_set_published_timestamp_seconds", said, None if version is None else _published(version)
        )

    def _of_receivers(self) -> Iterator[Metric]:
        try:
            receivers = self._notify()
        except Exception:  # noqa: BLE001 (the outbox is closed before the last scrape; a batch says what ails it)
            receivers = {}
        waiting = self._family("notify_waiting", "Notices that the receiver does not have yet", "receiver")
        for receiver, counts in receivers.items():
            waiting.add_metric([self._source, receiver], counts.waiting)
        yield waiting
        for name, said in _NOTIFY.items():
            values = [((receiver,), getattr(counts, name)) for receiver, counts in receivers.items()]
            yield self._counter(f"notify_{name}", said, values, "receiver")

    def _counter(self, name: str, said: str, values: Iterable[tuple[tuple[str, ...], int]], *labels: str) -> Metric:
        family = CounterMetricFamily(f"logwinnow_{name}", said, labels=["source", *labels])
        for given, value in values:
            family.add_metric([self._source, *given], value)
        return family

    def _gauge(self, name: str, said: str, value: float | None) -> Metric:
        """Return a gauge; without a value it has no sample."""
        family = self._family(name, said)
        if value is not None:
            family.add_metric([self._source], value)
        return family

    def _family(self, name: str, said: str, *labels: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"logwinnow_{name}", said, labels=["source", *labels])


@contextlib.contextmanager
def serving(config: MetricsConfig, source: str, store: Store) -> Iterator[Metrics]:
    """
    Answer scrapes until the block ends, where the configuration says an address; yield the numbers either way.

    Args:
        config: The table [metrics].
        source: Name of the source.
        store: Of the pattern sets.

    Raises:
        MetricsError: The address cannot be had.
    """
    metrics = Metrics(source, store)
    if not config.listen:
        yield metrics
        return
    registry = CollectorRegistry(auto_describe=True)
    registry.register(metrics)
    host, _, port = config.listen.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise MetricsError(
            f"metrics.listen is {config.listen!r}: {error.strerror or error}: {mend_of(error)}"
        ) from None
    # By default it prints a traceback for each connection that is reset.
    server.handle_error = _pass_over  # type: ignore[assignment]
    _log.info("metrics", extra={"facts": {"url": f"http://{names([server.socket])}/metrics"}})
    try:
        yield metrics
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _pass_over(_request: Any, _client: Any) -> None:
    """Say nothing of a scrape that its client gave up."""


def _published(version: str) -> float | None:
    published = published_at(version)
    return None if published is None else published / SECOND
