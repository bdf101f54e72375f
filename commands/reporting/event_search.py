"""The events of the sink `elasticsearch` as they are at one moment, asked by aggregations."""

from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from clients.config import ElasticsearchConfig
from clients.elasticsearch import CLIENT_ERRORS, Connection
from training.fetched.time_range import MILLISECOND, TimeRange

TIME: Final = "@timestamp"
EARLIEST: Final = [{TIME: "asc"}, {"event.id": "asc"}]

_KEEP_ALIVE: Final = "5m"
_PAGE: Final = 1_000
"""Kinds a request: with a small chart each they stay below Elasticsearch's limit of 65,536 buckets."""

_NOTHING: Final[dict[str, Any]] = {"value": 0, "doc_count": 0, "buckets": []}
"""What is found where there is no index, and Elasticsearch aggregates nothing."""


class EventSearch:
    """The events of a time; to be used by `with`."""

    def __init__(self, config: ElasticsearchConfig, prefix: str, asked: TimeRange) -> None:
        """
        Make one.

        Args:
            config: How Elasticsearch is reached.
            prefix: What the indices' names begin with.
            asked: Which lines, by their times.

        Raises:
            SettingsError: A secret is not there.
        """
        self.connection, self.prefix, self.asked = Connection.of(config), prefix, asked
        self._pit = ""

    def __enter__(self) -> Self:
        try:
            opened = self.connection.client().open_point_in_time(
                index=f"{self.prefix}-events-*", keep_alive=_KEEP_ALIVE
            )
        except CLIENT_ERRORS as error:
            raise self.connection.explained(error) from None
        self._pit = opened["id"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the point in time back; it would keep old segments for its five minutes."""
        if self._pit:
            with suppress(*CLIENT_ERRORS):
                self.connection.client().close_point_in_time(id=self._pit)

    @property
    def place(self) -> str:
        """Where the events are, in words."""
        return f"{self.prefix}-events of Elasticsearch at {', '.join(self.connection.urls)}"

    def nothing(self) -> str:
        """Return the error of there being no event."""
        return (
            f"{self.prefix}-events-* at {', '.join(self.connection.urls)} holds no event {self.asked}; "
            "`logwinnow stream` writes them"
        )

    def pages(
        self, sources: dict[str, dict[str, Any]], aggregations: dict[str, Any], conditions: list[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """
        Yield the buckets of a composite aggregation by sources; their keys have the names of these.

        Raises:
            ClientError: Elasticsearch does not answer, or refuses.
        """
        composite: dict[str, Any] = {"size": _PAGE, "sources": [{name: source} for name, source in sources.items()]}
        while True:
            pages = {"pages": {"composite": composite, "aggs": aggregations}}
            found = self.ask(pages, *conditions)["pages"]
            yield from found["buckets"]
            if "after_key" not in found:
                return
            composite = {**composite, "after": found["after_key"]}

    def ask(self, aggregations: dict[str, Any], *conditions: dict[str, Any]) -> dict[str, Any]:
        """
        Return aggregations of the events that fulfil all conditions.

        Raises:
            ClientError: Elasticsearch does not answer, or refuses.
        """
        body = {
            "size": 0,
            "track_total_hits": False,
            "pit": {"id": self._pit, "keep_alive": _KEEP_ALIVE},
            "query": self.query(*conditions),
            "aggs": aggregations,
        }
        try:
            found = self.connection.client().search(body=body, allow_partial_search_results=False)
        except CLIENT_ERRORS as error:
            raise self.connection.explained(error) from None
        # An answer names the point in time anew.
        self._pit = found.get("pit_id", self._pit)
        asked: dict[str, Any] = found.get("aggregations") or dict.fromkeys(aggregations, _NOTHING)
        return asked

    def query(self, *conditions: dict[str, Any]) -> dict[str, Any]:
        """Return the query for what of the time fulfils all conditions."""
        bounds = {"gte": self.asked.start, "lt": self.asked.end}
        given = {name: time // MILLISECOND for name, time in bounds.items() if time is not None}
        times = [{"range": {TIME: {**given, "format": "epoch_millis"}}}] if given else []
        return {"bool": {"filter": [*times, *conditions]}}
