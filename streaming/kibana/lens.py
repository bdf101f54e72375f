"""
Charts as Lens has them: a layer of columns, which is an aggregation, and how it is drawn.

Columns are made by `count`, `top`, `over_time` and their like, and named by the chart that uses them; Lens nests the
buckets in the order of the columns. A chart is built by `bars`, `table` or `number`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streaming.kibana import Json
from streaming.kibana.objects import of_view

LAYER: Final = "layer"
LAYER_REFERENCE: Final = f"indexpattern-datasource-layer-{LAYER}"

_RECORDS = "___records___"
_ROWS_A_PAGE = 10


@dataclass(frozen=True)
class Chart:
    """
    A chart.

    Attributes:
        title: What stands above it.
        view: The data view that it reads.
        query: Which documents, as KQL.
        columns: The layer's columns by their ids, buckets first.
        kind: Lens' name of the visualization.
        drawing: What the visualization says of itself, without its layer.
        description: What a reader should know beside the title.
    """

    title: str
    view: str
    query: str
    columns: Mapping[str, Json]
    kind: str
    drawing: Json
    description: str = ""

    def attributes(self, prefix: str) -> Json:
        """Return the attributes of the Lens object; its references are in them."""
        layer = {
            "columnOrder": list(self.columns),
            "columns": dict(self.columns),
            "incompleteColumns": {},
            "ignoreGlobalFilters": False,
        }
        return {
            "title": self.title,
            "description": self.description,
            "type": "lens",
            "visualizationType": self.kind,
            "references": [of_view(prefix, self.view, LAYER_REFERENCE)],
            "state": {
                "adHocDataViews": {},
                "internalReferences": [],
                "filters": [],
                "query": {"language": "kuery", "query": self.query},
                "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
                "visualization": self.drawing,
            },
        }


def count(label: str) -> Json:
    """Return a column: how many documents."""
    return _metric("count", label, _RECORDS, params={"emptyAsNull": False})


def unique_count(label: str, field: str) -> Json:
    """Return a column: how many different values, by estimate."""
    return _metric("unique_count", label, field, params={"emptyAsNull": False})


def earliest(label: str, field: str) -> Json:
    """Return a column: the first of a field's times."""
    return _metric("min", label, field, kind="date")


def latest(label: str, field: str) -> Json:
    """Return a column: the last of a field's times."""
    return _metric("max", label, field, kind="date")


def last(label: str, field: str) -> Json:
    """Return a column: the keyword that the newest document with one has."""
    column = _metric("last_value", label, field, kind="string", params={"sortField": "@timestamp"})
    # With array values Lens asks for the document itself (top_hits), which sorts by time alone.
    column["params"]["showArrayValues"] = True
    return column | {"scale": "ordinal", "filter": {"language": "kuery", "query": f"{field}: *"}}


def share(label: str, part: str, whole: str) -> dict[str, Json]:
    """
    Return the columns of a percentage, the one to be shown first: documents of one KQL query to those of another.

    Lens keeps a formula beside the columns that it stands for.
    """
    formula = f"count(kql='{part}') / count(kql='{whole}')"
    inner = {"dataType": "number", "isBucketed": False, "scale": "ratio", "label": label, "customLabel": True}
    counted = inner | {"operationType": "count", "sourceField": _RECORDS, "params": {"emptyAsNull": False}}
    location = {"min": 0, "max": len(formula)}
    divided = {"type": "function", "name": "divide", "args": ["shareX0", "shareX1"], "location": location}
    return {
        "share": inner
        | {
            "operationType": "formula",
            "params": {
                "formula": formula,
                "isFormulaBroken": False,
                "format": {"id": "percent", "params": {"decimals": 2}},
            },
            "references": ["shareX2"],
        },
        "shareX0": counted | {"filter": {"language": "kuery", "query": part}},
        "shareX1": counted | {"filter": {"language": "kuery", "query": whole}},
        "shareX2": inner
        | {
            "operationType": "math",
            "params": {"tinymathAst": divided | {"text": formula}},
            "references": ["shareX0", "shareX1"],
        },
    }


def over_time(field: str = "@timestamp") -> Json:
    """Return a column: buckets of time, as wide as the range shown asks for, empty ones too."""
    params = {"interval": "auto", "includeEmptyRows": True, "dropPartials": False}
    return _bucket("date_histogram", field, field, "date", params) | {"scale": "interval"}


def top(label: str, field: str, size: int, by: str, *, all_documents: bool = False) -> Json:
    """
    Return a column: the values of a keyword that are first by another column, falling.

    Args:
        label: Above the column.
        field: The keyword.
        size: How many.
        by: The id of that other column.
        all_documents: Whether further values are together one more, and documents without the field have a bucket.
    """
    params = {
        "size": size,
        "orderBy": {"type": "column", "columnId": by},
        "orderDirection": "desc",
        "otherBucket": all_documents,
        "missingBucket": all_documents,
        "parentFormat": {"id": "terms"},
    }
    return _bucket("terms", label, field, "string", params)


def rare(label: str, field: str, at_most: int) -> Json:
    """Return a column: all values of a keyword that no more documents have than `at_most` (100 at most)."""
    params = {
        "size": 100,  # Lens wants a number and rare values have none
        "orderBy": {"type": "rare", "maxDocCount": at_most},
        "orderDirection": "asc",
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
    }
    return _bucket("terms", label, field, "string", params)


def bars(title: str, view: str, query: str, columns: Mapping[str, Json], description: str = "") -> Chart:
    """Return stacked bars over time; the columns are `split`, `time` and `count`, in the order of the buckets."""
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": "bar_stacked",
        "xAccessor": "time",
        "splitAccessor": "split",
        "accessors": ["count"],
    }
    drawing = {
        "layers": [layer],
        "preferredSeriesType": "bar_stacked",
        "legend": {"isVisible": True, "position": "right"},
        "valueLabels": "hide",
    }
    return Chart(title, view, query, columns, "lnsXY", drawing, description)


def table(
    title: str, view: str, query: str, columns: Mapping[str, Json], sort: tuple[str, str], description: str = ""
) -> Chart:
    """Return a table with a column for each of them, sorted by one of their ids, `asc` or `desc`."""
    drawing = {
        "layerId": LAYER,
        "layerType": "data",
        "columns": [{"columnId": name, "isTransposed": False} for name in columns],
        "sorting": {"columnId": sort[0], "direction": sort[1]},
        "paging": {"enabled": True, "size": _ROWS_A_PAGE},
    }
    return Chart(title, view, query, columns, "lnsDatatable", drawing, description)


def number(title: str, view: str, query: str, columns: Mapping[str, Json], description: str = "") -> Chart:
    """Return one number, the first of the columns."""
    drawing = {"layerId": LAYER, "layerType": "data", "metricAccessor": next(iter(columns))}
    return Chart(title, view, query, columns, "lnsMetric", drawing, description)


def _metric(operation: str, label: str, field: str, *, kind: str = "number", params: Json | None = None) -> Json:
    return {
        "operationType": operation,
        "sourceField": field,
        "dataType": kind,
        "isBucketed": False,
        "scale": "ratio",
        "label": label,
        "customLabel": True,
        "params": dict(params or {}),
    }


def _bucket(operation: str, label: str, field: str, kind: str, params: Json) -> Json:
    return {
        "operationType": operation,
        "sourceField": field,
        "dataType": kind,
        "isBucketed": True,
        "scale": "ordinal",
        "label": label,
        "customLabel": True,
        "params": params,
    }
