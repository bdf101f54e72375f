"""What conf/training.toml says of what is fetched, typed: the tables [corpus.kafka] and [corpus.elasticsearch]."""

import json
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from clients.config import ElasticsearchConfig
from clients.kafka import KafkaConfig


class KafkaCorpus(KafkaConfig, frozen=True, forbid_unknown_fields=True):
    """How Kafka is reached; what a record is, and which field of a JSON one has the line."""

    format: Literal["plain", "json"] = "plain"
    message_field: Annotated[str, Meta(min_length=1)] | None = None


class ElasticsearchCorpus(ElasticsearchConfig, frozen=True, forbid_unknown_fields=True):
    """
    How Elasticsearch is reached; which fields of a document have its time and its line; which documents are meant.

    A request is for `page_documents`, and as many as `slices` are on their way at once.
    """

    time_field: Annotated[str, Meta(min_length=1)] = "@timestamp"
    message_field: Annotated[str, Meta(min_length=1)] | None = None
    query: str | None = None
    page_documents: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    slices: Annotated[int, Meta(ge=1, le=10)] = 4

    def __post_init__(self) -> None:
        """Raise ValueError for a query that is none, and for keys that do not go together."""
        super().__post_init__()
        if self.query is not None and not _is_object(self.query):
            msg = f"query is {self.query!r}: no JSON object; set one such as " + '{"term": {"service.name": "web"}}'
            raise ValueError(msg)


class CorpusConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a corpus is fetched from that is named ``kafka:…`` or ``elasticsearch:…``."""

    kafka: KafkaCorpus = field(default_factory=KafkaCorpus)
    elasticsearch: ElasticsearchCorpus = field(default_factory=ElasticsearchCorpus)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
