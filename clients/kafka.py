"""Kafka: where it is, who we are; for Spark's client, and for ours in Python."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from msgspec import Struct

from clients.errors import ClientError, ServerAway
from patterns.secrets import Secret

# What it has to say is in the errors that it raises; without a handler Python would print it.
logging.getLogger("kafka").addHandler(logging.NullHandler())

_LOGIN_MODULES: Final = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


class KafkaConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How Kafka is reached: brokers, transport, login, the file of the CA of their certificates."""

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password: Secret | None = None
    ca_certs: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for keys that do not go together."""
        if self.security_protocol.startswith("SASL") and (self.username is None or self.password is None):
            msg = f"security_protocol {self.security_protocol} needs username and password: set both"
            raise ValueError(msg)
        if not self.security_protocol.startswith("SASL") and (self.username is not None or self.password is not None):
            msg = f"security_protocol {self.security_protocol} has no login: set SASL_SSL, or no username and password"
            raise ValueError(msg)


def spark_options(config: KafkaConfig) -> dict[str, str]:
    """
    Return the options by which Spark's Kafka source reaches the brokers.

    Raises:
        SettingsError: The password is not there.
    """
    options = {
        "kafka.bootstrap.servers": config.bootstrap_servers,
        "kafka.security.protocol": config.security_protocol,
    }
    if config.username is not None and config.password is not None:
        options["kafka.sasl.mechanism"] = config.sasl_mechanism
        login = f"username={_quoted(config.username)} password={_quoted(config.password.reveal())}"
        options["kafka.sasl.jaas.config"] = f"{_LOGIN_MODULES[config.sasl_mechanism]} required {login};"
    if config.ca_certs is not None:
        options |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": config.ca_certs}
    return options


def client_settings(config: KafkaConfig) -> dict[str, Any]:
    """
    Return the arguments by which kafka-python's clients reach the brokers.

    Raises:
        SettingsError: The password is not there.
    """
    settings: dict[str, Any] = {
        "bootstrap_servers": [each.strip() for each in config.bootstrap_servers.split(",")],
        "security_protocol": config.security_protocol,
        # Half a minute is long for a wrong address, and so is a pause of half a minute after a broker's restart.
        "bootstrap_timeout_ms": 15_000,
        "reconnect_backoff_max_ms": 2_000,
    }
    if config.username is not None and config.password is not None:
        settings |= {
            "sasl_mechanism": config.sasl_mechanism,
            "sasl_plain_username": config.username,
            "sasl_plain_password": config.password.reveal(),
        }
    if config.ca_certs is not None:
        settings["ssl_cafile"] = config.ca_certs
    return settings


def explained(error: BaseException, servers: str) -> ClientError:
    """Return what an error of kafka-python means for the user: ServerAway where another try may help."""
    name, place = type(error).__name__, f"Kafka at {servers}"
    if "Authentication" in name or "Sasl" in name:
        return ClientError(f"{place} refuses the login ({error}): check username, password and sasl_mechanism")
    if "Authorization" in name:
        return ClientError(f"{place}: the login lacks a right ({error}): grant it by kafka-acls")
    if "UnsupportedCodec" in name:
        return ClientError(f"{place}: {error}: install the packages that kafka-python[lz4,snappy,zstd] names")
    if "UnknownTopic" in name:
        return ClientError(f"{place}: {error}: make the topic, or check its name")
    if getattr(error, "retriable", False):
        return ServerAway(
            f"{place} does not answer ({name}: {error}): check that it runs, bootstrap_servers, the login and ca_certs"
        )
    return ClientError(f"{place}: {name}: {error}")


@contextmanager
def connecting(servers: str) -> Iterator[None]:
    """
    Explain why a client of kafka-python that is made in the block reaches no broker.

    What it raises says no more than that it was in vain; why, it only logs.

    Raises:
        ClientError: It reaches none: ServerAway where another try may help.
    """
    from kafka.errors import KafkaError, KafkaTimeoutError

    causes = _Causes(logging.WARNING)
    logger = logging.getLogger("kafka.net")
    logger.addHandler(causes)
    try:
        yield
    except KafkaTimeoutError as error:
        raise _unreached(causes.best or error, servers) from None
    except KafkaError as error:
        raise explained(error, servers) from None
    finally:
        logger.removeHandler(causes)


def topic_ids(config: KafkaConfig, names: Sequence[str] | None) -> dict[str, str | None]:
    """
    Return the topics of these names, or with None all, that are there and that the login may see.

    With each comes what tells it from one of the same name that is made after it was deleted; None where the brokers
    are older than that (2.8).

    Raises:
        ClientError: Kafka cannot be used.
        SettingsError: The password is not there.
    """
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    with connecting(config.bootstrap_servers):
        admin = KafkaAdminClient(**client_settings(config))
    try:
        described = admin.describe_topics(None if names is None else list(names))
    except KafkaError as error:
        raise explained(error, config.bootstrap_servers) from None
    finally:
        admin.close()
    return {each["name"]: each.get("topic_id") for each in described if not each["error_code"]}


class _Causes(logging.Handler):
    """
    Keeps the best of the errors that are logged: the last before time was over, or a refused login.

    That one is not told at each try: a broker that has refused often just breaks off.
    """

    best: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take the error out of what is logged."""
        given = record.args if isinstance(record.args, tuple) else ()
        found = next((each for each in given if isinstance(each, BaseException)), None)
        is_late = "Timeout" in type(found).__name__
        if found is not None and not _is_of_login(self.best) and (self.best is None or not is_late):
            self.best = found


def _is_of_login(error: BaseException | None) -> bool:
    return "Sasl" in type(error).__name__


def _unreached(cause: BaseException, servers: str) -> ClientError:
    place, why = f"Kafka at {servers}", str(cause)
    if isinstance(cause, OSError):
        return ClientError(f"{place}: {why}: check ca_certs")
    if "SSL" in why:
        return ClientError(f"{place} and we do not agree on TLS ({why}): check security_protocol and ca_certs")
    if "socket disconnected" in why:
        # All that a broker does about a login that it does not know, or a transport that it does not speak.
        return ClientError(
            f"{place} breaks off ({why}): check security_protocol, username, password and sasl_mechanism"
        )
    if _is_of_login(cause):
        return explained(cause, servers)
    return ServerAway(f"{place} does not answer ({why}): check that it runs, and bootstrap_servers")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
