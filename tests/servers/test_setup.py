"""`logwinnow setup elasticsearch` in the real Elasticsearch: what is made, renewed, removed, and what is left alone."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch_server import patient

from clients.errors import ClientError
from streaming.config import ElasticsearchSinkConfig
from streaming.sink.installing import ElasticsearchInstallation
from streaming.sink.templates import VERSION

pytestmark = pytest.mark.servers


@pytest.fixture
def client(elasticsearch: str) -> Iterator[Elasticsearch]:
    with closing(patient(elasticsearch)) as made:
        yield made


@pytest.fixture
def installation(elasticsearch: str, index_prefix: str) -> ElasticsearchInstallation:
    return ElasticsearchInstallation(ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix, replicas=0))


def templates_of(client: Elasticsearch, prefix: str) -> dict[str, Any]:
    found = client.options(ignore_status=404).indices.get_index_template(name=f"{prefix}*")
    return {each["name"]: each["index_template"] for each in found.body.get("index_templates", [])}


def test_templates_are_made_once_and_then_are_there(
    installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    made, again = list(installation.install()), list(installation.install())
    assert made == [f"index template {index_prefix}-{kind}, version {VERSION}: made" for kind in ("events", "alerts")]
    assert again == [line.replace(": made", ": there") for line in made]
    assert templates_of(client, index_prefix).keys() == {f"{index_prefix}-events", f"{index_prefix}-alerts"}


@pytest.mark.parametrize(
    ("meta", "said"),
    [({"logwinnow": VERSION - 1}, f"renewed, was of version {VERSION - 1}"), ({}, "renewed, was not of logwinnow")],
)
def test_an_upgrade_of_a_template_is_said(
    meta: dict[str, int], said: str, installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    name = f"{index_prefix}-events"
    client.indices.put_index_template(name=name, body={**installation.bodies[name], "_meta": meta})
    [first, _] = installation.install()
    assert first == f"index template {name}, version {VERSION}: {said}"
    assert templates_of(client, index_prefix)[name]["_meta"] == {"logwinnow": VERSION}


def test_templates_of_a_newer_version_are_left_alone(
    installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    name = f"{index_prefix}-alerts"
    body = {"index_patterns": [f"{name}-*"], "_meta": {"logwinnow": VERSION + 1}}
    client.indices.put_index_template(name=name, body=body)
    with pytest.raises(
        ClientError, match=f"{name}' is of version {VERSION + 1} and ours of version {VERSION}: run setup"
    ):
        list(installation.install())
    assert templates_of(client, index_prefix).keys() == {name}


def test_removing_takes_the_templates_and_leaves_data_and_what_is_of_others(
    installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    list(installation.install())
    index, foreign = f"{index_prefix}-events-2026.11.28", f"{index_prefix}-foreign"
    client.index(index=index, document={"message": "kept"}, refresh=True)
    client.indices.put_index_template(name=foreign, body={"index_patterns": [f"{foreign}-*"]})
    removed = list(installation.remove())
    assert removed == [f"index template {index_prefix}-{kind}: removed" for kind in ("events", "alerts")]
    assert templates_of(client, index_prefix).keys() == {foreign}
    assert client.count(index=index)["count"] == 1
    assert list(installation.remove()) == []


def test_a_template_of_our_name_that_somebody_else_made_is_not_removed(
    installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    name = f"{index_prefix}-events"
    client.indices.put_index_template(name=name, body={"index_patterns": [f"{name}-*"]})
    assert list(installation.remove()) == [f"index template {name}: left, it is not of logwinnow"]
    assert templates_of(client, index_prefix).keys() == {name}


def test_days_to_keep_are_refused_where_elasticsearch_cannot_delete_by_age(
    elasticsearch: str, client: Elasticsearch, index_prefix: str
) -> None:
    # The distribution for tests has no lifecycle management.
    config = ElasticsearchSinkConfig(url=elasticsearch, index_prefix=index_prefix, keep_days=7)
    with pytest.raises(ClientError, match=r"keep_days is 7, and Elasticsearch at .* has no index lifecycle management"):
        list(ElasticsearchInstallation(config).install())
    assert templates_of(client, index_prefix) == {}


def test_the_indices_of_a_day_are_all_but_the_one_of_none(
    installation: ElasticsearchInstallation, client: Elasticsearch, index_prefix: str
) -> None:
    list(installation.install())
    names = [f"{index_prefix}-{end}" for end in ("events-2026.11.28", "events-undated", "alerts-2026.11.28", "other-1")]
    for name in names:
        client.indices.create(index=name)
    assert set(client.indices.get_settings(index=installation.daily)) == {names[0], names[2]}
