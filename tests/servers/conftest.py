"""
Real servers for tests: a Kafka and an Elasticsearch that all tests of a run share, and others for one test alone.

    LOGWINNOW_TEST_KAFKA=host:port           share this Kafka instead of starting one (plain; takes records of 16 MB)
    LOGWINNOW_TEST_ELASTICSEARCH=URL         share this Elasticsearch instead (no login)
    LOGWINNOW_TEST_CACHE=folder              where their programs are kept (maven.py)

What is shared is a mere address, and each test has names of its own in it. A test that stops or kills a server, or
wants another kind, starts its own; those come from Maven always.
"""

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from elasticsearch_server import ElasticsearchServer, delete_all, patient
from kafka_server import KafkaServer, delete_topics
from live import Live
from maven import NotHere

from spark.errors import NoJava


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap servers of the shared Kafka."""
    if named := os.environ.get("LOGWINNOW_TEST_KAFKA"):
        yield named
        return
    with KafkaServer() as server:
        yield server.bootstrap_servers


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[str]:
    """The URL of the shared Elasticsearch."""
    if named := os.environ.get("LOGWINNOW_TEST_ELASTICSEARCH"):
        yield named
        return
    with ElasticsearchServer() as server:
        yield server.url


@pytest.fixture
def topic(kafka: str) -> Iterator[str]:
    """A name for a topic of the shared Kafka, which is not there; topics that begin with it are deleted at the end."""
    name = f"test-{secrets.token_hex(6)}"
    yield name
    delete_topics(kafka, name)


@pytest.fixture
def index_prefix(elasticsearch: str) -> Iterator[str]:
    """A prefix of the test's own for indices and templates of the shared Elasticsearch; they are deleted at the end."""
    prefix = f"test-{secrets.token_hex(6)}"
    yield prefix
    with closing(patient(elasticsearch)) as client:
        delete_all(client, prefix)


@pytest.fixture
def live(tmp_path: Path, kafka: str, elasticsearch: str, topic: str, index_prefix: str) -> Live:
    """A stream's place between the shared servers, with its topic of two partitions and its index templates."""
    made = Live(tmp_path, kafka, elasticsearch, topic, index_prefix)
    made.make_topic()
    made.set_up()
    return made


@pytest.fixture
def own_kafka() -> Iterator[Callable[..., KafkaServer]]:
    """Start a Kafka for this test alone, `own_kafka(secured=True)`; it takes what KafkaServer takes."""
    with ExitStack() as servers:
        yield lambda *settings, **options: servers.enter_context(KafkaServer(*settings, **options))


@pytest.fixture
def own_elasticsearch() -> Iterator[Callable[..., ElasticsearchServer]]:
    """Start an Elasticsearch for this test alone; it takes what ElasticsearchServer takes."""
    with ExitStack() as servers:
        yield lambda *settings, **options: servers.enter_context(ElasticsearchServer(*settings, **options))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """Skip a test whose fixtures find no program to start. A program that does not start is an error."""
    try:
        return (yield)
    except (NotHere, NoJava) as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Skip a test that starts a server itself and finds none."""
    try:
        return (yield)
    except (NotHere, NoJava) as missing:
        pytest.skip(str(missing))
