"""`logwinnow setup`: makes what a stream needs outside of itself."""

import argparse
import json
import os
from pathlib import Path

from commands.console import stdout
from commands.options import add_config, add_set
from patterns.settings import find, load
from patterns.terminal import printable

_DESCRIPTION = """\
Makes what a stream needs before it starts; to run it again changes nothing.

  elasticsearch   the index templates of conf/streaming.toml's [sink.elasticsearch]
  connector DIR   Spark's connector of Kafka as JARs in a folder, for machines without a network: copy it there, and
                  set spark.jars to it"""

_EXAMPLE = """\
examples:
  logwinnow setup elasticsearch
  logwinnow setup elasticsearch --dry-run       print the templates
  logwinnow setup connector /opt/logwinnow/jars"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "setup",
        help="make index templates, or fetch Kafka's connector",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whats = verb.add_subparsers(title="what", metavar="WHAT", dest="what", required=True)
    elasticsearch = whats.add_parser("elasticsearch", help="the index templates")
    elasticsearch.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    add_config(elasticsearch, "streaming.toml")
    add_set(elasticsearch)
    elasticsearch.set_defaults(run=_elasticsearch)
    connector = whats.add_parser("connector", help="Kafka's connector, as JARs in a folder")
    connector.add_argument("folder", type=Path, metavar="DIR")
    connector.set_defaults(run=_connector)


def _elasticsearch(arguments: argparse.Namespace) -> int:
    """
    Make or renew the templates.

    Raises:
        LogwinnowError: Elasticsearch does not answer, or refuses.
    """
    # The client takes a while to import; the other verbs do not wait for it.
    from streaming.config import FILE, StreamingConfig
    from streaming.sink.templates import set_up, templates

    config = load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set).sink.elasticsearch
    bodies = templates(config.index_prefix, replicas=config.replicas, refresh_seconds=config.refresh_seconds)
    if arguments.dry_run:
        requests = {f"PUT /_index_template/{name}": body for name, body in bodies.items()}
        print(json.dumps(requests, indent=2))
        return 0
    set_up(config, bodies)
    for name in bodies:
        stdout().print(f"index template {printable(name)}: there", markup=False, highlight=False)
    return 0


def _connector(arguments: argparse.Namespace) -> int:
    """
    Fetch the connector.

    Raises:
        LogwinnowError: It cannot be fetched, or written.
    """
    from spark.connector import fetch

    for name in fetch(arguments.folder):
        print(printable(name))
    print(f'set in conf/streaming.toml, under [spark]:  jars = "{printable(str(arguments.folder.resolve()))}"')
    return 0
