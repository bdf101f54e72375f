"""conf/kibana: what Kibana would refuse, drop or show blank, found without one."""

import json
import re
from itertools import combinations
from typing import Any

import pytest
from kibana_files import FOLDER, Json, Panel, of_type, panels, rows, rules

from streaming.config import ElasticsearchSinkConfig
from streaming.kibana.ndjson import files, saved_objects
from streaming.sink.templates import names, templates

# The newest shape of each type that Kibana 8.19, the oldest that is supported, knows.
_NEWEST = {"index-pattern": (8, 0, 0), "search": (10, 2, 0), "dashboard": (10, 3, 0)}
# All that these types have for attributes in those shapes: the dashboard's refuses any other.
_ATTRIBUTES = {
    "index-pattern": {
        *("title", "name", "timeFieldName", "fields", "fieldAttrs", "fieldFormatMap", "runtimeFieldMap"),
        *("sourceFilters", "typeMeta", "allowNoIndex", "allowHidden", "type"),
    },
    "search": {
        *("title", "description", "columns", "sort", "grid", "hideChart", "isTextBasedQuery", "kibanaSavedObjectMeta"),
        *("timeRestore", "timeRange", "refreshInterval", "rowHeight", "headerRowHeight", "rowsPerPage", "viewMode"),
        *("hideAggregatedPreview", "breakdownField", "sampleSize", "usesAdHocDataView", "density", "visContext"),
    },
    "dashboard": {
        *("title", "description", "kibanaSavedObjectMeta", "timeRestore", "timeFrom", "timeTo", "refreshInterval"),
        *("controlGroupInput", "panelsJSON", "optionsJSON", "hits", "version"),
    },
}
_STRINGS_OF_JSON = {
    "index-pattern": ("fields", "fieldAttrs", "fieldFormatMap", "runtimeFieldMap", "sourceFilters", "typeMeta"),
    "dashboard": ("panelsJSON", "optionsJSON"),
}
# Which types of fields an operation takes.
_TAKES = {
    "terms": {"keyword", "ip", "boolean", "long"},
    "date_histogram": {"date"},
    "unique_count": {"keyword", "ip", "boolean", "long", "date"},
    "last_value": {"keyword", "ip", "boolean", "long", "date"},
    "min": {"date", "long"},
    "max": {"date", "long"},
}
_DATA_TYPES = {"keyword": "string", "date": "date", "long": "number", "boolean": "boolean", "ip": "ip"}
_FOR_RECORDS = "___records___"

EACH_CHART = pytest.mark.parametrize("panel", panels("lens"), ids=lambda panel: panel.title)


def flat(properties: Json, path: str = "") -> dict[str, Json]:
    """Return dotted names of a mapping and their types."""
    fields: dict[str, Json] = {}
    for name, kind in properties.items():
        inner = kind.get("properties")
        fields |= flat(inner, f"{path}{name}.") if inner else {f"{path}{name}": kind}
    return fields


def fields_of(view: str) -> dict[str, Json]:
    """Return the fields of a data view by its id: those of the index template of its name."""
    body = templates("logwinnow", replicas=1, refresh_seconds=5)[view]
    return flat(body["template"]["mappings"]["properties"])


def fields_in(query: str) -> set[str]:
    """Return the fields of a KQL query."""
    return set(re.findall(r"([@\w.]+):", query))


def shown_from(panel: Panel) -> str:
    """Return the id of the data view of a chart."""
    [reference] = panel.lens["references"]
    return str(reference["id"])


def test_the_files_are_what_the_sources_make() -> None:
    made = files(ElasticsearchSinkConfig().index_prefix)
    there = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert there == made, "run: python -m streaming.kibana conf/kibana"


def test_another_prefix_is_in_every_id_title_and_reference() -> None:
    text = json.dumps([each.row() for each in saved_objects("other")])
    # The fields keep their names, and so does the product.
    assert not re.search(r"logwinnow-|logwinnow: ", text)
    assert {each.id.split("-")[0] for each in saved_objects("other")} == {"other"}


