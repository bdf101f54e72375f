"""Webhooks against a real HTTP server."""

import contextlib
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import certificates
import pytest
from alert_documents import alert_of
from http_answers import Reply, Request, answering

from patterns.errors import SettingsError
from patterns.settings import convert
from streaming.notifying.config import WebhookConfig
from streaming.notifying.notice import notice_of
from streaming.notifying.receiver import Outcome
from streaming.notifying.webhook import LONGEST_WAIT, Webhook, signature, wait_asked

NOTICE = notice_of(alert_of("panic stations"), None, None)


def webhook(url: str, **given: Any) -> Webhook:
    return Webhook("webhook.team", convert({"url": url, **given}, WebhookConfig, "test"), 24)


def sent(url: str, **given: Any) -> Outcome:
    return webhook(url, **given).send([NOTICE], "the-key")


@pytest.fixture
def asked() -> list[Request]:
    return []


@pytest.fixture
def url(asked: list[Request]) -> Iterator[str]:
    """A server that takes everything."""

    def answer(request: Request) -> Reply:
        asked.append(request)
        return Reply(200, b"ok")

    with answering(answer) as url:
        yield f"{url}/hook?a=b"


def test_a_notice_is_posted_as_json_with_its_key(url: str, asked: list[Request]) -> None:
    assert sent(url) == Outcome("sent")
    (request,) = asked
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert (request.headers["content-type"], request.headers["idempotency-key"]) == ("application/json", "the-key")
    assert request.json["message"] == "panic stations"
    assert "x-logwinnow-signature" not in request.headers


@pytest.mark.parametrize(("body", "key"), [("slack", "blocks"), ("alertmanager", 0)])
def test_the_body_is_of_the_shape_that_is_asked_for(url: str, asked: list[Request], body: str, key: Any) -> None:
    assert sent(url, body=body) == Outcome("sent")
    assert asked[0].json[key]


def test_the_body_may_be_a_template(url: str, asked: list[Request], tmp_path: Path) -> None:
    (tmp_path / "body").write_text("{{ notice.summary }}")
    assert sent(url, body=str(tmp_path / "body"), content_type="text/plain; charset=utf-8") == Outcome("sent")
    assert asked[0].body == b"new kind in app (3 lines): panic stations"
    assert asked[0].headers["content-type"] == "text/plain; charset=utf-8"


