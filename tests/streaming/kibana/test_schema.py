"""
conf/kibana held to schema.json, which says in our words what Kibana's documents and sources say of each body.

What is JSON within a string is decoded before, so that the schema reaches into it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kibana_files import Json, rows, rules

_SCHEMA = Path(__file__).with_name("schema.json")
_STRINGS = {
    *("panelsJSON", "optionsJSON", "searchSourceJSON", "fields", "fieldAttrs", "fieldFormatMap", "runtimeFieldMap"),
    *("sourceFilters", "typeMeta", "esQuery"),
}


def decoded(value: Any) -> Any:
    """Return a body with what is JSON within a string as what it says."""
    if isinstance(value, dict):
        return {
            name: json.loads(inner) if name in _STRINGS and isinstance(inner, str) else decoded(inner)
            for name, inner in value.items()
        }
    return [decoded(each) for each in value] if isinstance(value, list) else value


def checked(folder: Path, bodies: list[Json]) -> subprocess.CompletedProcess[str]:
    """Hold bodies to the schema."""
    files = []
    for number, body in enumerate(bodies):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(decoded(body)))
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(_SCHEMA), *map(str, files)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_all_objects_and_rules_are_as_the_schema_says(tmp_path: Path) -> None:
    bodies = [*rows(), *rules().values()]
    done = checked(tmp_path, bodies)
    assert done.returncode == 0, done.stdout
    assert len(bodies) == 13


def broken_dashboard() -> Json:
    [body, *_] = [row for row in rows() if row["type"] == "dashboard"]
    body["attributes"]["tags"] = []
    return body


def broken_panel() -> Json:
    [body, *_] = [row for row in rows() if row["type"] == "dashboard"]
    panels = json.loads(body["attributes"]["panelsJSON"])
    [layer] = panels[0]["embeddableConfig"]["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    layer["columns"]["split"]["params"]["orderBy"] = {"type": "column"}
    body["attributes"]["panelsJSON"] = json.dumps(panels)
    return body


def broken_rule() -> Json:
    body = rules()["more-outliers"]
    body["params"]["threshold"] = [1]
    return body


@pytest.mark.parametrize("broken", [broken_dashboard(), broken_panel(), broken_rule()], ids=["key", "order", "rule"])
def test_what_kibana_would_not_take_the_schema_does_not_take(broken: Json, tmp_path: Path) -> None:
    assert checked(tmp_path, [broken]).returncode == 1
