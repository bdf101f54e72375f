"""Writes docs/commands.md from the `--help` of each verb: `python docs/write_commands.py`."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from commands.__main__ import _parser

PAGE = Path(__file__).with_name("commands.md")
_COLUMNS = "100"

_HEAD = """\
# The commands

What `--help` of each verb says; written by `python docs/write_commands.py`, and held to it by a test.

- Exit codes: 0 done, 1 failed (one line on standard error: what, why, and how to mend it), 2 wrong use, 130 Ctrl-C. The
  verbs that go on until they are told to end, `stream`, `ship` and `receive`, end by Ctrl-C and SIGTERM with 0.
- Results are on standard output; progress, summaries and warnings on standard error.
- `--json` gives the result as JSON, one object a line, where a verb has a result that a program may want; `mine`
  writes a list. A verb that goes on until it is told to end writes to files or servers: its `--json` is about its log.
- `--quiet` leaves the result that was asked for and errors: no progress, no summary. Where all there is to say is that
  it is done, nothing is said. A verb that goes on until it is told to end says warnings and errors.
- Bars, colours and the view of `stream` are for a terminal that can show them: elsewhere, with `TERM=dumb`, and in a
  job in the background they are plain lines. With `NO_COLOR` there is no colour.
"""


def page() -> str:
    """Return the page."""
    os.environ["COLUMNS"] = _COLUMNS
    parser = _parser()
    sections = [_HEAD, _block("logwinnow", parser)]
    for name, verb in _below(parser):
        sections.append(f"## {name}\n\n{_block(f'logwinnow {name}', verb)}")
        sections += (f"### {name} {what}\n\n{_block(f'logwinnow {name} {what}', each)}" for what, each in _below(verb))
    return "\n".join(sections)


def _block(command: str, parser: argparse.ArgumentParser) -> str:
    return f"```text\n{command} --help\n\n{parser.format_help().rstrip()}\n```\n"


def _below(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the verbs of a parser by name."""
    for action in parser._actions:  # noqa: SLF001 (argparse has no other way to them)
        if action.nargs == argparse.PARSER:
            yield from cast("dict[str, argparse.ArgumentParser]", action.choices).items()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
