from pathlib import Path

import msgspec
import pytest

from patterns.errors import SettingsError
from patterns.settings import load
from streaming.config import FILE, StreamingConfig
from streaming.shipping import config as shipping
from streaming.shipping.config import ShippingConfig

_CONF = Path(__file__).parents[2] / "conf"
_SHIPPED = _CONF / FILE
_EACH = pytest.mark.parametrize(
    ("kind", "file"), [(StreamingConfig, _SHIPPED), (ShippingConfig, _CONF / shipping.FILE)], ids=["stream", "ship"]
)


@_EACH
def test_the_shipped_file_says_the_defaults(kind: type[msgspec.Struct], file: Path) -> None:
    assert load(kind, file, {}, []) == kind()


@_EACH
def test_the_shipped_file_names_every_key(kind: type[msgspec.Struct], file: Path) -> None:
    written = file.read_text()
    for name in keys(msgspec.to_builtins(kind())):
        assert f"\n{name} = " in written or f"\n# {name} = " in written or f"\n[{name}]" in written, name


def keys(table: dict[str, object], path: str = "") -> list[str]:
    """Return the names of values, and the dotted names of tables that hold no table."""
    names: list[str] = []
    for name, value in table.items():
        if isinstance(value, dict):
            names += keys(value, f"{path}{name}.") or [f"{path}{name}"]
        else:
            names.append(name)
    return names


def test_a_batch_is_a_file_every_five_seconds_or_documents_at_once() -> None:
    def seconds(*assignments: str) -> float:
        return load(StreamingConfig, _SHIPPED, {}, assignments).seconds_between_batches

    assert seconds() == 5
    assert seconds("sink.kind=elasticsearch") == 0.5
    assert seconds("sink.kind=elasticsearch", "trigger.seconds=60") == 60


@pytest.mark.parametrize(
    ("assignment", "path"),
    [
        ("chekpoint=x", "$"),
        ("source.kind=rabbit", "$.source.kind"),
        ("source.name=", "$.source.name"),
        ("source.files.path=x", "$.source.files"),
        ("source.files.paths=/var/log/syslog", "$.source.files.paths"),
        ("source.files.paths=[]", "$.source.files.paths"),
        ("source.files.max_bytes_per_batch=0", "$.source.files.max_bytes_per_batch"),
        ("source.socket.max_spool_bytes=1000", "$.source.socket.max_spool_bytes"),
        ("source.socket.idle_seconds=0", "$.source.socket.idle_seconds"),
        ("sink.kind=opensearch", "$.sink.kind"),
        ("sink.files.keep_days=0", "$.sink.files.keep_days"),
        ("sink.files.keep_days=1000000000", "$.sink.files.keep_days"),
        ("alerts.repeat_after_hours=0", "$.alerts.repeat_after_hours"),
        ("alerts.per_hour=0", "$.alerts.per_hour"),
        ("alerts.per_hour=1.5", "$.alerts.per_hour"),
        ("trigger.seconds=0", "$.trigger.seconds"),
        ("trigger.seconds=nan", "$.trigger.seconds"),
        ("trigger.seconds=1e9", "$.trigger.seconds"),
        ("spark.master=nonsense", "$.spark.master"),
        ("spark.memory=1x", "$.spark.memory"),
        ("spark.memory=1024", "$.spark.memory"),
        ("spark.settings.spark=1", "$.spark.settings"),
        ("checkpoint=", "$.checkpoint"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_path(assignment: str, path: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(StreamingConfig, None, {}, [assignment])
    assert str(refused.value).startswith(f"defaults: {path}")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("tcp=localhost", "tcp is 'localhost': give host:port"),
        ("udp=[::1]:65536", "udp is '[::1]:65536': give host:port"),
        ("tcp=:5514", "tcp is ':5514': give host:port"),
        ("tls=0.0.0.0:6514", "tls needs tls_certificate and tls_key"),
    ],
)
def test_an_address_that_cannot_be_received_at_is_refused(assignment: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(StreamingConfig, None, {}, [f"source.socket.{assignment}"])
    assert said in str(refused.value)


def test_an_address_that_cannot_be_scraped_at_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"\$\.metrics.* listen is ':9464': give host:port, as 127\.0\.0\.1:9464"):
        load(StreamingConfig, None, {}, ["metrics.listen=:9464"])


def test_a_receiver_of_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="tcp, udp and tls are all empty"):
        load(StreamingConfig, None, {}, ["source.socket.tcp=", "source.socket.udp="])


@pytest.mark.parametrize("master", ["local", "local[4]", "local[*]", "local[4,2]", "spark://a:7077", "yarn", "k8s://h"])
def test_every_kind_of_master_is_taken(master: str) -> None:
    assert load(StreamingConfig, None, {}, [f"spark.master={master}"]).spark.master == master


@pytest.mark.parametrize(
    "text", ["chekpoint = 'x'", "[source.files]\npath = 'x'", "[sink.files]\nkeepdays = 3", "[alert]\nper_hour = 3"]
)
def test_an_unknown_key_of_a_file_is_refused_with_the_keys_there_are(text: str, tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"unknown field .*; there are: ") as refused:
        load(StreamingConfig, file, {}, [])
    assert str(refused.value).startswith(f"{file}: $")


def test_a_variable_sets_a_value_and_set_wins_over_it() -> None:
    environment = {"LOGWINNOW_SOURCE__NAME": "web", "LOGWINNOW_ALERTS__PER_HOUR": "7", "LOGWINNOW_LONG": "1"}
    config = load(StreamingConfig, None, environment, ["alerts.per_hour=8"])
    assert (config.source.name, config.alerts.per_hour) == ("web", 8)


def test_a_configuration_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        StreamingConfig().alerts.per_hour = 3  # type: ignore[misc]
