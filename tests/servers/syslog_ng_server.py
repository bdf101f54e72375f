"""A real syslog-ng, which sends what it gets to Kafka as conf/syslog-ng/logwinnow.conf says."""

import shutil
import subprocess
from pathlib import Path

from maven import NotHere
from server_process import HOST, ServerFailed
from syslog_daemon import SyslogDaemon

SHIPPED = Path(__file__).parents[2] / "conf" / "syslog-ng" / "logwinnow.conf"

_PACKAGES = "apt install bsdutils syslog-ng-core syslog-ng-mod-rdkafka util-linux"


class SyslogNgServer(SyslogDaemon):
    """
    A syslog-ng with the sources that Debian's has, one for other hosts, and the configuration that we ship.

    Args:
        kafka: host:port of a broker, which may be away.
        topic: Where lines go.

    Attributes:
        buffer: The folder of its disk buffer.
    """

    def __init__(self, kafka: str, topic: str) -> None:
        super().__init__("syslog-ng", SHIPPED)
        self._kafka = kafka
        self._topic = topic
        self.buffer = self.folder / "buffer"

    def prepare(self) -> None:
        """Write its configuration; raises NotHere or ServerFailed."""
        self.require(("logger", "setpriv", "syslog-ng"), _PACKAGES)
        program = str(shutil.which("syslog-ng"))
        modules = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        if not any(row.startswith("Available-Modules:") and "kafka" in row for row in modules.splitlines()):
            raise NotHere(f"syslog-ng is here without its kafka-c(): {_PACKAGES}")
        self.buffer.mkdir()
        self._configuration.write_text(
            "@version: 3.35\n"
            # Debian's, in as much as they change lines; but for the names of relayed hosts, which are kept.
            "options { chain-hostnames(off); use-dns(no); use-fqdn(no); dns-cache(no); keep-hostname(yes); };\n"
            f'source s_src {{ unix-dgram("{self.socket}"); network(ip("{HOST}") port({self.ports[0]})); }};\n'
            f'destination d_file {{ file("{self.written}"); }};\n'
            "log { source(s_src); destination(d_file); };\n"
            f'@include "{self.shipped}"\n'
        )
        places = {
            'bootstrap-servers("127.0.0.1:9092")': f'bootstrap-servers("{self._kafka}")',
            'topic("logs")': f'topic("{self._topic}")',
            # By default in /var/lib/syslog-ng, which is root's.
            "disk-buffer(\n": f'disk-buffer(\ndir("{self.buffer}")\n',
        }
        self.place(places)
        self.give_to_nobody()
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

    @property
    def _configuration(self) -> Path:
        return self.folder / "syslog-ng.conf"

    def _syslog_ng(self) -> list[str]:
        program = ["syslog-ng", "--no-caps", f"--cfgfile={self._configuration}"]
        return self.as_nobody(program)
