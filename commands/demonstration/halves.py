"""A log in two parts: one to train on, one to stream; of a simulated log with the label of each line of the second."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from commands.simulation.fleet import simulate
from training.corpus import Corpus

LINES: Final = 300_000
FIRST: Final = 250_000
"""Of the simulated log, some two weeks of the fleet: in a few days not every user did all that is usual."""

SEED: Final = 1
START: Final = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Halves:
    """
    Files of the two parts.

    Attributes:
        first: To train on.
        rest: To stream.
        labels: (path, byte offset) of each line of `rest` → its kind if it is novel, else None; empty for real logs.
    """

    first: list[Path]
    rest: list[Path]
    labels: dict[tuple[str, int], str | None] = field(default_factory=dict)


def simulated(folder: Path) -> Halves:
    """Write the simulated log into `folder`."""
    first, rest = folder / "first.log", folder / "rest.log"
    labels: dict[tuple[str, int], str | None] = {}
    with first.open("wb") as train, rest.open("wb") as live:
        for number, line in enumerate(simulate(LINES, SEED, start=START, novel_after=FIRST / LINES)):
            if number < FIRST:
                train.write(line.text.encode() + b"\n")
            else:
                labels[str(rest), live.tell()] = line.kind if line.novel else None
                live.write(line.text.encode() + b"\n")
    return Halves([first], [rest], labels)


def of_files(paths: Sequence[str], folder: Path) -> Halves:
    """
    Write the halves, by lines, of each file into `folder`.

    Raises:
        CorpusError: A file cannot be read.
    """
    halves = Halves([], [])
    for number, path in enumerate(paths):
        first, rest = (folder / f"{part}-{number}.log" for part in ("first", "rest"))
        with Corpus([path]) as corpus, first.open("wb") as train, rest.open("wb") as live:
            lines = sum(1 for _ in corpus.data(_quiet))
            for index, line in enumerate(corpus.data(_quiet)):
                (train if index < lines // 2 else live).write(line + b"\n")
        halves.first.append(first)
        halves.rest.append(rest)
    return halves


def _quiet(_lines: int, _done: int, _size: int) -> None:
    """Tell nothing of the reading: the demonstration tells of each part as a whole."""
