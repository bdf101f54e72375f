"""What the verbs share that run until they are told to end: stream, ship, receive."""

import signal
from collections.abc import Callable
from types import FrameType

from commands.logs import log_to


def serve(stop: Callable[[], None]) -> None:
    """
    Log to standard error from now on, and end by SIGTERM and Ctrl-C.

    Args:
        stop: Is called in a signal handler, whatever the program is doing.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        stop()

    log_to()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
