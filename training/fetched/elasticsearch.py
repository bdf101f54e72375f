"""Documents of Elasticsearch → lines of the spool."""

import json
from typing import Any, Final

from elasticsearch import NotFoundError

from clients.elasticsearch import CLIENT_ERRORS, Connection, reason_of
from patterns.rules import Rules
from training.errors import CorpusError
from training.fetched.config import ElasticsearchCorpus
from training.fetched.counts import FetchCounts, Tell
from training.fetched.documents import DocumentReader, is_ours, spool_document
from training.fetched.point_in_time import Hit, PointInTime, Wanted
from training.fetched.spool import Spool
from training.fetched.time_range import MILLISECOND

_DATES: Final = {"date", "date_nanos"}

CREATED: Final = "event.created"
"""When the batch of an event of ours was planned."""


def fetch(index: str, config: ElasticsearchCorpus, rules: Rules, counts: FetchCounts, spool: Spool, tell: Tell) -> None:
    """
    Fetch the documents of a time range.

    Args:
        index: Index, alias, data stream, or a pattern of such; several with commas between.
        config: How Elasticsearch is reached, and what a document is.
        rules: How lines are read afterwards.
        counts: What was fetched is counted there.
        spool: Takes the lines.
        tell: Called after each page.

    Raises:
        ClientError: Elasticsearch cannot be used.
        CorpusError: There is no such index, or its documents have no such time; there is no room for the lines.
        SettingsError: A secret is not there.

    Cost: each document goes over the network once, with the fields alone that may have its line or header.
    """
    connection = Connection.of(config)
    _check(connection, index, config.time_field)
    reader = DocumentReader(rules, config.message_field)
    query = _query(config, counts)
    times = [config.time_field, *([CREATED] if counts.by_batch else [])]
    wanted = Wanted(query, reader.fields, times, config.page_documents, config.slices)
    with PointInTime(connection, index, wanted) as documents:
        size = documents.count()
        for page in documents.pages():
            _take(page, config.time_field, reader, counts, spool)
            tell(counts.lines, counts.records, size)
    if counts.records != size:
        raise CorpusError(
            f"Elasticsearch gave {counts.records} of {size} documents of {index!r} and no error: start again, and if "
            "that does not help, report it"
        )


def _check(connection: Connection, index: str, time_field: str) -> None:
    """Refuse an index that is not there, and one whose documents cannot be asked for by time."""
    place, mend = f"Elasticsearch at {', '.join(connection.urls)}", "name it by $.corpus.elasticsearch.time_field"
    try:
        found = connection.client().field_caps(index=index, fields=[time_field])
    except NotFoundError as error:
        raise CorpusError(f"{place} has no such index ({reason_of(error.body)}); check the name {index!r}") from None
    except CLIENT_ERRORS as error:
        raise connection.explained(error) from None
    if not found["indices"]:
        raise CorpusError(f"{place} has no index that {index!r} names and that this login may read; check the name")
    types = set(found["fields"].get(time_field, ()))
    if not types:
        raise CorpusError(f"no document of {index!r} has a field {time_field!r}, by which its time is known; {mend}")
    if types - _DATES:
        raise CorpusError(
            f"field {time_field!r} of {index!r} is of type {min(types - _DATES)}, and a document's time is to be a "
            f"date; {mend}, or leave out the indices in which it is none"
        )


def _query(config: ElasticsearchCorpus, counts: FetchCounts) -> dict[str, Any]:
    """Return which documents are wanted, in Elasticsearch's query language."""
    bounds = {"gte": counts.time_range.start, "lt": counts.time_range.end}
    given = {name: time // MILLISECOND for name, time in bounds.items() if time is not None}
    filters: list[dict[str, Any]] = []
    if given:
        own_time = {"range": {config.time_field: {**given, "format": "epoch_millis"}}}
        filters.append(_by_batch(own_time, given) if counts.by_batch else own_time)
    if config.query is not None:
        filters.append(json.loads(config.query))
    return {"bool": {"filter": filters}} if filters else {"match_all": {}}


def _by_batch(own_time: dict[str, Any], given: dict[str, int]) -> dict[str, Any]:
    """Return the filter for events of ours by when their batch was planned, and for other documents by their time."""
    ours = {"exists": {"field": "logwinnow.set"}}
    planned = {"range": {CREATED: {**given, "format": "epoch_millis"}}}
    either = [{"bool": {"filter": [ours, planned]}}, {"bool": {"filter": [own_time], "must_not": [ours]}}]
    return {"bool": {"should": either, "minimum_should_match": 1}}


def _take(page: list[Hit], time_field: str, reader: DocumentReader, counts: FetchCounts, spool: Spool) -> None:
    """Put the lines of documents into the spool."""
    for hit in page:
        counts.records += 1
        times = hit.get("fields", {}).get(time_field)
        if not times:
            counts.leave_out("no_time")
            continue
        # A time in nanoseconds has a fraction.
        record_time = int(times[0].partition(".")[0]) * MILLISECOND
        document = hit.get("_source", {})
        planned = hit["fields"].get(CREATED) if is_ours(document) else None
        chosen_by = int(planned[0].partition(".")[0]) * MILLISECOND if planned else record_time
        spool_document(document, record_time, chosen_by, reader, counts, spool)
