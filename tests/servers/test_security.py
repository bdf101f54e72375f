"""Logins and TLS: a stream gets in with what the configuration names, and else says what is wrong."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import certificates
import elasticsearch_server
import kafka_server
import pytest
from elasticsearch import Elasticsearch
from elasticsearch_server import ElasticsearchServer
from kafka_server import KafkaServer
from live import Live

pytestmark = [pytest.mark.servers, pytest.mark.spark]


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaServer]:
    with KafkaServer(secured=True) as server:
        yield server


@pytest.fixture(scope="module")
def node() -> Iterator[ElasticsearchServer]:
    with ElasticsearchServer(secured=True) as server:
        yield server


_PASSWORDS = (kafka_server.PASSWORD, elasticsearch_server.PASSWORD)


class SecuredLive(Live):
    """The same between secured servers; records are sent, and documents read, by ways of the test's own."""

    node: ElasticsearchServer

    def client(self) -> Elasticsearch:
        return self.node.client()


@pytest.fixture
def secured(tmp_path: Path, broker: KafkaServer, node: ElasticsearchServer) -> SecuredLive:
    """A stream's place, with the logins of an administrator; 100 records wait."""
    (tmp_path / "kafka-password").write_text(kafka_server.PASSWORD)
    (tmp_path / "elastic-password").write_text(f"{elasticsearch_server.PASSWORD}\n")
    settings: dict[str, Any] = {
        "source.kafka.bootstrap_servers": broker.secured_bootstrap_servers,
        "source.kafka.security_protocol": "SASL_SSL",
        "source.kafka.username": kafka_server.USER,
        "source.kafka.password": f"file:{tmp_path}/kafka-password",
        "source.kafka.ca_certs": str(broker.certificate.ca),
        "sink.elasticsearch.username": elasticsearch_server.USER,
        "sink.elasticsearch.password": f"file:{tmp_path}/elastic-password",
        "sink.elasticsearch.fingerprint": node.certificate.fingerprint,
    }
    name = f"secured-{os.urandom(4).hex()}"
    live = SecuredLive(tmp_path, broker.bootstrap_servers, node.url, name, name, settings)
    live.node = node
    live.make_topic()
    live.set_up()
    live.publish("user *{1,1} left")
    live.send(b"user %d %s" % (number, end) for number in range(50) for end in (b"left", b"came"))
    return live


def use_api_key(live: SecuredLive, *, cluster: list[str], privileges: list[str]) -> dict[str, str]:
    """Have a stream log in by a key with these rights, and know the server by its CA; return the key's variable."""
    indices = [{"names": [f"{live.prefix}-events-*", f"{live.prefix}-alerts-*"], "privileges": privileges}]
    with closing(live.client()) as client:
        role = {"stream": {"cluster": cluster, "indices": indices}}
        key = client.security.create_api_key(name="stream", role_descriptors=role)["encoded"]
    for name in ("username", "password", "fingerprint"):
        live.settings.pop(f"sink.elasticsearch.{name}", None)
    live.settings["sink.elasticsearch.api_key"] = "env:LOGWINNOW_TEST_KEY"
    live.settings["sink.elasticsearch.ca_certs"] = str(live.node.certificate.ca)
    return {"LOGWINNOW_TEST_KEY": key}


def test_it_reads_and_writes_with_logins_over_tls(secured: SecuredLive) -> None:
    live = secured
    with live.run("--once") as stream:
        assert stream.end() == 0, stream.said.read_text()
    assert live.check() == Counter(events=100, outliers=50, alerts=1, letters=0)
    assert not any(password in said for said in everything_said(live) for password in _PASSWORDS)


def test_it_needs_no_more_rights_than_the_manual_names_and_says_when_it_has_less(secured: SecuredLive) -> None:
    live = secured
    reader = use_api_key(live, cluster=["monitor"], privileges=["read"])
    with live.run("--once", **reader) as stream:
        assert stream.end() == 1
        assert "the login lacks a right" in stream.complaint()
    assert not live.indices()
    writer = use_api_key(live, cluster=["monitor"], privileges=["create_doc", "auto_configure"])
    with live.run("--once", **writer) as stream:
        assert stream.end() == 0, stream.said.read_text()
    assert live.check() == Counter(events=100, outliers=50, alerts=1, letters=0)
    assert not any(key in said for said in everything_said(live) for key in (*reader.values(), *writer.values()))


def everything_said(live: SecuredLive) -> list[str]:
    return [file.read_text() for file in live.folder.glob("said-*")]


def wrong(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield settings with which it cannot get in, and what it says."""
    (folder / "wrong").write_text("wrong")
    stranger = str(certificates.make(folder).ca)
    # A broker that has refused often just breaks off; what is said of that names the login too.
    yield {"source.kafka.password": f"file:{folder}/wrong"}, "username, password and sasl_mechanism"
    yield {"source.kafka.password": "env:LOGWINNOW_TEST_NONE"}, "LOGWINNOW_TEST_NONE"
    yield {"source.kafka.ca_certs": stranger}, "check security_protocol and ca_certs"
    yield {"source.kafka.ca_certs": f"{folder}/none.pem"}, "check ca_certs"
    yield {"sink.elasticsearch.password": f"file:{folder}/wrong"}, "it does not know the login"
    yield {"sink.elasticsearch.fingerprint": "ab" * 32}, "a certificate that is not trusted"


def test_what_does_not_get_in_is_told_before_spark_starts(secured: SecuredLive, tmp_path: Path) -> None:
    right = dict(secured.settings)
    folder = tmp_path / "strange"
    folder.mkdir()
    for settings, said in wrong(folder):
        secured.settings = {**right, **settings}
        with secured.run("--once") as stream:
            assert stream.end() == 1
            assert said in stream.complaint()
    secured.settings = right
    variable = use_api_key(secured, cluster=[], privileges=["create_doc"])
    with secured.run("--once", **variable) as stream:
        assert stream.end() == 1
        assert "the login lacks a right" in stream.complaint()
    assert not secured.indices()
