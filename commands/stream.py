"""`logwinnow stream`: judges lines live by Spark, and writes events and alerts."""

import argparse
import logging
import os
from typing import TYPE_CHECKING

from commands.logs import log_to
from commands.options import add_config, add_set
from commands.service import add_log, end_by, serve
from patterns.settings import find, load

if TYPE_CHECKING:
    from streaming.job import Stream

_DESCRIPTION = """\
Reads lines from the source, judges each by the newest pattern set, and writes events and outlier alerts to the sink.
Runs until SIGTERM or Ctrl-C, which end it after the current batch; started again, it goes on where it was, with no
line lost and none twice. A set that is published meanwhile is taken up at the next batch.

On a terminal it shows how it is doing, and the last alerts; elsewhere, or with --json, it logs one JSON object a batch
to standard error."""

_EXAMPLE = """\
examples:
  logwinnow stream                                              as conf/streaming.toml says
  logwinnow stream --once --set 'source.files.paths=["/var/log/auth.log"]'
                                                                take what is there, and end
  logwinnow stream --redact 10                                  let rare words, hosts and values not leave in notices
"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "stream",
        help="judge lines live; write events and alerts",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--once", action="store_true", help="take what is there, unfinished last lines too, and end")
    verb.add_argument(
        "--redact",
        type=int,
        metavar="LINES",
        help="mask in what is sent to receivers each word that the training saw in fewer lines (notify.redact_below)",
    )
    add_config(verb, "streaming.toml")
    add_set(verb)
    add_log(verb)
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Stream until the end.

    Returns:
        0 when it was stopped or, with --once, all is judged.

    Raises:
        LogwinnowError: What went wrong.
    """
    # Spark takes a second to import; the other verbs do not wait for it.
    from commands.live.view import has_room_for_view
    from streaming.config import FILE, StreamingConfig
    from streaming.job import Stream

    redact = [] if arguments.redact is None else [f"notify.redact_below={arguments.redact}"]
    config = load(StreamingConfig, find(FILE, arguments.config), os.environ, [*arguments.set, *redact])
    stream = Stream(config, once=arguments.once)
    if arguments.json or arguments.quiet or not has_room_for_view():
        serve(arguments, stream.stop)
        stream.run()
    else:
        _run_in_view(stream)
    return 0


def _run_in_view(stream: "Stream") -> None:
    """Stream until the end, and show how it is doing."""
    from commands.live.view import live_view

    with live_view(stream.config.source.name) as view:

        def end() -> None:
            view.end_soon()
            stream.stop()

        # What the view does not say: it is shown above.
        log_to(level=logging.WARNING, words=True)
        end_by(end)
        stream.tell = view.tell
        stream.run()
