"""Elasticsearch: where it is, who we are, and what its errors mean."""

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch

from clients.config import ElasticsearchConfig
from clients.errors import ClientError, ServerAway

__all__ = ["AWAY", "CLIENT_ERRORS", "Connection", "ElasticsearchConfig", "reason_of", "unanswered"]

# What it has to say is in the errors that it raises; without a handler Python would print it.
logging.getLogger("elastic_transport").addHandler(logging.NullHandler())

AWAY: Final = frozenset({429, 502, 503, 504})
"""HTTP states of a server, or of a proxy in front of it, that is worth another try."""

_REASON_CHARACTERS = 300


@dataclass(frozen=True)
class Connection:
    """
    How to reach it, with the secrets: it pickles, so that tasks have it, and does not print them.

    Attributes:
        urls: Of its nodes.
        settings: Further arguments of elasticsearch.Elasticsearch.
    """

    urls: tuple[str, ...]
    settings: tuple[tuple[str, Any], ...] = field(repr=False)

    @classmethod
    def of(cls, config: ElasticsearchConfig) -> "Connection":
        """
        Return the connection that a configuration says.

        Raises:
            SettingsError: A secret is not there.
        """
        settings: dict[str, Any] = {"request_timeout": config.timeout_seconds}
        if config.api_key is not None:
            settings["api_key"] = config.api_key.reveal()
        if config.username is not None and config.password is not None:
            settings["basic_auth"] = (config.username, config.password.reveal())
        if config.ca_certs is not None:
            settings["ca_certs"] = config.ca_certs
        if config.fingerprint is not None:
            settings["ssl_assert_fingerprint"] = config.fingerprint
        return cls((config.url,) if isinstance(config.url, str) else tuple(config.url), tuple(settings.items()))

    def client(self) -> Elasticsearch:
        """
        Return the client of this process, made on first use; it is safe for threads. It sends nothing a second time.

        Raises:
            ClientError: URL, certificate or fingerprint cannot be used.
        """
        return _client(self)

    def explained(self, error: Exception) -> ClientError:
        """Return what an error of the client means for the user: ServerAway where another try may help."""
        place = f"Elasticsearch at {', '.join(self.urls)}"
        if isinstance(error, ApiError):
            return _said(place, error)
        return unanswered(place, error)


CLIENT_ERRORS: Final = (ApiError, TransportError)
"""What `Connection.explained` explains."""


def unanswered(place: str, error: Exception, table: str = "") -> ClientError:
    """
    Return what it means that a server gave no answer: ServerAway where another try may help.

    Args:
        place: The server, as people know it.
        error: Of the transport.
        table: What its settings' names begin with, as ``kibana.``.
    """
    if isinstance(error, TlsError):
        return ClientError(
            f"{place} has a certificate that is not trusted ({_first_line(error)}): "
            f"set {table}ca_certs to its CA's file, or fingerprint to the SHA-256 of its certificate"
        )
    if isinstance(error, ConnectionTimeout | NoConnection):
        return ServerAway(f"{place} does not answer ({_first_line(error)}): check that it runs, and the URL")
    return ClientError(f"{place}: {_first_line(error)}")


@lru_cache(maxsize=4)
def _client(connection: Connection) -> Elasticsearch:
    ca_certs = dict(connection.settings).get("ca_certs")
    if ca_certs is not None and not Path(ca_certs).is_file():
        raise ClientError(f"ca_certs is {ca_certs!r}: there is no such file; set the PEM file of the server's CA")
    try:
        # Who sends knows what may be sent again; the client does not.
        return Elasticsearch(list(connection.urls), max_retries=0, **dict(connection.settings))
    except (ValueError, OSError) as error:
        raise ClientError(
            f"Elasticsearch at {', '.join(connection.urls)}: {_first_line(error)}; check url and fingerprint"
        ) from None


def _said(place: str, error: ApiError) -> ClientError:
    reason = reason_of(error.body) or error.message
    if error.status_code in AWAY:
        return ServerAway(f"{place} has no room or is away now (HTTP {error.status_code}: {reason})")
    mend = {
        401: "it does not know the login: check api_key, or username and password",
        403: "the login lacks a right: give it those that docs/OPERATIONS.md names",
        404: "is the name right? `logwinnow setup elasticsearch` makes what the stream writes to",
    }.get(error.status_code, "see its log")
    return ClientError(f"{place} refuses (HTTP {error.status_code}: {reason}): {mend}")


def reason_of(body: Any) -> str:
    """Return type and reason of an error as Elasticsearch writes it, cut; an empty text where it writes none."""
    found = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(found, str):
        return found[:_REASON_CHARACTERS]
    if not isinstance(found, dict):
        return ""
    parts = [str(found[key]) for key in ("type", "reason") if found.get(key)]
    cause = found.get("caused_by")
    if isinstance(cause, dict) and cause.get("reason"):
        parts.append(str(cause["reason"]))
    return ": ".join(parts)[:_REASON_CHARACTERS]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:_REASON_CHARACTERS]