def test_each_id_is_there_once_in_its_type() -> None:
    found = [(row["type"], row["id"]) for row in rows()]
    assert len(set(found)) == len(found) == 9


def test_an_object_has_what_an_import_wants_and_no_version_that_is_newer_than_the_oldest_kibana() -> None:
    for row in rows():
        assert row.keys() == {
            *("type", "id", "attributes", "references", "managed"),
            *("coreMigrationVersion", "typeMigrationVersion"),
        }
        assert row["coreMigrationVersion"] == "8.8.0"
        assert tuple(map(int, row["typeMigrationVersion"].split("."))) <= _NEWEST[row["type"]]


def test_an_object_has_no_attribute_that_its_type_does_not_know() -> None:
    for row in rows():
        assert row["attributes"].keys() <= _ATTRIBUTES[row["type"]], row["id"]


def test_what_is_json_in_a_string_can_be_read() -> None:
    for row in rows():
        for name in _STRINGS_OF_JSON.get(row["type"], ()):
            json.loads(row["attributes"][name])
        if "kibanaSavedObjectMeta" in row["attributes"]:
            source = json.loads(row["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
            assert source["query"]["language"] == "kuery"


def test_each_reference_names_an_object_that_came_before_and_no_name_twice() -> None:
    seen: set[tuple[str, str]] = set()
    for row in rows():
        named = [reference["name"] for reference in row["references"]]
        assert len(set(named)) == len(named)
        assert {(reference["type"], reference["id"]) for reference in row["references"]} <= seen
        seen.add((row["type"], row["id"]))


def test_a_session_names_its_data_view_and_columns_of_it() -> None:
    for row in of_type("search"):
        [reference] = row["references"]
        source = json.loads(row["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
        assert source["indexRefName"] == reference["name"] == "kibanaSavedObjectMeta.searchSourceJSON.index"
        fields = fields_of(reference["id"])
        sorted_by = {name for name, _ in row["attributes"]["sort"]}
        assert {*row["attributes"]["columns"], *sorted_by, *fields_in(source["query"]["query"])} <= fields.keys()


def test_a_data_view_is_of_all_indices_of_its_template_and_formats_fields_that_it_has() -> None:
    for row in of_type("index-pattern"):
        assert row["id"] in names("logwinnow")
        [pattern] = templates("logwinnow", replicas=1, refresh_seconds=5)[row["id"]]["index_patterns"]
        assert row["attributes"]["title"] == pattern
        fields = fields_of(row["id"])
        assert fields[row["attributes"]["timeFieldName"]]["type"] == "date"
        assert json.loads(row["attributes"]["fieldFormatMap"]).keys() <= fields.keys()


def test_a_panel_and_its_place_have_one_name_which_no_other_panel_has() -> None:
    for dashboard in of_type("dashboard"):
        own = [panel for panel in panels() if panel.dashboard == dashboard["id"]]
        assert len({panel.row["panelIndex"] for panel in own}) == len(own) > 0
        for panel in own:
            assert panel.row["panelIndex"] == panel.row["gridData"]["i"]


def test_panels_do_not_overlap_and_stay_within_the_grid() -> None:
    for dashboard in of_type("dashboard"):
        places = [panel.row["gridData"] for panel in panels() if panel.dashboard == dashboard["id"]]
        for place in places:
            assert place["x"] >= 0
            assert place["y"] >= 0
            assert min(place["w"], place["h"]) > 0
            assert place["x"] + place["w"] <= 48
        for one, two in combinations(places, 2):
            beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
            assert beside or one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"]


def test_a_session_in_a_panel_is_found_by_the_panel_s_reference() -> None:
    shown = panels("search")
    assert shown
    for panel in shown:
        name = f"{panel.row['panelIndex']}:{panel.row['panelRefName']}"
        assert panel.references[name]["type"] == "search"


def test_a_dashboard_has_the_references_of_its_panels_and_no_others() -> None:
    for dashboard in of_type("dashboard"):
        wanted = set()
        for panel in panels():
            if panel.dashboard != dashboard["id"]:
                continue
            index = panel.row["panelIndex"]
            if panel.row["type"] == "search":
                wanted.add(f"{index}:{panel.row['panelRefName']}")
            else:
                wanted |= {f"{index}:{reference['name']}" for reference in panel.lens["references"]}
        assert {reference["name"] for reference in dashboard["references"]} == wanted


@EACH_CHART
def test_each_layer_of_a_chart_has_its_data_view_in_the_chart_and_in_the_dashboard(panel: Panel) -> None:
    in_chart = {reference["name"]: reference for reference in panel.lens["references"]}
    assert in_chart.keys() == {f"indexpattern-datasource-layer-{layer}" for layer in panel.layers}
    for name, reference in in_chart.items():
        assert panel.references[f"{panel.row['panelIndex']}:{name}"]["id"] == reference["id"]


@EACH_CHART
def test_the_columns_of_a_chart_are_in_order_buckets_first(panel: Panel) -> None:
    for layer in panel.layers.values():
        assert sorted(layer["columnOrder"]) == sorted(layer["columns"])
        bucketed = [layer["columns"][name]["isBucketed"] for name in layer["columnOrder"]]
        assert bucketed == sorted(bucketed, reverse=True)


@EACH_CHART
def test_what_a_chart_draws_are_columns_of_its_layer(panel: Panel) -> None:
    drawing = panel.lens["state"]["visualization"]
    [(layer, content)] = panel.layers.items()
    columns, buckets = (
        set(content["columns"]),
        {name for name, each in content["columns"].items() if each["isBucketed"]},
    )
    match panel.lens["visualizationType"]:
        case "lnsXY":
            [drawn] = drawing["layers"]
            assert (drawn["layerId"], drawn["layerType"]) == (layer, "data")
            assert {drawn["xAccessor"], drawn["splitAccessor"]} == buckets
            assert set(drawn["accessors"]) == columns - buckets
            assert drawn["seriesType"] == drawing["preferredSeriesType"]
            assert content["columns"][drawn["xAccessor"]]["dataType"] == "date"
        case "lnsDatatable":
            assert (drawing["layerId"], drawing["layerType"]) == (layer, "data")
            assert [column["columnId"] for column in drawing["columns"]] == content["columnOrder"]
            assert drawing["sorting"]["columnId"] in columns
        case "lnsMetric":
            assert (drawing["layerId"], drawing["layerType"]) == (layer, "data")
            assert content["columns"][drawing["metricAccessor"]]["dataType"] == "number"
            assert not buckets
        case other:
            pytest.fail(f"no rule for {other}")


@EACH_CHART
def test_what_a_bucket_is_ordered_by_is_a_column_that_can_order(panel: Panel) -> None:
    for layer in panel.layers.values():
        for column in layer["columns"].values():
            order = column.get("params", {}).get("orderBy", {})
            if order.get("type") == "column":
                by = layer["columns"][order["columnId"]]
                # Neither buckets nor formulas order, nor what is asked for as a document.
                assert by["operationType"] in {"count", "unique_count", "min", "max"}
                assert "references" not in by
            elif order:
                assert order["type"] == "rare"
                assert 1 <= order["maxDocCount"] <= 100


@EACH_CHART
def test_a_formula_has_the_columns_that_it_stands_for(panel: Panel) -> None:
    for layer in panel.layers.values():
        for column in layer["columns"].values():
            assert set(column.get("references", ())) <= layer["columns"].keys()
            if column["operationType"] == "math":
                tree = column["params"]["tinymathAst"]
                assert tree["args"] == column["references"]
                counted = [layer["columns"][name]["filter"]["query"] for name in column["references"]]
                assert tree["text"] == " / ".join(f"count(kql='{query}')" for query in counted)
            if column["operationType"] == "formula":
                [inner] = column["references"]
                assert column["params"]["formula"] == layer["columns"][inner]["params"]["tinymathAst"]["text"]


@EACH_CHART
def test_each_field_of_a_chart_is_in_the_index_template_and_of_a_type_for_its_use(panel: Panel) -> None:
    fields = fields_of(shown_from(panel))
    assert fields_in(panel.lens["state"]["query"]["query"]) <= fields.keys()
    for layer in panel.layers.values():
        for column in layer["columns"].values():
            assert fields_in(column.get("filter", {}).get("query", "")) <= fields.keys()
            operation, field = column["operationType"], column.get("sourceField")
            if field in (None, _FOR_RECORDS):
                assert operation in ({"formula", "math"} if field is None else {"count"})
                assert column["dataType"] == "number"
                continue
            assert fields[field]["type"] in _TAKES[operation], field
            # Without values by column nothing can be added up, sorted or filtered.
            assert fields[field].get("doc_values", True)
            assert fields[field].get("index", True)
            if operation != "unique_count":
                assert column["dataType"] == _DATA_TYPES[fields[field]["type"]]
            if operation == "last_value":
                assert fields[column["params"]["sortField"]]["type"] == "date"


@EACH_CHART
def test_a_column_has_the_keys_without_which_charts_stay_blank(panel: Panel) -> None:
    for layer in panel.layers.values():
        for column in layer["columns"].values():
            assert {"operationType", "dataType", "isBucketed", "scale", "label", "params"} <= column.keys()


@pytest.mark.parametrize("body", rules().values(), ids=rules())
def test_a_rule_is_what_the_rule_api_takes(body: Json) -> None:
    assert body.keys() == {"name", "tags", "consumer", "rule_type_id", "schedule", "enabled", "actions", "params"}
    assert (body["rule_type_id"], body["consumer"]) == (".es-query", "stackAlerts")
    assert re.fullmatch(r"[1-9]\d*[smhd]", body["schedule"]["interval"])
    assert body["actions"] == []
    params = body["params"]
    common = {
        *("searchType", "timeField", "timeWindowSize", "timeWindowUnit", "threshold", "thresholdComparator", "size"),
        *("aggType", "groupBy", "excludeHitsFromPreviousRun"),
    }
    assert params["timeWindowUnit"] in {"s", "m", "h", "d"}
    assert 0 <= params["size"] <= 10_000
    assert (params["aggType"], params["groupBy"]) == ("count", "all")
    if params["searchType"] == "esQuery":
        assert params.keys() == common | {"index", "esQuery"}
        assert "query" in json.loads(params["esQuery"])
        assert params["thresholdComparator"] in {">", "<"}
    else:
        assert params.keys() == common | {"esqlQuery"}
        # All that a rule of ES|QL may say.
        assert (params["thresholdComparator"], params["threshold"]) == (">", [0])


@pytest.mark.parametrize("body", rules().values(), ids=rules())
def test_a_rule_reads_indices_and_fields_of_ours(body: Json) -> None:
    params: dict[str, Any] = body["params"]
    if params["searchType"] == "esQuery":
        [index] = params["index"]
        named = set(re.findall(r"\b(?:event|logwinnow)\.[a-z_.]+", params["esQuery"]))
    else:
        index = params["esqlQuery"]["esql"].split('"')[1]
        named = set(re.findall(r"\b(?:event|logwinnow)\.[a-z_.]+", params["esqlQuery"]["esql"].split('"')[2]))
    view = index.removesuffix("-*")
    assert index in {row["attributes"]["title"] for row in of_type("index-pattern")}
    assert fields_of(view)[params["timeField"]]["type"] == "date"
    assert set(named) <= fields_of(view).keys()
