"""`logwinnow receive`: receives syslog by TCP, TLS and UDP into the spool of a stream."""

import argparse
import os

from commands.options import add_config, add_set
from commands.service import add_log, serve
from patterns.settings import find, load

_DESCRIPTION = """\
Receives syslog (RFC 3164, 5424, or any lines) as conf/streaming.toml's
[source.socket] says, and spools it on disk, where `logwinnow stream` with
source.kind = "socket" reads it. The stream starts a receiver itself where none
runs; one that runs by itself goes on while the stream is stopped or renewed, so
that nothing that is sent meanwhile is lost. Runs until SIGTERM or Ctrl-C.

TCP: newline framing and octet counting (RFC 6587). While the spool is full,
senders by TCP wait; what comes by UDP is dropped, counted and told."""

_EXAMPLE = """\
examples:
  logwinnow receive                                             as conf/streaming.toml says
  logwinnow receive --set source.socket.tcp=0.0.0.0:5514 --set source.socket.udp=
                                                                by TCP alone, from other machines
"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "receive",
        help="receive syslog by TCP, TLS and UDP into a stream's spool",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_config(verb, "streaming.toml")
    add_set(verb)
    add_log(verb)
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Receive until the end.

    Returns:
        0 when it was stopped.

    Raises:
        LogwinnowError: What went wrong.
    """
    from streaming.config import FILE, StreamingConfig
    from streaming.receiver.listening import Receiver

    config = load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set)
    receiver = Receiver(config.source.socket)
    serve(arguments, receiver.stop)
    receiver.run()
    return 0
