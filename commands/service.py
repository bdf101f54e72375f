"""What the verbs share that run until they are told to end: stream, ship, receive."""

import argparse
import logging
import signal
from collections.abc import Callable
from types import FrameType

from commands.logs import log_to


def add_log(verb: argparse.ArgumentParser) -> None:
    """Add what says how a verb logs that goes on until it is told to end: --json and --quiet."""
    verb.add_argument("--json", action="store_true", help="log one JSON object a line, on a terminal too")
    verb.add_argument("--quiet", action="store_true", help="log warnings and errors alone")


def serve(arguments: argparse.Namespace, stop: Callable[[], None]) -> None:
    """
    Log to standard error from now on as `add_log`'s options say, and end by SIGTERM and Ctrl-C.

    Args:
        arguments: With those options.
        stop: Is called in a signal handler, whatever the program is doing.
    """
    log_to(level=logging.WARNING if arguments.quiet else logging.INFO, words=False if arguments.json else None)
    end_by(stop)


def end_by(stop: Callable[[], None]) -> None:
    """Call `stop` by SIGTERM and Ctrl-C, in a signal handler."""

    def end(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
