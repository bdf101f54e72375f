"""
The receiver beside a stream: started before Spark, watched, ended after the last batch.

Where `logwinnow receive` holds the spool, the stream starts none, and reads what that one writes.
"""

import contextlib
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import msgspec

from streaming.config import SocketSourceConfig
from streaming.errors import ReceiverError
from streaming.receiver.blocks import locked, make_folder
from streaming.receiver.listening import OF_STREAM, RECEIVES_ALREADY, RECEIVING

_log = logging.getLogger("logwinnow")

_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05

_STREAM_LOCK: Final = "stream.lock"


@contextlib.contextmanager
def receiving(config: SocketSourceConfig, *, once: bool) -> Iterator[Callable[[], None]]:
    """
    Hold a spool as its one reader and see that a receiver fills it; yield what tells whether it still does.

    Args:
        config: The table [source.socket].
        once: Whether what is in the spool is all, so that none is started.

    Raises:
        ReceiverError: Another stream reads the spool, or the receiver cannot start; what is yielded raises it when the
            receiver has ended.
    """
    spool = Path(config.spool)
    make_folder(spool)
    with locked(spool / _STREAM_LOCK, OF_STREAM) as is_ours:
        if not is_ours:
            raise ReceiverError(
                f"source.socket.spool is {str(spool)!r}: another stream reads it; stop that one, or give each its own"
            )
        if once:
            yield _nothing
            return
        process = ReceiverProcess(config)
        try:
            process.wait()
            yield process.check
        finally:
            process.end()


def _nothing() -> None:
    pass


class ReceiverProcess:
    """A receiver that a stream started."""

    def __init__(self, config: SocketSourceConfig) -> None:
        """Start it."""
        # Its standard input is what tells it, by its end, that the stream is gone, and how. No one else inherits it.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streaming.receiver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._has_said = threading.Event()
        self._receives = False
        self._last_words = ""
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._reader = threading.Thread(target=self._read_log, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._stdin.write(msgspec.json.encode(config) + b"\n")
        self._stdin.flush()

    def _read_log(self, said: IO[bytes]) -> None:
        for line in said:
            try:
                row: dict[str, Any] = json.loads(line)
            except ValueError:
                # It could not be written whole, for we did not read for long.
                continue
            if "error" in row:
                self._last_words = row["error"]
                continue
            _log.log(row["level"], row["event"], extra={"facts": row["facts"]})
            if row["event"] in {RECEIVING, RECEIVES_ALREADY}:
                self._receives = row["event"] == RECEIVING
                self._has_said.set()

    def wait(self) -> None:
        """
        Wait until it receives, or has found that another receiver does.

        Raises:
            ReceiverError: It does not come to it.
        """
        until = time.monotonic() + _START_SECONDS
        while not self._has_said.wait(_LOOK_SECONDS):
            self.check()
            if time.monotonic() > until:
                raise ReceiverError(
                    f"the receiver did not start in {_START_SECONDS:.0f} seconds; start the stream again"
                )

    def check(self) -> None:
        """
        See that it runs.

        Raises:
            ReceiverError: It has ended, and its last words.
        """
        code = self._process.poll()
        if code is None:
            return
        self._reader.join(_END_SECONDS)
        if self._has_said.is_set() and not self._receives:
            return
        if self._last_words:
            raise ReceiverError(self._last_words)
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        raise ReceiverError(
            f"the receiver ended {how}, and the stream with it; started again, it goes on where it was: what is in the "
            "spool is not lost"
        )

    def end(self) -> None:
        """Tell it to end, and wait until it has written what it received."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_END_SECONDS)
