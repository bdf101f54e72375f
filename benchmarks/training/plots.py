"""
The figures as pictures: run time against lines for each corpus, speed-up against cores.

Ours are coloured (Okabe and Ito's colours, told apart by the colour-blind), the others grey; each line has its name at
its end.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.training.competition import Measurement
from benchmarks.training.figures import Figure, groups
from benchmarks.training.peers import TASKS

_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"
_COLOURS = {"logwinnow-python": _BLUE, "logwinnow-polars": _ORANGE, "logwinnow-spark": _GREEN}
_TASK_COLOURS = dict(zip(TASKS, (_BLUE, _ORANGE, _GREEN), strict=True))
# So that colour is never the only difference.
_MARKERS = {_BLUE: "o", _ORANGE: "s", _GREEN: "^"}
_GREY = "#707070"
_PALE = "#d8d8d8"

Series = dict[str, list[tuple[float, float]]]
"""Name of a line → its points."""


def draw(folder: Path, measurements: Sequence[Measurement]) -> list[str]:
    """
    Write the pictures that the measurements allow, as PNG and SVG.

    Returns:
        Names of the PNG files.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    folder.mkdir(parents=True, exist_ok=True)
    return [*_times(folder, measurements), *_speed_up(folder, measurements)]


def prepare() -> None:
    """
    Have all pictures look alike, and the same runs give the same bytes.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "logwinnow", "axes.spines.top": False})
    mpl.rcParams.update({"axes.spines.right": False, "axes.titlesize": 10, "savefig.facecolor": "white"})


def apart(places: Sequence[float], least: float) -> list[float]:
    """
    Return places moved no further than needed for each to be `least` from the next, in the order given.

    Args:
        places: Where labels would stand.
        least: Their smallest distance.
    """
    # Labels that touch form a block, which stands where its members would on average.
    blocks: list[list[int]] = []
    for index in sorted(range(len(places)), key=lambda index: places[index]):
        blocks.append([index])
        while len(blocks) > 1 and _start(blocks[-2], places, least) + len(blocks[-2]) * least > _start(
            blocks[-1], places, least
        ):
            last = blocks.pop()
            blocks[-1] += last
    moved = [0.0] * len(places)
    for block in blocks:
        start = _start(block, places, least)
        for rank, index in enumerate(block):
            moved[index] = start + rank * least
    return moved


def _start(block: Sequence[int], places: Sequence[float], least: float) -> float:
    return sum(places[index] for index in block) / len(block) - least * (len(block) - 1) / 2


def _times(folder: Path, measurements: Sequence[Measurement]) -> Iterator[str]:
    by_corpus: dict[str, dict[str, Series]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    found = groups(each for each in measurements if not each.cores)
    for (corpus, task, lines), figures in sorted(found.items()):
        for figure in figures:
            if figure.seconds is not None:
                by_corpus[corpus][task][figure.about.peer].append((lines, figure.seconds))
    for corpus, tasks in by_corpus.items():
        yield _panels(folder, corpus, {task: tasks[task] for task in TASKS if tasks[task]})


def _panels(folder: Path, corpus: str, tasks: dict[str, Series]) -> str:
    from matplotlib import pyplot as plt

    points = [point for series in tasks.values() for line in series.values() for point in line]
    size = (0.6 + 4.0 * len(tasks), 4.2)
    figure, axes = plt.subplots(1, len(tasks), figsize=size, sharex=True, sharey=True, squeeze=False)
    for axis, (task, series) in zip(axes[0], tasks.items(), strict=True):
        _log_log(axis, points)
        axis.set_title(TASKS[task], loc="left")
        for name, line in sorted(series.items(), key=lambda item: item[0] in _COLOURS):
            style: dict[str, Any] = {"color": _GREY, "linewidth": 0.9, "marker": "o", "markersize": 2.5}
            if name in _COLOURS:
                colour = _COLOURS[name]
                style = {"color": colour, "linewidth": 2.2, "marker": _MARKERS[colour], "markersize": 5}
            axis.plot(*zip(*line, strict=True), **style)
        _label(axis, series, max(lines for lines, _ in points))
    figure.subplots_adjust(wspace=0.58)
    axes[0][0].set_ylabel("seconds (warm, of Spark)")
    figure.supxlabel(f"lines of the corpus “{corpus}”", fontsize=9)
    return saved(folder, f"training-{corpus}", figure)


def _log_log(axis: Any, points: Sequence[tuple[float, float]]) -> None:
    """Set both axes to powers of ten, with numbers that are read as they stand."""
    lines, seconds = zip(*points, strict=True)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(min(lines) / 1.15, max(lines) * 1.15)
    axis.set_ylim(min(seconds) / 1.3, max(seconds) * 1.3)
    axis.set_xticks(sorted(set(lines)), [_short(number) for number in sorted(set(lines))])
    least, most = (math.floor(math.log10(end)) for end in (min(seconds), max(seconds) * 10))
    ticks = [digit * 10.0**power for power in range(least, most + 1) for digit in (1, 3)]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ylim(min(seconds) / 1.3, max(seconds) * 1.3)
    axis.minorticks_off()
    axis.grid(axis="y", color=_PALE, linewidth=0.5)
    axis.set_axisbelow(True)


def _label(axis: Any, series: Series, largest: float) -> None:
    """Write each line's name behind its last point, with room between them; over it, where a line ends early."""
    names = [name for name, line in series.items() if line[-1][0] == largest]
    low, high = (math.log(end) for end in axis.get_ylim())
    places = [(math.log(series[name][-1][1]) - low) / (high - low) for name in names]
    for name, place in zip(names, apart(places, 0.045), strict=True):
        style = {"color": _COLOURS.get(name, _GREY), "fontweight": "bold" if name in _COLOURS else "normal"}
        axis.text(1.03, place, name, transform=axis.transAxes, fontsize=8, va="center", **style)
    for name in series.keys() - set(names):
        colour = _COLOURS.get(name, _GREY)
        above = {"xytext": (0, 5), "textcoords": "offset points", "ha": "center"}
        axis.annotate(name, series[name][-1], fontsize=8, color=colour, **above)


