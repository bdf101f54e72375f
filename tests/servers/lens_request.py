"""
What Kibana asks Elasticsearch for when it draws a chart of ours: a layer of Lens → one request, its answer → rows.

Written from what Lens does with the operations that our charts have, and no others: buckets are nested in the order of
the columns, metrics are in the innermost, and what a bucket is ordered by is in that bucket too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

MISSING = "__missing__"
"""What Lens has documents without the field counted under."""

INTERVAL = "30m"
"""What the interval `auto` is for a day."""

_MATH = {"divide": lambda one, two: one / two}


def kql(text: str) -> Json:
    """Return the query that KQL stands for, as far as ours goes: `field: value`, `field: *`, `not` and `and`."""
    if not text:
        return {"match_all": {}}
    return {"bool": {"filter": [_term(part) for part in text.split(" and ")]}}


def _term(text: str) -> Json:
    if text.startswith("not "):
        return {"bool": {"must_not": [_term(text.removeprefix("not "))]}}
    found = re.fullmatch(r'([@\w.]+): (\*|true|false|"[^"]*")', text)
    assert found, text
    field, value = found.groups()
    return {"exists": {"field": field}} if value == "*" else {"term": {field: value.strip('"')}}


def request(query: str, layer: Json, time_field: str, since: str, until: str) -> Json:
    """Return the body of the search for a layer of a chart with a query, within a time."""
    shown = {"range": {time_field: {"gte": since, "lte": until, "format": "strict_date_optional_time"}}}
    buckets = [name for name in layer["columnOrder"] if layer["columns"][name]["isBucketed"]]
    filtered = {"bool": {"filter": [kql(query), shown]}}
    return {"size": 0, "track_total_hits": True, "query": filtered, "aggs": _nested(layer["columns"], buckets)}


def _nested(columns: Mapping[str, Json], buckets: list[str]) -> Json:
    if not buckets:
        return {
            name: metric for name, column in columns.items() if not column["isBucketed"] and (metric := _metric(column))
        }
    name, *inner = buckets
    column = columns[name]
    below = _nested(columns, inner)
    order = column["params"].get("orderBy", {})
    if order.get("type") == "column" and (metric := _metric(columns[order["columnId"]])):
        below[order["columnId"]] = metric
    return {name: {**_bucket(column, columns), "aggs": below}}


def _bucket(column: Json, columns: Mapping[str, Json]) -> Json:
    field, params = column["sourceField"], column["params"]
    if column["operationType"] == "date_histogram":
        least = 0 if params["includeEmptyRows"] else 1
        return {"date_histogram": {"field": field, "fixed_interval": INTERVAL, "min_doc_count": least}}
    assert column["operationType"] == "terms"
    if params["orderBy"]["type"] == "rare":
        return {"rare_terms": {"field": field, "max_doc_count": params["orderBy"]["maxDocCount"]}}
    by = params["orderBy"]["columnId"]
    order = {"_count" if columns[by]["operationType"] == "count" else by: params["orderDirection"]}
    terms = {"field": field, "size": params["size"], "order": order}
    if params["missingBucket"]:
        terms["missing"] = MISSING
    return {"terms": terms}


def _metric(column: Json) -> Json | None:
    """Return the aggregation of a column; None for what is in each bucket anyway, or is reckoned from others."""
    operation, field = column["operationType"], column.get("sourceField")
    match operation:
        case "formula" | "math":
            return None
        case "count":
            return {"filter": kql(column["filter"]["query"])} if "filter" in column else None
        case "unique_count":
            return {"cardinality": {"field": field}}
        case "min" | "max":
            return {operation: {"field": field}}
        case "last_value":
            assert column["params"]["showArrayValues"]
            newest = [{column["params"]["sortField"]: {"order": "desc"}}]
            hits = {"top_hits": {"size": 1, "sort": newest, "docvalue_fields": [{"field": field}], "_source": False}}
            return {"filter": kql(column["filter"]["query"]), "aggs": {"hits": hits}}
    raise AssertionError(operation)


def rows(answer: Json, layer: Json) -> list[Json]:
    """Return the rows of an answer by the ids of the columns, in the order of the buckets; times as milliseconds."""
    columns = layer["columns"]
    buckets = [name for name in layer["columnOrder"] if columns[name]["isBucketed"]]
    whole = {**answer.get("aggregations", {}), "doc_count": answer["hits"]["total"]["value"]}
    return [_reckoned(row, columns) for row in _rows(whole, columns, buckets, {})]


def _rows(found: Json, columns: Mapping[str, Json], buckets: list[str], above: Json) -> Iterator[Json]:
    if not buckets:
        values = {name: _value(found, name, column) for name, column in columns.items() if not column["isBucketed"]}
        yield above | values
        return
    name, *inner = buckets
    for bucket in found[name]["buckets"]:
        yield from _rows(bucket, columns, inner, above | {name: bucket["key"]})


def _value(found: Json, name: str, column: Json) -> Any:
    match column["operationType"]:
        case "formula" | "math":
            return None
        case "count":
            return found[name]["doc_count"] if "filter" in column else found["doc_count"]
        case "last_value":
            hits = found[name]["hits"]["hits"]["hits"]
            return hits[0]["fields"][column["sourceField"]][0] if hits else None
    return found[name]["value"]


def _reckoned(row: Json, columns: Mapping[str, Json]) -> Json:
    for name, column in columns.items():
        if column["operationType"] == "math":
            tree = column["params"]["tinymathAst"]
            row[name] = _MATH[tree["name"]](*(row[each] for each in tree["args"]))
    for name, column in columns.items():
        if column["operationType"] == "formula":
            row[name] = row[column["references"][0]]
    return row
