"""What each chart of conf/kibana shows, reckoned from the events of the time that is shown."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from kibana_files import Json
from lens_request import MISSING

_HALF_AN_HOUR = 1_800_000


def of(event: Json, path: str) -> Any:
    """Return the value of a dotted name, None where there is none."""
    value: Any = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def when(event: Json, path: str = "@timestamp") -> float:
    """Return a time as Elasticsearch reckons it, in milliseconds since 1970."""
    moment = datetime.fromisoformat(of(event, path))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


def grouped(events: list[Json], path: str) -> dict[Any, list[Json]]:
    """Return events by the value of a dotted name."""
    groups = defaultdict(list)
    for event in events:
        groups[of(event, path)].append(event)
    return groups


def outliers(events: list[Json]) -> list[Json]:
    return [event for event in events if event["logwinnow"]["outlier"]]


def hosts(events: list[Json]) -> int:
    return len({of(event, "host.name") for event in events})


def bars(events: list[Json], path: str) -> list[Json]:
    counted = Counter((of(event, path) or MISSING, when(event) // _HALF_AN_HOUR * _HALF_AN_HOUR) for event in events)
    return [{"split": split, "time": time, "count": count} for (split, time), count in counted.items()]


def share(events: list[Json]) -> list[Json]:
    part, whole = len(outliers(events)), sum(of(event, "logwinnow.unjudged") is None for event in events)
    return [{"share": part / whole, "shareX0": part, "shareX1": whole, "shareX2": part / whole}]


def sets(events: list[Json]) -> list[Json]:
    [(version, own)] = grouped(events, "logwinnow.set").items()
    published = when(own[0], "logwinnow.set_published")
    return [
        {
            "set": version,
            "published": published,
            "lines": len(own),
            "judged": max(when(e, "event.created") for e in own),
        }
    ]


def shapes(events: list[Json]) -> list[Json]:
    found = []
    for shape, own in grouped(outliers(events), "logwinnow.shape.text").items():
        newest = max(own, key=when)
        nearest = [event for event in own if of(event, "logwinnow.nearest.text")]
        found.append(
            {
                "shape": shape,
                "first": min(map(when, own)),
                "last": max(map(when, own)),
                "count": len(own),
                "hosts": hosts(own),
                "program": of(newest, "process.name"),
                "nearest": of(max(nearest, key=when), "logwinnow.nearest.text") if nearest else None,
            }
        )
    return found


def by_label(events: list[Json]) -> dict[str, list[Json]]:
    known = [event for event in events if of(event, "logwinnow.pattern.id") and not event["logwinnow"]["outlier"]]
    return grouped(known, "logwinnow.pattern.label")


def rarest(events: list[Json]) -> list[Json]:
    return [
        {"pattern": label, "count": len(own), "last": max(map(when, own)), "hosts": hosts(own)}
        for label, own in by_label(events).items()
        if len(own) <= 10
    ]


def newest(events: list[Json]) -> list[Json]:
    return [
        {"pattern": label, "since": when(own[0], "logwinnow.pattern.first_day"), "count": len(own), "hosts": hosts(own)}
        for label, own in by_label(events).items()
    ]


EXPECTED: dict[str, Callable[[list[Json]], list[Json]]] = {
    "Lines over time by pattern": lambda events: bars(events, "logwinnow.pattern.label"),
    "Share of unmatched lines": share,
    "Outliers": lambda events: [{"count": len(outliers(events))}],
    "Shapes of outliers": lambda events: [{"shapes": len(grouped(outliers(events), "logwinnow.shape.id"))}],
    "Pattern sets in use": sets,
    "Outliers over time by program": lambda events: bars(outliers(events), "process.name"),
    "Shapes of outliers by when they were first seen": shapes,
    "Rarest patterns": rarest,
    "Newest patterns": newest,
}
