"""
The receiver, whole: sockets → intake → spool, on one event loop.

It writes what came every 50 ms and waits for the disk in a thread beside, so that datagrams are read meanwhile. While
the spool is full it looks ten times a second whether the stream removed segments.
"""

import asyncio
import logging
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from streaming.config import SocketSourceConfig
from streaming.errors import ReceiverError
from streaming.receiver.addresses import bind, names
from streaming.receiver.blocks import LOCK, locked, make_folder
from streaming.receiver.connections import Connections
from streaming.receiver.datagrams import Datagrams
from streaming.receiver.intake import Intake
from streaming.receiver.spool import SpoolWriter
from streaming.receiver.tls import server_context

_log = logging.getLogger("logwinnow")

ALONE: Final = "receive"
OF_STREAM: Final = "stream"

RECEIVING: Final = "receiving"
RECEIVES_ALREADY: Final = "receives_already"
"""What the log says when the sockets are open, or where another receiver is there."""

_DYING_SECONDS: Final = 30.0
_WRITE_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 0.1
_TICK_SECONDS: Final = 1.0
_REPORT_TICKS: Final = 60

_OWN_FILES: Final = 64
"""Files beside connections that the process has open, and then some."""


class SpoolInUse(ReceiverError):
    """Raised when `logwinnow receive` writes the spool already."""


class Receiver:
    """A receiver that runs until `stop`."""

    def __init__(self, config: SocketSourceConfig, who: str = ALONE) -> None:
        """
        Make ready.

        Args:
            config: The table [source.socket].
            who: What its lock says: ALONE, or OF_STREAM where a stream started it.
        """
        self._config, self._who = config, who
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """End it; may be called from a signal handler or another thread."""
        self._stopped = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def run(self) -> None:
        """
        Receive until `stop`; log where, what was lost, and once a minute what came.

        Raises:
            SpoolInUse: `logwinnow receive` writes the spool already.
            ReceiverError: It cannot listen, or cannot write the spool.
        """
        spool = Path(self._config.spool)
        make_folder(spool)
        until = time.monotonic() + _DYING_SECONDS
        while True:
            with locked(spool / LOCK, self._who) as is_ours:
                if is_ours:
                    with ExitStack() as stack:
                        sockets = _Sockets(self._config, stack)
                        asyncio.run(self._receive(SpoolWriter(spool, self._config.max_spool_bytes), sockets))
                    return
                holder = (spool / LOCK).read_text()
            place = f"source.socket.spool is {str(spool)!r}"
            if holder == ALONE:
                raise SpoolInUse(f"{place}: `logwinnow receive` writes it already; stop that one, or give each its own")
            if self._who == ALONE or time.monotonic() > until:
                raise ReceiverError(
                    f"{place}: the receiver of a stream writes it; stop the stream, and start it again when this one "
                    "runs: then it starts none"
                )
            # That of a stream that was killed: it ends as soon as it sees it.
            time.sleep(_LOOK_SECONDS)

    async def _receive(self, spool: SpoolWriter, sockets: "_Sockets") -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopped:
            return
        intake = Intake(spool)
        connections = Connections(self._config, intake)
        accepting = [
            asyncio.create_task(connections.accept(each, tls))
            for listening, tls in ((sockets.tcp, None), (sockets.tls, sockets.context))
            for each in listening
        ]
        datagrams = Datagrams(sockets.udp, self._config.max_line_bytes, intake)
        for bound in sockets.udp:
            self._loop.add_reader(bound, datagrams.read, bound)
        _log.info(RECEIVING, extra={"facts": {**sockets.where(), "spool": self._config.spool}})
        beside: list[asyncio.Task[Any]] = [
            *accepting,
            asyncio.create_task(self._write_on(spool, intake, connections)),
            asyncio.create_task(self._tick(intake, connections, datagrams)),
            asyncio.create_task(self._stop.wait()),
        ]
        await asyncio.wait(beside, return_when=asyncio.FIRST_COMPLETED)
        await connections.take_rest()
        for task in accepting:
            task.cancel()
        await connections.close_all()
        for bound in sockets.udp:
            self._loop.remove_reader(bound)
        datagrams.end()
        for task in beside:
            task.cancel()
        ended = await asyncio.gather(*beside, return_exceptions=True)
        # A thread that waits for the disk goes on when its task is cancelled.
        await self._loop.shutdown_default_executor()
        unwritten = spool.close()
        if unwritten:
            _log.error("disk_full", extra={"facts": {"lost_lines": unwritten}})
        intake.report("received", len(connections.open))
        _log.info("stopped", extra={"facts": {"lines": intake.lines, "bytes": intake.bytes_taken, **intake.lost}})
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _write_on(self, spool: SpoolWriter, intake: Intake, connections: Connections) -> None:
        while True:
            await intake.arrived.wait()
            await asyncio.sleep(_WRITE_SECONDS)
            intake.arrived.clear()
            spool.flush()
            if intake.failure is not None:
                raise intake.failure
            await asyncio.to_thread(spool.sync)
            if spool.is_full or connections.are_paused:
                await self._wait_for_room(spool, connections)

    async def _wait_for_room(self, spool: SpoolWriter, connections: Connections) -> None:
        connections.pause()
        _log.warning("spool_full", extra={"facts": {"spool_bytes": spool.size, "connections": len(connections.open)}})
        while spool.is_full:
            await asyncio.sleep(_LOOK_SECONDS)
            spool.look()
            spool.flush()
        connections.resume()
        _log.info("spool_has_room", extra={"facts": {"spool_bytes": spool.size, "connections": len(connections.open)}})

    async def _tick(self, intake: Intake, connections: Connections, datagrams: Datagrams) -> None:
        number = 0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            number += 1
            datagrams.count_kernel_drops()
            connections.close_idle()
            if number % _REPORT_TICKS == 0:
                intake.report("received", len(connections.open))


class _Sockets:
    """What is listened on."""

    def __init__(self, config: SocketSourceConfig, stack: ExitStack) -> None:
        """Bind; `stack` closes them. Raises ReceiverError where one cannot be had."""

        def bound(key: str, address: str, kind: socket.SocketKind) -> list[socket.socket]:
            made = bind(key, address, kind, config.udp_buffer_bytes) if address else []
            for each in made:
                stack.callback(each.close)
            return made

        _allow_files(config.max_connections)
        self.context = server_context(config) if config.tls else None
        self.tcp = bound("tcp", config.tcp, socket.SOCK_STREAM)
        self.tls = bound("tls", config.tls, socket.SOCK_STREAM)
        self.udp = bound("udp", config.udp, socket.SOCK_DGRAM)

    def where(self) -> dict[str, str]:
        """Return the addresses by transport, with their real ports."""
        every = {"tcp": self.tcp, "tls": self.tls, "udp": self.udp}
        return {name: names(sockets) for name, sockets in every.items() if sockets}


def _allow_files(connections: int) -> None:
    """Raise the limit of open files to what so many connections take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _OWN_FILES
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise ReceiverError(
            f"source.socket.max_connections is {connections}: this process may have {hard} files open; take less, or "
            "allow more (systemd: LimitNOFILE=)"
        )
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
