"""`logwinnow ship`: follows files, or standard input, into a topic of Kafka."""

import argparse
import os
import sys

from commands.options import add_config, add_set
from commands.service import add_log, serve
from commands.shipped import header_formats
from patterns.errors import SettingsError
from patterns.settings import find, load

_DESCRIPTION = """\
Sends the lines of files that grow and rotate, or of standard input, to a topic of Kafka, for machines without
rsyslog. What was sent is remembered: stopped, killed, or with Kafka away, it goes on where it was, and no line is
lost. A line may then be there twice; a stream with source.kafka.trust_origin makes one document of both."""

_EXAMPLE = """\
examples:
  logwinnow ship --bootstrap-servers kafka:9092                      files and topic as conf/shipping.toml says
  logwinnow ship /var/log/nginx '/srv/app/*.log' --topic web         these; a folder stands for all files below it
  journalctl -f -o short-iso | logwinnow ship -                      a host that has journald alone
  logwinnow ship /var/log/syslog --once --set kafka.compression=lz4  what is there, and end"""

STANDARD_INPUT = "-"


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "ship",
        help="follow files, or standard input, into Kafka",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("files", nargs="*", metavar="FILE", help="file, folder, quoted glob, or - for standard input")
    verb.add_argument("--bootstrap-servers", metavar="HOST:PORT", help="of Kafka, with commas between")
    verb.add_argument("--topic", metavar="NAME", help="default: logs")
    verb.add_argument("--once", action="store_true", help="ship what is there, unfinished last lines too, and end")
    add_config(verb, "shipping.toml")
    add_set(verb)
    add_log(verb)
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """
    Ship until the end.

    Returns:
        0 when it was stopped, or all that was there has arrived.

    Raises:
        LogwinnowError: What went wrong.
    """
    from streaming.shipping.config import FILE, ShippingConfig
    from streaming.shipping.shipper import Shipper

    path = find(FILE, arguments.config)
    given = {"bootstrap_servers": arguments.bootstrap_servers, "topic": arguments.topic}
    named = [f"kafka.{key}={value}" for key, value in given.items() if value is not None]
    files = [os.fspath(file) for file in arguments.files if file != STANDARD_INPUT]
    if files and len(files) < len(arguments.files):
        raise SettingsError("- is standard input, and stands alone: ship files by another `logwinnow ship`")
    paths = [f"files.paths={_list(files)}"] if files else []
    config = load(ShippingConfig, path, os.environ, [*arguments.set, *named, *paths])
    shipper = Shipper(config, header_formats(path), once=arguments.once)
    serve(arguments, shipper.stop)
    if STANDARD_INPUT in arguments.files:
        shipper.run_on_input(sys.stdin.fileno())
    else:
        shipper.run()
    return 0


def _list(files: list[str]) -> str:
    """Return a list of texts as TOML writes it."""
    escaped = (file.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for file in files)
    return "[" + ", ".join(f'"{file}"' for file in escaped) + "]"
