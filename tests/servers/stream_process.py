"""`logwinnow stream` as a process of its own, which can be killed, told to end, and asked what it logged."""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_COMMAND = ("-m", "commands")
PATIENCE = 240


@dataclass
class StreamProcess:
    """A stream that runs: its process, which leads a group of its own, and what it says."""

    process: "subprocess.Popen[bytes]"
    said: Path

    def records(self, name: str) -> list[dict[str, Any]]:
        """Return the records of a name in its log so far."""
        rows = [row for row in self.said.read_text().splitlines(keepends=True) if row.startswith("{")]
        found = [json.loads(row) for row in rows if row.endswith("\n")]
        return [record for record in found if record["event"] == name]

    def lines(self) -> int:
        """Return how many lines are judged, in batches that are done."""
        return sum(record["lines"] for record in self.records("batch"))

    def wait_for_batches(self, number: int) -> None:
        """Wait until so many batches are done; fail when it ended before."""
        self.wait_until(lambda: len(self.records("batch")) >= number)

    def wait_for_lines(self, number: int) -> None:
        """Wait until so many lines are judged; fail when it ended before."""
        self.wait_until(lambda: self.lines() >= number)

    def wait_until(self, holds: Any) -> None:
        """Wait until something holds; fail when it ended before."""
        until = time.monotonic() + PATIENCE
        while not holds():
            assert self.process.poll() is None, self.said.read_text()[-5_000:]
            assert time.monotonic() < until, self.said.read_text()[-5_000:]
            time.sleep(0.05)

    def complaint(self) -> str:
        """Return the line for the user with which it ended; fail where there is not exactly one, or a traceback."""
        said = self.said.read_text()
        complaints = [row for row in said.splitlines() if row.startswith("logwinnow: ")]
        assert len(complaints) == 1, said[-5_000:]
        assert "Traceback" not in said, said[-5_000:]
        return complaints[0]

    def kill(self) -> None:
        """Kill it and all that it started, as they are."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.end()

    def end(self) -> int:
        """Wait until it ended; return its exit code."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        """Tell it to end after its batch; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()


@contextmanager
def stream_process(
    folder: Path,
    arguments: Sequence[str],
    *,
    program: Sequence[str] = _COMMAND,
    verb: str = "stream",
    standard_input: int = subprocess.DEVNULL,
    **environment: str,
) -> Iterator[StreamProcess]:
    """
    Run `logwinnow stream`, or another verb, with arguments; what it says goes to a file. It is killed at the end.

    Args:
        folder: Of that file.
        arguments: Behind the verb.
        program: What Python runs, in the place of the product as it is.
        verb: Which one.
        standard_input: As `Popen` takes it.
        environment: Further variables.
    """
    said = _new_file(folder)
    with said.open("wb") as stderr:
        # A group of its own, so that all of it can be killed at once.
        process = subprocess.Popen(
            [sys.executable, *program, verb, *arguments],
            stdin=standard_input,
            stderr=stderr,
            cwd=_ROOT,
            env=os.environ | environment,
            start_new_session=True,
        )
    try:
        yield StreamProcess(process, said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def run_to_its_end(folder: Path, arguments: Sequence[str]) -> StreamProcess:
    """
    Run `logwinnow stream`, which ends by itself with exit code 0, in the one process of all such runs (same_jvm.py).

    Args:
        folder: Of the file that what it says goes to.
        arguments: Behind the verb. Options of the JVM, and its JARs, are those of the first such run.
    """
    process, said = _same_jvm(), _new_file(folder)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"arguments": ["stream", *arguments], "said": str(said)}).encode() + b"\n")
    process.stdin.flush()
    answered, _, _ = select.select([process.stdout], [], [], PATIENCE)
    if not answered or process.stdout.readline() != b"0\n":
        # Whatever it is at, it must not be in the way of the next.
        _same_jvm.cache_clear()
        process.kill()
        process.wait()
        pytest.fail(said.read_text()[-5_000:])
    return StreamProcess(process, said)


@cache
def _same_jvm() -> "subprocess.Popen[bytes]":
    """Start the process; it ends with this one, whose end its input is."""
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("same_jvm.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        start_new_session=True,
    )


def _new_file(folder: Path) -> Path:
    return folder / f"said-{secrets.token_hex(4)}"
