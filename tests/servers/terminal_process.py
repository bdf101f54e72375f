"""A program on a terminal of its own: a pseudo-terminal, and a terminal emulator that knows what its screen shows."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte

_ROOT = Path(__file__).parents[2]
_CTRL_C = b"\x03"
PATIENCE = 240
_SETTLED = 0.05
"""Seconds without a byte after which a screen counts as drawn: what is drawn at once may come in pieces."""


@dataclass
class TerminalProcess:
    """
    A program that runs on a terminal.

    Attributes:
        process: It leads the terminal's session.
        sent: All that it sent to the terminal, in the pieces in which it came.
    """

    process: "subprocess.Popen[bytes]"
    screen: pyte.HistoryScreen
    sent: list[bytes] = field(default_factory=list)
    _master: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _came_at: float = 0

    def rows(self) -> list[str]:
        """Return the rows that the screen shows, down to the last that is not empty."""
        with self._lock:
            rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def text(self) -> str:
        """Return the rows, as one text."""
        return "\n".join(self.rows())

    def wait_for(self, holds: Callable[[str], bool]) -> str:
        """Wait until something holds of a screen that is drawn, and return its text; fail when the program ended."""
        until = time.monotonic() + PATIENCE
        while True:
            text = self.text()
            if time.monotonic() > self._came_at + _SETTLED and holds(text):
                return text
            assert self.process.poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.02)

    def wait_for_more(self) -> None:
        """Wait until more was sent to the terminal."""
        before = len(self.sent)
        self.wait_for(lambda _: len(self.sent) > before)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a user who drags its corner."""
        with self._lock:
            self.screen.resize(rows, columns)
        _set_size(self._master, columns, rows)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C: a signal for all processes in the terminal's foreground."""
        os.write(self._master, _CTRL_C)

    def end(self) -> int:
        """Wait until the program ended and all that it sent is there; return its exit code."""
        code = self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        return code

    def read(self) -> None:
        """Feed the screen until the program has closed the terminal."""
        stream = pyte.ByteStream(self.screen)
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                # This is how Linux tells that no one has it open any more.
                return
            with self._lock:
                self.sent.append(data)
                stream.feed(data)
                self._came_at = time.monotonic()

    def start_reading(self) -> None:
        self._reading = threading.Thread(target=self.read, daemon=True)
        self._reading.start()


@contextmanager
def on_terminal(
    arguments: Sequence[str], *, columns: int = 100, rows: int = 30, folder: Path = _ROOT, **environment: str
) -> Iterator[TerminalProcess]:
    """
    Run `logwinnow` with arguments on a terminal, killed at the end.

    Args:
        arguments: Verb and options.
        columns: Of the terminal.
        rows: Of the terminal.
        folder: Where it runs.
        environment: Further variables.
    """
    master, slave = pty.openpty()
    _set_size(master, columns, rows)
    fixed = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, sys.executable, "-m", "commands", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env={**fixed, "TERM": "xterm-256color", "PYTHONPATH": str(_ROOT), **environment},
        start_new_session=True,
    )
    os.close(slave)
    running = TerminalProcess(process, pyte.HistoryScreen(columns, rows, history=1_000, ratio=0.5), _master=master)
    running.start_reading()
    try:
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        running.end()
        os.close(master)


# Takes the terminal for the session's own, so that Ctrl-C is a signal, and becomes the program.
_PROGRAM = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


def _set_size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
