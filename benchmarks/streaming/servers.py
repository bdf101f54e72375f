"""
Kafka and Elasticsearch as a user would run them: those of the tests, with a gigabyte of heap and the JVM's defaults.

    LOGWINNOW_TEST_KAFKA=host:port, LOGWINNOW_TEST_ELASTICSEARCH=URL    take these instead; what they take of the
                                                                        processors is not seen then
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.streaming.processor import Processors, Watched

# Lets the next four be found.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "servers"))

from elasticsearch_server import ElasticsearchServer, delete_all
from kafka_server import KafkaServer, create_topic
from maven import POM, NotHere
from server_process import Server, ServerFailed

__all__ = ["NotHere", "ServerFailed", "Servers", "create_topic", "delete_all", "running", "versions"]

# The tests' servers start fast and stay slow; these take back each option by which they do.
_DEFAULT_COMPILER = "-XX:TieredStopAtLevel=4"
_ELASTICSEARCH_JAVA = ("-Xms1g", "-Xmx1g", _DEFAULT_COMPILER)
# Of kafka-run-class.sh and kafka-server-start.sh.
_KAFKA_JAVA = (
    *("-Xms1g", "-Xmx1g", _DEFAULT_COMPILER, "-XX:-UseSerialGC", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    *("-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent"),
)
_KAFKA_SETTINGS = {
    "broker.session.timeout.ms": "9000",
    "broker.heartbeat.interval.ms": "2000",
    "log.initial.task.delay.ms": "30000",
    "log.retention.check.interval.ms": "300000",
}


class Servers(NamedTuple):
    """Where they are: bootstrap servers of Kafka, URL of Elasticsearch."""

    kafka: str
    elasticsearch: str


@contextmanager
def running(processors: Processors) -> Iterator[Servers]:
    """
    Run both until the block ends.

    Raises:
        NotHere: Maven is missing, or what else a server needs; the message says how to get it.
        NoJava: The same of Java.
        ServerFailed: One does not start.
    """
    kafka = os.environ.get("LOGWINNOW_TEST_KAFKA")
    elasticsearch = os.environ.get("LOGWINNOW_TEST_ELASTICSEARCH")
    with ExitStack() as servers:

        def started(server: Server, name: str) -> None:
            servers.enter_context(server)
            processors.watch(server.session, Watched(name, name, name))

        if kafka is None:
            broker = KafkaServer(_KAFKA_SETTINGS, java_options=_KAFKA_JAVA)
            started(broker, "Kafka")
            kafka = broker.bootstrap_servers
        if elasticsearch is None:
            node = ElasticsearchServer(java_options=_ELASTICSEARCH_JAVA)
            started(node, "Elasticsearch")
            elasticsearch = node.url
        yield Servers(kafka, elasticsearch)


def versions() -> dict[str, str]:
    """Return the versions of both; of one that is named nothing is known."""
    told = POM.read_text()
    found = {}
    for name, artifact in (("Kafka", "kafka_2.13"), ("Elasticsearch", "elasticsearch")):
        pinned = re.search(rf"<artifactId>{re.escape(artifact)}</artifactId>\s*<version>([^<]+)<", told)
        named = f"LOGWINNOW_TEST_{name.upper()}" in os.environ
        found[name] = "of your own" if named else pinned[1] if pinned else "unknown"
    return found
