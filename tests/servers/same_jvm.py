"""
`logwinnow` again and again in one process, whose JVM stays, with a Spark of its own for each: to start a JVM takes
longer than what most tests stream.

    python same_jvm.py

Its input has requests, a line of JSON each: `{"arguments": ["stream", "--once", …], "said": "/path/of/a/file"}`. What
the command says on standard error goes to that file; its exit code is the answer, a line. It ends with its input.
"""

import json
import os
import sys
from pathlib import Path

from commands.__main__ import main


def serve() -> None:
    """Run the commands that are asked for, one after the other."""
    # What is printed is no answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for row in sys.stdin:
        asked = json.loads(row)
        with Path(asked["said"]).open("wb") as said:
            os.dup2(said.fileno(), 2)
        answers.write(f"{main(asked['arguments'])}\n")


if __name__ == "__main__":
    serve()
