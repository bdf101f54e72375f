"""What both jobs' configuration says of Spark, typed: the table [spark]."""

from typing import Annotated

from msgspec import Meta, Struct, field


class SparkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Where Spark runs, the driver's memory, a folder of connectors, and further settings of Spark by their own names.

    Without a folder the connector of Kafka is fetched when it is first needed.
    """

    master: Annotated[str, Meta(pattern=r"^(local(\[.+\])?|spark://.+|k8s://.+|yarn)$")] = "local[*]"
    memory: Annotated[str, Meta(pattern=r"^[1-9][0-9]*[kmgtKMGT]$")] = "1g"
    jars: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
