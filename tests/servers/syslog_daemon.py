"""
What a real rsyslog and a real syslog-ng have in common here: both send what they get to Kafka as conf/ says.

    daemon.logger([b"session opened"], program="sshd", pid=7)      as programs of its host do, by /dev/log
    daemon.receive([b"<38>Nov 24 10:00:00 web2 su: failed"])       as other hosts do, by TCP

Started by root they run as nobody.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from live import Live
from maven import NotHere
from server_process import HOST, Server

PATIENCE = 120

_NOBODY = 65534


class SyslogDaemon(Server):
    """
    A syslog daemon with the configuration that we ship for it.

    Args:
        name: Of its program, for the log.
        shipped: The file that we ship.

    Attributes:
        written: The file that it writes lines to, beside Kafka.
        socket: What programs of its host log to.
    """

    def __init__(self, name: str, shipped: Path) -> None:
        super().__init__(name, 1)
        self._source = shipped
        self.written = self.folder / "syslog"
        self.socket = self.folder / "socket"

    @property
    def shipped(self) -> Path:
        """The shipped file, as it is here."""
        return self.folder / self._source.name

    def require(self, programs: Sequence[str], packages: str) -> None:
        """Raise NotHere where a program is not installed."""
        missing = [program for program in programs if shutil.which(program) is None]
        if missing:
            raise NotHere(f"{missing[0]}, which the tests of {self.name} need, is not here: {packages}")

    def place(self, places: Mapping[str, str]) -> None:
        """Write the shipped configuration with the places of this test, and nothing else, in it."""
        text = self._source.read_text()
        for theirs, ours in places.items():
            assert text.count(theirs) == 1, theirs
            text = text.replace(theirs, ours)
        self.shipped.write_text(text)

    def give_to_nobody(self) -> None:
        """Let it read and write its folder."""
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)

    def as_nobody(self, program: Sequence[str]) -> list[str]:
        """Return the command that runs a program without the rights of root."""
        nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        return [*(nobody if os.geteuid() == 0 else []), *program]

    def is_ready(self) -> bool:
        """Look for the socket."""
        return self.socket.exists()

    def logger(self, texts: Iterable[bytes], *, program: str, pid: int, priority: str = "user.notice") -> None:
        """Log texts as `logger` does."""
        command = ["logger", "--socket", str(self.socket), "--tag", program, f"--id={pid}", "--priority", priority]
        subprocess.run(command, input=b"".join(text + b"\n" for text in texts), check=True)

    def receive(self, lines: Iterable[bytes]) -> None:
        """Send lines as another host does."""
        with socket.create_connection((HOST, self.ports[0])) as connection:
            connection.sendall(b"".join(line + b"\n" for line in lines))

    def wait_until_written(self, text: bytes) -> None:
        """Wait until it has a text."""
        until = time.monotonic() + PATIENCE
        while text not in self.written.read_bytes():
            assert time.monotonic() < until
            time.sleep(0.1)


def text_of(value: bytes) -> bytes:
    """Return the text of a record; no text of these tests has a colon."""
    return value.rpartition(b": ")[2].rstrip(b"\n")


def wait_for(live: Live, texts: set[bytes], missing: int = 0) -> list[bytes]:
    """Wait until a record ends with each text, but for so many; return all but what rsyslog says of itself."""
    until = time.monotonic() + PATIENCE
    while True:
        records = [value for value in live.records().values() if value and b" rsyslogd" not in value]
        lacking = texts - set(map(text_of, records))
        if len(lacking) <= missing:
            return records
        assert time.monotonic() < until, (len(lacking), sorted(lacking)[:3])
        time.sleep(0.5)
