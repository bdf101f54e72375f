"""
What each bound of the ladder is worth as a picture: a column a bound, a row a measure, logs and fleets in each panel.

All panels of a row have one scale, so that flat and steep are seen; what ships is on a grey band.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.bounds_report import NAME
from benchmarks.training.plots import prepare, saved

_BLUE, _ORANGE, _BAND, _PALE = "#0072B2", "#D55E00", "#e4e4e4", "#d8d8d8"
_DATA: Final = {
    "logs": ("real logs", {"color": _BLUE, "marker": "o"}),
    "fleets": ("simulated fleets", {"color": _ORANGE, "marker": "s"}),
}
_FLAGGED, _MISSED, _GROUPS = "known lines flagged, %", "novel lines missed, %", "FGA"
# Where a share is nothing, there is no logarithm; a hundredth of a per cent is drawn as nothing.
_LEAST: Final = 0.01


def draw(folder: Path, found: dict[str, Any]) -> list[str]:
    """
    Write the picture, as PNG and SVG.

    Returns:
        The name of the PNG file.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    bounds = [bound for bound in found["bounds"] if bound["of_ladder"]]
    widths = [max(3.4, len(bound["values"]) + 0.6) for bound in bounds]
    figure, axes = plt.subplots(
        3, len(bounds), figsize=(1 + 0.31 * sum(widths), 7.2), sharex="col", sharey="row", squeeze=False,
        gridspec_kw={"width_ratios": widths},
    )  # fmt: skip
    for column, bound in enumerate(bounds):
        for row, measure in enumerate((_FLAGGED, _MISSED, _GROUPS)):
            _panel(axes[row][column], bound, measure)
        axes[0][column].set_title(bound["name"], loc="left")
        names = list(bound["values"])
        axes[-1][column].set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    for row, measure in enumerate((_FLAGGED, _MISSED, _GROUPS)):
        _scale(axes[row], measure)
    axes[0][0].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(0, 0.55))
    figure.subplots_adjust(wspace=0.08, hspace=0.1)
    return [saved(folder, NAME, figure)]


def _panel(axis: Any, bound: dict[str, Any], measure: str) -> None:
    default = list(bound["values"]).index(bound["default"])
    axis.axvspan(default - 0.4, default + 0.4, color=_BAND, zorder=0)
    # What is no number has no way from one to the next.
    width = 1.6 if any(character.isdigit() for character in "".join(bound["values"])) else 0
    for of, (label, style) in _DATA.items():
        points = [_measured(value[of], measure) for value in bound["values"].values()]
        axis.plot(range(len(points)), points, linewidth=width, markersize=4.5, label=label, **style)
    axis.set_xlim(-0.6, len(bound["values"]) - 0.4)
    axis.grid(axis="y", color=_PALE, linewidth=0.5)
    axis.set_axisbelow(True)


def _measured(of: dict[str, Any], measure: str) -> float:
    if measure == _GROUPS:
        return float(of["fga"])
    part, whole = ("wrong", "known") if measure == _FLAGGED else ("missed", "novel")
    return float(max(_LEAST, 100 * of[part] / of[whole]))


def _scale(axes: Sequence[Any], measure: str) -> None:
    axes[0].set_ylabel(measure)
    if measure == _GROUPS:
        return
    low, high = axes[0].get_ylim()
    axes[0].set_yscale("log")
    ticks = [tick for tick in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if low / 2 < tick <= 2 * high]
    axes[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0].minorticks_off()
