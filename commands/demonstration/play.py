"""Train on the first part, stream the rest through Spark, look through what came out, and leave a page of it."""

import logging
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from commands.demonstration.found import Score, Shape, look_through
from commands.demonstration.halves import of_files, simulated
from commands.logs import log_to
from commands.report import write
from commands.reporting.read_files import FilesReader
from streaming.config import FilesSinkConfig, FilesSourceConfig, SinkConfig, SourceConfig, StreamingConfig
from streaming.config import PatternsConfig as StreamPatterns
from streaming.job import Stream
from training.config import Patterns, TrainingConfig
from training.fetched.time_range import ANY_TIME
from training.job import train

REPORT: Final = "report.html"
"""The page that is left in the folder."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the demo found: the training's summary, the stream's counts, shapes, score, and the folder of its files."""

    folder: Path
    summary: dict[str, Any]
    counts: Counter[str]
    shapes: list[Shape]
    score: Score | None


def play(paths: Sequence[str], folder: Path) -> Played:
    """
    Run the loop in `folder`.

    Raises:
        LogwinnowError: A file cannot be read, nothing can be mined, or Spark cannot start.

    Cost: starts Spark; about a minute on two cores.
    """
    _say("reading the files" if paths else "simulating two weeks of a small fleet")
    halves = of_files(paths, folder) if paths else simulated(folder)
    _say("training on the first part")
    config = TrainingConfig(patterns=Patterns(store=str(folder / "patterns")))
    first = [str(path) for path in halves.first]
    summary = train(first, config, config.rules({}), force=False, progress=lambda *_: None)
    _say("streaming the rest through Spark, which takes some seconds to start")
    log_to(level=logging.WARNING)
    stream = Stream(_streaming(folder, [str(path) for path in halves.rest]), once=True)
    stream.run()
    shapes, score = look_through(folder / "out", halves.labels)
    write(FilesReader(str(folder / "out"), ANY_TIME, lambda *_: None), folder / REPORT)
    return Played(folder, summary, stream.totals, shapes, score)


def _streaming(folder: Path, paths: list[str]) -> StreamingConfig:
    return structs.replace(
        StreamingConfig(),
        checkpoint=str(folder / "checkpoint"),
        source=SourceConfig(name="demo", files=FilesSourceConfig(paths=paths)),
        patterns=StreamPatterns(store=str(folder / "patterns")),
        sink=SinkConfig(files=FilesSinkConfig(path=str(folder / "out"))),
    )


def _say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)
