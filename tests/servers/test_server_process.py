"""How the processes of a server live and die, told with small ones: a shell that starts a listener in Python."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_process import Server, ServerFailed, free_ports, listens

_PATIENCE = 60
_LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()[0].close()
"""


class Listener(Server):
    """A server whose first process is the listener or, as Elasticsearch's does, starts the listener as another."""

    def __init__(self, *, below: bool = False) -> None:
        super().__init__("listener", 1)
        self.below = below
        self.prepared = 0

    def prepare(self) -> None:
        self.prepared += 1

    def command(self) -> list[str]:
        listener = [sys.executable, "-c", _LISTENER, str(self.ports[0])]
        return ["/bin/sh", "-c", '"$@" & wait', "sh", *listener] if self.below else listener

    def is_ready(self) -> bool:
        return True


class Broken(Listener):
    """A server that says why it cannot start."""

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", "echo it wants more memory >&2; exit 3"]


@pytest.fixture(params=[False, True], ids=["one process", "one below the other"])
def listener(request: pytest.FixtureRequest) -> Iterator[Listener]:
    with Listener(below=request.param) as server:
        yield server


def wait_until_closed(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while listens(port):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_server_listens_until_it_is_stopped_and_again_when_it_is_started(listener: Listener) -> None:
    [port] = listener.ports
    for end in (listener.stop, listener.kill, listener.stop):
        assert listens(port)
        end()
        assert not listens(port)
        listener.start()

    assert listener.ports == [port]
    assert listener.prepared == 1


def test_a_server_that_runs_is_not_started_twice(listener: Listener) -> None:
    with pytest.raises(ServerFailed, match="listener runs already"):
        listener.start()

    assert listens(listener.ports[0])


def test_what_does_not_run_is_stopped_and_killed_in_vain() -> None:
    server = Listener()
    server.stop()
    server.kill()
    server.close()


def test_a_server_that_ends_as_it_starts_is_an_error_with_the_end_of_its_log() -> None:
    server = Broken()
    with pytest.raises(ServerFailed, match=r"listener ended with code 3 .*\n(?s:.*)it wants more memory"), server:
        pass

    assert not server.folder.exists()


def test_a_closed_server_listens_no_more_and_leaves_no_folder(listener: Listener) -> None:
    listener.close()
    assert not listens(listener.ports[0])
    assert not listener.folder.exists()
    listener.close()


@pytest.mark.parametrize("below", [False, True])
def test_a_server_dies_with_the_python_that_started_it(*, below: bool) -> None:
    code = (
        "import time\nfrom test_server_process import Listener\n"
        f"server = Listener(below={below})\nserver.start()\n"
        "print(server.ports[0], server.folder, flush=True)\ntime.sleep(600)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=Path(__file__).parent) as python:
        assert python.stdout
        try:
            port, folder = python.stdout.readline().split()
            assert listens(int(port))
        finally:
            python.kill()

    wait_until_closed(int(port))
    shutil.rmtree(folder)


def test_free_ports_are_different_free_and_none_that_the_system_gives_away() -> None:
    ports = free_ports(200)

    assert len(set(ports)) == 200
    assert all(20_000 <= port < 30_000 for port in ports)
