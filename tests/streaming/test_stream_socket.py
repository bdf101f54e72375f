"""`logwinnow stream` over source `socket`, as processes: killed at any moment, nothing is lost or doubled."""

import os
import random
import secrets
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from receiver_process import ReceiverProcess, receiver_process
from server_process import free_ports
from stream_process import PATIENCE, StreamProcess, stream_process

from streaming.receiver.blocks import segments

if TYPE_CHECKING:
    from tests.streaming.conftest import Site

pytestmark = pytest.mark.spark


@contextmanager
def command(site: "Site", *more: str, tcp: str = "127.0.0.1:0", **settings: Any) -> Iterator[StreamProcess]:
    """Run `logwinnow stream` over the spool of the site."""
    file = site.folder / "streaming.toml"
    file.write_text(
        f'checkpoint = "{site.checkpoint}"\n[source]\nname = "app"\nkind = "socket"\n[source.socket]\n'
        f'tcp = "{tcp}"\nudp = ""\nspool = "{site.folder / "spool"}"\n'
        + "".join(f"{name} = {value}\n" for name, value in settings.items())
        + f'[patterns]\nstore = "{site.store}"\n[sink.files]\npath = "{site.sink}"\n'
        f'[dead_letters]\npath = "{site.folder}/dead-letters"\n'
        '[trigger]\nseconds = 0.2\n[spark]\nmaster = "local[2]"\n'
        f'[spark.settings]\n"spark.local.dir" = "{site.folder}"\n'
    )
    with stream_process(site.folder, ["--config", str(file), *more]) as stream:
        yield stream


def where(stream: StreamProcess) -> tuple[str, int]:
    """Wait until the stream's receiver listens; return where."""
    stream.wait_until(lambda: stream.records("receiving"))
    host, _, port = stream.records("receiving")[0]["tcp"].rpartition(":")
    return host, int(port)


def receiver_of(stream: StreamProcess) -> int:
    """Return the process id of a stream's receiver."""
    children = Path(f"/proc/{stream.process.pid}/task/{stream.process.pid}/children").read_text().split()
    (found,) = [int(pid) for pid in children if b"streaming.receiver" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return found


def send(address: tuple[str, int], *lines: str) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall("".join(f"{line}\n" for line in lines).encode())


def test_a_stream_receives_by_itself_and_ends_its_receiver_behind_its_last_batch(site: "Site") -> None:
    site.publish("user *{1,1} left")
    with command(site) as stream:
        address = where(stream)
        send(address, "<13>Nov 18 11:06:40 web1 su[7]: user 1 left", "<13>user 2 left", "odd")
        stream.wait_for_lines(3)
        os.killpg(stream.process.pid, signal.SIGTERM)
        assert stream.end() == 0, stream.said.read_text()
        assert stream.records("stopped")[0]["lines"] == 3
        assert "Traceback" not in stream.said.read_text()
    with pytest.raises(ConnectionRefusedError):
        send(address)
    headed, plain, odd = sorted(site.events(), key=lambda event: event["log"]["offset"])
    assert (headed["host"]["name"], plain["host"]["name"]) == ("web1", "127.0.0.1")
    assert {event["source"]["ip"] for event in (headed, plain, odd)} == {"127.0.0.1"}
    assert [event["logwinnow"]["outlier"] for event in (headed, plain, odd)] == [True, True, True]
    site.check_alerts()


def test_where_a_receiver_runs_by_itself_the_stream_starts_none_and_leaves_it_running(site: "Site") -> None:
    site.publish("user *{1,1} left")
    with receiver_process(site.folder) as receiver:
        with command(site) as stream:
            send(receiver.address("tcp"), "user 1 left")
            stream.wait_for_lines(1)
            assert stream.records("receives_already")
            assert not stream.records("receiving")
            assert stream.stop() == 0
        # It is not the stream's to end; with --once what it has got is all.
        send(receiver.address("tcp"), "user 2 left", "user 3 left")
        receiver.wait_for(3)
        with command(site, "--once") as stream:
            assert stream.end() == 0, stream.said.read_text()
            assert not stream.records("receiving")
    assert site.lines() == ["user 1 left", "user 2 left", "user 3 left"]


def test_a_receiver_that_cannot_listen_is_told_before_spark_is_started(site: "Site") -> None:
    site.publish("user *{1,1} left")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        command(site, tcp=f"127.0.0.1:{taken.getsockname()[1]}") as stream,
    ):
        assert stream.end() == 1
        assert "Address already in use: another program has it" in stream.complaint()


