"""
Alerting rules, for Kibana's rule API: saved objects of rules are imported without their keys, and disabled.

They have no actions: whom to tell, and by what, an operator adds, and `logwinnow setup kibana` keeps that. Times are
those at which lines were judged (`event.created`), since lines may come hours late.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Final

from streaming.kibana import Json

# What ids follow from: Kibana wants UUIDs, and the same ones at every run.
_NAMESPACE: Final = uuid.UUID("5b8f7d2e-3f0c-5c39-9a4e-2d6f1f0f6a11")

_AT_LEAST: Final = 20
_TIMES: Final = 3


@dataclass(frozen=True)
class Rule:
    """
    A rule of type `.es-query`.

    Attributes:
        name: Its own among ours, of which its id is made.
        title: What it is found by.
        interval: How often it looks, as `1m`.
        params: What it looks for, without `index`, by the names of the rule type.
    """

    name: str
    title: str
    interval: str
    params: Json

    def id(self, prefix: str) -> str:
        """Return the rule's id, a UUID."""
        return str(uuid.uuid5(_NAMESPACE, f"{prefix}/{self.name}"))

    def changed(self, prefix: str) -> Json:
        """Return what an update of the rule has, without the actions that it keeps."""
        return {
            "name": f"{prefix}: {self.title}",
            "tags": ["logwinnow"],
            "schedule": {"interval": self.interval},
            "params": _filled(self.params, prefix),
        }

    def created(self, prefix: str) -> Json:
        """Return what makes the rule."""
        whole = {"rule_type_id": ".es-query", "consumer": "stackAlerts", "enabled": True, "actions": []}
        return self.changed(prefix) | whole


_ALERT: Final = {"term": {"event.kind": "alert"}}
_UNUSUAL: Final = {"exists": {"field": "logwinnow.kind"}}
_EACH_ONCE: Final[Json] = {
    "timeWindowSize": 5,
    "timeWindowUnit": "m",
    "threshold": [0],
    "thresholdComparator": ">",
    "size": 100,
    "aggType": "count",
    "groupBy": "all",
    "excludeHitsFromPreviousRun": True,
}

NEW_SHAPE = Rule(
    "new-shape",
    "a new shape of lines",
    "1m",
    {
        "searchType": "esQuery",
        "index": ["{prefix}-alerts-*"],
        "timeField": "event.created",
        "esQuery": json.dumps({"query": {"bool": {"filter": [_ALERT], "must_not": [_UNUSUAL]}}}),
        **_EACH_ONCE,
    },
)
UNUSUAL = Rule(
    "unusual",
    "something unusual of known kinds",
    "1m",
    {
        "searchType": "esQuery",
        "index": ["{prefix}-alerts-*"],
        "timeField": "event.created",
        "esQuery": json.dumps({"query": {"bool": {"filter": [_ALERT, _UNUSUAL]}}}),
        **_EACH_ONCE,
    },
)
# Compares two times in one request, which only ES|QL can. What is usual is the mean of the 24 hours before; few
# outliers are nothing to wake somebody for, however unusual.
MORE_OUTLIERS = Rule(
    "more-outliers",
    "more outliers than usual",
    "10m",
    {
        "searchType": "esqlQuery",
        "timeField": "event.created",
        "esqlQuery": {
            "esql": 'FROM "{prefix}-events-*"'
            " | WHERE logwinnow.outlier == true"
            " | EVAL is_recent = CASE(event.created >= NOW() - 1 hour, 1, 0)"
            " | STATS recent = SUM(is_recent), outliers = COUNT(*)"
            " | EVAL usual = (outliers - recent) / 24.0"
            f" | WHERE recent >= {_AT_LEAST} AND recent > {_TIMES} * usual"
        },
        "timeWindowSize": 25,
        "timeWindowUnit": "h",
        "threshold": [0],
        "thresholdComparator": ">",
        "size": 100,
        "aggType": "count",
        "groupBy": "all",
        "excludeHitsFromPreviousRun": False,
    },
)
SILENT = Rule(
    "silent",
    "the stream has been silent",
    "5m",
    {
        "searchType": "esQuery",
        "index": ["{prefix}-events-*"],
        "timeField": "event.created",
        "esQuery": json.dumps({"query": {"match_all": {}}}),
        "timeWindowSize": 15,
        "timeWindowUnit": "m",
        "threshold": [1],
        "thresholdComparator": "<",
        "size": 1,
        "aggType": "count",
        "groupBy": "all",
        # Lines that it saw before are not the ones that it misses.
        "excludeHitsFromPreviousRun": False,
    },
)

RULES: Final = (NEW_SHAPE, MORE_OUTLIERS, SILENT, UNUSUAL)


def _filled(params: Json, prefix: str) -> Json:
    """Return the parameters with the prefix in the names of indices."""
    filled = dict(params)
    if "index" in filled:
        filled["index"] = [name.replace("{prefix}", prefix) for name in filled["index"]]
    else:
        filled["esqlQuery"] = {"esql": filled["esqlQuery"]["esql"].replace("{prefix}", prefix)}
    return filled
