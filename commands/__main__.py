"""
`logwinnow <verb> …`, also `python -m commands`.

Exit codes: 0 done, 1 failed (one line on standard error says what, why and how to mend), 2 wrong use, 130 Ctrl-C.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from commands import (
    backtest,
    deadletters,
    demo,
    explain,
    init,
    match,
    mine,
    receive,
    report,
    setup,
    ship,
    simulate,
    stream,
    train,
)
from commands import patterns as patterns_verb
from commands.console import prepare_streams
from patterns.errors import LogwinnowError
from patterns.terminal import printable

# In the order in which they are used. A verb imports what takes time to load (Spark, Arrow) in `run` alone.
_VERBS: Final = (
    init,
    mine,
    train,
    setup,
    ship,
    receive,
    stream,
    report,
    deadletters,
    match,
    explain,
    backtest,
    patterns_verb,
    demo,
    simulate,
)

_DESCRIPTION = """\
Mines patterns from the logs you have (LogCluster or SLCT), and flags every line
of no known kind: live by Spark, or offline. Begin with `logwinnow demo`, or
with `logwinnow train FILE` on a log of yours."""

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one verb and return the exit code.

    Args:
        arguments: What follows the command's name; by default this process's own.

    Raises:
        SystemExit: Of argparse: --help (0) or wrong use (2).
    """
    prepare_streams()
    parsed = _parser().parse_args(arguments)
    try:
        try:
            return int(parsed.run(parsed))
        finally:
            # Here, and not when Python ends, a full disk or a closed pipe can still be told.
            sys.stdout.flush()
    except LogwinnowError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has seen enough (`| head`), which is no failure.
        _forget_output()
        return 0
    except OSError as error:
        _forget_output()
        place = f"{os.fsdecode(error.filename)!r}: " if isinstance(error.filename, str | bytes) else ""
        return _failed(f"{place}{error.strerror or error}; check the path, its rights and the room on its disk")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="logwinnow",
        description=_DESCRIPTION,
        epilog="`logwinnow VERB --help` explains a verb, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    for verb in _VERBS:
        verb.add(verbs)
    return parser


def _failed(message: str) -> int:
    print(f"logwinnow: {printable(message)}", file=sys.stderr)
    return 1


def _forget_output() -> None:
    """Send what is still buffered nowhere: Python flushes once more at its end, and would complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
