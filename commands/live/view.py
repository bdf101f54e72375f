"""
A view at the bottom of a terminal that is drawn anew where it stands; what else is said scrolls by above it.

Whatever is written to standard error meanwhile, by this process or one that it started (Spark's JVM), comes through a
pipe and is shown above the view with each control character as its escape, so that nothing can break it.
"""

import os
import select
import sys
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console, Group
from rich.live import Live

from commands.console import shown, stderr
from commands.live.figures import Figures

if TYPE_CHECKING:
    from streaming.judging import Judged

_SECONDS_BETWEEN_LOOKS: Final = 0.25
_REMEMBERED_MESSAGES: Final = 20
_READ_AT_ONCE: Final = 65_536


class View:
    """A view of one stream, on the terminal's console."""

    def __init__(self, name: str, console: Console) -> None:
        """Show nothing yet."""
        self._console = console
        self._figures = Figures(name, time.monotonic())
        self._lock = threading.RLock()
        self._messages: deque[str] = deque(maxlen=_REMEMBERED_MESSAGES)
        self._drawn: object = None
        self._size = (0, 0)
        # A plain flag: it is set in a signal handler, which must not wait for a lock.
        self._ending = False
        self._live = Live(
            console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop"
        )

    def tell(self, judged: "Judged") -> None:
        """Take up a batch that is done."""
        with self._lock:
            self._figures.add(judged, time.monotonic(), time.time())

    def end_soon(self) -> None:
        """Say that it ends after this batch; may be called from a signal handler."""
        self._ending = True

    def say(self, message: str) -> None:
        """Show a line above the view."""
        with self._lock, suppress(OSError):
            self._messages.append(message)
            self._console.print(shown(message))

    @contextmanager
    def shown(self, size: Callable[[], tuple[int, int]]) -> Iterator[None]:
        """
        Show it until the block ends; the last state stays on the screen.

        Args:
            size: Returns the terminal's columns and rows now.
        """
        over = threading.Event()

        def draw() -> None:
            while not over.wait(_SECONDS_BETWEEN_LOOKS):
                self._draw(size())

        drawing = threading.Thread(target=draw, daemon=True)
        self._draw(size())
        with self._live:
            drawing.start()
            try:
                yield
            finally:
                over.set()
                drawing.join()
                self._draw(size())

    def _draw(self, size: tuple[int, int]) -> None:
        """Draw what has changed: a terminal to which nothing is sent does not flicker."""
        with self._lock, suppress(OSError):
            if size != self._size:
                self._resize(size)
            columns, rows = size
            # The last column stays free: terminals differ in how wide some characters are, and would wrap.
            lines = self._figures.lines(
                max(columns - 1, 1), max(rows - 1, 1), time.monotonic(), time.time(), ending=self._ending
            )
            if lines != self._drawn:
                self._drawn = lines
                self._live.update(Group(*lines), refresh=True)

    def _resize(self, size: tuple[int, int]) -> None:
        """Begin a new screen: where the terminal has wrapped what stood there, no one knows where that begins."""
        first, self._size = self._size == (0, 0), size
        self._console.size = size
        if first:
            return
        self._console.clear()
        self._drawn = None
        for message in self._messages:
            self._console.print(shown(message))


@contextmanager
def live_view(name: str) -> Iterator[View]:
    """Show the view of a source's stream on standard error, which is a terminal, until the block ends."""
    with _terminal() as (terminal, read):
        console = Console(file=terminal, highlight=False, markup=False, emoji=False)
        view = View(name, console)
        with _unechoed(terminal), view.shown(lambda: _size(terminal)), _pumping(read, view.say):
            yield view


def has_room_for_view() -> bool:
    """Tell whether standard error is a terminal that can be drawn on, and that is not another program's just now."""
    if not (sys.stderr.isatty() and stderr().is_interactive):
        return False
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:
        # It is no one's, as that of a container may be.
        return True


def _size(terminal: TextIO) -> tuple[int, int]:
    try:
        columns, rows = os.get_terminal_size(terminal.fileno())
    except OSError:
        columns = rows = 0
    # A terminal that does not know says 0.
    return columns or 80, rows or 24


@contextmanager
def _unechoed(terminal: TextIO) -> Iterator[None]:
    """Let keys leave no trace until the block ends: a ``^C`` would move the cursor away from the view's end."""
    before = termios.tcgetattr(terminal)
    modes = termios.tcgetattr(terminal)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSADRAIN, modes)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _terminal() -> Iterator[tuple[TextIO, int]]:
    """Turn standard error into a pipe until the block ends; yield the terminal that it was, and the pipe to read."""
    sys.stderr.flush()
    error = sys.stderr.fileno()
    read, write = os.pipe()
    with os.fdopen(os.dup(error), "w", encoding="utf-8", errors="backslashreplace") as terminal:
        os.dup2(write, error)
        os.close(write)
        try:
            yield terminal, read
        finally:
            os.dup2(terminal.fileno(), error)
            os.close(read)


@contextmanager
def _pumping(read: int, say: Callable[[str], None]) -> Iterator[None]:
    """Say each line that comes through a pipe, until the block ends and what came before is said."""
    over = threading.Event()

    def pump() -> None:
        rest = b""
        while True:
            ending = over.is_set()
            # Processes that outlive the view hold its other end open: there is no end of file to wait for.
            if not select.select([read], [], [], 0 if ending else _SECONDS_BETWEEN_LOOKS)[0]:
                if ending:
                    break
                continue
            *lines, rest = (rest + os.read(read, _READ_AT_ONCE)).split(b"\n")
            for line in lines:
                say(line.decode(errors="backslashreplace"))
            if len(rest) > _READ_AT_ONCE:
                say(rest.decode(errors="backslashreplace"))
                rest = b""
        if rest:
            say(rest.decode(errors="backslashreplace"))

    pumping = threading.Thread(target=pump, daemon=True)
    pumping.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        over.set()
        pumping.join()
