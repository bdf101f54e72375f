"""What the runs come to: pairs, medians, processor time a line."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from benchmarks.streaming.processor import Taken
from benchmarks.streaming.runs import CEILING, Run
from benchmarks.training.intervals import Ratio, ratio

IDENTITY = "identity"

STAGES = {
    IDENTITY: "Kafka → Spark → Python → Spark, nothing done: Spark's own `mapInArrow` of the same rows",
    "read": "Kafka → Spark → Python",
    "parsed": "and each line's header read",
    "judged": "and each line taken apart and judged",
    "documents": "and made a document as JSON",
    "whole": "and indexed: the stream",
    CEILING: "the ceiling: indexed, nothing else",
}
"""What is measured, in the order in which it grows."""


class Figure(NamedTuple):
    """
    What the runs of a name come to.

    Attributes:
        name: A key of STAGES.
        runs: Without those that came before.
        rate: Median of lines a second.
        slowest: The least of them.
        fastest: The most.
        processor: Who → microseconds of processor a line, the mean of all runs.
    """

    name: str
    runs: list[Run]
    rate: float
    slowest: float
    fastest: float
    processor: Taken

    @property
    def all_processors(self) -> float:
        """Microseconds of processor a line, of all programs."""
        return sum(self.processor.values())


def figures(runs: Iterable[Run]) -> dict[str, Figure]:
    """Return the figures of what was measured, by name."""
    counted = [run for run in runs if run.round]
    by_name = {name: [run for run in counted if run.name == name] for name in STAGES}
    return {name: _figure(name, those) for name, those in by_name.items() if those}


def of_ceiling(runs: Iterable[Run]) -> Ratio | None:
    """Return what share of the ceiling's documents a second the stream comes to, by its pairs; None without any."""
    pairs = paired(runs)
    # Of the same documents the rates are as the seconds, turned round.
    return ratio([ceiling.seconds for _, ceiling in pairs], [stream.seconds for stream, _ in pairs]) if pairs else None


def of_identity(runs: Iterable[Run]) -> Ratio | None:
    """Return what share of the lines a second that Spark hands through are judged, by rounds; None without any."""
    pairs = paired(runs, "judged", IDENTITY)
    return ratio([other.seconds for _, other in pairs], [judged.seconds for judged, _ in pairs]) if pairs else None


def paired(runs: Iterable[Run], name: str = "whole", other: str = CEILING) -> list[tuple[Run, Run]]:
    """Return the runs of two names, of the stream and of the ceiling by default, of each round that has both."""
    by_place = {(run.command, run.lines, run.round, run.name): run for run in runs if run.round}
    ones = [place for place in by_place if place[3] == name]
    both = [(place, (*place[:3], other)) for place in ones]
    return [(by_place[one], by_place[two]) for one, two in both if two in by_place]


def first_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs by which streams began."""
    return [run for run in runs if run.name == "whole" and not run.round]


def _figure(name: str, runs: Sequence[Run]) -> Figure:
    rates = [run.rate for run in runs]
    lines = sum(run.lines for run in runs)
    programs = sorted({program for run in runs for program in run.processor})
    processor = {each: sum(run.processor.get(each, 0.0) for run in runs) / lines * 1e6 for each in programs}
    return Figure(name, list(runs), median(rates), min(rates), max(rates), processor)
