"""What conf/streaming.toml says, typed; each field's default is what the shipped file has."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from spark.config import SparkConfig

FILE = "streaming.toml"

Positive = Annotated[int, Meta(ge=1)]


class FilesSourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Files that are complete or growing: paths or globs; bytes that one batch takes of them at most."""

    paths: Annotated[list[str], Meta(min_length=1)] = field(
        default_factory=lambda: ["/var/log/syslog", "/var/log/auth.log", "/var/log/messages"]
    )
    max_bytes_per_batch: Positive = 67_108_864


class SourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where lines come from; the name is part of each event's id and its dataset."""

    kind: Literal["files"] = "files"
    name: Annotated[str, Meta(min_length=1)] = "logs"
    files: FilesSourceConfig = field(default_factory=FilesSourceConfig)


class FilesSinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The folder for events and alerts; closed days are compressed and, where days are given, removed after so many."""

    path: Annotated[str, Meta(min_length=1)] = "logwinnow-data/out"
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class SinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where events and alerts go."""

    kind: Literal["files"] = "files"
    files: FilesSinkConfig = FilesSinkConfig()


class PatternsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The store that the trainer publishes to."""

    store: Annotated[str, Meta(min_length=1)] = "logwinnow-data/patterns"


class AlertsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A shape is told once in `repeat_after_hours`; at most so many alerts an hour."""

    repeat_after_hours: Annotated[int, Meta(ge=1, le=87_600)] = 24
    per_hour: Positive = 1_000


class TriggerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between the starts of two batches."""

    seconds: Annotated[float, Meta(ge=0.001, le=86_400)] = 5.0


class StreamingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    checkpoint: Annotated[str, Meta(min_length=1)] = "logwinnow-data/checkpoint"
    source: SourceConfig = field(default_factory=SourceConfig)
    patterns: PatternsConfig = PatternsConfig()
    sink: SinkConfig = SinkConfig()
    alerts: AlertsConfig = AlertsConfig()
    trigger: TriggerConfig = TriggerConfig()
    spark: SparkConfig = field(default_factory=SparkConfig)