def test_a_stream_that_is_killed_leaves_no_receiver_and_a_receiver_that_dies_ends_the_stream(site: "Site") -> None:
    tcp = f"127.0.0.1:{free_ports(1)[0]}"
    with command(site, tcp=tcp) as stream:
        # It receives while it waits for a set, and before Spark is there.
        connection = socket.create_connection(where(stream))
        connection.sendall(b"user 1 left\nuser 2")
        stream.process.kill()
        assert stream.end() == -signal.SIGKILL
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(1) == b""
    site.publish("user *{1,1} left")
    with command(site, tcp=tcp) as stream:
        send(where(stream), "user 3 left")
        stream.wait_for_lines(3)
        os.kill(receiver_of(stream), signal.SIGKILL)
        assert stream.end() == 1
        assert "the receiver ended by SIGKILL, and the stream with it" in stream.complaint()
    assert site.lines() == ["user 1 left", "user 2", "user 3 left"]


class Sender(threading.Thread):
    """Goes on sending lines by ever new connections, by both framings, that break off wherever."""

    def __init__(self, receiver: ReceiverProcess, chance: random.Random, name: str) -> None:
        super().__init__(daemon=True, name=name)
        self.lines: list[str] = []
        self.over = threading.Event()
        self._receiver, self._chance = receiver, chance

    def run(self) -> None:
        while not self.over.wait(self._chance.random() * 0.05):
            lines = [self._line() for _ in range(self._chance.randrange(1, 40))]
            frame = self._chance.choice(["{text}\n", "{length} {text}"])
            sent = "".join(frame.format(text=text, length=len(text)) for text in lines).encode()
            # Within the last line, behind its first byte.
            last = len(lines[-1])
            gone = self._chance.randrange(0, last - 1)
            if frame.endswith("\n"):
                gone += bool(gone)
            if gone:
                lines[-1] = lines[-1][: -(gone - frame.endswith("\n"))]
                sent = sent[:-gone]
            with self._receiver.connect() as connection:
                at = self._chance.randrange(len(sent))
                connection.sendall(sent[:at])
                connection.sendall(sent[at:])
            self.lines += lines

    def _line(self) -> str:
        kinds = ["<13>user {} left", "<13>user {} came", "<13>disk {} full", "<13>odd {} " + "ab" * 5_000]
        return self._chance.choice(kinds).format(f"{self.name}{secrets.token_hex(6)}")


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_killed_at_random_moments_it_gives_every_line_that_was_received_once(kills: int, site: "Site") -> None:
    seed = int(os.environ.get("LOGWINNOW_SEED") or secrets.randbelow(2**32))
    print(f"LOGWINNOW_SEED={seed}")  # noqa: T201 (what a failure is reproduced by)
    chance = random.Random(seed)
    site.publish("user *{1,1} left", "disk *{1,1} full")
    # So small that it is full soon when the stream is down.
    with receiver_process(site.folder, max_spool_bytes=4_194_304) as receiver:
        senders = [Sender(receiver, random.Random(seed + number), f"s{number}x") for number in range(3)]
        for sender in senders:
            sender.start()
        for _ in range(kills):
            with command(site, max_bytes_per_batch=400_000) as stream:
                stream.wait_for_batches(chance.randrange(5))
                time.sleep(chance.random() * (1 if stream.records("batch") else 8))
                stream.kill()
        receiver.wait_until(lambda: receiver.records("spool_full"))
        with command(site, max_bytes_per_batch=4_000_000) as stream:
            for sender in senders:
                sender.over.set()
            for sender in senders:
                sender.join(PATIENCE)
                assert not sender.is_alive()
            lines = [line for sender in senders for line in sender.lines]
            stream.wait_until(lambda: len(site.events()) >= len(lines))
            assert stream.stop() == 0, stream.said.read_text()
        said = receiver.stopped()
    events = site.events()
    assert Counter(site.lines()) == Counter(lines)
    assert len({event["event"]["id"] for event in events}) == len(events)
    assert said["lines"] == len(lines)
    assert "framing_errors" not in said
    # What is judged is removed: the spool has its last segments alone.
    assert len(segments(site.folder / "spool")) < 16
    site.check_alerts(one_file=False)
