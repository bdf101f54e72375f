"""
The figures as a picture: documents a second of each pair, and who takes the processors.

Colours are Okabe and Ito's, told apart by the colour-blind.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.streaming.figures import Figure, figures, paired
from benchmarks.streaming.runs import Run
from benchmarks.streaming.strain import Long
from benchmarks.training.plots import prepare, saved

_STREAM, _CEILING = "#0072B2", "#707070"
_COLOURS = ("#707070", "#E69F00", "#CC79A7", "#D55E00", "#009E73", "#0072B2", "#56B4E9")
_NAMES = {
    "identity": "Spark",
    "read": "read",
    "parsed": "+ headers",
    "judged": "+ judged",
    "documents": "+ JSON",
    "whole": "stream",
    "ceiling": "ceiling",
}


def draw(folder: Path, runs: Sequence[Run]) -> list[str]:
    """
    Write the picture of the largest topic, all on the same cores, as PNG and SVG, where there are pairs of it.

    Returns:
        Names of the PNG files.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    from matplotlib import pyplot as plt

    most = max((run.lines for run in runs), default=0)
    runs = [run for run in runs if run.lines == most and not run.apart]
    pairs = paired(runs)
    if not pairs:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.8))
    _pairs(left, pairs)
    _processors(right, list(figures(runs).values()))
    figure.subplots_adjust(wspace=0.28)
    return [saved(folder, "streaming", figure)]


def draw_long(folder: Path, runs: Sequence[Long]) -> list[str]:
    """
    Write a picture of each long run: memory, batch time and lag over time.

    Returns:
        Names of the PNG files.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, run in enumerate(runs):
        figure, (above, middle, below) = plt.subplots(3, 1, figsize=(8.0, 7.2), sharex=True)
        for (name, rows), colour in zip(run.memory.items(), _COLOURS[1:], strict=False):
            above.plot([at / 60 for at, _ in rows], [held for _, held in rows], color=colour, label=name)
        minutes = [row[0] / 60 for row in run.batches]
        middle.plot(minutes, [row[2] for row in run.batches], color=_STREAM)
        below.plot(minutes, [row[3] for row in run.batches], color=_STREAM)
        for axis, title in ((above, "memory, MiB"), (middle, "a batch, seconds"), (below, "lines that wait")):
            axis.set_ylim(bottom=0)
            axis.set_title(title, loc="left")
            axis.yaxis.set_major_formatter("{x:,.0f}")
        figure.subplots_adjust(hspace=0.3)
        above.legend(frameon=False, fontsize=8)
        below.set_xlabel("minutes")
        names.append(f"long-{number}.png")
        figure.savefig(folder / names[-1], dpi=160, bbox_inches="tight", metadata={"Software": None})
        plt.close(figure)
    return names


def _pairs(axis: Any, pairs: Sequence[tuple[Run, Run]]) -> None:
    places = range(1, len(pairs) + 1)
    axis.plot(places, [other.rate / 1_000 for _, other in pairs], "s--", color=_CEILING, label="ceiling")
    axis.plot(places, [stream.rate / 1_000 for stream, _ in pairs], "o-", color=_STREAM, label="stream")
    axis.set_ylim(bottom=0)
    axis.set_xticks(places)
    axis.set_xlabel("pair")
    axis.set_title("thousand documents a second", loc="left")
    axis.legend(frameon=False)


def _processors(axis: Any, found: Sequence[Figure]) -> None:
    programs = sorted({program for figure in found for program in figure.processor})
    below = [0.0] * len(found)
    for program, colour in zip(programs, _COLOURS, strict=False):
        heights = [figure.processor.get(program, 0.0) for figure in found]
        axis.bar([_NAMES[figure.name] for figure in found], heights, 0.65, below, color=colour, label=program)
        below = [one + other for one, other in zip(below, heights, strict=True)]
    axis.set_title("µs of processor a line", loc="left")
    axis.legend(frameon=False, fontsize=8)
