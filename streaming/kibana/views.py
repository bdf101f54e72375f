"""Data views: the indices of events and of alerts, each with its time field."""

import json
from typing import Final

from streaming.kibana import ALERTS, EVENTS
from streaming.kibana.objects import SavedObject, view_id

# A reader asks how old a set is; when it was published is in its version too.
_FORMATS: Final = {
    "logwinnow.set_published": {"id": "relative_date"},
    "logwinnow.pattern.first_day": {"id": "date", "params": {"pattern": "YYYY-MM-DD", "timezone": "UTC"}},
}


def data_views(prefix: str) -> list[SavedObject]:
    """Return the data views of events and of alerts."""
    return [_view(prefix, EVENTS), _view(prefix, ALERTS)]


def _view(prefix: str, view: str) -> SavedObject:
    attributes = {
        # By name, not by alias: an alias that no index has yet is an error, a pattern that matches none is not.
        "title": f"{prefix}-{view}-*",
        "name": f"{prefix}: {view}",
        "timeFieldName": "@timestamp",
        "fields": "[]",
        "fieldAttrs": "{}",
        "fieldFormatMap": json.dumps(_FORMATS),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
    }
    return SavedObject("index-pattern", view_id(prefix, view), attributes)
