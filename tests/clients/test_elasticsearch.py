"""How Elasticsearch is reached, and what its errors mean, without one."""

import pickle
from typing import Any

import pytest
from elastic_transport import ApiResponseMeta, ConnectionTimeout, HttpHeaders, NodeConfig, TlsError
from elastic_transport import ConnectionError as NoConnection
from elasticsearch import ApiError

from clients.elasticsearch import Connection, ElasticsearchConfig, reason_of
from clients.errors import ClientError, ServerAway
from patterns.errors import SettingsError
from patterns.secrets import Secret
from patterns.settings import convert

_ODD: list[Any] = [None, "text", {}, {"error": []}]
_PLAIN = Connection.of(ElasticsearchConfig())


def said(status: int, body: Any) -> ApiError:
    """Return the client's error for an answer."""
    node = NodeConfig("http", "127.0.0.1", 9200)
    return ApiError("message", ApiResponseMeta(status, "1.1", HttpHeaders(), 0.1, node), body)


def test_the_login_is_that_of_the_configuration_and_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "abc==")
    keyed = Connection.of(ElasticsearchConfig(url=["https://a:9200", "https://b:9200"], api_key=Secret("env:A_KEY")))
    assert keyed.urls == ("https://a:9200", "https://b:9200")
    assert dict(keyed.settings)["api_key"] == "abc=="
    assert "abc==" not in repr(keyed)
    assert pickle.loads(pickle.dumps(keyed)) == keyed
    named = Connection.of(ElasticsearchConfig(username="u", password=Secret("env:A_KEY"), fingerprint="AB"))
    assert dict(named.settings)["basic_auth"] == ("u", "abc==")
    assert dict(named.settings)["ssl_assert_fingerprint"] == "AB"


def test_a_secret_that_is_not_there_is_told_before_anything_is_sent() -> None:
    with pytest.raises(SettingsError, match="env:NOT_SET_BY_ANYBODY"):
        Connection.of(ElasticsearchConfig(api_key=Secret("env:NOT_SET_BY_ANYBODY")))


@pytest.mark.parametrize(
    "values",
    [
        {"username": "u"},
        {"password": "env:X"},
        {"username": "u", "password": "env:X", "api_key": "env:Y"},
    ],
)
def test_half_a_login_and_two_logins_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"username"):
        convert(values, ElasticsearchConfig, "here")


def test_a_process_has_one_client_for_a_connection_and_it_repeats_nothing() -> None:
    client = _PLAIN.client()
    assert _PLAIN.client() is client
    assert client._max_retries == 0


@pytest.mark.parametrize(
    ("config", "mend"),
    [
        (ElasticsearchConfig(url="nonsense"), "check url and fingerprint"),
        (ElasticsearchConfig(url="https://a:9200", ca_certs="/nowhere/ca.pem"), "set the PEM file"),
    ],
)
def test_what_cannot_be_a_connection_is_an_error_that_says_what_to_mend(config: ElasticsearchConfig, mend: str) -> None:
    with pytest.raises(ClientError, match=mend):
        Connection.of(config).client()


@pytest.mark.parametrize(
    ("error", "away", "mend"),
    [
        (said(401, {"error": {"type": "security_exception", "reason": "no"}}), False, "check api_key"),
        (said(403, {"error": {"type": "security_exception", "reason": "no"}}), False, "lacks a right"),
        (said(404, {"error": "no handler"}), False, "logwinnow setup elasticsearch"),
        (said(429, {"error": {"type": "es_rejected_execution_exception", "reason": "full"}}), True, "full"),
        (said(503, "unavailable"), True, "HTTP 503"),
        (said(400, {"error": {"type": "parse", "reason": "bad"}}), False, "parse: bad"),
        (ConnectionTimeout("slow"), True, "does not answer"),
        (NoConnection("refused"), True, "check that it runs"),
        (TlsError("self-signed certificate"), False, "set ca_certs"),
    ],
)
def test_an_error_says_what_to_mend_and_whether_another_try_may_help(error: Exception, away: bool, mend: str) -> None:
    explained = _PLAIN.explained(error)
    assert isinstance(explained, ServerAway) == away
    assert mend in str(explained)
    assert "http://127.0.0.1:9200" in str(explained)


def test_a_reason_is_short_and_has_its_cause() -> None:
    error = {"type": "document_parsing_exception", "reason": "failed", "caused_by": {"reason": "x" * 1_000}}
    assert reason_of({"error": error}).startswith("document_parsing_exception: failed: xxx")
    assert len(reason_of({"error": error})) == 300
    assert [reason_of(body) for body in _ODD] == [""] * 4
