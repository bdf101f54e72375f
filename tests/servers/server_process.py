"""
A server as a group of processes that a test may stop, kill and start again, and that dies with the test run.

    start ─► sh ─┬─► becomes the server (and what it starts)      stop: SIGTERM to the server, which ends by itself
                 └─► watcher: waits for the end of its input      kill: SIGKILL to the group

The watcher's input is a pipe that only this Python holds. However Python ends, by SIGKILL too, the pipe closes, and
the watcher kills the group that it is in. (The kernel's own way, PR_SET_PDEATHSIG, reaches no grandchildren, and
strikes as soon as the thread ends that started the server.)
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"

_PATIENCE = 180  # seconds; a start takes 10 on an idle machine
_TAIL = 40  # lines
_WATCHED = """
exec 3<&0 </dev/null
{ read -r _ <&3; kill -KILL 0; } &
exec "$@" 3<&-
"""


class ServerFailed(Exception):
    """Raised when a server does not start or does not stop; has the end of its log."""


class Server(ABC):
    """
    A server in a folder and on ports of its own, which stay the same while it is stopped and started.

    Used as a context it is started and, at the end, closed.

    Args:
        name: Of the program, for messages.
        ports: How many it listens on.

    Attributes:
        folder: Made for it in the system's folder for temporary files, where another user can get too.
        ports: Of 127.0.0.1.
        log: What the server says.
    """

    def __init__(self, name: str, ports: int) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"logwinnow-{name}-"))
        self.ports = free_ports(ports)
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._prepared = False

    @property
    def session(self) -> int:
        """Id of the session that all its processes are in; raises ServerFailed where it does not run."""
        if self._process is None:
            raise ServerFailed(f"{self.name} does not run")
        return self._process.pid

    @abstractmethod
    def prepare(self) -> None:
        """Put into the folder what the first start needs; raises NotHere or NoJava where that is not to be had."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that becomes the server: its process is the one that SIGTERM ends in order."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask the server, which may not answer yet, whether it serves."""

    def environment(self) -> dict[str, str]:
        """Return what the server finds as its environment."""
        return dict(os.environ)

    def start(self) -> None:
        """
        Start the server, for the first time or again with the data it has, and wait until it serves.

        Raises:
            ServerFailed: where it ends, or is not ready in time; nothing of it runs then.
        """
        if self._process is not None:
            raise ServerFailed(f"{self.name} runs already: stop it first")
        if not self._prepared:
            self.prepare()
            self._prepared = True
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, "sh", *self.command()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """
        Have the server end in order, as an operator does, and wait for that; nothing where it does not run.

        Raises:
            ServerFailed: where it does not end in time; it is killed then.
        """
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{self.name} did not stop in {_PATIENCE} s; {self.told()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End all processes of the server at once (SIGKILL) and wait until its ports are closed."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._process = None
        until = time.monotonic() + _PATIENCE
        while any(map(listens, self.ports)):
            if time.monotonic() > until:
                raise ServerFailed(f"{self.name} was killed, and something listens on one of {self.ports}")
            time.sleep(0.02)

    def close(self) -> None:
        """Kill the server and delete its folder; nothing where it is closed."""
        self.kill()
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def told(self) -> str:
        """Return the end of the log, for a message."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join((f"its log ({len(lines)} lines) ends:", *lines[-_TAIL:]))

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + _PATIENCE
        while not (listens(self.ports[0]) and self.is_ready()):
            if process.poll() is not None:
                raise ServerFailed(f"{self.name} ended with code {process.returncode} as it started; {self.told()}")
            if time.monotonic() > until:
                raise ServerFailed(f"{self.name} is not ready after {_PATIENCE} s; {self.told()}")
            time.sleep(0.05)


def free_ports(number: int) -> list[int]:
    """
    Return different ports of 127.0.0.1 that are free now, by TCP and UDP.

    They lie below those that the system gives to whoever asks for any (from 32768 on with Linux): such a one could be
    given away while its server is stopped, even to the client that tries to reach it and would then meet itself. Each
    process of tests takes its own, since a port is not bound while its server is prepared or stopped.
    """
    ports: list[int] = []
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while len(ports) < number:
        port = 20_000 + process % 8 * 1_250 + secrets.randbelow(1_250)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind((HOST, port))
            udp.bind((HOST, port))
            if port not in ports:
                ports.append(port)
    return ports


def listens(port: int) -> bool:
    """Whether something takes connections on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
