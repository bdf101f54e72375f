"""What the files of conf/kibana hold, read as any reader of theirs would: from the bytes, by no code of ours."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "kibana"

Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """
    A panel of a dashboard.

    Attributes:
        dashboard: Id of its dashboard.
        row: As `panelsJSON` has it.
        references: Those of its dashboard by their names.
    """

    dashboard: str
    row: Json
    references: dict[str, Json]

    @property
    def title(self) -> str:
        return str(self.row["title"])

    @property
    def lens(self) -> Json:
        """The attributes of the chart that is in it."""
        return dict(self.row["embeddableConfig"]["attributes"])

    @property
    def layers(self) -> dict[str, Json]:
        """The chart's layers by their ids."""
        return dict(self.lens["state"]["datasourceStates"]["formBased"]["layers"])


def rows() -> list[Json]:
    """Return the saved objects."""
    return [json.loads(line) for line in (FOLDER / "logwinnow.ndjson").read_bytes().splitlines()]


def of_type(kind: str) -> list[Json]:
    return [row for row in rows() if row["type"] == kind]


def panels(kind: str | None = None) -> list[Panel]:
    """Return the panels of all dashboards, or those of one type."""
    found = []
    for dashboard in of_type("dashboard"):
        references = {reference["name"]: reference for reference in dashboard["references"]}
        drawn = json.loads(dashboard["attributes"]["panelsJSON"])
        found += [Panel(dashboard["id"], row, references) for row in drawn if kind in (None, row["type"])]
    return found


def rules() -> dict[str, Json]:
    """Return the bodies of the rules by the names of their files."""
    return {path.stem.removeprefix("rule-"): json.loads(path.read_bytes()) for path in FOLDER.glob("rule-*.json")}
