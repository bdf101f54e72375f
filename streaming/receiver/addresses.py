"""host:port → bound sockets; the address of a peer as text; what the kernel dropped of a socket."""

import errno
import ipaddress
import socket
import struct
from functools import lru_cache
from typing import Any, Final

from streaming.errors import ReceiverError

_BACKLOG: Final = 1_024

# linux/sock_diag.h: nine numbers, the last the datagrams that were dropped. Nothing of the kind elsewhere.
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("9I")

_MEANINGS: Final = {
    errno.EADDRINUSE: "another program has it; stop that one, or take another port",
    errno.EACCES: "a port below 1024 takes a right; take a higher one, or give CAP_NET_BIND_SERVICE (systemd: "
    "AmbientCapabilities=CAP_NET_BIND_SERVICE)",
    errno.EADDRNOTAVAIL: "this machine has no such address; give one of its own, or 0.0.0.0 or [::] for all",
}


def bind(key: str, address: str, kind: socket.SocketKind, buffer_bytes: int = 0) -> list[socket.socket]:
    """
    Return sockets bound to an address: one for each address that a name has, `[::]` for IPv4 too.

    Args:
        key: Of the configuration, for errors.
        address: host:port; port 0 takes a free one.
        kind: SOCK_STREAM, which listens then, or SOCK_DGRAM.
        buffer_bytes: What the kernel is asked to keep of what is not read; it may give less.

    Raises:
        ReceiverError: It cannot be had.
    """
    host, _, port = address.rpartition(":")
    bound: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=kind, flags=socket.AI_PASSIVE)
        for family, _, _, _, where in dict.fromkeys(found):
            bound.append(_bound(family, kind, where, buffer_bytes))
    except OSError as error:
        for each in bound:
            each.close()
        why = error.strerror or error
        raise ReceiverError(f"source.socket.{key} is {address!r}: {why}: {mend_of(error)}") from None
    return bound


def mend_of(error: OSError) -> str:
    """Return how to mend that an address cannot be had."""
    return _MEANINGS.get(error.errno or 0, "check it")


def _bound(family: int, kind: socket.SocketKind, where: Any, buffer_bytes: int) -> socket.socket:
    made = socket.socket(family, kind)
    try:
        made.settimeout(0)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, where[0] != "::")
        if kind == socket.SOCK_DGRAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            made.bind(where)
        else:
            # What a receiver that is gone had open does not keep the next one from its port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
            made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def names(sockets: list[socket.socket]) -> str:
    """Return where sockets are bound, as it is configured, with commas between."""
    return ", ".join(_name(each.getsockname()) for each in sockets)


def _name(where: tuple[Any, ...]) -> str:
    return f"[{where[0]}]:{where[1]}" if ":" in where[0] else f"{where[0]}:{where[1]}"


@lru_cache(maxsize=4_096)
def peer_text(host: str) -> str:
    """Return the address of a peer as Elasticsearch takes it: no zone, and of an IPv4 in IPv6 the IPv4."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def kernel_drops(bound: socket.socket) -> int:
    """Return how many datagrams the kernel has dropped of a socket, modulo 2³²; 0 where it does not say."""
    try:
        return int(_MEMINFO.unpack(bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[-1])
    except (OSError, struct.error):
        return 0
