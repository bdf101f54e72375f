"""What conf/streaming.toml says, typed; each field's default is what the shipped file has."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from clients.config import ElasticsearchConfig, KibanaConfig
from clients.kafka import KafkaConfig
from spark.config import SparkConfig
from streaming.notifying.config import NotifyConfig

FILE = "streaming.toml"

Positive = Annotated[int, Meta(ge=1)]


def _check_address(name: str, address: str, port_as: int) -> None:
    host, _, port = address.rpartition(":")
    if address and not (host and port.isascii() and port.isdecimal() and int(port) < 65_536):
        msg = f"{name} is {address!r}: give host:port, as 127.0.0.1:{port_as} or [::1]:{port_as}, or nothing"
        raise ValueError(msg)


class FilesSourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Files that are complete or growing: paths or globs; bytes that one batch takes of them at most."""

    paths: Annotated[list[str], Meta(min_length=1)] = field(
        default_factory=lambda: ["/var/log/syslog", "/var/log/auth.log", "/var/log/messages"]
    )
    max_bytes_per_batch: Positive = 67_108_864


class KafkaSourceConfig(KafkaConfig, frozen=True, forbid_unknown_fields=True):
    """
    Topics, or a pattern of their names; from where a new stream reads them; how many records a batch takes.

    `min_offsets_per_batch` records are waited for, `longest_wait_seconds` at most. `format` says what a record is, and
    `message_field` which field of a JSON one has the line. With `trust_origin` the headers of `logwinnow ship` say
    where a line stands.
    """

    topics: Annotated[list[str], Meta(min_length=1)] = field(default_factory=lambda: ["logs"])
    topic_pattern: str | None = None
    starting_offsets: str = "earliest"
    max_offsets_per_batch: Positive = 200_000
    min_offsets_per_batch: Positive | None = None
    longest_wait_seconds: Positive | None = None
    fail_on_data_loss: bool = True
    format: Literal["plain", "json"] = "plain"
    message_field: str | None = None
    trust_origin: bool = False
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError for keys that do not go together, and for options that are none of Kafka's."""
        super().__post_init__()
        strange = [name for name in self.options if not name.startswith("kafka.")]
        if strange:
            msg = f"options has {strange[0]!r}: Kafka's own settings begin with kafka., as kafka.fetch.max.bytes"
            raise ValueError(msg)


class SocketSourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Where syslog is received, host:port each, empty for not; the certificate of `tls` and the CA of its clients'.

    The spool is what lies between receiver and stream: at most so many bytes. A line, the connections and their idle
    time are bounded; `udp_buffer_bytes` is what the kernel keeps of datagrams that are not read yet.
    """

    tcp: str = "127.0.0.1:5514"
    udp: str = "127.0.0.1:5514"
    tls: str = ""
    tls_certificate: str | None = None
    tls_key: str | None = None
    tls_client_ca: str | None = None
    spool: Annotated[str, Meta(min_length=1)] = "logwinnow-data/spool"
    max_spool_bytes: Annotated[int, Meta(ge=4_194_304)] = 1_073_741_824
    max_line_bytes: Annotated[int, Meta(ge=1, le=16_777_216)] = 1_048_576
    max_connections: Positive = 1_000
    idle_seconds: Annotated[float, Meta(gt=0)] = 3_600.0
    udp_buffer_bytes: Annotated[int, Meta(ge=1, le=2**30)] = 8_388_608
    max_bytes_per_batch: Positive = 67_108_864

    def __post_init__(self) -> None:
        """Raise ValueError for an address that is none, and for keys that do not go together."""
        for name in ("tcp", "udp", "tls"):
            _check_address(name, getattr(self, name), 5514)
        if not (self.tcp or self.udp or self.tls):
            msg = "tcp, udp and tls are all empty: nothing would be received; give one of them host:port"
            raise ValueError(msg)
        if self.tls and not (self.tls_certificate and self.tls_key):
            msg = "tls needs tls_certificate and tls_key, the PEM files of the certificate and its key"
            raise ValueError(msg)


class SourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where lines come from; the name is part of each event's id and its dataset."""

    kind: Literal["files", "kafka", "socket"] = "files"
    name: Annotated[str, Meta(min_length=1)] = "logs"
    files: FilesSourceConfig = field(default_factory=FilesSourceConfig)
    kafka: KafkaSourceConfig = field(default_factory=KafkaSourceConfig)
    socket: SocketSourceConfig = field(default_factory=SocketSourceConfig)


class FilesSinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The folder for events and alerts; closed days are compressed and, where days are given, removed after so many."""

    path: Annotated[str, Meta(min_length=1)] = "logwinnow-data/out"
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class ElasticsearchSinkConfig(ElasticsearchConfig, frozen=True, forbid_unknown_fields=True):
    """
    The indices, by what their names begin with; the bounds of one bulk request; how long an outage is waited for.

    `replicas`, `refresh_seconds` and `keep_days` are for `logwinnow setup elasticsearch`, which writes them into the
    templates, and the days into a policy.
    """

    index_prefix: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")] = "logwinnow"
    bulk_documents: Positive = 5_000
    bulk_bytes: Positive = 5_000_000
    give_up_after_seconds: Annotated[float, Meta(ge=0)] = 300.0
    replicas: Annotated[int, Meta(ge=0)] = 1
    refresh_seconds: Positive = 5
    keep_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class SinkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where events and alerts go."""

    kind: Literal["files", "elasticsearch"] = "files"
    files: FilesSinkConfig = FilesSinkConfig()
    elasticsearch: ElasticsearchSinkConfig = field(default_factory=ElasticsearchSinkConfig)


class KafkaLettersConfig(KafkaConfig, frozen=True, forbid_unknown_fields=True):
    """The topic of dead letters; it must take records as large as the source's."""

    topic: Annotated[str, Meta(min_length=1)] = "logwinnow-dead-letters"


class DeadLettersConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where what cannot become an event is kept: a folder, or a topic."""

    kind: Literal["files", "kafka"] = "files"
    path: Annotated[str, Meta(min_length=1)] = "logwinnow-data/dead-letters"
    kafka: KafkaLettersConfig = field(default_factory=KafkaLettersConfig)


class PatternsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The store that the trainer publishes to."""

    store: Annotated[str, Meta(min_length=1)] = "logwinnow-data/patterns"


class RateConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Whether a rate far from its usual is told: by so many spreads, and so many lines at least.

    An hour is over so many minutes after its end: lines that come later are counted no more.
    """

    enabled: bool = False
    factor: Annotated[float, Meta(ge=1)] = 6.0
    least_lines: Positive = 20
    late_minutes: Annotated[int, Meta(ge=1, le=1_380)] = 10


class HeartbeatConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Whether silence is told: of a heartbeat that is late by so many tolerances, and so many seconds at least.

    So many of a host that are missed at once are one silent host.
    """

    enabled: bool = False
    late_factor: Annotated[float, Meta(ge=1)] = 3.0
    late_seconds: Annotated[float, Meta(ge=1)] = 60.0
    host_silent_from: Annotated[int, Meta(ge=2)] = 3


class ValueConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a value is told that a parameter of few values never had; of one parameter so many in an interval."""

    enabled: bool = False
    most_values: Positive = 5


class AlertsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """
    A shape is told once in `repeat_after_hours`; at most so many alerts an hour; of older lines none.

    More new shapes of a program than `condense_above` are condensed; 0 for never. What else is told, by what a training
    learned to be usual: rates, heartbeats, values.
    """

    repeat_after_hours: Annotated[int, Meta(ge=1, le=87_600)] = 24
    per_hour: Positive = 1_000
    condense_above: Annotated[int, Meta(ge=0, le=100)] = 10
    max_age_hours: Annotated[int, Meta(ge=1, le=87_600)] = 168
    rate: RateConfig = RateConfig()
    heartbeat: HeartbeatConfig = HeartbeatConfig()
    value: ValueConfig = ValueConfig()


class TriggerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds between the starts of two batches; without them what the sink bears well."""

    seconds: Annotated[float, Meta(ge=0.001, le=86_400)] | None = None


class MetricsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where Prometheus finds the stream's numbers, host:port, empty for nowhere."""

    listen: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for an address that is none."""
        _check_address("listen", self.listen, 9464)


class StreamingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    checkpoint: Annotated[str, Meta(min_length=1)] = "logwinnow-data/checkpoint"
    source: SourceConfig = field(default_factory=SourceConfig)
    patterns: PatternsConfig = PatternsConfig()
    sink: SinkConfig = field(default_factory=SinkConfig)
    kibana: KibanaConfig = field(default_factory=KibanaConfig)
    dead_letters: DeadLettersConfig = field(default_factory=DeadLettersConfig)
    alerts: AlertsConfig = AlertsConfig()
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    metrics: MetricsConfig = MetricsConfig()
    trigger: TriggerConfig = TriggerConfig()
    spark: SparkConfig = field(default_factory=SparkConfig)

    @property
    def seconds_between_batches(self) -> float:
        """Those of the trigger; else 5 for the sink `files`, to which each batch is a file, and half a second."""
        if self.trigger.seconds is not None:
            return self.trigger.seconds
        return 5.0 if self.sink.kind == "files" else 0.5
