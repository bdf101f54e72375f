"""`logwinnow receive` as its senders meet it: what they send is in the spool, and what is lost is counted there."""

import os
import signal
import socket
import struct
import time
from pathlib import Path

import pytest
from receiver_process import ReceiverProcess, blocks_of, lost_of, messages_of, receiver_process

from streaming.receiver.blocks import segment_path, segments


def send(receiver: ReceiverProcess, sent: bytes) -> None:
    """Send bytes by a connection of its own, and end it."""
    with receiver.connect() as connection:
        connection.sendall(sent)


def send_datagrams(receiver: ReceiverProcess, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for each in datagrams:
            sender.sendto(each, receiver.address("udp"))


def test_what_is_sent_by_tcp_and_udp_is_in_the_spool_with_its_sender_and_time(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000
    with receiver_process(tmp_path) as receiver:
        send(receiver, b"<13>one\n<13>two\n")
        receiver.wait_for(2)
        send_datagrams(receiver, b"<13>three\n", b"\n", b"<13>fo\nur\0")
        assert receiver.wait_for(4) == [b"<13>one", b"<13>two", b"<13>three", b"<13>fo\nur"]
        assert receiver.stopped()["lines"] == 4
    # What comes within some milliseconds is one block.
    tcp, *udp = blocks_of(tmp_path / "spool")
    assert [block.transport for block in (tcp, *udp)] == ["tcp", *["udp"] * len(udp)]
    assert {block.peer for block in (tcp, *udp)} == {"127.0.0.1"}
    assert [block.number for block in (tcp, *udp)] == [0, 2, 3][: 1 + len(udp)]
    arrivals = [before, *(block.arrival for block in (tcp, *udp)), time.time_ns() // 1_000]
    assert arrivals == sorted(arrivals)
    assert not lost_of(tmp_path / "spool")


def test_ipv6_is_received_and_ipv4_beside_it(tmp_path: Path) -> None:
    with receiver_process(tmp_path, tcp="[::]:0", udp="[::1]:0") as receiver:
        port = receiver.address("tcp")[1]
        for host in ("::1", "127.0.0.1"):
            with socket.create_connection((host, port)) as connection:
                connection.sendall(b"<13>tcp\n")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<13>udp", receiver.address("udp"))
        receiver.wait_for(3)
    assert sorted((block.transport, block.peer) for block in blocks_of(tmp_path / "spool")) == [
        ("tcp", "127.0.0.1"),
        ("tcp", "::1"),
        ("udp", "::1"),
    ]


def test_a_frame_that_lies_is_told_and_counted_and_its_connection_closed(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as receiver, receiver.connect() as other:
        with receiver.connect() as connection:
            connection.sendall(b"5 <13>a1000000000 <13>b")
            # Not when we end, for we wait for it.
            assert connection.recv(1) == b""
        other.sendall(b"<13>c\n")
        assert sorted(receiver.wait_for(3)) == [b"1000000000 <13>b", b"<13>a", b"<13>c"]
        told = receiver.records("framing_error")
        assert receiver.stopped()["framing_errors"] == 1
    assert [(each["peer"], "1000000000 bytes" in each["error"]) for each in told] == [("127.0.0.1", True)]
    assert lost_of(tmp_path / "spool") == {"framing_errors": 1, "lines_unfinished": 1}


def test_a_line_without_an_end_takes_no_memory_and_is_cut(tmp_path: Path) -> None:
    with receiver_process(tmp_path, max_line_bytes=1_000) as receiver:
        with receiver.connect() as connection:
            for _ in range(320):
                connection.sendall(b"x" * 1_000_000)
            connection.sendall(b"\n<13>b\n")
        assert receiver.wait_for(2) == [b"x" * 1_000, b"<13>b"]
        send_datagrams(receiver, b"y" * 1_001)
        assert receiver.wait_for(3)[2] == b"y" * 1_000
        peak = Path(f"/proc/{receiver.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        assert int(peak) < 200_000, "KiB"
    assert lost_of(tmp_path / "spool") == {"lines_cut": 2}


def test_connections_over_the_limit_are_refused_and_counted(tmp_path: Path) -> None:
    with receiver_process(tmp_path, max_connections=2) as receiver:
        with receiver.connect() as one, receiver.connect() as two:
            for number, each in enumerate((one, two)):
                each.sendall(b"<13>a\n")
                receiver.wait_for(number + 1)
            with receiver.connect() as third:
                assert third.recv(1) == b""
            one.sendall(b"<13>b\n")
            receiver.wait_for(3)
        receiver.wait_until(lambda: lost_of(receiver.spool))
        receiver.stopped()
    assert lost_of(tmp_path / "spool") == {"connections_refused": 1}


def test_a_connection_that_is_idle_is_closed_and_what_it_said_is_kept(tmp_path: Path) -> None:
    with receiver_process(tmp_path, idle_seconds=1) as receiver:
        with receiver.connect() as connection:
            connection.sendall(b"<13>a\n<13>b")
            assert connection.recv(1) == b""
        assert receiver.wait_for(2) == [b"<13>a", b"<13>b"]
    assert lost_of(tmp_path / "spool") == {"connections_idle": 1, "lines_unfinished": 1}


def test_what_a_connection_said_that_was_reset_before_it_was_taken_is_kept(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as receiver:
        os.kill(receiver.process.pid, signal.SIGSTOP)
        # So it is too where a sender that has gone waits so long that its port is given to another one.
        with receiver.connect() as connection:
            connection.sendall(b"<13>a\n<13>b\n<13>c")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.kill(receiver.process.pid, signal.SIGCONT)
        assert receiver.wait_for(3) == [b"<13>a", b"<13>b", b"<13>c"]
        receiver.stopped()
    assert [block.peer for block in blocks_of(tmp_path / "spool")] == ["127.0.0.1"]
    assert lost_of(tmp_path / "spool") == {"lines_unfinished": 1}


def test_datagrams_that_the_kernel_drops_are_counted(tmp_path: Path) -> None:
    with receiver_process(tmp_path, udp_buffer_bytes=4_096) as receiver:
        os.kill(receiver.process.pid, signal.SIGSTOP)
        send_datagrams(receiver, *(b"<13>%d" % number for number in range(1_000)))
        os.kill(receiver.process.pid, signal.SIGCONT)
        receiver.wait_until(lambda: lost_of(receiver.spool))
        stopped = receiver.stopped()
    dropped = lost_of(tmp_path / "spool")["udp_dropped_kernel"]
    assert dropped > 900
    assert dropped + len(messages_of(tmp_path / "spool")) == 1_000
    assert stopped["udp_dropped_kernel"] == dropped


def test_a_spool_that_is_full_makes_tcp_wait_and_drops_datagrams_and_loses_nothing_else(tmp_path: Path) -> None:
    lines = [b"<13>%06d %s" % (number, b"x" * 1_000) for number in range(12_000)]
    with receiver_process(tmp_path, max_spool_bytes=4_194_304) as receiver, receiver.connect() as connection:
        connection.setblocking(False)
        unsent = memoryview(b"".join(line + b"\n" for line in lines))

        def send_on() -> bool:
            """Send what goes; tell whether the receiver has the spool full."""
            nonlocal unsent
            try:
                while unsent:
                    unsent = unsent[connection.send(unsent[:65_536]) :]
            except BlockingIOError:
                pass
            return bool(receiver.records("spool_full"))

        receiver.wait_until(send_on)
        assert sum(segments(receiver.spool).values()) < 4_194_304 + 2_000_000
        assert unsent
        send_datagrams(receiver, b"<13>lost", b"<13>lost too")
        # A slow reader: it takes the oldest segment, now and then.
        taken: list[bytes] = []

        def read_on() -> bool:
            send_on()
            taken.extend(take_oldest(receiver.spool))
            return not unsent

        receiver.wait_until(lambda: read_on() and len(taken + messages_of(receiver.spool)) == len(lines))
        lost = receiver.stopped()["udp_dropped_full"]
    taken += messages_of(tmp_path / "spool")
    assert taken == lines
    assert lost == 2


def take_oldest(spool: Path) -> list[bytes]:
    """Read the oldest segment, if it is finished, and remove it, as the stream does."""
    oldest, *others = segments(spool)
    if not others:
        return []
    kept = messages_of(spool, oldest)
    segment_path(spool, oldest).unlink()
    return kept


def test_killed_and_started_again_it_begins_a_new_segment_and_what_was_spooled_stays(tmp_path: Path) -> None:
    with receiver_process(tmp_path) as receiver:
        send(receiver, b"<13>a\n")
        receiver.wait_for(1)
        receiver.kill()
    first = segment_path(tmp_path / "spool", 1)
    torn = first.read_bytes()[:-3]
    with first.open("ab") as segment:
        segment.write(torn)
    with receiver_process(tmp_path) as receiver:
        send(receiver, b"<13>b\n")
        receiver.wait_for(2)
    assert list(segments(tmp_path / "spool")) == [1, 2]
    assert messages_of(tmp_path / "spool") == [b"<13>a", b"<13>b"]


def test_told_to_end_it_takes_what_is_under_way(tmp_path: Path) -> None:
    lines = [b"<13>%d" % number for number in range(50_000)]
    with receiver_process(tmp_path) as receiver, receiver.connect() as connection:
        connection.sendall(b"".join(line + b"\n" for line in lines))
        assert receiver.stopped()["lines"] == 50_000
    assert messages_of(tmp_path / "spool") == lines


def test_a_second_receiver_of_a_spool_is_refused(tmp_path: Path) -> None:
    with receiver_process(tmp_path), receiver_process(tmp_path, receives=False) as second:
        assert second.end() == 1
        assert "`logwinnow receive` writes it already" in second.complaint()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("tcp", "192.0.2.1:0", "source.socket.tcp is '192.0.2.1:0': Cannot assign requested address: this machine has"),
        ("udp", "nohost.invalid:0", "source.socket.udp is 'nohost.invalid:0': "),
        ("spool", "/proc/nothing", "source.socket.spool is '/proc/nothing': "),
        ("max_connections", 2_000_000_000, "source.socket.max_connections is 2000000000: this process may have "),
    ],
)
def test_what_it_cannot_do_is_told_in_one_line(key: str, value: object, said: str, tmp_path: Path) -> None:
    with receiver_process(tmp_path, receives=False, **{key: value}) as receiver:
        assert receiver.end() == 1
        assert receiver.complaint().startswith(f"logwinnow: {said}")


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with receiver_process(tmp_path, receives=False, tcp=where) as receiver:
            assert receiver.end() == 1
            assert f"source.socket.tcp is '{where}': Address already in use: another" in receiver.complaint()
