"""Connections of TCP and TLS: their limits, and that they wait while the spool is full."""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from functools import partial
from typing import Final, cast

from streaming.config import SocketSourceConfig
from streaming.receiver.addresses import peer_text
from streaming.receiver.framing import Framer
from streaming.receiver.intake import Intake

HANDSHAKE_SECONDS: Final = 10.0
"""For a TLS handshake at most."""

_STEP_SECONDS: Final = 0.05
_LAST_SECONDS: Final = 1.0
"""For what is under way when the receiver ends."""


class Connections:
    """
    All that are open.

    Attributes:
        config: Limits.
        intake: Where messages go.
        open: Those that count as connections, of which max_connections may be.
    """

    def __init__(self, config: SocketSourceConfig, intake: Intake) -> None:
        """Begin without any."""
        self.config, self.intake = config, intake
        self.open: set[Connection] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._none_left = asyncio.Event()

    @property
    def are_paused(self) -> bool:
        """Whether none is read, for the spool is full."""
        return not self._has_room.is_set()

    async def accept(self, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        """
        Take connections, until it is cancelled.

        While the spool is full none is taken, and the kernel lets them wait: else those that have sent and gone, which
        is not seen without reading, would soon be as many as may be, and further ones refused.
        """
        loop = asyncio.get_running_loop()
        while True:
            await self._has_room.wait()
            try:
                accepted, address = await loop.sock_accept(listening)
                peer = peer_text(address[0])
                await loop.connect_accepted_socket(partial(Connection, self, tls, peer), accepted)
            except OSError as error:
                # It was gone before it was taken; or the machine has no more files, which passes.
                self.intake.complain("not_accepted", error=error.strerror or str(error))
                await asyncio.sleep(_STEP_SECONDS)

    def forget(self, connection: "Connection") -> None:
        """Count a connection no more."""
        self.open.discard(connection)
        if not self.open:
            self._none_left.set()

    def pause(self) -> None:
        """Read none until `resume`: their senders have to wait."""
        self._has_room.clear()
        for each in self.open:
            each.pause()

    def resume(self) -> None:
        """Read all again."""
        self._has_room.set()
        for each in self.open:
            each.resume()

    def close_idle(self) -> None:
        """Close those that said nothing for too long; waiting for us is not being idle."""
        if self.are_paused:
            return
        since = asyncio.get_running_loop().time() - self.config.idle_seconds
        for each in [each for each in self.open if each.last_heard < since]:
            self.intake.lose("connections_idle")
            each.close()

    async def take_rest(self) -> None:
        """Take what is under way, for a second at most."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LAST_SECONDS
        while not self.are_paused and loop.time() < until:
            since = loop.time()
            await asyncio.sleep(_STEP_SECONDS)
            if not any(each.last_heard >= since for each in self.open):
                break

    async def close_all(self) -> None:
        """Close all; what they said is kept."""
        for each in list(self.open):
            each.close()
        self._none_left.clear()
        if self.open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none_left.wait(), _LAST_SECONDS)


class Connection(asyncio.Protocol):
    """
    One connection.

    Attributes:
        last_heard: When it said something, by the event loop's clock.
    """

    def __init__(self, connections: Connections, tls: ssl.SSLContext | None, peer: str) -> None:
        """
        Begin: with a context, by a TLS handshake.

        Args:
            connections: All.
            tls: The context, None for plain TCP.
            peer: Address, from when it was taken: one that was reset while it waited has none any more, and may have
                said much.
        """
        self._all, self._intake, self._tls = connections, connections.intake, tls
        self._counts: Counter[str] = Counter()
        self._framer = Framer(connections.config.max_line_bytes, self._counts)
        self._loop = asyncio.get_running_loop()
        self.last_heard = self._loop.time()
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it, unless there are too many."""
        made = cast("asyncio.Transport", transport)
        if len(self._all.open) >= self._all.config.max_connections:
            self._intake.lose("connections_refused")
            self._intake.complain("connection_refused", peer=self._peer, connections=len(self._all.open))
            made.abort()
            return
        # Else a peer that lost its power would be a connection until it is idle for too long.
        made.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._all.open.add(self)
        if self._tls is None:
            self._begin(made)
        else:
            made.pause_reading()
            self._handshake = self._loop.create_task(self._shake_hands(made, self._tls))

    async def _shake_hands(self, plain: asyncio.Transport, tls: ssl.SSLContext) -> None:
        error: Exception | None = None
        made = None
        try:
            made = await self._loop.start_tls(
                plain, self, tls, server_side=True, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError as failure:
            error = failure
        if made is None:
            self._all.forget(self)
            self._intake.lose("tls_failures")
            reason = error.reason if isinstance(error, ssl.SSLError) else None
            said = reason or str(error or "") or "it broke off"
            self._intake.complain("tls_failed", peer=self._peer, error=said)
            plain.abort()
        else:
            self._begin(made)

    def _begin(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.last_heard = self._loop.time()
        if self._all.are_paused:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Take its messages; where its frames are wrong, close it."""
        self.last_heard = self._loop.time()
        had_error = self._framer.error
        self._take(self._framer.feed(data))
        if self._framer.error and not had_error:
            self._intake.complain("framing_error", peer=self._peer, error=self._framer.error)
            self.close()
        if self._intake.is_full and not self._all.are_paused:
            self._all.pause()

    def connection_lost(self, _error: Exception | None) -> None:
        """Keep what there is of a line that has not ended, however the connection did."""
        self._take(self._framer.end())
        self._all.forget(self)

    def _take(self, messages: list[bytes]) -> None:
        if messages:
            self._intake.take(messages, self._peer, "tcp" if self._tls is None else "tls")
        if self._counts:
            for reason, number in self._counts.items():
                self._intake.lose(reason, number)
            self._counts.clear()

    def pause(self) -> None:
        """Read no more; a handshake goes on."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self.last_heard = self._loop.time()
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """Close it; what it said is kept."""
        if self._transport is not None:
            # Nothing of ours is to be sent, and a peer that does not answer TLS's farewell would keep it open.
            self._transport.abort()
        elif self._handshake is not None:
            self._handshake.cancel()
            self._all.forget(self)
