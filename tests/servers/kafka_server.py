"""
A real Kafka: one broker that is its own controller.

    with KafkaServer() as kafka:                kafka.bootstrap_servers: plain
    with KafkaServer(secured=True) as kafka:    and beside it kafka.secured_bootstrap_servers: SASL_SSL with
                                                SCRAM-SHA-512 as USER with PASSWORD, trusting kafka.certificate.ca

Its records outlive stop, kill and start. Topics are not made by being written to: `create_topic`.
"""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import certificates
import maven
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from server_process import HOST, Server, ServerFailed

from spark.java import java_home

USER = "logwinnow"
PASSWORD = "made-up"

_CLUSTER = "bG9nd2lubm93LXRlc3RzLQ"  # 16 bytes in base64, as Kafka wants
_JAVA_OPTIONS = (
    "-Xms128m",
    "-Xmx384m",
    # What starts fastest and takes least on two cores that the tests share.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # a killed JVM leaves that file in /tmp
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)
_SETTINGS = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    # A broker that was killed is let in again when its former self has been silent for this long; 9 s by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "message.max.bytes": str(17 * 2**20),  # records of 16 MB and their batch's header
    # Retention, which looks every 5 minutes from the 30th second on, is to be seen by a test.
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": str(4 * 2**20),  # a third of the heap by default
    # One broker is all there is for Kafka's own topics; one partition is all that tests need of them.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}
_SECURED = {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.secured.scram-sha-512.sasl.jaas.config": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
    "ssl.keystore.type": "PEM",
}


class KafkaServer(Server):
    """
    A broker; up in some 4 seconds, in some 300 MB.

    Args:
        settings: Of the broker, beside or instead of those here (`{"log.segment.bytes": "1048576"}`).
        secured: Whether it has the secured listener too.
        java_options: The last word on options of its JVM (`["-Xmx1g"]`).

    Attributes:
        certificate: Of the secured listener; there once the broker was started.
    """

    certificate: certificates.Certificate

    def __init__(
        self, settings: Mapping[str, str] | None = None, *, secured: bool = False, java_options: Sequence[str] = ()
    ) -> None:
        super().__init__("kafka", 3 if secured else 2)
        self._secured = secured
        self._settings = dict(settings or {})
        self._java_options = java_options
        self._java: list[str] = []

    @property
    def bootstrap_servers(self) -> str:
        """Where the plain listener is."""
        return f"{HOST}:{self.ports[0]}"

    @property
    def secured_bootstrap_servers(self) -> str:
        """Where the secured listener is."""
        return f"{HOST}:{self.ports[2]}"

    def prepare(self) -> None:
        """Write the broker's properties and format its folder; raises NotHere or NoJava."""
        libraries = maven.programs() / "kafka" / "*"
        options = (*_JAVA_OPTIONS, f"-Djava.io.tmpdir={self.folder}", *self._java_options)
        self._java = [str(java_home() / "bin" / "java"), *options, "-cp", str(libraries)]
        if self._secured:
            self.certificate = certificates.make(self.folder)
            keystore = (self.certificate.key, self.certificate.certificate)
            self._keystore.write_text("".join(part.read_text() for part in keystore))
        properties = self._addresses() | _SETTINGS | (_SECURED if self._secured else {}) | self._settings
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        self._format()

    def command(self) -> list[str]:
        """Return the broker's command."""
        return [*self._java, "kafka.Kafka", str(self._properties)]

    def is_ready(self) -> bool:
        """Ask for the cluster, until the controller has let its one broker in."""
        try:
            with closing(
                KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, bootstrap_timeout_ms=5_000)
            ) as admin:
                return any(not broker["is_fenced"] for broker in admin.describe_cluster()["brokers"])
        except KafkaError:
            return False

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _keystore(self) -> Path:
        return self.folder / "keystore.pem"

    def _addresses(self) -> dict[str, str]:
        names = ("PLAINTEXT", "CONTROLLER", "SECURED")[: len(self.ports)]
        return {
            "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in zip(names, self.ports, strict=True)),
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL",
            "controller.quorum.voters": f"1@{HOST}:{self.ports[1]}",
            "log.dirs": str(self.folder / "data"),
            "ssl.keystore.location": str(self._keystore),
        }

    def _format(self) -> None:
        user = ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"] if self._secured else []
        format_command = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(self._properties), *user]
        with self.log.open("ab") as log:
            done = subprocess.run(
                [*self._java, *format_command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise ServerFailed(f"Kafka's folder was not formatted; {self.told()}")


def create_topic(bootstrap_servers: str, name: str, partitions: int = 1, **settings: str) -> None:
    """
    Create a topic and wait until it has its leaders.

    Args:
        bootstrap_servers: Of a plain listener.
        name: Of the topic, which is not there.
        partitions: How many it has.
        settings: Of the topic, with `_` for `.` (`retention_ms="1000"`).
    """
    configs = {key.replace("_", "."): value for key, value in settings.items()}
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap_servers)) as admin:
        admin.create_topics({name: {"num_partitions": partitions, "configs": configs}}, wait_for_metadata=True)


def delete_topics(bootstrap_servers: str, prefix: str) -> None:
    """Delete the topics whose names begin with `prefix`."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap_servers)) as admin:
        names = [name for name in admin.list_topics() if name.startswith(prefix)]
        if names:
            admin.delete_topics(names)
