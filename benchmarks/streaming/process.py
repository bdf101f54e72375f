"""The other end of programs/serving.py: a process that stays and does what it is ordered to."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, NamedTuple, Self, TypeVar

import msgspec

from benchmarks.training.measure import Watch, end_session, reason, start

Answer = TypeVar("Answer", bound=msgspec.Struct)

_PROGRAMS = Path(__file__).with_name("programs")
_SECONDS_TO_END = 15.0


class ProgramFailed(Exception):
    """Raised when a program of the benchmark ends, does not answer, or says that it failed."""


class Within(NamedTuple):
    """After how many seconds something takes too long, and how many are between two looks at it."""

    seconds: float
    between_looks: float


class Program(Generic[Answer]):
    """
    A process that stays; a context manager, at whose end it is gone with all that it started.

    Args:
        name: Of its file in programs/.
        arguments: For it.
        folder: Where its standard error goes, and what it leaves in temporary folders.
        answers: What it answers by.
    """

    def __init__(self, name: str, arguments: Sequence[str], folder: Path, answers: type[Answer]) -> None:
        self.name = name
        self._kind = answers
        self._errors = folder / f"{name}-{time.time_ns()}.errors"
        read, written = os.pipe()
        command = [sys.executable, str(_PROGRAMS / f"{name}.py"), *arguments]
        # Killed, Spark leaves its temporary folders behind: let them be below ours.
        environment = dict.fromkeys(("SPARK_LOCAL_DIRS", "TMPDIR"), str(folder))
        with self._errors.open("wb") as errors:
            self._process = start(command, written, errors.fileno(), environment, subprocess.PIPE)
        os.close(written)
        self._answers = os.fdopen(read, "rb")

    @property
    def session(self) -> int:
        """Id of the session that it leads."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        # Spark removes its temporary folders when it is let end; after Ctrl-C there is no time for that.
        patience = time.monotonic() + (0 if error else _SECONDS_TO_END)
        watch = Watch(self._process.pid)
        while (self._process.poll() is None or watch.processes()) and time.monotonic() < patience:
            time.sleep(0.05)
        end_session(self._process.pid)
        self._process.wait()
        self._answers.close()

    def order(self, order: msgspec.Struct) -> None:
        """
        Order something.

        Raises:
            ProgramFailed: It has ended.
        """
        # It was started with a pipe, which its type does not say.
        orders: Any = self._process.stdin
        try:
            orders.write(msgspec.json.encode(order) + b"\n")
            orders.flush()
        except BrokenPipeError:
            raise self._failed() from None

    @property
    def has_answered(self) -> bool:
        """Whether there is an answer, or will be none."""
        ready, _, _ = select.select([self._answers], [], [], 0)
        return bool(ready)

    def answer(self, timeout: float) -> Answer:
        """
        Wait for the answer to an order.

        Raises:
            ProgramFailed: There is none in so many seconds, or it tells of a failure.
        """
        ready, _, _ = select.select([self._answers], [], [], timeout)
        if not ready:
            raise ProgramFailed(f"{self.name}: longer than {timeout:g} s")
        line = self._answers.readline()
        if not line:
            raise self._failed()
        answer = msgspec.json.decode(line, type=self._kind)
        failure = getattr(answer, "failure", "")
        if failure:
            raise ProgramFailed(f"{self.name}: {failure}")
        return answer

    def wait_for(self, lines: int, done: Callable[[], int], verb: str, within: Within) -> None:
        """
        Wait until it has done so many lines.

        Args:
            lines: How many.
            done: Returns how many there are.
            verb: What is done with them, for the error.
            within: How long.

        Raises:
            ProgramFailed: They are not done in time, or it has answered before.
        """
        until = time.monotonic() + within.seconds
        while (there := done()) < lines:
            if self.has_answered:
                self.answer(0)
                raise ProgramFailed(f"{self.name}: it ended when {there:,} of {lines:,} lines were {verb}")
            if time.monotonic() > until:
                raise ProgramFailed(f"{self.name}: {there:,} of {lines:,} lines are {verb} after {within.seconds:g} s")
            time.sleep(within.between_looks)

    def end(self) -> None:
        """Tell it by SIGTERM to end what it does, and to answer."""
        self._process.send_signal(signal.SIGTERM)

    def _failed(self) -> ProgramFailed:
        return ProgramFailed(f"{self.name}: {reason(self._errors, self._process.wait())}")
