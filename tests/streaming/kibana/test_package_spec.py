"""
conf/kibana as a package of Elastic's registry, checked by package-spec, the program that guards it.

Our objects are installed by Kibana's import and are no such package; what the program says of them all the same is
somebody else's judgement: that ids and files agree, that references lead somewhere, that charts are by value.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kibana_files import Json, rows

_PROGRAM = Path(__file__).with_name("package_spec")
_PATIENCE = 600
_IN_STRINGS = ("panelsJSON", "optionsJSON", "searchSourceJSON")
_MANIFEST = """\
format_version: 3.5.0
name: logwinnow
title: logwinnow
description: Dashboards of what logwinnow judged.
version: 1.0.0
type: integration
categories: [observability]
conditions:
  kibana:
    version: '^8.16.0'
owner:
  github: logwinnow/logwinnow
  type: community
policy_templates: []
"""
_CHANGES = """\
- version: 1.0.0
  changes:
    - description: All of it.
      type: enhancement
      link: https://github.com/logwinnow/logwinnow/pull/1
"""
# Of a package's dashboards the registry wants two things that ours are better without: no saved session in a panel,
# though one that is saved can be opened by itself; and a filter by data stream, where our data views name the indices.
_ELSEWHERE = {"SVR00004", "SVR00002"}


def decoded(body: Json) -> Json:
    """Return an object as a package has it: what Kibana has as JSON in a string is an object there."""
    return {
        name: json.loads(value)
        if name in _IN_STRINGS and isinstance(value, str)
        else decoded(value)
        if isinstance(value, dict)
        else value
        for name, value in body.items()
    }


@pytest.fixture(scope="session")
def package_spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built: by a Go of 1.24 or newer, which fetches its sources."""
    go = shutil.which("go", path=str(Path(sys.executable).parent)) or shutil.which("go")
    if go is None:
        pytest.skip("Go is not here, which builds the checker of Kibana's packages: `make go`")
    program = tmp_path_factory.mktemp("package_spec") / "package_spec"
    cache = Path(os.environ.get("LOGWINNOW_TEST_CACHE") or Path.home() / ".cache" / "logwinnow-tests") / "go"
    kept = {"GOPATH": str(cache), "GOCACHE": str(cache / "built"), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw"}
    built = subprocess.run(
        [go, "build", "-o", program, "."],
        cwd=_PROGRAM,
        env={**os.environ, **kept},
        capture_output=True,
        encoding="utf-8",
        timeout=_PATIENCE,
        check=False,
    )
    if built.returncode:
        pytest.skip(
            "the checker of Kibana's packages could not be built (Go older than 1.24: `make go`; or no network?): "
            f"{built.stderr.strip()[-300:]}"
        )
    return program


def faults(program: Path, folder: Path, objects: list[Json]) -> list[str]:
    """Return what the program finds wrong with a package of these objects."""
    package = folder / "logwinnow"
    (package / "docs").mkdir(parents=True)
    (package / "docs" / "README.md").write_text("# logwinnow\n")
    (package / "manifest.yml").write_text(_MANIFEST)
    (package / "changelog.yml").write_text(_CHANGES)
    for body in objects:
        of_type = package / "kibana" / body["type"].replace("-", "_")
        of_type.mkdir(parents=True, exist_ok=True)
        (of_type / f"{body['id']}.json").write_text(json.dumps(decoded(body)))
    said = subprocess.run([program, package], capture_output=True, encoding="utf-8", check=False)
    assert (said.returncode == 0) == (not said.stdout)
    return re.findall(r"^ +\d+\. (.*)$", said.stdout, re.MULTILINE)


def test_the_registry_s_program_finds_nothing_but_what_is_meant_otherwise(package_spec: Path, tmp_path: Path) -> None:
    found = faults(package_spec, tmp_path, rows())
    assert {code for fault in found for code in re.findall(r"\((SVR\d+)\)$", fault) or [fault]} == _ELSEWHERE


def test_a_reference_that_leads_nowhere_is_found(package_spec: Path, tmp_path: Path) -> None:
    objects = rows()
    [body, *_] = [row for row in objects if row["type"] == "dashboard"]
    body["references"].append({"id": "gone", "name": "gone", "type": "lens"})
    assert any("dangling reference found: gone" in fault for fault in faults(package_spec, tmp_path, objects))
