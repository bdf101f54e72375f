"""What Kibana's answers mean, and what it is asked with; it is stood in for by a small server."""

from pathlib import Path
from typing import Any

import pytest
from http_answers import Reply, answering
from kibana_stand_in import KibanaStandIn, error

from clients.errors import ClientError, ServerAway
from clients.kibana import KibanaConnection
from patterns.errors import SettingsError
from patterns.settings import load
from streaming.config import StreamingConfig


def connection(url: str, **given: Any) -> KibanaConnection:
    assignments = [f"kibana.{name}={value}" for name, value in {"url": url, **given}.items()]
    return KibanaConnection.of(load(StreamingConfig, None, {}, assignments).kibana)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SECRET", "made-up")
    return "env:SECRET"


def test_a_request_says_what_kibana_wants_of_each(password: str) -> None:
    kibana = KibanaStandIn()
    with answering(kibana) as url:
        connection(url, api_key=password).ask("DELETE", "/api/saved_objects/lens/x", allowed={404})
    [asked] = kibana.requests
    assert asked.headers["kbn-xsrf"] == "true"
    assert asked.headers["authorization"] == "ApiKey made-up"


def test_user_and_password_are_sent_as_basic_authentication_and_printed_nowhere(password: str) -> None:
    kibana = KibanaStandIn(authorization="Basic bWU6bWFkZS11cA==")
    with answering(kibana) as url:
        made = connection(url, username="me", password=password)
        assert made.ask("DELETE", "/api/saved_objects/lens/x", allowed={404}).status == 404
    assert "made-up" not in repr(made)
    assert "bWU6" not in repr(made)


def test_a_space_is_part_of_the_url() -> None:
    kibana = KibanaStandIn(space="/s/ops")
    with answering(kibana) as url:
        assert connection(f"{url}/s/ops/").ask("DELETE", "/api/saved_objects/lens/x", allowed={404}).status == 404
    assert kibana.asked() == ["DELETE /s/ops/api/saved_objects/lens/x"]


@pytest.mark.parametrize(
    ("reply", "is_away", "said"),
    [
        (error(401, "no user"), False, r"refuses \(HTTP 401: Unauthorized: no user\): it does not know the login"),
        (error(403, "no right"), False, r"HTTP 403: Forbidden: no right\): the login lacks a right: .* docs/kibana.md"),
        (error(404, "Not Found"), False, r"HTTP 404: .*check kibana.url"),
        (error(409, "conflict"), False, r"HTTP 409: Conflict: conflict\): see its log"),
        (error(500, "broken"), False, r"HTTP 500: Error: broken\): see its log"),
        (Reply(503, b"Kibana server is not ready yet"), True, r"HTTP 503: Kibana server is not ready yet\): try again"),
        (Reply(302, b"", {"location": "/login"}), False, r"HTTP 302: no reason\): check kibana.url and the login"),
        (Reply(200, b"<html>a proxy</html>"), False, r"answers, but not as Kibana does: check kibana.url"),
        (Reply(502, b"\xff<html>"), True, r"HTTP 502"),
    ],
)
def test_an_error_says_what_it_means_and_what_mends_it(reply: Reply, is_away: bool, said: str) -> None:
    with answering(KibanaStandIn(replies={("GET", "/api"): reply})) as url:
        with pytest.raises(ClientError, match=said) as raised:
            connection(url).ask("GET", "/api/status")
        assert str(raised.value).startswith(f"Kibana at {url} ")
    assert isinstance(raised.value, ServerAway) == is_away


def test_a_kibana_that_is_not_there_is_away() -> None:
    with pytest.raises(ServerAway, match=r"Kibana at http://127.0.0.1:9 does not answer \(.*check that it runs"):
        connection("http://127.0.0.1:9").ask("GET", "/api/status")


def test_what_is_no_url_and_a_ca_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=r"kibana.url is 'kibana': .*give it as http"):
        connection("kibana").ask("GET", "/api/status")
    with pytest.raises(ClientError, match=r"kibana.ca_certs is '.*none.pem': there is no such file"):
        connection("https://127.0.0.1:9", ca_certs=tmp_path / "none.pem")


def test_a_certificate_that_is_of_nobody_we_trust_is_told() -> None:
    # TLS to a server that has none fails in TLS.
    with answering(KibanaStandIn()) as url, pytest.raises(ClientError, match=r"set kibana.ca_certs to its CA's file"):
        connection(url.replace("http:", "https:")).ask("GET", "/api/status")


def test_a_secret_that_is_not_there_is_told_by_its_name() -> None:
    with pytest.raises(SettingsError, match="SECRET_THAT_IS_NOT_SET"):
        connection("http://127.0.0.1:9", api_key="env:SECRET_THAT_IS_NOT_SET")
