"""What the real servers do for the tests that use them, told by their own clients."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import certificates
import elasticsearch_server
import kafka_server
import pytest
from elasticsearch import ApiError, AuthenticationException, Elasticsearch
from elasticsearch import ConnectionError as NoConnection
from elasticsearch_server import ElasticsearchServer, patient
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError
from kafka_server import KafkaServer, create_topic
from server_process import listens

pytestmark = pytest.mark.servers

_PATIENCE = 60


@pytest.fixture(scope="module")
def secured_kafka() -> Iterator[KafkaServer]:
    """A Kafka of this module's own, with a SASL_SSL listener."""
    with KafkaServer(secured=True) as server:
        yield server


@pytest.fixture(scope="module")
def secured_elasticsearch() -> Iterator[ElasticsearchServer]:
    """An Elasticsearch of this module's own, with TLS and logins, that is small enough to be swamped."""
    with ElasticsearchServer({"thread_pool.write.size": 1, "thread_pool.write.queue_size": 1}, secured=True) as server:
        yield server


def produce(bootstrap_servers: str, topic: str, *values: bytes, **options: Any) -> None:
    with closing(KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", **options)) as producer:
        for sent in [producer.send(topic, value, partition=0) for value in values]:
            sent.get(_PATIENCE)


def consume(bootstrap_servers: str, topic: str) -> list[bytes]:
    """Return the records that partition 0 has now."""
    # Sums are not checked, for kafka-python takes a second for 4 MB.
    options = {"check_crcs": False, "consumer_timeout_ms": _PATIENCE * 1000}
    with closing(KafkaConsumer(bootstrap_servers=bootstrap_servers, **options)) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        values: list[bytes] = []
        while consumer.position(partition) < end:
            values.append(next(consumer).value)
        return values


def log_in(server: KafkaServer, password: str, ca: Path, **options: Any) -> dict[str, Any]:
    """Return what the cluster says of itself to a client of the secured listener."""
    login = {
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(ca),
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": kafka_server.USER,
        "sasl_plain_password": password,
    }
    with closing(KafkaAdminClient(bootstrap_servers=server.secured_bootstrap_servers, **login, **options)) as admin:
        told: dict[str, Any] = admin.describe_cluster()
        return told


def test_a_record_that_is_produced_is_consumed(kafka: str, topic: str) -> None:
    create_topic(kafka, topic, partitions=2)
    produce(kafka, topic, b"first", b"\xff\x00second")

    assert consume(kafka, topic) == [b"first", b"\xff\x00second"]


def test_a_record_of_12_mb_is_taken(kafka: str, topic: str) -> None:
    record = bytes(range(256)) * (12 * 2**20 // 256)
    create_topic(kafka, topic)
    produce(kafka, topic, record, max_request_size=17 * 2**20)

    assert consume(kafka, topic) == [record]


def test_what_is_older_than_a_topic_keeps_is_soon_gone(kafka: str, topic: str) -> None:
    create_topic(kafka, topic, retention_ms="1")
    produce(kafka, topic, b"old")

    partition = TopicPartition(topic, 0)
    until = time.monotonic() + _PATIENCE
    with closing(KafkaConsumer(bootstrap_servers=kafka)) as consumer:
        while consumer.beginning_offsets([partition])[partition] == 0:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.parametrize("end", [KafkaServer.stop, KafkaServer.kill])
def test_a_kafka_that_is_started_again_has_its_address_and_its_records(
    end: Callable[[KafkaServer], None], secured_kafka: KafkaServer
) -> None:
    topic = f"kept-{end.__name__}"
    create_topic(secured_kafka.bootstrap_servers, topic)
    produce(secured_kafka.bootstrap_servers, topic, b"before")
    end(secured_kafka)
    secured_kafka.start()
    produce(secured_kafka.bootstrap_servers, topic, b"after")

    assert consume(secured_kafka.bootstrap_servers, topic) == [b"before", b"after"]


def test_the_secured_listener_takes_the_right_password_of_the_user_only(secured_kafka: KafkaServer) -> None:
    ca = secured_kafka.certificate.ca
    assert len(log_in(secured_kafka, kafka_server.PASSWORD, ca)["brokers"]) == 1
    # The client only says that it came to nothing.
    with pytest.raises(KafkaTimeoutError):
        log_in(secured_kafka, "wrong", ca, bootstrap_timeout_ms=6_000)
    assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in secured_kafka.log.read_text()


def test_the_secured_listener_is_not_trusted_without_its_authority(
    secured_kafka: KafkaServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KafkaTimeoutError):
        log_in(secured_kafka, kafka_server.PASSWORD, certificates.make(tmp_path).ca, bootstrap_timeout_ms=1_000)
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text


def test_a_document_is_created_once(elasticsearch: str, index_prefix: str) -> None:
    create: list[dict[str, Any]] = [{"create": {"_index": f"{index_prefix}-a", "_id": "1"}}, {"message": "a line"}]
    with closing(patient(elasticsearch)) as client:
        statuses = [client.bulk(operations=create)["items"][0]["create"]["status"] for _ in range(2)]

    assert statuses == [201, 409]


def test_an_elasticsearch_that_is_started_again_has_its_address_and_its_documents(
    secured_elasticsearch: ElasticsearchServer,
) -> None:
    with closing(secured_elasticsearch.client()) as client:
        client.index(index="kept", id="1", document={"message": "before"})
        secured_elasticsearch.stop()
        with pytest.raises(NoConnection):
            client.get(index="kept", id="1")
        secured_elasticsearch.start()

        assert client.get(index="kept", id="1")["_source"] == {"message": "before"}


def test_a_secured_elasticsearch_refuses_a_wrong_password(secured_elasticsearch: ElasticsearchServer) -> None:
    options: dict[str, Any] = {"ca_certs": str(secured_elasticsearch.certificate.ca)}
    wrong = (elasticsearch_server.USER, "wrong")
    with (
        closing(patient(secured_elasticsearch.url, basic_auth=wrong, **options)) as client,
        pytest.raises(AuthenticationException) as refused,
    ):
        client.cluster.health()

    assert refused.value.status_code == 401


def test_a_secured_elasticsearch_takes_an_api_key_of_a_client_that_knows_its_authority(
    secured_elasticsearch: ElasticsearchServer, tmp_path: Path
) -> None:
    with closing(secured_elasticsearch.client()) as client:
        key = client.security.create_api_key(name="test")["encoded"]
    certificate = secured_elasticsearch.certificate
    ways: list[dict[str, Any]] = [
        {"ca_certs": str(certificate.ca)},
        {"ssl_assert_fingerprint": certificate.fingerprint},
    ]
    for way in ways:
        with closing(patient(secured_elasticsearch.url, api_key=key, **way)) as client:
            assert client.security.authenticate()["authentication_type"] == "api_key"
    stranger = str(certificates.make(tmp_path).ca)
    with (
        closing(patient(secured_elasticsearch.url, api_key=key, ca_certs=stranger)) as client,
        pytest.raises(NoConnection, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.security.authenticate()


def test_a_swamped_elasticsearch_says_429(secured_elasticsearch: ElasticsearchServer) -> None:
    bulk: list[dict[str, Any]] = [{"create": {}}, {"message": "a line"}] * 500

    def send(client: Elasticsearch) -> set[int]:
        try:
            return {item["create"]["status"] for item in client.bulk(index="swamped", operations=bulk)["items"]}
        except ApiError as error:
            return {error.status_code}

    statuses: set[int] = set()
    until = time.monotonic() + _PATIENCE
    with closing(secured_elasticsearch.client()) as client, ThreadPoolExecutor(10) as senders:
        while 429 not in statuses:
            assert time.monotonic() < until
            statuses.update(*senders.map(send, [client] * 20))

    assert statuses <= {201, 429}


# That one starts first, so that a machine that has no program for it skips this one too.
@pytest.mark.usefixtures("secured_kafka")
def test_a_real_server_dies_with_the_python_that_started_it() -> None:
    code = (
        "import time\nfrom kafka_server import KafkaServer\n"
        "server = KafkaServer()\nserver.start()\n"
        "print(server.folder, *server.ports, flush=True)\ntime.sleep(600)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=Path(__file__).parent) as python:
        assert python.stdout
        try:
            folder, *ports = python.stdout.readline().split()
            assert len(ports) == 2
            assert all(listens(int(port)) for port in ports)
        finally:
            python.kill()
    until = time.monotonic() + _PATIENCE
    while any(listens(int(port)) for port in ports):
        assert time.monotonic() < until
        time.sleep(0.05)
    shutil.rmtree(folder)
