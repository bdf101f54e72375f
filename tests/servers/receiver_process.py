"""`logwinnow receive` as a process of its own, with what a sender and a reader of its spool need."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_process import PATIENCE, StreamProcess

from streaming.receiver.blocks import Block, read_blocks, segment_path, segments

_ROOT = Path(__file__).parents[2]

Address = tuple[str, int]


@dataclass
class ReceiverProcess(StreamProcess):
    """A receiver that runs, and its spool."""

    spool: Path

    def address(self, transport: str) -> Address:
        """Return where it listens, as it says itself."""
        host, _, port = self.records("receiving")[-1][transport].rpartition(":")
        return host.strip("[]"), int(port)

    def connect(self, transport: str = "tcp") -> socket.socket:
        """Return a new connection to it."""
        return socket.create_connection(self.address(transport), timeout=PATIENCE)

    def wait_for(self, number: int) -> list[bytes]:
        """Wait until so many messages are in the spool; return all there are."""
        self.wait_until(lambda: len(messages_of(self.spool)) >= number)
        return messages_of(self.spool)

    def stopped(self) -> dict[str, Any]:
        """Tell it to end; return what it says at the end."""
        assert self.stop() == 0, self.said.read_text()
        return self.records("stopped")[0]


def blocks_of(spool: Path, of: int | None = None) -> list[Block]:
    """Return all whole blocks of a spool or of a segment, in order."""
    found: list[Block] = []
    for number, size in segments(spool).items():
        if number != (of or number):
            continue
        with segment_path(spool, number).open("rb") as file:
            found += [each for each in read_blocks(file, 0, size) if isinstance(each, Block)]
    return found


def messages_of(spool: Path, of: int | None = None) -> list[bytes]:
    """Return all messages of a spool or of a segment, in order."""
    return [message for block in blocks_of(spool, of) for message in block.messages]


def lost_of(spool: Path) -> Counter[str]:
    """Return what the blocks of a spool count as lost."""
    return sum((Counter(block.lost) for block in blocks_of(spool)), Counter())


@contextmanager
def receiver_process(folder: Path, *, receives: bool = True, **settings: Any) -> Iterator[ReceiverProcess]:
    """
    Run `logwinnow receive` with a spool in a folder, on free ports of 127.0.0.1. It is killed at the end.

    Args:
        folder: Of the spool and of what it says.
        receives: Whether it comes to receiving, which is waited for.
        settings: Of source.socket.
    """
    said = folder / f"said-{secrets.token_hex(4)}"
    values = {"spool": folder / "spool", "tcp": "127.0.0.1:0", "udp": "127.0.0.1:0"} | settings
    given = [part for name, value in values.items() for part in ("--set", f"source.socket.{name}={value}")]
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "commands", "receive", *given], stderr=stderr, cwd=_ROOT, start_new_session=True
        )
    receiver = ReceiverProcess(process, said, Path(str(values["spool"])))
    try:
        if receives:
            receiver.wait_until(lambda: receiver.records("receiving"))
        yield receiver
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
