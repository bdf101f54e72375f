"""
Runs a program and takes its time and memory. Linux alone: it reads /proc.

Time is wall time, from before the program is started until it has ended. Memory is the sum of the resident sets of the
program and of all that it started, looked at every 50 ms: pages that processes share count once for each. They are
found by their session (`setsid`), so one whose parent has gone still counts.
"""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.training.looking import Looking

_SECONDS_BETWEEN_LOOKS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TOLD = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    A program that was run.

    Attributes:
        seconds: Wall time; of a program that failed, until then.
        peak: Bytes of memory, at the most.
        failure: Why it is no measurement; "" if it is one.
    """

    seconds: float
    peak: int
    failure: str = ""


class Watch(Looking):
    """Looks at the memory of a session's processes until the block ends."""

    def __init__(self, session: int) -> None:
        """
        Prepare to watch.

        Args:
            session: Id of a process that leads a session of its own.
        """
        super().__init__(_SECONDS_BETWEEN_LOOKS)
        self._session = session
        self._others: set[int] = set()
        self._peak = 0
        self._most = 0

    @property
    def most(self) -> int:
        """How many processes there were at the most."""
        return self._most

    def take(self) -> int:
        """Return the peak in bytes since it was last asked for."""
        peak, self._peak = self._peak, 0
        return peak

    def processes(self) -> set[int]:
        """Return the ids of the session's processes, but for those that have ended and wait for their parents."""
        alive = {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        self._others &= alive
        mine = set()
        for process in alive - self._others:
            state, session = _state(process)
            if session == self._session:
                if state != "Z":
                    mine.add(process)
            else:
                # It will be asked for no more: nobody joins a session, who is in it was born there.
                self._others.add(process)
        return mine

    def look(self) -> None:
        """Look once."""
        processes = self.processes()
        self._most = max(self._most, len(processes))
        self._peak = max(self._peak, sum(map(_resident, processes)))


def run(command: Sequence[str], output: Path, timeout: float, environment: Mapping[str, str] | None = None) -> Outcome:
    """
    Run a program to its end.

    Args:
        command: The program and its arguments.
        output: Where its standard output goes.
        timeout: Seconds after which it is killed, with all that it started.
        environment: Variables beside this process's own.
    """
    errors = output.with_name(f"{output.name}.errors")
    with output.open("wb") as out, errors.open("wb") as err:
        began = time.perf_counter()
        process = start(command, out.fileno(), err.fileno(), environment)
        with Watch(process.pid) as watch:
            late = threading.Timer(timeout, end_session, [process.pid])
            late.start()
            try:
                # Waits without looking again and again, which would cost up to 50 ms of a short run.
                _, status, usage = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - began
            finally:
                late.cancel()
                end_session(process.pid)
    process.returncode = os.waitstatus_to_exitcode(status)
    peak = watch.take()
    # The kernel's own account is exact, but it knows no sum of several, and begins with what we had as we forked.
    if watch.most <= 1 and usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        peak = max(peak, usage.ru_maxrss * 1024)
    if process.returncode == 0:
        return Outcome(seconds, peak)
    failure = f"longer than {timeout:g} s" if seconds >= timeout else reason(errors, process.returncode)
    return Outcome(seconds, peak, failure)


def start(
    command: Sequence[str],
    output: int,
    errors: int,
    environment: Mapping[str, str] | None = None,
    standard_input: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own."""
    return subprocess.Popen(
        command,
        stdin=standard_input,
        stdout=output,
        stderr=errors,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )


def end_session(session: int) -> None:
    """Kill what is left of a session."""
    for process in Watch(session).processes():
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def reason(errors: Path, code: int) -> str:
    """Return why a program failed: the end of the last line that it wrote on standard error, else its exit code."""
    lines = errors.read_text(errors="replace").split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return said[-_TOLD:] or (f"killed by signal {-code}" if code < 0 else f"exit code {code}")


def _state(process: int) -> tuple[str, int]:
    """Return the letter of a process's state (Z: it has ended) and its session."""
    try:
        # Behind the name of the program, which may hold anything: state, parent, group, session.
        state, _, _, session = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[:4]
        return state.decode(), int(session)
    except (OSError, ValueError):
        return "", -1


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
