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

  elasticsearch   the index templates of conf/streaming.toml's [sink.elasticsearch], and its policy for old indices
  kibana          data views, Discover sessions, dashboards and alerting rules, in the Kibana of [kibana]
  all             both
  connector DIR   Spark's connector of Kafka as JARs in a folder, for machines without a network: copy it there, and
                  set spark.jars to it

--remove takes away what it has made, and leaves the data."""

_EXAMPLE = """\
examples:
  logwinnow setup elasticsearch
  logwinnow setup all --dry-run                 print the requests
  logwinnow setup kibana --set kibana.url=https://kibana.example:5601/s/ops
  logwinnow setup kibana --remove
  logwinnow setup connector /opt/logwinnow/jars"""

_HELP = {
    "elasticsearch": "the index templates, and the policy for old indices",
    "kibana": "data views, Discover sessions, dashboards and rules",
    "all": "both",
}


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    verb = verbs.add_parser(
        "setup",
        help="make index templates and dashboards, or fetch Kafka's connector",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whats = verb.add_subparsers(title="what", metavar="WHAT", dest="what", required=True)
    for what, summary in _HELP.items():
        server = whats.add_parser(what, help=summary)
        server.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
        server.add_argument("--remove", action="store_true", help="take away what it has made; never the data")
        add_config(server, "streaming.toml")
        add_set(server)
        server.set_defaults(run=_servers)
    connector = whats.add_parser("connector", help="Kafka's connector, as JARs in a folder")
    connector.add_argument("folder", type=Path, metavar="DIR")
    connector.set_defaults(run=_connector)


def _servers(arguments: argparse.Namespace) -> int:
    """
    Make, renew or remove what the servers need.

    Raises:
        LogwinnowError: One does not answer, or refuses; what was done before is printed.
    """
    # The client takes a while to import; the other verbs do not wait for it.
    from streaming.config import FILE, StreamingConfig
    from streaming.kibana.installing import KibanaInstallation
    from streaming.sink.installing import ElasticsearchInstallation

    config = load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set)
    there: dict[str, ElasticsearchInstallation | KibanaInstallation] = {
        "elasticsearch": ElasticsearchInstallation(config.sink.elasticsearch),
        "kibana": KibanaInstallation(config.kibana, config.sink.elasticsearch.index_prefix),
    }
    chosen = [each for what, each in there.items() if arguments.what in (what, "all")]
    if arguments.remove:
        # What shows goes before what is shown.
        chosen.reverse()
    if arguments.dry_run:
        requests = [each.removals() if arguments.remove else each.requests() for each in chosen]
        print(
            json.dumps({path: body for each in requests for path, body in each.items()}, indent=2, ensure_ascii=False)
        )
        return 0
    for each in chosen:
        for line in each.remove() if arguments.remove else each.install():
            stdout().print(printable(line), soft_wrap=True)
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
