"""
What a configuration says of Elasticsearch, typed; `clients.elasticsearch` has it too.

Apart from the client, which takes a quarter of a second to import: every verb that reads conf/training.toml would wait.
"""

from typing import Annotated

from msgspec import Meta, Struct

from patterns.secrets import Secret


class ElasticsearchConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How Elasticsearch is reached: its URL or those of its nodes, the login, and by what its certificate is known."""

    url: str | list[str] = "http://127.0.0.1:9200"
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