def test_the_url_headers_and_secrets_may_be_in_files_and_variables(
    url: str, asked: list[Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text(f"{url}\n")
    monkeypatch.setenv("TEAM_LOGIN", "Bearer abc")
    assert sent(f"file:{tmp_path}/url", headers={"Authorization": "env:TEAM_LOGIN", "X-Team": "ops"}) == Outcome("sent")
    assert (asked[0].headers["authorization"], asked[0].headers["x-team"]) == ("Bearer abc", "ops")


def test_a_signature_is_over_the_time_and_the_body(
    url: str, asked: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_SECRET", "well kept")
    sent(url, hmac="env:TEAM_SECRET")
    timestamp = asked[0].headers["x-logwinnow-timestamp"]
    expected = hmac.new(b"well kept", f"{timestamp}.".encode() + asked[0].body, hashlib.sha256).hexdigest()
    assert asked[0].headers["x-logwinnow-signature"] == f"sha256={expected}"
    assert abs(int(timestamp) - datetime.now(UTC).timestamp()) < 600


@pytest.mark.parametrize(
    ("status", "fate", "said"),
    [
        (204, "sent", ""),
        (429, "away", "answers 429: why"),
        (500, "away", "answers 500: why"),
        (503, "away", "answers 503: why"),
        (408, "away", "answers 408: why"),
        (400, "refused", "answers 400: why; check notify.webhook.team.body"),
        (413, "refused", "answers 413: why; check notify.webhook.team.body"),
        (422, "refused", "answers 422: why; check notify.webhook.team.body"),
        (401, "closed", "answers 401: why; check the login in its headers"),
        (403, "closed", "answers 403: why; check the login in its headers"),
        (404, "closed", "answers 404: why; check url (notify.webhook.team)"),
        (410, "closed", "answers 410: why; it is gone for good"),
        (302, "closed", "redirects are not followed: set notify.webhook.team.url"),
    ],
)
def test_each_status_says_what_is_done_next(status: int, fate: str, said: str) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Reply:
        asked.append(request)
        return Reply(status, None if status == 204 else b"why", {"location": "/elsewhere"} if status == 302 else {})

    with answering(answer) as url:
        outcome = sent(f"{url}/T0/secret-path")
    assert outcome.fate == fate
    assert said in outcome.why
    assert "secret-path" not in outcome.why
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("99999999", LONGEST_WAIT),
        ("Sun, 29 Nov 2026 08:00:30 GMT", 30.0),
        ("Sun, 29 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert wait_asked(text, datetime(2026, 11, 29, 8, tzinfo=UTC)) == seconds


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    with answering(lambda _request: Reply(503, b"", {"retry-after": "17"})) as url:
        assert sent(url).wait == 17.0


def test_one_that_says_nothing_or_is_not_there_is_tried_again(silent: int) -> None:
    outcome = sent(f"http://127.0.0.1:{silent}/secret-path", timeout_seconds=0.2)
    assert outcome.fate == "away"
    assert outcome.why == f"http://127.0.0.1:{silent} does not answer: Read timed out. (read timeout=0.2)"
    with answering(lambda _request: Reply(200)) as url:
        pass
    outcome = sent(f"{url}/secret-path")
    assert outcome.fate == "away"
    assert "Connection refused" in outcome.why
    assert "secret-path" not in outcome.why


def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 500 No\r\n\r\n")
                while True:
                    connection.sendall(b"\x1b[2J" * 10_000)

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = sent(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
    assert outcome.fate == "away"
    assert "answers 500: \\x1b[2J" in outcome.why
    assert len(outcome.why) < 2_000


@contextmanager
def with_tls(certificate: certificates.Certificate, asked: list[bytes]) -> Iterator[int]:
    """Take everything by HTTPS; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that trusts nobody hangs up, which is what is tested."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_certificate_is_verified_by_the_ca_that_is_named(tmp_path: Path) -> None:
    asked: list[bytes] = []
    certificate = certificates.make(tmp_path)
    with with_tls(certificate, asked) as port:
        assert sent(f"https://127.0.0.1:{port}/", ca_certs=str(certificate.ca)) == Outcome("sent")
        outcome = sent(f"https://127.0.0.1:{port}/")
    assert outcome.fate == "closed"
    assert "its certificate is not trusted" in outcome.why
    assert "check notify.webhook.team.ca_certs" in outcome.why
    assert len(asked) == 1
    assert json.loads(asked[0])["message"] == "panic stations"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "ftp://x/y"}, "notify.webhook.team.url is no URL of a webhook"),
        ({"url": "nonsense"}, "notify.webhook.team.url is no URL of a webhook"),
        ({"url": "http://me:password@x/"}, "notify.webhook.team.url has a login in it"),
        ({"url": "env:NO_SUCH_VARIABLE"}, "secret 'env:NO_SUCH_VARIABLE' is empty or not there"),
        ({"url": "http://x", "hmac": "env:NO_SUCH_VARIABLE"}, "secret 'env:NO_SUCH_VARIABLE'"),
        ({"url": "http://x", "headers": {"Cookie": "env:NO_SUCH_VARIABLE"}}, "secret 'env:NO_SUCH_VARIABLE'"),
        ({"url": "http://x", "headers": {"X-A": "env:TWO_ROWS"}}, "what is at 'env:TWO_ROWS' has characters"),
        ({"url": "http://x", "ca_certs": "/no/such.pem"}, "notify.webhook.team.ca_certs is '/no/such.pem'"),
        ({"url": "http://x", "body": "yaml"}, "notify.webhook.team.body is 'yaml': No such file"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    given: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWO_ROWS", "a\r\nX-Evil: b")
    with pytest.raises(SettingsError) as refused:
        webhook(**given)
    assert said in str(refused.value)
    assert "password" not in str(refused.value)


def test_the_documented_example_knows_our_signature_and_no_other() -> None:
    page = (Path(__file__).parents[3] / "docs" / "notifying.md").read_text()
    example = page.partition("a test runs it -->\n```python\n")[2].partition("```")[0]
    given: dict[str, Any] = {}
    exec(compile(example, "docs/notifying.md", "exec"), given)  # noqa: S102 (our own page)
    body, secret = b"any body", b"well kept"
    ours = signature(secret, "1000", body)
    assert given["is_ours"](secret, "1000", body, ours, now=1100)
    assert not given["is_ours"](secret, "1000", body + b" ", ours, now=1100)
    assert not given["is_ours"](secret, "1001", body, ours, now=1100)
    assert not given["is_ours"](b"guessed", "1000", body, ours, now=1100)
    assert not given["is_ours"](secret, "1000", body, ours, now=2000)
