"""
Days to keep: what Elasticsearch is asked for, by a small server that stands in for its lifecycle management.

The real Elasticsearch of the tests has none; all else of setup is tried there (tests/servers/test_setup.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from http_answers import Reply, Request, answering

from streaming.config import ElasticsearchSinkConfig
from streaming.sink.installing import ElasticsearchInstallation
from streaming.sink.templates import VERSION


@dataclass
class LifecycleStandIn:
    """Keeps policies and templates; remembers what indices were told."""

    policies: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, Any] = field(default_factory=dict)
    told: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        return Reply(*self._answer(request), {"x-elastic-product": "Elasticsearch"})

    def _answer(self, request: Request) -> tuple[int, Any]:
        path = request.path.partition("?")[0].lstrip("/").replace("%2C", ",").split("/")
        match request.method, path:
            case method, ["_ilm", "policy", name]:
                return self._stored(self.policies, method, name, request)
            case "GET", ["_index_template", name] if name in self.templates:
                return 200, {"index_templates": [{"name": name, "index_template": self.templates[name]}]}
            case method, ["_index_template", name]:
                return self._stored(self.templates, method, name, request)
            case "PUT", [indices, "_settings"]:
                self.told.append((indices, request.json))
                return 200, {"acknowledged": True}
            case "POST", [indices, "_ilm", "remove"]:
                self.told.append((indices, None))
                return 200, {"has_failures": False, "failed_indexes": []}
        return 400, {"error": f"no handler found for uri [{request.path}] and method [{request.method}]"}

    @staticmethod
    def _stored(store: dict[str, Any], method: str, name: str, request: Request) -> tuple[int, Any]:
        if method == "PUT":
            store[name] = request.json
        elif name not in store:
            return 404, {"error": {"type": "resource_not_found_exception", "reason": name}}
        elif method == "DELETE":
            del store[name]
        return 200, {name: store.get(name)}


@pytest.fixture
def server() -> LifecycleStandIn:
    return LifecycleStandIn()


@pytest.fixture
def url(server: LifecycleStandIn) -> Iterator[str]:
    with answering(server) as at:
        yield at


def installation(url: str, keep_days: int | None) -> ElasticsearchInstallation:
    return ElasticsearchInstallation(ElasticsearchSinkConfig(url=url, index_prefix="mine", keep_days=keep_days))


DAILY = "mine-events-*,mine-alerts-*,-mine-events-undated"


def test_days_to_keep_are_a_policy_that_templates_and_indices_name(server: LifecycleStandIn, url: str) -> None:
    said = list(installation(url, 30).install())
    assert server.policies["mine-keep-days"]["policy"]["phases"] == {
        "hot": {"actions": {}},
        "delete": {"min_age": "30d", "actions": {"delete": {}}},
    }
    named = {name: body["template"]["settings"]["index"].get("lifecycle") for name, body in server.templates.items()}
    ours = {"name": "mine-keep-days"}
    assert named == {"mine-events": ours, "mine-alerts": ours, "mine-events-undated": None}
    assert server.told == [(DAILY, {"index.lifecycle.name": "mine-keep-days"})]
    assert said[0] == "policy mine-keep-days: indices are deleted 30 days after they were made"


def test_the_index_of_no_day_has_a_template_of_its_own_that_wins(server: LifecycleStandIn, url: str) -> None:
    list(installation(url, 30).install())
    events, undated = server.templates["mine-events"], server.templates["mine-events-undated"]
    assert undated["index_patterns"] == ["mine-events-undated"]
    assert undated["priority"] > events["priority"]
    assert undated["template"]["mappings"] == events["template"]["mappings"]
    assert undated["template"]["aliases"] == events["template"]["aliases"]


def test_what_a_dry_run_prints_is_what_is_sent(server: LifecycleStandIn, url: str) -> None:
    list(installation(url, 30).install())
    made = {f"PUT /_ilm/policy/{name}": body for name, body in server.policies.items()}
    made |= {f"PUT /_index_template/{name}": body for name, body in server.templates.items()}
    assert installation(url, 30).requests() == made


def test_without_days_policy_and_template_go_and_indices_are_kept(server: LifecycleStandIn, url: str) -> None:
    list(installation(url, 30).install())
    server.told.clear()
    said = list(installation(url, None).install())
    assert server.policies == {}
    assert server.templates.keys() == {"mine-events", "mine-alerts"}
    assert not any("lifecycle" in body["template"]["settings"]["index"] for body in server.templates.values())
    assert server.told == [(DAILY, None)]
    assert "policy mine-keep-days: removed; no index is deleted by age" in said


def test_removing_takes_the_policy_from_the_indices_before_it_goes(server: LifecycleStandIn, url: str) -> None:
    list(installation(url, 30).install())
    server.told.clear()
    said = list(installation(url, 30).remove())
    assert (server.policies, server.templates) == ({}, {})
    assert server.told == [(DAILY, None)]
    assert len(said) == 4
    assert list(installation(url, 30).remove()) == []


def test_other_days_are_the_same_policy_renewed(server: LifecycleStandIn, url: str) -> None:
    list(installation(url, 30).install())
    said = list(installation(url, 60).install())
    assert server.policies["mine-keep-days"]["policy"]["phases"]["delete"]["min_age"] == "60d"
    assert said[1] == f"index template mine-events, version {VERSION}: there"
