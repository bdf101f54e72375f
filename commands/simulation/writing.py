"""Simulated lines into a file, or into a file for each day; and a label for each line beside them."""

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

from commands.simulation.fleet import SimulatedLine


def write_plain(lines: Iterable[SimulatedLine], output: BinaryIO, labels: BinaryIO | None) -> None:
    """Write each line of a log without events, and its label where labels are wanted."""
    for number, line in enumerate(lines, start=1):
        output.write(line.text.encode() + b"\n")
        if labels:
            labels.write(_json({"line": number, "kind": line.kind, "novel": line.novel}))
    output.flush()


def write_weeks(lines: Iterable[SimulatedLine], output: BinaryIO, labels: BinaryIO | None) -> None:
    """Write each line of some weeks, and its label where labels are wanted."""
    for number, line in enumerate(lines, start=1):
        output.write(line.text.encode() + b"\n")
        if labels:
            labels.write(_json({"line": number} | _said(line)))
    output.flush()


def write_days(lines: Iterable[SimulatedLine], folder: Path, labels: BinaryIO | None) -> None:
    """
    Write the lines of each day (UTC) into a file of the folder, and their labels, which name file and line of it.

    Raises:
        OSError: A file cannot be written.
    """
    for day, of_the_day in groupby(lines, key=lambda line: line.time.date()):
        name = f"{day}.log"
        with (folder / name).open("wb") as output:
            for number, line in enumerate(of_the_day, start=1):
                output.write(line.text.encode() + b"\n")
                if labels:
                    labels.write(_json({"file": name, "line": number} | _said(line)))


def _said(line: SimulatedLine) -> dict[str, object]:
    """What a label says of a line of some weeks."""
    return {"kind": line.kind, "novel": line.novel, "cause": line.cause, "event": line.event}


def _json(label: dict[str, object]) -> bytes:
    """A label as a line."""
    return json.dumps(label).encode() + b"\n"
