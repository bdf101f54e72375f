"""
`python -m streaming.receiver`: the receiver of a stream, as streaming/receiver/beside.py starts it.

Standard input has its configuration, a line of JSON, and ends when the stream does, however that comes: then it ends
too, and the port is free. Standard output has its log, ``{"level", "event", "facts"}`` a line; the last may be
``{"error"}``. Signals are the stream's: SIGTERM and Ctrl-C reach the whole group, and it has to outlast the last batch.
"""

import contextlib
import json
import logging
import os
import signal
import sys
import threading

import msgspec

from patterns.errors import LogwinnowError
from streaming.config import SocketSourceConfig
from streaming.receiver.listening import OF_STREAM, RECEIVES_ALREADY, Receiver, SpoolInUse


class _ToStream(logging.Handler):
    """Hands records to the stream, and forgets them while it does not read: receiving must not wait for that."""

    def emit(self, record: logging.LogRecord) -> None:
        _tell({"level": record.levelno, "event": record.getMessage(), "facts": getattr(record, "facts", {})})


def _tell(row: dict[str, object]) -> None:
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        # A line is less than a pipe takes at once, whole or not at all.
        os.write(sys.stdout.fileno(), json.dumps(row).encode() + b"\n")


def main() -> int:
    """Receive until standard input ends; return the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.set_blocking(sys.stdout.fileno(), False)
    log = logging.getLogger("logwinnow")
    log.handlers[:] = [_ToStream()]
    log.propagate = False
    log.setLevel(logging.INFO)
    config = msgspec.json.decode(sys.stdin.buffer.readline(), type=SocketSourceConfig)
    receiver = Receiver(config, OF_STREAM)

    def end_with_stream() -> None:
        sys.stdin.buffer.read()
        receiver.stop()

    threading.Thread(target=end_with_stream, daemon=True).start()
    try:
        receiver.run()
    except SpoolInUse:
        log.info(RECEIVES_ALREADY, extra={"facts": {"spool": config.spool}})
    except LogwinnowError as error:
        _tell({"error": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
