"""
Index templates of the sink `elasticsearch`: the type of each field of the documents of streaming/documents.py.

Nothing is mapped by guess (`dynamic: false`): a log line can add no field, and a field of a newer version is stored and
not searchable until the templates are renewed.
"""

from typing import Any, Final

VERSION: Final = 5
"""Raised with each change: a stream refuses to write by older templates than its own."""

# Above Elasticsearch's own for logs-*-* (100) and those of its integrations (200).
_PRIORITY = 300

UNDATED: Final = "undated"

_KEYWORD: Final = {"type": "keyword", "ignore_above": 8191}
_KEPT: Final = {"type": "keyword", "index": False, "doc_values": False}
"""Kept in the document and never searched: it may be longer than a keyword can be."""
_TEXT: Final = {"type": "text", "norms": False}
_DATE: Final = {"type": "date"}
_LONG: Final = {"type": "long"}
_DOUBLE: Final = {"type": "double"}
_BOOLEAN: Final = {"type": "boolean"}
_IP: Final = {"type": "ip"}

_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "@timestamp": _DATE,
    "message": _TEXT,
    "event.id": _KEYWORD,
    "event.kind": _KEYWORD,
    "event.dataset": _KEYWORD,
    "event.created": _DATE,
    "event.original": _KEPT,
    "host.name": _KEYWORD,
    "process.name": _KEYWORD,
    "process.pid": _LONG,
    "log.level": _KEYWORD,
    "log.file.path": _KEYWORD,
    "log.offset": _LONG,
    "log.syslog.priority": _LONG,
    "log.syslog.facility.code": _LONG,
    "log.syslog.severity.code": _LONG,
    "source.ip": _IP,
    "kafka.topic": _KEYWORD,
    "kafka.partition": _LONG,
    "kafka.offset": _LONG,
    "logwinnow.outlier": _BOOLEAN,
    "logwinnow.unjudged": _KEYWORD,
    "logwinnow.reason": _KEYWORD,
    "logwinnow.set": _KEYWORD,
    "logwinnow.set_published": _DATE,
    "logwinnow.scope": _KEYWORD,
    "logwinnow.pattern.id": _KEYWORD,
    "logwinnow.pattern.text": _KEYWORD,
    "logwinnow.pattern.label": _KEYWORD,
    "logwinnow.pattern.state": _KEYWORD,
    "logwinnow.pattern.first_day": _DATE,
    "logwinnow.pattern.name": _KEYWORD,
    "logwinnow.pattern.severity": _KEYWORD,
    "logwinnow.pattern.runbook": _KEYWORD,
    "logwinnow.params": _KEYWORD,
    "logwinnow.shape.id": _KEYWORD,
    "logwinnow.shape.text": _KEYWORD,
    "logwinnow.nearest.id": _KEYWORD,
    "logwinnow.nearest.text": _KEYWORD,
    "logwinnow.nearest.difference": _KEYWORD,
    "logwinnow.cut": _BOOLEAN,
    "logwinnow.original_base64": {"type": "binary"},
}

_ALERT_FIELDS: Final[dict[str, dict[str, Any]]] = {
    **_FIELDS,
    "event.first_event_id": _KEYWORD,
    "event.sequence": _LONG,
    "logwinnow.bucket": _DATE,
    "logwinnow.count": _LONG,
    "logwinnow.untold": _LONG,
    "logwinnow.shapes": _LONG,
    "logwinnow.examples": _KEPT,
    "logwinnow.find": _KEPT,
    "logwinnow.accept": _KEPT,
    "logwinnow.explain": _KEPT,
    "logwinnow.overflow": _BOOLEAN,
    "logwinnow.kind": _KEYWORD,
    "logwinnow.direction": _KEYWORD,
    "logwinnow.hour": _DATE,
    "logwinnow.last": _DATE,
    "logwinnow.observed": _DOUBLE,
    "logwinnow.usual": _DOUBLE,
    "logwinnow.spread": _DOUBLE,
    "logwinnow.period": _DOUBLE,
    "logwinnow.gap": _LONG,
    "logwinnow.value": _KEYWORD,
}


def names(prefix: str) -> tuple[str, str]:
    """Return the names of the templates, which are those of the aliases too."""
    return f"{prefix}-events", f"{prefix}-alerts"


def undated(prefix: str) -> str:
    """Return the name of the index of events of no true time, and of its template where it needs one of its own."""
    return f"{prefix}-events-{UNDATED}"


def templates(
    prefix: str, *, replicas: int, refresh_seconds: int, policy: str | None = None
) -> dict[str, dict[str, Any]]:
    """
    Return the bodies of the index templates by their names.

    Args:
        prefix: What the names of indices begin with.
        replicas: Copies of each index on other nodes.
        refresh_seconds: Until a new document is found.
        policy: Of Elasticsearch's lifecycle management, for all indices of a day; None for none.
    """
    settings: dict[str, Any] = {
        "number_of_shards": 1,
        "number_of_replicas": replicas,
        "refresh_interval": f"{refresh_seconds}s",
    }
    daily = settings if policy is None else settings | {"lifecycle": {"name": policy}}
    bodies = {
        name: {
            "index_patterns": [f"{name}-*"],
            "priority": _PRIORITY,
            "template": {
                "settings": {"index": daily},
                "mappings": {"dynamic": False, "properties": _properties(fields)},
                "aliases": {name: {}},
            },
            "_meta": {"logwinnow": VERSION},
        }
        for name, fields in zip(names(prefix), (_FIELDS, _ALERT_FIELDS), strict=True)
    }
    if policy is not None:
        bodies[undated(prefix)] = _without_age(bodies[names(prefix)[0]], undated(prefix), settings)
    return bodies


def _without_age(body: dict[str, Any], name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the template of the one index of no day: as old as its first document, it holds young ones too."""
    template = body["template"] | {"settings": {"index": settings}}
    return body | {"index_patterns": [name], "priority": _PRIORITY + 1, "template": template}


def version_of(found: dict[str, Any], name: str) -> int | None:
    """Return the version of a template in an answer of GET /_index_template; 0 where it is not ours."""
    for each in found.get("index_templates", []):
        if each["name"] == name:
            version = each["index_template"].get("_meta", {}).get("logwinnow", 0)
            return version if isinstance(version, int) else 0
    return None


def _properties(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return dotted names as the nested objects that a mapping has."""
    properties: dict[str, Any] = {}
    for name, kind in fields.items():
        *objects, last = name.split(".")
        inner = properties
        for each in objects:
            inner = inner.setdefault(each, {"properties": {}})["properties"]
        inner[last] = kind
    return properties
