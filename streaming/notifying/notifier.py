"""Who is told: all receivers of a configuration, each with its thread; and what a batch gives them."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from patterns.store import Store
from streaming.config import StreamingConfig
from streaming.notifying.delivery import Delivery, Patience
from streaming.notifying.digest import Digests
from streaming.notifying.given_up import GivenUp
from streaming.notifying.mail import Mail
from streaming.notifying.notice import Notice, notice_of
from streaming.notifying.outbox import Counts, Item, Outbox
from streaming.notifying.receiver import Receiver
from streaming.notifying.redaction import Redactor
from streaming.notifying.webhook import Webhook

_log = logging.getLogger("logwinnow")

END_SECONDS: Final = 3.0
"""For which what waits is still sent when the stream is told to end."""

_LOOK_SECONDS: Final = 0.05

Notify = Callable[[int | None, str, Iterable[dict[str, Any]], Counter[str]], None]
"""Batch (None for what is told without one), version of its set, documents of its alerts, its counts → the outbox."""


@contextmanager
def notifying(
    config: StreamingConfig,
    folder: Path,
    is_patient: Callable[[], bool],
    watch: Callable[[Callable[[], Mapping[str, Counts]]], None],
) -> Iterator[Notify]:
    """
    Send what batches tell until the block ends, and then what can be sent at once.

    Args:
        config: conf/streaming.toml.
        folder: Of what is kept beside the checkpoint.
        is_patient: Asked in the end: whether to wait until each receiver was tried, rather than END_SECONDS.
        watch: Gets what gives the numbers of each receiver, from any thread until the block ends.

    Raises:
        SettingsError: A receiver cannot be used as it is configured.
        CheckpointError: The outbox cannot be used.
    """
    receivers = receivers_of(config)
    if not receivers:
        yield lambda _batch, _version, _alerts, _counts: None
        return
    folder = folder / "notify"
    outbox = Outbox(folder, [each.name for each in receivers], config.notify.max_waiting_bytes, _now())
    watch(lambda: {each.name: outbox.counts(each.name) for each in receivers})
    store = Store(config.patterns.store)
    digests = None
    if config.notify.digest_at is not None:
        digests = Digests(outbox, config.notify.digest_at, config.source.name, store)

    def tick() -> None:
        if digests is not None:
            digests.make_if_due(_now())

    noticed, given_up = _noticed(config, store), GivenUp(folder)
    patience = Patience(config.notify.give_up_hours * 3_600)
    deliveries = [Delivery(each, outbox, noticed, given_up, patience, tick) for each in receivers]
    # A thread that waits for a receiver shall not keep the process.
    threads = [
        threading.Thread(target=each.run, name=f"notify {each.receiver.name}", daemon=True) for each in deliveries
    ]

    def put(batch: int | None, version: str, alerts: Iterable[dict[str, Any]], counts: Counter[str]) -> None:
        made = list(alerts)
        if dropped := outbox.put(batch, map(_item, made), _numbers(made, counts), version, _now()):
            facts = {"notices": dropped, "mend": "see what ails the receiver, or set notify.max_waiting_bytes higher"}
            _log.warning("notify_dropped", extra={"facts": facts})
        for each in deliveries:
            each.wake()

    for thread in threads:
        thread.start()
    try:
        yield put
    finally:
        _end(deliveries, threads, is_patient)
        if not any(thread.is_alive() for thread in threads):
            outbox.close()


def receivers_of(config: StreamingConfig) -> list[Receiver]:
    """
    Return the receivers of a configuration, checked.

    Raises:
        SettingsError: One cannot be used as it is configured.
    """
    repeat = config.alerts.repeat_after_hours
    receivers: list[Receiver] = [
        Webhook(f"webhook.{name}", table, repeat) for name, table in config.notify.webhook.items()
    ]
    if config.notify.email.to:
        receivers.append(Mail(config.notify.email, config.source.name))
    return receivers


def _noticed(config: StreamingConfig, store: Store) -> Callable[[dict[str, Any]], Notice]:
    least = config.notify.redact_below
    redactor = None if least is None else Redactor(store, least)

    def noticed(document: dict[str, Any]) -> Notice:
        # Only an alert has words of a line.
        is_alert = document["logwinnow"].keys() & {"bucket", "kind"}
        frequent = redactor.by(document["logwinnow"]["set"]) if redactor is not None and is_alert else None
        return notice_of(document, config.notify.link, frequent)

    return noticed


def _numbers(made: list[dict[str, Any]], counts: Counter[str]) -> dict[str, int]:
    """Return what the next digest adds up."""
    # What has a kind is about lines of known kinds, and no outliers.
    unusual = sum("kind" in each["logwinnow"] for each in made)
    told = sum(each["logwinnow"].get("count", 0) for each in made if "kind" not in each["logwinnow"])
    numbers = {"lines": counts["lines"], "outliers": counts["outliers"], "held_back": counts["outliers"] - told}
    return numbers | {"unusual": unusual} if unusual else numbers


def _item(document: dict[str, Any]) -> Item:
    ours = document["logwinnow"]
    kind = "overflow" if "overflow" in ours else "unusual" if "kind" in ours else "alert"
    # A provisional pattern stands for its shapes: the digest counts it once.
    shape = (ours["pattern"] if "shapes" in ours else ours.get("shape", {})).get("id") if kind == "alert" else None
    return Item(document["event"]["id"], kind, shape, msgspec.json.encode(document))


def _end(deliveries: list[Delivery], threads: list[threading.Thread], is_patient: Callable[[], bool]) -> None:
    patient, until = is_patient(), time.monotonic() + END_SECONDS
    for each in deliveries:
        each.end(at_once=patient)
    while any(thread.is_alive() for thread in threads):
        if time.monotonic() > until and not is_patient():
            for each in deliveries:
                each.abandon()
            break
        time.sleep(_LOOK_SECONDS)


def _now() -> int:
    return time.time_ns() // 1000
