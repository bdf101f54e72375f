"""UDP: a datagram is a message. Read by a reader of our own: asyncio's takes one datagram a turn of its loop."""

import socket
from typing import Final

from streaming.receiver.addresses import kernel_drops, peer_text
from streaming.receiver.intake import Intake

_AT_ONCE: Final = 512
"""Datagrams that are read before connections have their turn."""

_LARGEST: Final = 65_536


class Datagrams:
    """Reads datagrams of sockets; while the spool is full it reads them, counts them and forgets them."""

    def __init__(self, sockets: list[socket.socket], limit: int, intake: Intake) -> None:
        """
        Make ready.

        Args:
            sockets: Bound, and non-blocking.
            limit: Bytes of a message at most.
            intake: Where messages go.
        """
        self._sockets, self._limit, self._intake = sockets, limit, intake
        self._buffer = bytearray(_LARGEST)
        self._dropped = {each: kernel_drops(each) for each in sockets}

    def read(self, of: socket.socket) -> bool:
        """Read what a socket has, up to a bound; return whether there may be more."""
        is_full = self._intake.is_full
        found: dict[str, list[bytes]] = {}
        number = 0
        buffer, receive = memoryview(self._buffer), of.recvfrom_into
        try:
            while number < _AT_ONCE:
                length, where = receive(buffer)
                number += 1
                if not is_full:
                    found.setdefault(where[0], []).append(bytes(buffer[:length]))
        except BlockingIOError:
            pass
        if is_full:
            self._intake.lose("udp_dropped_full", number)
        for host, datagrams in found.items():
            self._take(datagrams, peer_text(host))
        return number == _AT_ONCE

    def _take(self, datagrams: list[bytes], peer: str) -> None:
        messages = [bare for each in datagrams if (bare := each.rstrip(b"\0\r\n").lstrip(b"\0"))]
        if max(map(len, messages), default=0) > self._limit:
            self._intake.lose("lines_cut", sum(len(each) > self._limit for each in messages))
            messages = [each[: self._limit] for each in messages]
        if messages:
            self._intake.take(messages, peer, "udp")

    def count_kernel_drops(self) -> None:
        """Count what the kernel has dropped since the last time."""
        for each, before in self._dropped.items():
            now = kernel_drops(each)
            self._dropped[each] = now
            self._intake.lose("udp_dropped_kernel", (now - before) % 2**32)

    def end(self) -> None:
        """Take what the kernel still has, but no more than one buffer of it: others may go on sending."""
        for each in self._sockets:
            for _ in range(_LARGEST // _AT_ONCE):
                if not self.read(each):
                    break
        self.count_kernel_drops()
