"""
A real syslog-ng, which sends what it gets to Kafka as conf/syslog-ng/logwinnow.conf says.

    with SyslogNgServer(kafka, topic) as syslog_ng:
        syslog_ng.logger([b"session opened"], program="sshd", pid=7)   as programs of its host do, by /dev/log
        syslog_ng.receive([b"<38>Nov 24 10:00:00 web2 su: failed"])  as other hosts do, by TCP

Started by root it runs as nobody.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from maven import NotHere
from server_process import HOST, Server, ServerFailed

SHIPPED = Path(__file__).parents[2] / "conf" / "syslog-ng" / "logwinnow.conf"

_NOBODY = 65534
_PACKAGES = "apt install bsdutils syslog-ng-core syslog-ng-mod-rdkafka util-linux"


class SyslogNgServer(Server):
    """
    A syslog-ng with the sources that Debian's has, one for other hosts, and the configuration that we ship.

    Args:
        kafka: host:port of a broker, which may be away.
        topic: Where lines go.

    Attributes:
        written: The file that it writes lines to beside.
        buffer: The folder of its disk buffer.
    """

    def __init__(self, kafka: str, topic: str) -> None:
        super().__init__("syslog-ng", 1)
        self._kafka = kafka
        self._topic = topic
        self.written = self.folder / "syslog"
        self.buffer = self.folder / "buffer"

    def prepare(self) -> None:
        """Write its configuration; raises NotHere or ServerFailed."""
        missing = [name for name in ("logger", "setpriv", "syslog-ng") if shutil.which(name) is None]
        if missing:
            raise NotHere(f"{missing[0]}, which the tests of syslog-ng need, is not here: {_PACKAGES}")
        program = str(shutil.which("syslog-ng"))
        modules = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if not any(row.startswith("Available-Modules:") and "kafka" in row for row in modules.splitlines()):
            raise NotHere(f"syslog-ng is here without its kafka-c(): {_PACKAGES}")
        self.buffer.mkdir()
        self._configuration.write_text(
            "@version: 3.35\n"
            # Debian's, in as much as they change lines; but for the names of relayed hosts, which are kept.
            "options { chain-hostnames(off); use-dns(no); use-fqdn(no); dns-cache(no); keep-hostname(yes); };\n"
            f'source s_src {{ unix-dgram("{self._socket}"); network(ip("{HOST}") port({self.ports[0]})); }};\n'
            f'destination d_file {{ file("{self.written}"); }};\n'
            "log { source(s_src); destination(d_file); };\n"
            f'@include "{self._shipped}"\n'
        )
        self._shipped.write_text(self._here(SHIPPED.read_text()))
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)
        checked = subprocess.run(
            [*self._syslog_ng(), "--syntax-only"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if checked.returncode or checked.stderr:
            raise ServerFailed(f"syslog-ng does not take its configuration: {checked.stderr}")

    def command(self) -> list[str]:
        """Return the command of a syslog-ng that stays in the foreground."""
        state = {"persist-file": "persist", "pidfile": "pid", "control": "control"}
        return [
            *self._syslog_ng(),
            "--foreground",
            "--stderr",
            *(f"--{name}={self.folder / file}" for name, file in state.items()),
        ]

    def is_ready(self) -> bool:
        """Look for the socket."""
        return self._socket.exists()

    def logger(self, texts: Iterable[bytes], *, program: str, pid: int, priority: str = "user.notice") -> None:
        """Log texts as `logger` does."""
        command = ["logger", "--socket", str(self._socket), "--tag", program, f"--id={pid}", "--priority", priority]
        subprocess.run(command, input=b"".join(text + b"\n" for text in texts), check=True)

    def receive(self, lines: Iterable[bytes]) -> None:
        """Send lines as another host does."""
        with socket.create_connection((HOST, self.ports[0])) as connection:
            connection.sendall(b"".join(line + b"\n" for line in lines))

    @property
    def _configuration(self) -> Path:
        return self.folder / "syslog-ng.conf"

    @property
    def _shipped(self) -> Path:
        return self.folder / SHIPPED.name

    @property
    def _socket(self) -> Path:
        return self.folder / "socket"

    def _here(self, shipped: str) -> str:
        """Return the shipped configuration with the places of this test, and nothing else, in it."""
        for theirs, ours in (
            ('bootstrap-servers("127.0.0.1:9092")', f'bootstrap-servers("{self._kafka}")'),
            ('topic("logs")', f'topic("{self._topic}")'),
            # By default in /var/lib/syslog-ng, which is root's.
            ("disk-buffer(\n", f'disk-buffer(\ndir("{self.buffer}")\n'),
        ):
            assert shipped.count(theirs) == 1, theirs
            shipped = shipped.replace(theirs, ours)
        return shipped

    def _syslog_ng(self) -> list[str]:
        nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        program = ["syslog-ng", "--no-caps", f"--cfgfile={self._configuration}"]
        return [*(nobody if os.geteuid() == 0 else []), *program]
