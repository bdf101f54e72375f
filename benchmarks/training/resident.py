"""The other end of programs/resident.py: a process that stays, asked for one run after the other."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.training.measure import Outcome, Watch, end_session, reason, start

_SECONDS_TO_END = 10.0
_PROGRAM = Path(__file__).with_name("programs") / "resident.py"


@dataclass(frozen=True, slots=True)
class WarmOutcome(Outcome):
    """
    A run within a process that stays.

    Attributes:
        session: Seconds in which Spark started, which `seconds` do not hold.
        process: Seconds from the start of the process to the end of the run.
    """

    session: float = 0.0
    process: float = 0.0


class Resident:
    """A process that stays; a context manager, at whose end it is gone with its JVM."""

    def __init__(self, arguments: Sequence[str], errors: Path, environment: Mapping[str, str] | None = None) -> None:
        """
        Start it.

        Args:
            arguments: Of programs/resident.py.
            errors: Where its standard error goes.
            environment: Variables beside this process's own.
        """
        self._errors = errors
        self._began = time.perf_counter()
        answers, written = os.pipe()
        with errors.open("wb") as err:
            command = [sys.executable, os.fspath(_PROGRAM), *arguments]
            self._process = start(command, written, err.fileno(), environment, subprocess.PIPE)
        os.close(written)
        self._answers = os.fdopen(answers, "rb")
        self._watch = Watch(self._process.pid)

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        # Spark removes its temporary folders when it is let end; after Ctrl-C there is no time for that.
        patience = time.monotonic() + (0 if error else _SECONDS_TO_END)
        while (self._process.poll() is None or self._watch.processes()) and time.monotonic() < patience:
            time.sleep(0.1)
        self._watch.__exit__(kind, error, trace)
        end_session(self._process.pid)
        self._process.wait()
        self._answers.close()

    def run(self, output: Path, timeout: float) -> WarmOutcome:
        """
        Run once.

        Args:
            output: Where it prints or publishes.
            timeout: Seconds after which it is killed; every later run fails then.
        """
        began = time.perf_counter()
        self._watch.take()
        answer = self._ask(os.fspath(output), timeout)
        ended = time.perf_counter()
        process = ended - self._began
        if answer:
            told = json.loads(answer)
            failure = reason(self._errors, told["code"]) if told["code"] else told["failure"]
            return WarmOutcome(told["seconds"], self._watch.take(), failure, told["session"], process)
        end_session(self._process.pid)
        late = ended - began >= timeout
        failure = f"longer than {timeout:g} s" if late else reason(self._errors, self._process.wait())
        return WarmOutcome(ended - began, self._watch.take(), failure, process=process)

    def _ask(self, output: str, timeout: float) -> bytes:
        """Return the answer's line; nothing if it comes too late or the process has ended."""
        if self._process.stdin is None:
            return b""
        try:
            self._process.stdin.write(f"{output}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return b""
        ready, _, _ = select.select([self._answers], [], [], timeout)
        return self._answers.readline() if ready else b""
