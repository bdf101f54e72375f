"""
Runs one thing again and again in one process, so that Spark's session stays and grows warm.

    resident.py logwinnow VERB ARGUMENT…
    resident.py rdd FILE ALGORITHM SUPPORT MASTER

Each line of standard input is a path: the next run prints there, and an argument `{output}` stands for it. Each run is
answered by one line: ``{"seconds", "session", "code", "failure"}``, the seconds without those in which the session
started, the exit code of the command line, and what was raised.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyspark.sql import SparkSession

from benchmarks.training.programs import rdd
from commands.__main__ import main

Work = Callable[[str], int]
"""Path of the output → exit code."""

_RDD_MEMORY = "2g"


class Starts:
    """Takes the time in which sessions start, wherever in a program that is."""

    def __init__(self) -> None:
        """Put a clock around what starts or finds a session."""
        self.seconds = 0.0
        start = SparkSession.Builder.getOrCreate

        def timed(builder: SparkSession.Builder) -> SparkSession:
            began = time.perf_counter()
            try:
                return start(builder)
            finally:
                self.seconds += time.perf_counter() - began

        patch.object(SparkSession.Builder, "getOrCreate", timed).start()

    def take(self) -> float:
        """Return the seconds since they were last asked for."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds


def logwinnow(arguments: list[str]) -> Work:
    """Return a run of the product's command line."""

    def work(output: str) -> int:
        try:
            return main([argument.replace("{output}", output) for argument in arguments])
        except SystemExit as refused:
            return int(refused.code or 0)

    return work


def textbook(arguments: list[str]) -> Work:
    """Return a run of the textbook's program."""
    path, algorithm, support, master = arguments

    def work(output: str) -> int:
        spark = rdd.session(master, _RDD_MEMORY)
        rdd.show(rdd.mine(spark, path, algorithm, int(support)), algorithm, Path(output))
        return 0

    return work


def run(work: Work, starts: Starts, output: str) -> dict[str, Any]:
    """Run once, with standard output going to a file, and tell how it went."""
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(target, 1)
    os.close(target)
    code, failure = 0, ""
    began = time.perf_counter()
    try:
        code = work(output)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
        failure = f"{type(error).__name__}: {error}".partition("\n")[0]
    seconds, session = time.perf_counter() - began, starts.take()
    return {"seconds": seconds - session, "session": session, "code": code, "failure": failure}


def serve(work: Work) -> None:
    """Answer until standard input ends."""
    starts = Starts()
    # What the program and its JVM print must not come between the answers.
    with os.fdopen(os.dup(1), "w") as answers:
        for line in sys.stdin:
            print(json.dumps(run(work, starts, line.rstrip("\n"))), file=answers, flush=True)
    session = SparkSession.getActiveSession()
    if session:
        session.stop()


if __name__ == "__main__":
    serve({"logwinnow": logwinnow, "rdd": textbook}[sys.argv[1]](sys.argv[2:]))
