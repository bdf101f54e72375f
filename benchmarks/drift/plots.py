"""
The picture: alerts that nobody wants over the days, and how many patterns the sets have.

Alerts are the mean of a week. Ours by night and never are coloured, the others grey; each has its name beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from benchmarks.drift.course import Course
from benchmarks.drift.learners import NEVER, NIGHTLY
from benchmarks.training.plots import apart, prepare, saved

_BLUE, _ORANGE, _GREY, _PALE = "#0072B2", "#D55E00", "#707070", "#d8d8d8"
_COLOURS: Final = {NIGHTLY: _BLUE, NEVER: _ORANGE}
_WEEK: Final = 7
_LEAST: Final = 0.5


def draw(folder: Path, courses: Sequence[Course]) -> list[str]:
    """
    Write the picture, as PNG and SVG.

    Returns:
        Names of the PNG files.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(each.learner for each in courses))
    of = {name: [each for each in courses if each.learner == name] for name in names}
    figure, (above, below) = plt.subplots(2, 1, figsize=(8.4, 7.6), height_ratios=(3, 1), sharex=True)
    _alerts(above, of)
    _patterns(below, of)
    figure.subplots_adjust(hspace=0.12)
    return [saved(folder, "drift", figure)]


def _alerts(axis: Any, of: dict[str, list[Course]]) -> None:
    ends: dict[str, float] = {}
    for name, courses in of.items():
        a_day = [
            fmean(each.days["again"][day] + each.days["false"][day] for each in courses)
            for day in range(len(courses[0].changes))
        ]
        # The mean of the last week, of fewer days at first.
        smooth = [max(fmean(a_day[max(0, day - _WEEK + 1) : day + 1]), _LEAST) for day in range(len(a_day))]
        colour = _COLOURS.get(name, _GREY)
        axis.plot(range(1, len(smooth) + 1), smooth, color=colour, linewidth=_width(name))
        ends[name] = smooth[-1]
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.set_ylabel("alerts a day that nobody wants, mean of a week")
    axis.set_title("alerts of known kinds, and of new software once more", loc="left")
    axis.grid(axis="y", color=_PALE, linewidth=0.5)
    for day, number in enumerate(of[next(iter(of))][0].changes, start=1):
        if number:
            axis.axvline(day, color=_PALE, linewidth=0.8, zorder=0)
    # In shares of the axis, which is logarithmic.
    shares = axis.transAxes.inverted().transform(axis.transData.transform([(1, end) for end in ends.values()]))
    places = apart([float(share) for _, share in shares], 0.045)
    for (name, end), place in zip(ends.items(), places, strict=True):
        axis.text(1.01, place, f"{name} {end:.1f}", transform=axis.transAxes, va="center", **_label(name))


def _patterns(axis: Any, of: dict[str, list[Course]]) -> None:
    ends: dict[str, float] = {}
    for name, courses in of.items():
        if not courses[0].patterns:
            continue
        number = [fmean(some) for some in zip(*(each.patterns for each in courses), strict=True)]
        axis.plot(range(1, len(number) + 1), number, color=_COLOURS.get(name, _GREY), linewidth=_width(name))
        ends[name] = number[-1]
    axis.set_ylabel("patterns in the set")
    axis.set_xlabel("live days; grey lines: deployments and releases of the first seed")
    axis.set_ylim(bottom=0)
    axis.grid(axis="y", color=_PALE, linewidth=0.5)
    top = axis.get_ylim()[1]
    for (name, end), place in zip(ends.items(), apart([end / top for end in ends.values()], 0.13), strict=True):
        axis.text(1.01, place, f"{name} {end:.0f}", transform=axis.transAxes, va="center", **_label(name))


def _width(name: str) -> float:
    return 2.2 if name in _COLOURS else 0.9


def _label(name: str) -> dict[str, Any]:
    weight = "bold" if name in _COLOURS else "normal"
    return {"color": _COLOURS.get(name, _GREY), "fontweight": weight, "fontsize": 8}
