"""All objects of a prefix as the bytes that Kibana's import takes, and as the files of conf/kibana."""

import json
from typing import Final

from streaming.kibana.dashboards import dashboards
from streaming.kibana.objects import SavedObject
from streaming.kibana.rules import RULES
from streaming.kibana.searches import searches
from streaming.kibana.views import data_views

OBJECTS_FILE: Final = "logwinnow.ndjson"


def saved_objects(prefix: str) -> list[SavedObject]:
    """Return all saved objects, each behind those that it names."""
    return [*data_views(prefix), *searches(prefix), *dashboards(prefix)]


def export(prefix: str) -> bytes:
    """Return them as an export has them: one a line, without the last line that counts them."""
    rows = (json.dumps(each.row(), ensure_ascii=False, sort_keys=True) for each in saved_objects(prefix))
    return "".join(f"{row}\n" for row in rows).encode()


def files(prefix: str) -> dict[str, bytes]:
    """Return the contents of conf/kibana by their names: the objects, and the body that makes each rule."""
    rules = {
        f"rule-{rule.name}.json": f"{json.dumps(rule.created(prefix), ensure_ascii=False, indent=2)}\n".encode()
        for rule in RULES
    }
    return {OBJECTS_FILE: export(prefix), **rules}
