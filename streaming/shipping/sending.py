"""
Records → Kafka, in order, until it has them all: idempotent, acknowledged by all replicas, as often as it takes.

One host is one key, and so one partition: its lines stay in order. What is not acknowledged is sent again, also after
Kafka was away for days; a record may then be there twice.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from clients.errors import ServerAway
from clients.kafka import client_settings, connecting, explained
from streaming.shipping.config import ShippingKafkaConfig

_log = logging.getLogger("logwinnow")

_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 10
# What a record has beside its value: headers, key, and Kafka's own.
_OVERHEAD_BYTES: Final = 65_536


class Record(NamedTuple):
    """A line to be sent: its bytes, the header that says where it stands, its time in microseconds since 1970."""

    value: bytes
    header: tuple[str, bytes]
    time: int


class Sender:
    """Sends records; holds one producer, and makes another one when that has given up."""

    def __init__(self, config: ShippingKafkaConfig, host: str, is_stopped: Callable[[], bool]) -> None:
        """
        Make ready; nothing is reached yet.

        Args:
            config: Where to.
            host: Key of all records.
            is_stopped: Asked often: whether to give up waiting.
        """
        self._config, self._key, self._is_stopped = config, host.encode(), is_stopped
        self._producer: Any = None
        self._away_since: float | None = None

    def send(self, records: Sequence[Record]) -> bool:
        """
        Send records, and wait until Kafka has all; return False where it was stopped before.

        Raises:
            ClientError: Waiting does not help: a wrong login, a missing right, a record that brokers refuse.
            SettingsError: The password is not there.
        """
        pause = _FIRST_PAUSE_SECONDS
        while not self._is_stopped():
            try:
                if self._try(records):
                    self._say_back()
                    return True
            except ServerAway as error:
                self.close()
                self._say_away(str(error))
                self._wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return False

    def _try(self, records: Sequence[Record]) -> bool:
        """Send records once; return False where it was stopped meanwhile."""
        from kafka.errors import KafkaError

        producer = self._connected()
        config = self._config
        try:
            sent = [
                producer.send(
                    config.topic,
                    value=record.value,
                    key=self._key,
                    headers=[record.header],
                    timestamp_ms=record.time // 1000,
                )
                for record in records
            ]
            begun = time.monotonic()
            while not all(each.is_done for each in sent):
                if self._is_stopped():
                    return False
                if time.monotonic() - begun > _PATIENCE_SECONDS:
                    # The client goes on trying, for as long as a delivery may take.
                    self._say_away(f"Kafka at {config.bootstrap_servers} has not answered for {_PATIENCE_SECONDS} s")
                self._flush(producer)
            for each in sent:
                each.get(timeout=0)
        except KafkaError as error:
            raise explained(error, config.bootstrap_servers) from None
        return True

    def _say_away(self, why: str) -> None:
        if self._away_since is None:
            self._away_since = time.monotonic()
            _log.warning("kafka_away", extra={"facts": {"error": why}})

    def _say_back(self) -> None:
        if self._away_since is not None:
            _log.info("kafka_back", extra={"facts": {"seconds": round(time.monotonic() - self._away_since)}})
            self._away_since = None

    def _flush(self, producer: Any) -> None:
        from kafka.errors import KafkaTimeoutError

        try:
            producer.flush(timeout=_LOOK_SECONDS)
        except KafkaTimeoutError:
            return

    def _connected(self) -> Any:
        if self._producer is None:
            # It takes a third of a second to import.
            from kafka import KafkaProducer

            config = self._config
            with connecting(config.bootstrap_servers):
                self._producer = KafkaProducer(
                    acks="all",
                    enable_idempotence=True,
                    compression_type=None if config.compression == "none" else config.compression,
                    linger_ms=20,
                    batch_size=262_144,
                    max_request_size=config.max_record_bytes + _OVERHEAD_BYTES,
                    max_block_ms=10_000,
                    delivery_timeout_ms=60_000,
                    **client_settings(config),
                )
        return self._producer

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._is_stopped():
            time.sleep(min(_LOOK_SECONDS, seconds))

    def close(self) -> None:
        """Let go of the producer, and of what it has not sent."""
        if self._producer is not None:
            from kafka.errors import KafkaTimeoutError

            with contextlib.suppress(KafkaTimeoutError):
                self._producer.close(timeout=0)
            self._producer = None
