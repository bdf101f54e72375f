"""What conf/shipping.toml says, typed; each field's default is what the shipped file has."""

import socket
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from clients.kafka import KafkaConfig
from patterns.rules import OFF, Multiline

FILE = "shipping.toml"


class ShippedFilesConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Paths of files, folders or globs; which of their lines belong to the one before."""

    paths: Annotated[list[str], Meta(min_length=1)] = field(
        default_factory=lambda: ["/var/log/syslog", "/var/log/auth.log", "/var/log/messages"]
    )
    multiline: Multiline = OFF


class ShippingKafkaConfig(KafkaConfig, frozen=True, forbid_unknown_fields=True):
    """The topic; how records are compressed; bytes after which a line is cut, for brokers refuse longer records."""

    topic: Annotated[str, Meta(min_length=1)] = "logs"
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "zstd"
    max_record_bytes: Annotated[int, Meta(ge=1_000)] = 1_000_000


class ShippingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; `host` is this machine's name where it is not given."""

    position: Annotated[str, Meta(min_length=1)] = "logwinnow-data/ship"
    host: Annotated[str, Meta(min_length=1)] | None = None
    files: ShippedFilesConfig = field(default_factory=ShippedFilesConfig)
    kafka: ShippingKafkaConfig = field(default_factory=ShippingKafkaConfig)

    @property
    def sender(self) -> str:
        """The host that records are of."""
        return self.host or socket.gethostname()
