"""
The sink `elasticsearch`: events and alerts in daily indices behind two aliases.

    <prefix>-events-<day>      the UTC day of the record time      alias <prefix>-events
    <prefix>-events-undated    where that cannot be true, so that a wrong clock makes no thousand indices
    <prefix>-alerts-<day>      the day on which the bucket began   alias <prefix>-alerts

An event's id follows from where its line stands, and its index from its record time, which a replay has again: so it is
created once. Data streams would take the same id again after a rollover.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from clients.elasticsearch import CLIENT_ERRORS, Connection
from clients.errors import ClientError
from kernels.documents import bounds, by_code, joined
from patterns.timestamps import DAY, utc_day
from streaming.config import ElasticsearchSinkConfig
from streaming.errors import SinkError
from streaming.sink import Refuse
from streaming.sink.bulk import BulkWriter, Limits
from streaming.sink.events import Events
from streaming.sink.sending import BEHIND_ID, Rows, action
from streaming.sink.templates import UNDATED, VERSION, names, version_of
from streaming.source import DeadLetter, SourceLine

_NO_DAY: Final = -1


@dataclass(frozen=True)
class ElasticsearchSink:
    """
    The indices of a prefix; see `streaming.sink.Sink`.

    Attributes:
        connection: How Elasticsearch is reached.
        prefix: What the indices' names begin with.
        limits: Of bulk requests.
    """

    connection: Connection
    prefix: str
    limits: Limits

    @classmethod
    def of(cls, config: ElasticsearchSinkConfig) -> "ElasticsearchSink":
        """
        Return the sink that a configuration says.

        Raises:
            SettingsError: A secret is not there.
        """
        limits = Limits(config.bulk_documents, config.bulk_bytes, config.give_up_after_seconds)
        return cls(Connection.of(config), config.index_prefix, limits)

    def start(self) -> None:
        """Check that the templates are there: without them the first event would make an index of guessed types."""
        mend = "run: logwinnow setup elasticsearch"
        for name in names(self.prefix):
            try:
                client = self.connection.client().options(ignore_status=404)
                found = client.indices.get_index_template(name=name)
            except CLIENT_ERRORS as error:
                raise SinkError(str(self.connection.explained(error))) from None
            except ClientError as error:
                raise SinkError(str(error)) from None
            version = version_of(found.body, name)
            if version is None:
                raise SinkError(f"index template {name!r} is not in Elasticsearch; {mend}")
            if version < VERSION:
                raise SinkError(f"index template {name!r} is of version {version}, and {VERSION} is needed; {mend}")

    def begin(self, batch: int) -> None:
        """Nothing: what an earlier try wrote has the ids that this one writes."""

    @contextmanager
    def part(self, batch: int, part: int, planned_at: int, refuse: Refuse) -> Iterator["EventsWriter"]:  # noqa: ARG002
        """Open a part."""
        with self._bulk(refuse) as bulk:
            yield EventsWriter(bulk, f"{self.prefix}-events")

    def write_alerts(self, alerts: Iterable[tuple[dict[str, Any], int]]) -> int:
        """Create alerts, each once by its id."""
        refused: list[DeadLetter] = []
        encode = msgspec.json.Encoder().encode
        with self._bulk(refused.append) as bulk:
            for document, bucket_start in alerts:
                index, identity = f"{self.prefix}-alerts-{_day(bucket_start)}", document["event"]["id"]
                line = SourceLine(b"", b"", bucket_start, identity, "", 0, {})
                bulk.add(Rows.of(index, identity, encode(document), line))
        if refused:
            raise SinkError(f"alert {refused[0].event_id} is refused: {refused[0].detail}; is the index template ours?")
        return bulk.created

    def done(self, planned_at: int) -> None:
        """Nothing: Elasticsearch has the age of indices in its own care."""

    @contextmanager
    def _bulk(self, refuse: Refuse) -> Iterator[BulkWriter]:
        try:
            with BulkWriter(self.connection, self.limits, refuse) as bulk:
                yield bulk
        except ClientError as error:
            raise SinkError(str(error)) from None


class EventsWriter:
    """Writes events; see `streaming.sink.EventWriter`."""

    def __init__(self, bulk: BulkWriter, alias: str) -> None:
        """Write to the daily indices behind an alias."""
        self._bulk, self._alias = bulk, alias

    def write(self, events: Events) -> None:
        """Add events."""
        if not events.ids:
            return
        days = np.where(events.dated, events.record_times // DAY, _NO_DAY)
        ids = pa.array(events.ids, pa.string()).cast(pa.binary())
        rows = joined(by_code(days, self._action), ids, BEHIND_ID, events.documents, b"\n")
        ends, data = bounds(rows)
        self._bulk.add(Rows(data, ends[1:], events.line, 0, len(rows)))

    def _action(self, day: int) -> bytes:
        return action(f"{self._alias}-{UNDATED if day == _NO_DAY else _name(day)}")


def _day(time: int) -> str:
    return _name(time // DAY)


@lru_cache(maxsize=1024)
def _name(day: int) -> str:
    return utc_day(day * DAY).replace("-", ".")
