"""
How many lines a second the receiver takes on one core, beside syslog-ng where that is installed.

    python benchmarks/receive.py [--lines 1000000]

Receivers are bound to core 0, the sender to core 1. Lines of 90 bytes: by TCP with line feeds, by TCP with their
length, one by one in writes of their own, and by UDP; into our spool, and by syslog-ng into a file. A figure is lines
for each second of the receiver's own processor time, which others on the machine change least, and for each second by
the clock. The ratio is ours to syslog-ng's, by processor time.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streaming.receiver.blocks import block_ends, read_blocks, segment_path, segments

_ROOT: Final = Path(__file__).parents[1]
_TEXT: Final = "<13>Nov 28 11:06:40 web{} sshd[{}]: Failed password for invalid user admin from 10.0.{}.7 port {} ssh2"
_AT_ONCE: Final = 1_000

Send = Callable[[list[bytes], int], None]


def by_lines(lines: list[bytes], port: int) -> None:
    """Send lines by TCP, a thousand at once."""
    _stream([b"".join(line + b"\n" for line in part) for part in _parts(lines)], port)


def by_counts(lines: list[bytes], port: int) -> None:
    """Send octet-counted lines by TCP, a thousand at once."""
    _stream([b"".join(b"%d %b" % (len(line), line) for line in part) for part in _parts(lines)], port)


def one_by_one(lines: list[bytes], port: int) -> None:
    """Send lines by TCP, each in a write of its own, as most programs do."""
    _stream([line + b"\n" for line in lines], port)


def by_datagrams(lines: list[bytes], port: int) -> None:
    """Send lines by UDP, as fast as it goes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for line in lines:
            sender.send(line)


def _parts(lines: list[bytes]) -> Iterator[list[bytes]]:
    return (lines[at : at + _AT_ONCE] for at in range(0, len(lines), _AT_ONCE))


def _stream(writes: list[bytes], port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in writes:
            connection.sendall(each)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _spooled(folder: Path) -> int:
    """Return how many messages a spool has, by its last block."""
    found = 0
    for number, size in segments(folder / "spool").items():
        with segment_path(folder / "spool", number).open("rb") as file:
            begins = [0, *block_ends(file, 0, size)]
            if len(begins) > 1:
                (last,) = read_blocks(file, begins[-2], begins[-1])
                found += getattr(last, "number", 0) + len(getattr(last, "messages", []))
    return found


def _rows(folder: Path) -> int:
    file = folder / "out"
    return file.read_bytes().count(b"\n") if file.exists() else 0


@contextmanager
def _on_core_0(command: list[str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [shutil.which("taskset") or "taskset", "-c", "0", *command],
        cwd=_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _listens(port):
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def ours(folder: Path, port: int) -> list[str]:
    """Return the command of our receiver."""
    values = {"tcp": f"127.0.0.1:{port}", "udp": f"127.0.0.1:{port}", "spool": folder / "spool"}
    given = [part for name, value in values.items() for part in ("--set", f"source.socket.{name}={value}")]
    return [sys.executable, "-m", "commands", "receive", *given]


def syslog_ng(folder: Path, port: int) -> list[str]:
    """Return the command of syslog-ng, which writes what comes to a file as it is."""
    file = folder / "syslog-ng.conf"
    file.write_text(
        "@version: current\noptions { stats-freq(0); };\n"
        f'source s {{ network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-parse) log-iw-size(100000)); }};\n'
        f'destination d {{ file("{folder}/out" template("$MSG\\n")); }};\nlog {{ source(s); destination(d); '
        "flags(flow-control); };\n"
    )
    state = [f"--persist-file={folder}/persist", f"--pidfile={folder}/pid", f"--control={folder}/control"]
    return [shutil.which("syslog-ng") or "syslog-ng", "-F", "-f", str(file), *state]


def measure(
    command: Callable[[Path, int], list[str]], count: Callable[[Path], int], send: Send, lines: list[bytes]
) -> tuple[float, float, int]:
    """Return lines for a second of processor time, for a second by the clock, and how many came."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), _free_port()
        with _on_core_0(command(folder, port), port) as process:
            time.sleep(1)
            spent, began = _processor_seconds(process.pid), time.monotonic()
            send(lines, port)
            last, since = -1, time.monotonic()
            # Datagrams may be lost: it is over when nothing comes any more.
            while (came := count(folder)) < len(lines) and time.monotonic() - since < 1:
                if came != last:
                    last, since = came, time.monotonic()
                time.sleep(0.05)
            ended = time.monotonic() if came == len(lines) else since
            spent = _processor_seconds(process.pid) - spent
            process.send_signal(signal.SIGTERM)
            process.wait()
        return came / spent, came / (ended - began), came


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    number = parser.parse_args().lines
    os.sched_setaffinity(0, {1})
    lines = [_TEXT.format(each % 90, each % 30_000, each % 250, each % 60_000).encode() for each in range(number)]
    sends: dict[str, Send] = {
        "tcp, line feeds": by_lines,
        "tcp, counted": by_counts,
        "tcp, one by one": one_by_one,
        "udp": by_datagrams,
    }
    print(f"{'':24}{'lines/s of processor':>22}{'lines/s by the clock':>22}{'came':>9}{'ratio':>8}")
    for name, send in sends.items():
        theirs = None
        if send in {by_lines, one_by_one} and shutil.which("syslog-ng"):
            theirs = _show(f"{name}: syslog-ng", measure(syslog_ng, _rows, send, lines), number, None)
        _show(f"{name}: ours", measure(ours, _spooled, send, lines), number, theirs)


def _show(name: str, measured: tuple[float, float, int], number: int, theirs: float | None) -> float:
    processor, clock, came = measured
    ratio = f"{processor / theirs:.2f}" if theirs else ""
    print(f"{name:<28}{processor:>18,.0f}{clock:>22,.0f}{came / number:>9.1%}{ratio:>8}")
    return processor


if __name__ == "__main__":
    main()
