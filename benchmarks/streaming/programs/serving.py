"""Answers a line of standard input by a line of standard output, as programs that stay do."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import msgspec

Order = TypeVar("Order", bound=msgspec.Struct)


def serve(kind: type[Order], work: Callable[[Order], msgspec.Struct]) -> None:
    """Answer orders of a kind until standard input ends."""
    # What the program and its JVM print must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answers:
        for line in sys.stdin.buffer:
            answers.write(msgspec.json.encode(work(msgspec.json.decode(line, type=kind))) + b"\n")
            answers.flush()
