"""`logwinnow deadletters`: what could become no event, and a second try."""

import argparse
import base64
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.console import Column, counted, print_table, stderr, stdout, write_json
from patterns.settings import find, load
from patterns.timestamps import SECOND

if TYPE_CHECKING:
    from streaming.config import StreamingConfig
    from streaming.kept_letters import Bundle
    from streaming.letters import Kept

_DESCRIPTION = """\
Dead letters are what a stream could make no event of: records without a value
(no_value), JSON without a line in it (no_line), and documents that
Elasticsearch refused for good (refused). They are kept with their bytes, in
files or in a topic, as conf/streaming.toml's [dead_letters] says."""

_REPLAY = """\
Judges dead letters again, as the source is configured now and by the newest
pattern set, and writes their events and alerts to the sink; needs no Spark.
What became an event leaves the files; what is refused again stays, with the
new reason. From a topic nothing can be taken out, but to replay it again does
no harm: each event is there once. Records without a value stay as they are."""

_EXAMPLE = """\
examples:
  logwinnow deadletters list
  logwinnow deadletters list --json --reason refused | jq -r .detail
  logwinnow deadletters replay          after the reason is mended
  logwinnow deadletters drop --reason no_value"""

_SHOWN_CHARACTERS = 80


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the verb."""
    raw = argparse.RawDescriptionHelpFormatter
    verb = verbs.add_parser(
        "deadletters",
        help="list what could become no event; try again",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=raw,
    )
    whats = verb.add_subparsers(title="what", metavar="WHAT", dest="what", required=True)
    listed = whats.add_parser("list", help="list them")
    listed.add_argument("--reason", metavar="R", help="only those: no_value, no_line or refused")
    listed.add_argument("--json", action="store_true", help="print one JSON object a line; raw is base64")
    listed.set_defaults(run=_list)
    replay = whats.add_parser("replay", help="judge them again", description=_REPLAY, formatter_class=raw)
    replay.set_defaults(run=_replay)
    drop = whats.add_parser("drop", help="remove them from the files")
    drop.add_argument("--reason", metavar="R", required=True, help="those: no_value, no_line or refused")
    drop.set_defaults(run=_drop)
    for each in (listed, replay, drop):
        each.add_argument(
            "--config", type=Path, metavar="FILE", help="default: conf/streaming.toml, or /etc/logwinnow's"
        )
        each.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one value of it")


def _list(arguments: argparse.Namespace) -> int:
    """
    List letters, and how many there are.

    Returns:
        0; what is no letter is told on standard error.

    Raises:
        LogwinnowError: They cannot be read.
    """
    counts: Counter[str] = Counter()

    def chosen() -> Iterator["Kept"]:
        for bundle in _bundles(_config(arguments)):
            for kept in bundle.letters:
                if arguments.reason in {None, kept.letter.reason}:
                    counts[kept.letter.reason] += 1
                    yield kept

    if arguments.json:
        write_json(map(_object, chosen()))
        return 0
    rows = list(map(_row, chosen()))
    if rows:
        columns = ["record time", "where", "offset", "reason", "bytes", "detail", "text"]
        print_table(
            stdout(), [Column(name, name in {"offset", "bytes"}, name in {"detail", "text"}) for name in columns], rows
        )
    _say(f"{counted(len(rows), 'dead letter')}{_by_reason(counts)}")
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    """
    Replay letters, and tell what became of them.

    Returns:
        0 if all of them became events, 1 if some did not.

    Raises:
        LogwinnowError: They cannot be read, or the sink cannot be written.
    """
    from streaming.replay import Replay

    config = _config(arguments)
    replay = Replay(config)
    for bundle in _bundles(config):
        replay.bundle(bundle)
    left = Counter({name.removeprefix("left_"): n for name, n in replay.counts.items() if name.startswith("left_")})
    _say(
        f"{counted(replay.counts['events'], 'event')}, {counted(replay.counts['alerts'], 'new alert')}, "
        f"{left.total():,} left{_by_reason(left)}"
    )
    return 1 if left else 0


def _drop(arguments: argparse.Namespace) -> int:
    """
    Remove letters of a reason from the files.

    Raises:
        LogwinnowError: They are in a topic, or cannot be written.
    """
    from streaming.errors import SinkError

    dropped = 0
    for bundle in _bundles(_config(arguments)):
        if bundle.keep is None:
            raise SinkError(f"{bundle.place}: from a topic nothing can be taken out; its retention does that")
        left = [kept for kept in bundle.letters if kept.letter.reason != arguments.reason]
        if len(left) < len(bundle.letters):
            bundle.keep(left)
            dropped += len(bundle.letters) - len(left)
    _say(f"{counted(dropped, 'dead letter')} removed")
    return 0


def _config(arguments: argparse.Namespace) -> "StreamingConfig":
    from streaming.config import FILE, StreamingConfig

    return load(StreamingConfig, find(FILE, arguments.config), os.environ, arguments.set)


def _bundles(config: "StreamingConfig") -> Iterator["Bundle"]:
    """Yield the letters, and tell what is none."""
    from streaming.kept_letters import bundles

    for bundle in bundles(config.dead_letters):
        for damaged in bundle.damaged:
            _say(damaged)
        yield bundle


def _row(kept: "Kept") -> list[str]:
    letter = kept.letter
    raw = letter.raw or b""
    text = raw[:_SHOWN_CHARACTERS].decode(errors="replace")
    return [
        _time(letter.record_time),
        letter.place,
        str(letter.offset),
        letter.reason,
        f"{len(raw):,}",
        letter.detail,
        text,
    ]


def _object(kept: "Kept") -> dict[str, Any]:
    letter = kept.letter
    raw = None if letter.raw is None else base64.b64encode(letter.raw).decode()
    return {
        **letter._asdict(),
        "record_time": _time(letter.record_time),
        "planned_at": _time(kept.planned_at),
        "raw": raw,
    }


def _time(microseconds: int) -> str:
    try:
        return datetime.fromtimestamp(microseconds // SECOND, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        # A producer may set any time.
        return f"{microseconds} µs"


def _by_reason(counts: Counter[str]) -> str:
    return f" ({', '.join(f'{n:,} {name}' for name, n in sorted(counts.items()))})" if counts else ""


def _say(text: str) -> None:
    from patterns.terminal import printable

    stderr().print(printable(text), markup=False, highlight=False)
