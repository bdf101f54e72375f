"""
The sink `elasticsearch` → figures: by aggregations, so that it sends no line but the examples that are shown.

All is asked of one point in time. What has many kinds is asked for page by page (composite aggregations), and of
patterns and shapes no more than are counted one by one.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Self

from clients.config import ElasticsearchConfig
from clients.elasticsearch import CLIENT_ERRORS
from commands.progress import Report
from commands.reporting.event_search import EARLIEST, TIME, EventSearch
from commands.reporting.figures import (
    CHART_BINS,
    HOSTS_SHOWN,
    MOST_KINDS,
    SPARK_BINS,
    Bins,
    Figures,
    Kind,
    PatternDetail,
    Program,
    ShapeDetail,
    drawn,
    pattern_detail,
    shape_detail,
)
from patterns.errors import LogwinnowError
from patterns.timestamps import DAY
from training.fetched.time_range import MILLISECOND, TimeRange

_DETAILS: Final = 500
_PATTERN, _SHAPE, _SCOPE = "logwinnow.pattern.id", "logwinnow.shape.id", "logwinnow.scope"
_SPAN: Final = {"first": {"min": {"field": TIME}}, "last": {"max": {"field": TIME}}}
_OUTLIER: Final = {"term": {"logwinnow.outlier": True}}
_NO_OUTLIER: Final = {"term": {"logwinnow.outlier": False}}
"""Of lines with a pattern those of known kinds: a pattern may be pending, or rejected."""

_EXACT_HOSTS: Final = 40_000


class ElasticsearchReader(EventSearch):
    """What was read of the indices; see `commands.reporting.figures.Reader`. To be used by `with`."""

    def __init__(self, config: ElasticsearchConfig, prefix: str, asked: TimeRange, report: Report) -> None:
        """
        Ask for all that is counted.

        Args:
            config: How Elasticsearch is reached.
            prefix: What the indices' names begin with.
            asked: Which lines, by their times.
            report: Called now and then with the lines that were counted so far.

        Raises:
            ClientError: Elasticsearch does not answer, or refuses.
            LogwinnowError: There is no event of that time.
            SettingsError: A secret is not there.

        Cost: some requests, and one for each thousand patterns, shapes and programs. Memory grows with these.
        """
        super().__init__(config, prefix, asked)
        self._report = report

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.figures = self._figures()
        except CLIENT_ERRORS as error:
            self.close()
            raise self.connection.explained(error) from None
        except BaseException:
            self.close()
            raise
        return self

    def pattern_details(self, ids: list[str]) -> dict[str, PatternDetail]:
        """Return what patterns look like."""
        fields = ["logwinnow.pattern", _SCOPE]
        return {
            identity: pattern_detail(bucket["example"]["hits"]["hits"][0]["_source"])
            for identity, bucket in self._details(_PATTERN, ids, fields, {})
        }

    def shape_details(self, ids: list[str]) -> dict[str, ShapeDetail]:
        """Return the earliest lines of outlier shapes."""
        ours = ("shape", "pattern", "nearest", "reason")
        fields = ["message", *(f"logwinnow.{name}" for name in ours), _SCOPE]
        hosts = {
            "hosts": {"terms": {"field": "host.name", "size": HOSTS_SHOWN}},
            "host_count": {"cardinality": {"field": "host.name", "precision_threshold": _EXACT_HOSTS}},
        }
        found = {}
        for identity, bucket in self._details(_SHAPE, ids, fields, hosts):
            names = tuple(each["key"] for each in bucket["hosts"]["buckets"])
            event = bucket["example"]["hits"]["hits"][0]["_source"]
            found[identity] = shape_detail(event, names, bucket["host_count"]["value"])
        return found

    def _details(
        self, name: str, ids: list[str], fields: list[str], more: dict[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield for each id its bucket, with the earliest event of it."""
        example = {"top_hits": {"size": 1, "sort": EARLIEST, "_source": fields}}
        for start in range(0, len(ids), _DETAILS):
            some = ids[start : start + _DETAILS]
            kinds = {"terms": {"field": name, "include": some, "size": len(some)}, "aggs": {"example": example, **more}}
            conditions: list[dict[str, Any]] = [{"terms": {name: some}}, _OUTLIER if name == _SHAPE else _NO_OUTLIER]
            for bucket in self.ask({"kinds": kinds}, *conditions)["kinds"]["buckets"]:
                yield bucket["key"], bucket

    def _figures(self) -> Figures:
        aggregations = {
            **_SPAN,
            "lines": {"value_count": {"field": TIME}},
            "outliers": {"filter": _OUTLIER},
            "unjudged": {"terms": {"field": "logwinnow.unjudged"}},
            "sets": {"terms": {"field": "logwinnow.set", "size": 1_000}},
            "hosts": {"cardinality": {"field": "host.name", "precision_threshold": _EXACT_HOSTS}},
        }
        found = self.ask(aggregations)
        lines = found["lines"]["value"]
        if not lines:
            raise LogwinnowError(self.nothing())
        self._report(lines, 0, 0)
        first, last = _time(found["first"]), _time(found["last"])
        span = drawn(self.asked, self._days(), first, last)
        chart, small = Bins.of(span, CHART_BINS), Bins.of(span, SPARK_BINS)
        chart_lines, chart_outliers = self._chart(chart)
        alerts, held_back, unusual = self._alerts()
        patterns, shapes = self._kinds(_PATTERN, small, _NO_OUTLIER), self._kinds(_SHAPE, small, _OUTLIER)
        counted = sum(kind.lines for kind in (*patterns, *shapes))
        unjudged = {bucket["key"]: bucket["doc_count"] for bucket in found["unjudged"]["buckets"]}
        return Figures(
            place=self.place,
            asked=self.asked,
            lines=lines,
            outliers=found["outliers"]["doc_count"],
            unjudged=unjudged,
            first=first,
            last=last,
            hosts=found["hosts"]["value"],
            sets=Counter({bucket["key"]: bucket["doc_count"] for bucket in found["sets"]["buckets"]}),
            alerts=alerts,
            held_back=held_back,
            unusual=unusual,
            chart=chart,
            chart_lines=chart_lines,
            chart_outliers=chart_outliers,
            small=small,
            patterns=patterns,
            shapes=shapes,
            programs=self._programs(),
            further=lines - counted - sum(unjudged.values()),
            at_least=found["hosts"]["value"] > _EXACT_HOSTS,
        )

    def _days(self) -> dict[int, int]:
        source = {"date_histogram": {"field": TIME, "fixed_interval": "1d"}}
        return {
            bucket["key"]["by"] * MILLISECOND // DAY: bucket["doc_count"]
            for bucket in self.pages({"by": source}, {}, [])
        }

    def _chart(self, bins: Bins) -> tuple[list[int], list[int]]:
        """Return lines and outliers by bins."""
        lines, outliers = [0] * bins.number, [0] * bins.number
        found = self.ask(_by_bins(bins, {"outliers": {"filter": _OUTLIER}}))
        for bucket in found["in_time"]["bins"]["buckets"]:
            at = (bucket["key"] // 1_000 - bins.start) // bins.width
            lines[at], outliers[at] = bucket["doc_count"], bucket["outliers"]["doc_count"]
        return lines, outliers

    def _kinds(self, name: str, bins: Bins, condition: dict[str, Any]) -> list[Kind]:
        """Return the kinds of an id, with their small charts."""
        kinds: list[Kind] = []
        aggregations = {**_SPAN, **_by_bins(bins, {})}
        for bucket in self.pages({"by": {"terms": {"field": name}}}, aggregations, [condition]):
            series = [0] * bins.number
            for each in bucket["in_time"]["bins"]["buckets"]:
                series[(each["key"] // 1_000 - bins.start) // bins.width] = each["doc_count"]
            kinds.append(
                Kind(bucket["key"]["by"], bucket["doc_count"], _time(bucket["first"]), _time(bucket["last"]), series)
            )
            if len(kinds) == MOST_KINDS:
                break
        return kinds

    def _programs(self) -> list[Program]:
        source = {"terms": {"field": _SCOPE, "missing_bucket": True}}
        aggregations = {
            "outliers": {"filter": _OUTLIER},
            "unjudged": {"filter": {"exists": {"field": "logwinnow.unjudged"}}},
        }
        programs = []
        for bucket in self.pages({"by": source}, aggregations, []):
            counts = bucket["doc_count"], bucket["outliers"]["doc_count"], bucket["unjudged"]["doc_count"]
            programs.append(Program(bucket["key"]["by"] or "", *counts))
            if len(programs) == MOST_KINDS:
                break
        return programs

    def _alerts(self) -> tuple[int, int, int]:
        body = {
            "size": 0,
            "track_total_hits": True,
            "query": self.query(),
            "aggs": {
                "held_back": {"filter": {"term": {"logwinnow.overflow": True}}},
                "unusual": {"filter": {"exists": {"field": "logwinnow.kind"}}},
            },
        }
        client = self.connection.client()
        found = client.search(index=f"{self.prefix}-alerts-*", body=body, allow_no_indices=True)
        # Where no index is, nothing is aggregated.
        held_back, unusual = (
            found.get("aggregations", {}).get(name, {}).get("doc_count", 0) for name in ("held_back", "unusual")
        )
        return found["hits"]["total"]["value"] - held_back, held_back, unusual


def _by_bins(bins: Bins, aggregations: dict[str, Any]) -> dict[str, Any]:
    """Return the aggregation of lines by bins, which begin at multiples of their width as Elasticsearch's do."""
    inside = {"range": {TIME: {"gte": bins.start * 1_000, "lt": bins.end * 1_000, "format": "epoch_millis"}}}
    by_time = {"field": TIME, "fixed_interval": f"{bins.width}s", "min_doc_count": 1}
    return {
        "in_time": {"filter": inside, "aggs": {"bins": {"date_histogram": by_time, "aggs": aggregations}}},
    }


def _time(found: dict[str, Any]) -> int:
    """Return a time of Elasticsearch, milliseconds as a float, in microseconds."""
    return int(found["value"]) * MILLISECOND
