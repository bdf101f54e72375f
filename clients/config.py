"""
What a configuration says of Elasticsearch and of Kibana, typed; `clients.elasticsearch` has the former too.

Apart from the client, which takes a quarter of a second to import: every verb that reads conf/training.toml would wait.
"""

from typing import Annotated

from msgspec import Meta, Struct

from patterns.secrets import Secret


class LoginConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The login, by what the server's certificate is known, and the seconds for one request."""

    api_key: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    ca_certs: str | None = None
    fingerprint: str | None = None
    timeout_seconds: Annotated[float, Meta(gt=0)] = 60.0

    def __post_init__(self) -> None:
        """Raise ValueError for keys that do not go together."""
        if (self.username is None) != (self.password is None):
            msg = "username and password go together: set both or none"
            raise ValueError(msg)
        if self.api_key is not None and self.username is not None:
            msg = "api_key and username exclude each other: set one of them"
            raise ValueError(msg)


class ElasticsearchConfig(LoginConfig, frozen=True, forbid_unknown_fields=True):
    """How Elasticsearch is reached: by its URL or those of its nodes."""

    url: str | list[str] = "http://127.0.0.1:9200"


class KibanaConfig(LoginConfig, frozen=True, forbid_unknown_fields=True):
    """How Kibana is reached: by its URL, which ends in `/s/<id>` for another space than the default one."""

    url: str = "http://127.0.0.1:5601"
