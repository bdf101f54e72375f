"""
Kibana: where it is, who we are, and what its errors mean.

It has no client of its own. Elasticsearch's brings one that does HTTP and TLS: logins and certificates are as there.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from elastic_transport import HttpHeaders, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import basic_auth_to_header, url_to_node_config
from urllib3.filepost import encode_multipart_formdata

from clients.config import KibanaConfig
from clients.elasticsearch import AWAY, unanswered
from clients.errors import ClientError, ServerAway

_REASON_CHARACTERS = 300


class Answer(NamedTuple):
    """The HTTP state of an answer and its body: JSON, or the rows of NDJSON, or None where there is none."""

    status: int
    body: Any


@dataclass(frozen=True)
class KibanaConnection:
    """
    How to reach it, with the secrets, which it does not print.

    Attributes:
        url: With the space, where it is not the default one.
        authorization: The header, None without a login.
        settings: Further arguments of the node: seconds, certificate.
    """

    url: str
    authorization: str | None = field(repr=False)
    settings: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, config: KibanaConfig) -> "KibanaConnection":
        """
        Return the connection that a configuration says.

        Raises:
            SettingsError: A secret is not there.
            ClientError: The file of the CA is not there.
        """
        authorization = None
        if config.api_key is not None:
            authorization = f"ApiKey {config.api_key.reveal()}"
        if config.username is not None and config.password is not None:
            authorization = basic_auth_to_header((config.username, config.password.reveal()))
        if config.ca_certs is not None and not Path(config.ca_certs).is_file():
            raise ClientError(
                f"kibana.ca_certs is {config.ca_certs!r}: there is no such file; set the PEM file of the server's CA"
            )
        given = {"ca_certs": config.ca_certs, "ssl_assert_fingerprint": config.fingerprint}
        settings = {name: value for name, value in given.items() if value is not None}
        return cls(config.url.rstrip("/"), authorization, {"request_timeout": config.timeout_seconds, **settings})

    def ask(
        self, method: str, path: str, body: Any = None, *, allowed: Collection[int] = (), file: bytes | None = None
    ) -> Answer:
        """
        Send a request, once.

        Args:
            method: HTTP's.
            path: Behind the URL.
            body: Sent as JSON; None for none.
            allowed: Errors (400 and above) that are an answer to the caller.
            file: Sent instead of a body, as the form field `file` of an upload.

        Raises:
            ClientError: Kibana refuses, or what answers is none: ServerAway where another try may help.
        """
        headers = HttpHeaders({"kbn-xsrf": "true", "accept": "application/json"})
        if self.authorization is not None:
            headers["authorization"] = self.authorization
        data = None
        if file is not None:
            headers["content-type"], data = _form(file)
        elif body is not None:
            headers["content-type"], data = "application/json", json.dumps(body).encode()
        try:
            found = self._node().perform_request(method, path, data, headers)
        except TransportError as error:
            raise unanswered(f"Kibana at {self.url}", error, "kibana.") from None
        return self._read(found.meta.status, found.body, allowed)

    def _node(self) -> Urllib3HttpNode:
        try:
            config = url_to_node_config(self.url, use_default_ports_for_scheme=True)
            return Urllib3HttpNode(config.replace(**self.settings))
        except (ValueError, OSError) as error:
            raise ClientError(f"kibana.url is {self.url!r}: {error}; give it as http://127.0.0.1:5601") from None

    def _read(self, status: int, data: bytes, allowed: Collection[int]) -> Answer:
        body = _parsed(data)
        if status in allowed or (200 <= status < 300 and (body is not None or not data)):
            return Answer(status, body)
        place = f"Kibana at {self.url}"
        if status < 300:
            raise ClientError(f"{place} answers, but not as Kibana does: check kibana.url")
        reason = _reason(body) or data[:_REASON_CHARACTERS].decode(errors="replace").strip() or "no reason"
        if status in AWAY:
            raise ServerAway(f"{place} is not ready or away now (HTTP {status}: {reason}): try again")
        mend = {
            401: "it does not know the login: check kibana.api_key, or username and password",
            403: "the login lacks a right: give it those that docs/kibana.md names",
            404: "check kibana.url: the base path, and the space behind /s/",
        }.get(status, "see its log")
        if status < 400:
            mend = "check kibana.url and the login"
        raise ClientError(f"{place} refuses (HTTP {status}: {reason}): {mend}")


def _form(file: bytes) -> tuple[str, bytes]:
    """Return the content type and the body of an upload of one file."""
    body, kind = encode_multipart_formdata({"file": ("logwinnow.ndjson", file, "application/ndjson")})
    return kind, body


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return [json.loads(row) for row in data.splitlines()] or None
    except ValueError:
        return None


def _reason(body: Any) -> str:
    """Return what an error of Kibana says, cut; an empty text where it says nothing."""
    if not isinstance(body, dict):
        return ""
    return ": ".join(str(body[key]) for key in ("error", "message") if body.get(key))[:_REASON_CHARACTERS]