def _speed_up(folder: Path, measurements: Sequence[Measurement]) -> Iterator[str]:
    found = groups(each for each in measurements if each.cores)
    lines = {group: _faster(figures) for group, figures in found.items()}
    lines = {group: line for group, line in lines.items() if len(line) > 1}
    for corpus in sorted({corpus for corpus, _, _ in lines}):
        yield _cores(folder, corpus, {task: line for (name, task, _), line in lines.items() if name == corpus})


def _faster(figures: Iterable[Figure]) -> list[tuple[float, float]]:
    """Return (cores, times as fast as on one); nothing if nobody ran on one."""
    seconds = {figure.about.cores: figure.seconds for figure in figures if figure.seconds is not None}
    return [(cores, seconds[1] / taken) for cores, taken in sorted(seconds.items())] if 1 in seconds else []


def _cores(folder: Path, corpus: str, tasks: dict[str, list[tuple[float, float]]]) -> str:
    from matplotlib import pyplot as plt

    most = max(cores for line in tasks.values() for cores, _ in line)
    figure, axis = plt.subplots(figsize=(4.6, 3.6))
    axis.plot([1, most], [1, most], color=_GREY, linewidth=0.9, linestyle="--")
    for task, line in tasks.items():
        colour = _TASK_COLOURS[task]
        axis.plot(*zip(*line, strict=True), marker=_MARKERS[colour], color=colour, linewidth=2)
    ends = {"as many times as cores": (most, _GREY)}
    ends |= {TASKS[task]: (line[-1][1], _TASK_COLOURS[task]) for task, line in tasks.items()}
    axis.set_xticks(sorted({cores for line in tasks.values() for cores, _ in line}))
    axis.set_ylim(0, most * 1.08)
    places = apart([end / (most * 1.08) for end, _ in ends.values()], 0.06)
    for (name, (_, colour)), place in zip(ends.items(), places, strict=True):
        axis.text(1.03, place, name, transform=axis.transAxes, color=colour, fontsize=8, va="center")
    axis.set_xlabel("cores")
    axis.set_ylabel("times as fast as on one core, warm")
    axis.set_title(f"engine spark, corpus “{corpus}”", loc="left")
    return saved(folder, f"training-cores-{corpus}", figure)


def saved(folder: Path, name: str, figure: Any) -> str:
    """Write a figure as PNG and SVG, the same bytes for the same figure; return the name of the PNG file."""
    from matplotlib import pyplot as plt

    figure.savefig(folder / f"{name}.png", dpi=160, bbox_inches="tight", metadata={"Software": None})
    figure.savefig(folder / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    return f"{name}.png"


def _short(number: float) -> str:
    """Return 4M for 4,000,000."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
