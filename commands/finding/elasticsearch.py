"""Looks things up in the sink `elasticsearch`: by id, and by aggregations over the events of a shape."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from clients.elasticsearch import CLIENT_ERRORS, Connection
from commands.finding import HOSTS, Seen
from patterns.timestamps import iso
from streaming.config import ElasticsearchSinkConfig

_TIME: Final = "@timestamp"
_MOST_SHAPES: Final = 1_000


class ElasticsearchFinder:
    """See `commands.finding.Finder`."""

    def __init__(self, config: ElasticsearchSinkConfig, since: int | None) -> None:
        """
        Take the sink's configuration, and from when on events of shapes are counted.

        Raises:
            SettingsError: A secret is not there.
        """
        self._connection, self._prefix, self._since = Connection.of(config), config.index_prefix, since
        self.place = f"{self._prefix}-events of Elasticsearch at {', '.join(self._connection.urls)}"

    def document(self, identity: str) -> dict[str, Any] | None:
        """Return an event or alert. Cost: one request."""
        body = {"size": 1, "query": {"term": {"event.id": identity}}}
        hits = self._search(f"{self._prefix}-alerts-*,{self._prefix}-events-*", body)["hits"]["hits"]
        return dict(hits[0]["_source"]) if hits else None

    def shape(self, identity: str) -> Seen:
        """Count the events of a shape. Cost: one request."""
        times = [] if self._since is None else [{"range": {_TIME: {"gte": iso(self._since)}}}]
        body = {
            "size": 1,
            "track_total_hits": True,
            "query": {"bool": {"filter": [{"term": {"logwinnow.shape.id": identity}}, *times]}},
            "sort": [{_TIME: "asc"}, {"event.id": "asc"}],
            "aggs": {
                "first": {"min": {"field": _TIME}},
                "last": {"max": {"field": _TIME}},
                "outliers": {"filter": {"term": {"logwinnow.outlier": True}}},
                "hosts": {"terms": {"field": "host.name", "size": HOSTS, "missing": ""}},
                "host_count": {"cardinality": {"field": "host.name", "missing": ""}},
            },
        }
        found = self._search(f"{self._prefix}-events-*", body)
        hits = found["hits"]["hits"]
        if not hits:
            return Seen()
        counted = found["aggregations"]
        hosts = Counter({bucket["key"]: bucket["doc_count"] for bucket in counted["hosts"]["buckets"]})
        return Seen(
            lines=found["hits"]["total"]["value"],
            outliers=counted["outliers"]["doc_count"],
            first=iso(int(counted["first"]["value"]) * 1_000),
            last=iso(int(counted["last"]["value"]) * 1_000),
            hosts=hosts,
            host_count=counted["host_count"]["value"],
            event=dict(hits[0]["_source"]),
        )

    def outliers(self, beginning: str) -> Iterator[dict[str, Any]]:
        """Yield an alert or outlier of each shape whose id begins so, up to a thousand. Cost: two requests at most."""
        conditions = [{"prefix": {"logwinnow.shape.id": beginning}}, {"term": {"logwinnow.outlier": True}}]
        body = {
            "size": _MOST_SHAPES,
            "query": {"bool": {"filter": conditions}},
            "collapse": {"field": "logwinnow.shape.id"},
        }
        for kind in ("alerts", "events"):
            if hits := self._search(f"{self._prefix}-{kind}-*", body)["hits"]["hits"]:
                yield from (dict(hit["_source"]) for hit in hits)
                return

    def _search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self._connection.client().search(
                index=index, body=body, allow_no_indices=True, ignore_unavailable=True
            )
        except CLIENT_ERRORS as error:
            raise self._connection.explained(error) from None
        return dict(found)
