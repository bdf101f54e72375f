"""How Kafka is reached, by Spark's client and by ours, without one."""

import logging
from pathlib import Path

import pytest
from kafka import KafkaConsumer, errors

from clients.errors import ClientError, ServerAway
from clients.kafka import KafkaConfig, client_settings, connecting, explained, spark_options
from patterns.errors import SettingsError
from patterns.secrets import Secret
from patterns.settings import convert


@pytest.fixture
def secured(tmp_path: Path) -> KafkaConfig:
    (tmp_path / "password").write_text('pa"ss\\word\n')
    return KafkaConfig(
        bootstrap_servers="a:9093, b:9093",
        security_protocol="SASL_SSL",
        username="us er",
        password=Secret(f"file:{tmp_path}/password"),
        ca_certs="/etc/ca.pem",
    )


def test_spark_gets_login_and_ca_in_the_words_of_kafkas_own_client(secured: KafkaConfig) -> None:
    options = spark_options(secured)
    assert options["kafka.security.protocol"] == "SASL_SSL"
    assert options["kafka.sasl.mechanism"] == "SCRAM-SHA-512"
    assert options["kafka.sasl.jaas.config"] == (
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="us er" password="pa\\"ss\\\\word";'
    )
    assert options["kafka.ssl.truststore.type"] == "PEM"
    assert options["kafka.ssl.truststore.location"] == "/etc/ca.pem"


def test_our_client_gets_the_same_in_its_own_words(secured: KafkaConfig) -> None:
    assert client_settings(secured) == {
        "bootstrap_servers": ["a:9093", "b:9093"],
        "security_protocol": "SASL_SSL",
        "bootstrap_timeout_ms": 15_000,
        "reconnect_backoff_max_ms": 2_000,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "us er",
        "sasl_plain_password": 'pa"ss\\word',
        "ssl_cafile": "/etc/ca.pem",
    }


def test_without_a_login_nothing_of_one_is_said() -> None:
    assert spark_options(KafkaConfig()) == {
        "kafka.bootstrap.servers": "127.0.0.1:9092",
        "kafka.security.protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize(
    "values",
    [
        {"security_protocol": "SASL_SSL"},
        {"security_protocol": "SASL_SSL", "username": "u"},
        {"username": "u", "password": "env:X"},
        {"security_protocol": "sasl_ssl", "username": "u", "password": "env:X"},
    ],
)
def test_a_login_without_a_protocol_for_it_is_refused_and_the_other_way_round(values: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="security_protocol"):
        convert(values, KafkaConfig, "here")


@pytest.mark.parametrize(
    ("error", "away", "mend"),
    [
        (errors.KafkaConnectionError("refused"), True, "bootstrap_servers"),
        (errors.KafkaTimeoutError("late"), True, "check that it runs"),
        (errors.SaslAuthenticationFailedError("no"), False, "check username, password"),
        (errors.TopicAuthorizationFailedError("no"), False, "kafka-acls"),
        (errors.UnknownTopicOrPartitionError("t"), False, "make the topic"),
        (errors.UnsupportedCodecError("Libraries for lz4 not found"), False, "lz4 not found: install the packages"),
    ],
)
def test_an_error_says_what_to_mend_and_whether_another_try_may_help(error: Exception, away: bool, mend: str) -> None:
    found = explained(error, "a:9092")
    assert isinstance(found, ServerAway) == away
    assert mend in str(found)
    assert "Kafka at a:9092" in str(found)


def test_a_broker_that_is_not_there_is_told_with_what_the_client_only_logs() -> None:
    with (
        pytest.raises(
            ServerAway, match=r"^Kafka at a:1 does not answer \(.*ECONNREFUSED\): check that it runs, and boot"
        ),
        connecting("a:1"),
    ):
        KafkaConsumer(bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=3_000)


@pytest.mark.parametrize(
    ("logged", "away", "told"),
    [
        ([], True, "late"),
        ([errors.KafkaConnectionError("refused")], True, "refused.*bootstrap_servers"),
        ([errors.KafkaConnectionError("socket disconnected")], False, "breaks off .*username, password and sasl_mech"),
        (
            [errors.SaslAuthenticationFailedError("invalid"), errors.KafkaConnectionError("socket disconnected")],
            False,
            "refuses the login .*invalid",
        ),
        (
            [errors.KafkaConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED]")],
            False,
            "TLS .*check security_protocol and ca",
        ),
        ([FileNotFoundError(2, "No such file or directory")], False, "No such file or directory: check ca_certs"),
    ],
)
def test_why_no_broker_is_reached_is_the_best_of_what_the_client_logs(
    logged: list[Exception], away: bool, told: str
) -> None:
    def fail() -> None:
        with connecting("a:1"):
            for error in (*logged, errors.KafkaTimeoutError("late")):
                logging.getLogger("kafka.net.manager").error("Connection failed: %s", error)
            raise errors.KafkaTimeoutError("late")

    with pytest.raises(ClientError, match=told) as found:
        fail()
    assert isinstance(found.value, ServerAway) == away
