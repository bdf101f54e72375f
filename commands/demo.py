"""`logwinnow demo`: the whole loop on one machine: train on a first part, stream the rest, show what is new."""

import argparse
import tempfile
from pathlib import Path

_DESCRIPTION = """\
Shows the whole loop in about a minute, without a server: mines patterns from the first part of a simulated log of a
small fleet (or the first half of each file given), streams the rest through Spark, and shows the outliers by shape,
each with the nearest pattern. The simulated log has novel lines put in, so precision and recall are shown too. All of
it is also one HTML page, report.html, as `logwinnow report` writes it.
Nothing of yours is changed; what it wrote stays in a new folder whose name is printed."""

_EXAMPLE = """\
examples:
  logwinnow demo
  logwinnow demo /var/log/syslog.1
"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "demo",
        help="train, stream and show the outliers, on a simulated log or on your files",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("files", nargs="*", metavar="FILE", help="real logs; by default a simulated one")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Run the demo.

    Raises:
        LogwinnowError: A file cannot be read, or Spark cannot start.
    """
    from commands.demonstration.play import play
    from commands.demonstration.show import show

    folder = Path(tempfile.mkdtemp(prefix="logwinnow-demo-"))
    show(play(arguments.files, folder))
    return 0
