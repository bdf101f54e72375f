"""
A real rsyslog, which sends what it gets to Kafka as conf/rsyslog/60-logwinnow.conf says.

    with RsyslogServer(kafka, topic) as rsyslog:
        rsyslog.append([b"payment taken"])                          to a file that it follows

Debian has rsyslog and syslog-ng exclude one another, and our tests want both; so rsyslog is not installed but fetched
and unpacked, once, beside the servers that Maven fetches.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from maven import NotHere
from server_process import HOST, ServerFailed
from syslog_daemon import SyslogDaemon

SHIPPED = Path(__file__).parents[2] / "conf" / "rsyslog" / "60-logwinnow.conf"

NAME = "web1"
"""The host that it says it is on."""

_PACKAGES = ("rsyslog", "rsyslog-kafka")
_LIBRARIES = "apt install bsdutils libestr0 libfastjson4 librdkafka1 util-linux"


class RsyslogServer(SyslogDaemon):
    """
    An rsyslog with inputs of each kind and the configuration that we ship; up in less than a second.

    Args:
        kafka: host:port of a broker, which may be away.
        topic: Where lines go.

    Attributes:
        work: Its work directory, where its queue is.
    """

    def __init__(self, kafka: str, topic: str) -> None:
        super().__init__("rsyslog", SHIPPED)
        self._kafka = kafka
        self._topic = topic
        self.work = self.folder / "work"

    def prepare(self) -> None:
        """Lay out program, configuration and folders; raises NotHere or ServerFailed."""
        self.require(("logger", "setpriv"), _LIBRARIES)
        # Its own copy: nobody gets into no folder of root's.
        shutil.copytree(_programs() / "usr", self.folder / "usr")
        self.work.mkdir()
        self._followed.touch()
        self._configuration.write_text(
            f'global(workDirectory="{self.work}" localHostname="{NAME}")\n'
            'module(load="imuxsock" sysSock.use="off")\n'
            f'input(type="imuxsock" socket="{self.socket}")\n'
            'module(load="imtcp")\n'
            f'input(type="imtcp" address="{HOST}" port="{self.ports[0]}")\n'
            'module(load="imfile")\n'
            f'input(type="imfile" file="{self._followed}" tag="shop:")\n'
            f'include(file="{self.shipped}")\n'
            f'action(type="omfile" file="{self.written}")\n'
        )
        places = {
            'broker=["127.0.0.1:9092"]': f'broker=["{self._kafka}"]',
            'topic="logs"': f'topic="{self._topic}"',
            '="/var/spool/rsyslog/': f'="{self.work}/',
        }
        self.place(places)
        self.give_to_nobody()
        checked = subprocess.run(
            [*self._rsyslogd(), "-N1"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if "error while loading shared libraries" in checked.stderr or "could not load module" in checked.stderr:
            raise NotHere(f"rsyslog or its omkafka lacks a library here: {_LIBRARIES}; it said: {checked.stderr}")
        # It goes on without what it does not understand.
        if checked.returncode or "error" in checked.stderr:
            raise ServerFailed(f"rsyslog does not take its configuration: {checked.stderr}")

    def command(self) -> list[str]:
        """Return the command of an rsyslog that stays in the foreground."""
        return [*self._rsyslogd(), "-n", "-i", str(self.folder / "pid")]

    def append(self, lines: Iterable[bytes]) -> None:
        """Append lines to the file of program ``shop``."""
        with self._followed.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))

    @property
    def _configuration(self) -> Path:
        return self.folder / "rsyslog.conf"

    @property
    def _followed(self) -> Path:
        return self.folder / "shop.log"

    def _rsyslogd(self) -> list[str]:
        [modules] = (self.folder / "usr" / "lib").glob("*/rsyslog")
        program = [str(self.folder / "usr" / "sbin" / "rsyslogd"), "-M", str(modules), "-f", str(self._configuration)]
        return self.as_nobody(program)


def _programs() -> Path:
    """
    Return the folder that rsyslog and omkafka are unpacked in.

    Raises:
        NotHere: This is no Debian, or it cannot fetch them.
    """
    cache = Path(os.environ.get("LOGWINNOW_TEST_CACHE") or Path.home() / ".cache" / "logwinnow-tests")
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / "rsyslog"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as fetching:
                _fetch(Path(fetching))
                Path(fetching, "whole").rename(folder)
    return folder


def _fetch(folder: Path) -> None:
    """Have `whole` in a folder hold what is in the packages."""
    download, extract = ["apt-get", "--quiet", "download", *_PACKAGES], ["dpkg-deb", "--extract"]
    try:
        subprocess.run(download, check=True, capture_output=True, cwd=folder)
        for package in folder.glob("*.deb"):
            subprocess.run([*extract, package, folder / "whole"], check=True, capture_output=True)
    except FileNotFoundError as error:
        raise NotHere(f"rsyslog is fetched from Debian alone, and {error.filename} is not here") from None
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip()
        raise NotHere(f"rsyslog cannot be fetched (apt-get update may help): {told}") from None
