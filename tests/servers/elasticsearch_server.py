"""
A real Elasticsearch: one node of the integ-test distribution, which has HTTP, indices and security, but few modules.

    with ElasticsearchServer() as elasticsearch:                elasticsearch.url: http, no login
    with ElasticsearchServer(secured=True) as elasticsearch:    https as USER with PASSWORD, trusting
                                                                elasticsearch.certificate.ca or its fingerprint

Its documents outlive stop, kill and start. It refuses to be root: started by root it runs as nobody, who gets into no
folder of root's. So each has the program in its own folder, by hard links where they can be, and owns what it writes.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import certificates
import maven
import query_languages
import security_plugin
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from maven import NotHere
from server_process import HOST, Server, ServerFailed

from spark.java import java_home

USER = "elastic"
PASSWORD = "made-up"

_NOBODY = 65534
# What starts fastest and takes least on two cores that the tests share: half the time of a start. A JVM that is
# killed leaves its performance data in /tmp.
_LEAN = ("-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_JAVA_OPTIONS = ("-Xms512m", "-Xmx512m", *_LEAN)
_SETTINGS = {
    "discovery.type": "single-node",
    "network.host": HOST,
    "xpack.security.enabled": False,
    "cluster.routing.allocation.disk.threshold_enabled": False,  # a disk that is 95 % full would refuse documents
}
_SECURED = {
    "xpack.security.enabled": True,
    "xpack.security.http.ssl.enabled": True,
    "xpack.security.http.ssl.certificate": "certificate.pem",
    "xpack.security.http.ssl.key": "key.pem",
}


class ElasticsearchServer(Server):
    """
    A node; up in some 10 seconds, in some 800 MB.

    Args:
        settings: Of the node, beside or instead of those here (`{"thread_pool.write.queue_size": 4}`).
        secured: Whether it wants a login and TLS.
        languages: Whether it knows KQL and ES|QL.
        java_options: The last word on options of its JVM (`["-Xmx1g"]`).

    Attributes:
        certificate: Of a secured one; there once it was started.
    """

    certificate: certificates.Certificate

    def __init__(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        secured: bool = False,
        languages: bool = False,
        java_options: Sequence[str] = (),
    ) -> None:
        super().__init__("elasticsearch", 2)
        self._secured = secured
        self._languages = languages
        self._settings = dict(settings or {})
        self._java_options = " ".join((*_JAVA_OPTIONS, *java_options))
        self._environment: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{'https' if self._secured else 'http'}://{HOST}:{self.ports[0]}"

    def client(self) -> Elasticsearch:
        """Return a client that may do everything and repeats nothing."""
        if not self._secured:
            return patient(self.url, max_retries=0)
        return patient(self.url, basic_auth=(USER, PASSWORD), ca_certs=str(self.certificate.ca), max_retries=0)

    def prepare(self) -> None:
        """Lay out program, configuration and folders; raises NotHere or NoJava."""
        if os.geteuid() == 0 and shutil.which("setpriv") is None:
            raise NotHere(
                "setpriv, with which root starts Elasticsearch as nobody, is not here: apt install util-linux"
            )
        java, program = _whole_java(), maven.programs() / "elasticsearch"
        config, data, logs, scratch = (self.folder / name for name in ("config", "data", "logs", "scratch"))
        self._environment = os.environ | {
            "ES_JAVA_HOME": str(java),
            "ES_JAVA_OPTS": self._java_options,
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(scratch),
            "CLI_JAVA_OPTS": " ".join(_LEAN),
        }
        shutil.copytree(program, self._home, copy_function=_link)
        shutil.copytree(program / "config", config)
        for folder in (data, logs, scratch):
            folder.mkdir()
        http, transport = self.ports
        places = {"http.port": http, "transport.port": transport, "path.data": str(data), "path.logs": str(logs)}
        settings = _SETTINGS | places | (_SECURED if self._secured else {}) | self._settings
        lines = [f"{key}: {json.dumps(value)}\n" for key, value in settings.items()]
        (config / "elasticsearch.yml").write_text("".join(lines))
        if self._languages:
            query_languages.install(self._home, maven.programs() / "languages")
        if self._secured:
            self.certificate = certificates.make(config)
            security_plugin.install(self._home, java / "bin" / "java")
        if os.geteuid() == 0:
            own = (config, data, logs, scratch, self._home / "plugins")
            for path in (self.folder, *own, *(path for folder in own for path in folder.rglob("*"))):
                os.chown(path, _NOBODY, _NOBODY)
        if self._secured:
            self._set_password()

    def command(self) -> list[str]:
        """Return the node's command."""
        return self._as_nobody("elasticsearch")

    def environment(self) -> dict[str, str]:
        """Return this environment with what the node's scripts read."""
        return self._environment

    def is_ready(self) -> bool:
        """Ask for its health."""
        try:
            with closing(self.client()) as client:
                asked = client.options(request_timeout=10)
                return not asked.cluster.health(wait_for_status="yellow", timeout="1s")["timed_out"]
        except (ApiError, TransportError):
            return False

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    def _as_nobody(self, program: str) -> list[str]:
        nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        return [*(nobody if os.geteuid() == 0 else []), str(self._home / "bin" / program)]

    def _set_password(self) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                [*self._as_nobody("elasticsearch-keystore"), "add", "-x", "-f", "bootstrap.password"],
                input=PASSWORD.encode(),
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self._environment,
                check=False,
            )
        if done.returncode:
            raise ServerFailed(f"Elasticsearch's keystore took no password; {self.told()}")


def patient(url: str, **options: Any) -> Elasticsearch:
    """Return a client that waits as long for an answer as the product does: other tests have the cores as well."""
    return Elasticsearch(url, request_timeout=60, **options)


def delete_all(client: Elasticsearch, prefix: str) -> None:
    """Delete the data streams, indices and templates whose names begin with `prefix`."""
    # A server without data streams does not know what they are (400), one without a template of the name says 404.
    lenient = client.options(ignore_status=[400, 404, 405])
    lenient.indices.delete_data_stream(name=f"{prefix}*", expand_wildcards="all")
    # By name: since Elasticsearch 8 a wildcard deletes nothing.
    for index in client.indices.get(index=f"{prefix}*", expand_wildcards="all"):
        client.indices.delete(index=index)
    lenient.indices.delete_index_template(name=f"{prefix}*")
    lenient.cluster.delete_component_template(name=f"{prefix}*")


def _whole_java() -> Path:
    home = java_home()
    answer = subprocess.run(
        [home / "bin" / "java", "--add-modules", "jdk.jdi", "-version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if answer.returncode:
        raise NotHere(
            f"Elasticsearch does not run on the Java in {home}, which lacks modules: install a whole one of version 17 "
            "or newer (Debian: apt install default-jre-headless) or set JAVA_HOME to its folder"
        )
    return home


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
