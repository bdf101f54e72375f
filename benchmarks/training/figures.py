"""What the runs of a peer at a task come to."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.training.competition import Measurement
from benchmarks.training.intervals import Ratio, ratio


@dataclass(frozen=True)
class Figure:
    """
    A peer at a task on a corpus.

    Attributes:
        about: One of its runs, for all that is the same in them.
        rounds: Seconds of its warm or whole runs, by number of the round.
        first: Its first run, if its process stays.
        peak: Bytes of memory, the most of any run.
        failure: Why it was out; "" if it never was.
        agrees: Whether every result was the same as engine python's; None where nobody can tell.
    """

    about: Measurement
    rounds: dict[int, float]
    first: Measurement | None
    peak: int
    failure: str
    agrees: bool | None

    @property
    def seconds(self) -> float | None:
        """Median of its rounds; None if there is none."""
        return median(self.rounds.values()) if self.rounds and not self.failure else None

    @property
    def ours(self) -> bool:
        """Whether it is an engine of logwinnow."""
        return self.about.peer.startswith("logwinnow-")


Group = tuple[str, str, int]
"""Corpus, task, lines."""


def groups(measurements: Iterable[Measurement]) -> dict[Group, list[Figure]]:
    """Return the figures of each group, in the order in which they were measured; the fastest first within one."""
    runs: dict[Group, dict[str, list[Measurement]]] = defaultdict(lambda: defaultdict(list))
    for each in measurements:
        runs[each.corpus, each.task, each.lines][each.peer].append(each)
    return {
        group: sorted(map(_figure, by_peer.values()), key=lambda figure: figure.seconds or float("inf"))
        for group, by_peer in runs.items()
    }


def best_rival(figures: Sequence[Figure]) -> Figure | None:
    """Return the fastest that is not ours."""
    return next((figure for figure in figures if not figure.ours and figure.seconds is not None), None)


def against(one: Figure, other: Figure) -> Ratio | None:
    """Return how many times as long one takes as the other, by the rounds that both have."""
    both = sorted(one.rounds.keys() & other.rounds.keys())
    if not both or one.seconds is None or other.seconds is None:
        return None
    return ratio([one.rounds[number] for number in both], [other.rounds[number] for number in both])


def _figure(runs: list[Measurement]) -> Figure:
    told = [run.agrees for run in runs if run.agrees is not None]
    return Figure(
        about=next((run for run in runs if run.patterns), runs[0]),
        rounds={run.round: run.seconds for run in runs if run.round and not run.failure},
        first=next((run for run in runs if run.round == 0 and not run.failure), None),
        peak=max(run.peak for run in runs),
        failure=next((run.failure for run in runs if run.failure), ""),
        agrees=all(told) if told else None,
    )
