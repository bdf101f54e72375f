"""Two sets tried on the events of Elasticsearch: by aggregations, so that it sends no line but the examples."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from commands.comparing.effect import Effect, Kind, most_lines
from commands.comparing.measured import EventJudge
from commands.progress import Report
from commands.reporting.event_search import EARLIEST, TIME, EventSearch
from patterns.errors import EnvelopeError
from patterns.judge import shape_id
from streaming.config import ElasticsearchSinkConfig
from training.fetched.documents import IsAlert
from training.fetched.time_range import TimeRange

_AT_ONCE: Final = 500
_EXAMPLES: Final = 1_000
"""Kinds of either direction that get an example."""

_SET, _ID = "logwinnow.set", "logwinnow.shape.id"
_SOURCES: Final[dict[str, dict[str, Any]]] = {
    "set": {"terms": {"field": _SET}},
    "id": {"terms": {"field": _ID}},
    "shape": {"terms": {"field": "logwinnow.shape.text"}},
    "scope": {"terms": {"field": "logwinnow.scope", "missing_bucket": True}},
}
_OUTLIERS: Final = {"outliers": {"filter": {"term": {"logwinnow.outlier": True}}}}
_LINE: Final = ["event.kind", "event.original", _SET, "logwinnow.original_base64"]


class _Unread(NamedTuple):
    """A shape whose line has to be read anew."""

    id: str
    set: str
    lines: int


def of_elasticsearch(config: ElasticsearchSinkConfig, asked: TimeRange, events: EventJudge, report: Report) -> Effect:
    """
    Try two sets on the events of a time.

    Raises:
        ClientError: Elasticsearch does not answer, or refuses.
    """
    with EventSearch(config, config.index_prefix, asked) as search:
        effect = Effect(search.place, told=0)
        unread: list[_Unread] = []
        for bucket in search.pages(_SOURCES, _OUTLIERS, []):
            key, lines = bucket["key"], bucket["doc_count"]
            effect.told = (effect.told or 0) + bucket["outliers"]["doc_count"]
            scope = key["scope"] or ""
            if events.by_shape(key["set"], scope, key["shape"]):
                effect.count(events.shape(scope, key["shape"]), lines, str)
            else:
                unread.append(_Unread(key["id"], key["set"], lines))
            if len(unread) == _AT_ONCE:
                _read_anew(search, unread, events, effect)
                unread = []
            report(effect.lines, 0, 0)
        _read_anew(search, unread, events, effect)
        _add_examples(search, effect)
        every = search.ask({"lines": {"value_count": {"field": TIME}}})["lines"]["value"]
        # What was not judged has no shape.
        effect.lines = max(every, effect.lines)
        return effect


def _read_anew(search: EventSearch, unread: list[_Unread], events: EventJudge, effect: Effect) -> None:
    lines = {(each.id, each.set): each.lines for each in unread}
    for version in sorted({each.set for each in unread}):
        for identity, document in _earliest(search, [each.id for each in unread if each.set == version], version):
            number = lines[identity, version]
            try:
                example = str(document["event"]["original"])
                effect.count(events.line(document), number, example.__str__)
                effect.by_examples += number
            except (EnvelopeError, IsAlert, KeyError, TypeError):
                effect.damaged += number


def _add_examples(search: EventSearch, effect: Effect) -> None:
    """Fetch an example of each kind that has none yet."""
    lacking: dict[str, Kind] = {}
    for kinds in (effect.silenced, effect.flagged):
        for kind in most_lines(kinds, _EXAMPLES):
            if not kind.example:
                lacking[shape_id(kind.found.scope, kind.found.shape)] = kind
    ids = sorted(lacking)
    for start in range(0, len(ids), _AT_ONCE):
        for identity, document in _earliest(search, ids[start : start + _AT_ONCE]):
            lacking[identity].example = str(document.get("event", {}).get("original", ""))


def _earliest(search: EventSearch, ids: list[str], version: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the earliest event of each shape, of all that a version judged."""
    if not ids:
        return
    example = {"top_hits": {"size": 1, "sort": EARLIEST, "_source": _LINE}}
    kinds = {"terms": {"field": _ID, "include": ids, "size": len(ids)}, "aggs": {"example": example}}
    conditions: list[dict[str, Any]] = [{"terms": {_ID: ids}}]
    if version is not None:
        conditions.append({"term": {_SET: version}})
    for bucket in search.ask({"kinds": kinds}, *conditions)["kinds"]["buckets"]:
        yield bucket["key"], bucket["example"]["hits"]["hits"][0]["_source"]
