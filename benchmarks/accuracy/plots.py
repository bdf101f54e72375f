"""
The figures as pictures: F1 of novelty by share of training, and grouping, for each form; our ladder by log.

Ours are coloured, the others grey; each has its name beside it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.data import FORMS, Form
from benchmarks.accuracy.measure import SHARES
from benchmarks.training.plots import apart, prepare, saved

_BLUE, _GREY, _PALE = "#0072B2", "#707070", "#d8d8d8"
_LEAST_F1: Final = 0.6


def draw(folder: Path, found: dict[str, Any]) -> list[str]:
    """
    Write the pictures, as PNG and SVG.

    Returns:
        Names of the PNG files.

    Raises:
        ImportError: matplotlib is not installed.
    """
    prepare()
    folder.mkdir(parents=True, exist_ok=True)
    return list(_pictures(folder, found["forms"]))


def _pictures(folder: Path, forms: dict[Form, Any]) -> Iterator[str]:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, len(forms), figsize=(0.8 + 5.6 * len(forms), 9.6), squeeze=False)
    for column, (form, of_form) in enumerate(forms.items()):
        _novelty(axes[0][column], of_form["methods"])
        title = FORMS[form].replace("`", "")
        axes[0][column].set_title(f"novelty, {title}", loc="left")
        _grouping(axes[1][column], of_form["methods"])
        axes[1][column].set_title(f"grouping, {title}", loc="left")
    figure.subplots_adjust(wspace=0.95, hspace=0.22)
    yield saved(folder, "accuracy", figure)


def _novelty(axis: Any, results: dict[str, Any]) -> None:
    """Draw a line a method; those that fall below the picture are named with what they have at its end."""
    ends = {}
    for name, result in sorted(results.items(), key=lambda item: item[1]["ours"]):
        if result["novelty"] is None:
            continue
        points = [result["novelty"][f"first {share} %"]["lines"]["f1"] for share in SHARES]
        ours = result["ours"]
        style = {"color": _BLUE, "linewidth": 2.2, "marker": "o"} if ours else {"color": _GREY, "linewidth": 0.9}
        axis.plot(SHARES, points, **style)
        ends[name] = (points[-1], ours)
    axis.set_ylim(_LEAST_F1, 1.005)
    axis.set_xticks(SHARES, [f"{share} %" for share in SHARES])
    axis.set_xlabel("of the lines were trained on")
    axis.set_ylabel("F1 of novel lines")
    axis.grid(axis="y", color=_PALE, linewidth=0.5)
    places = [(max(f1, _LEAST_F1) - _LEAST_F1) / (1.005 - _LEAST_F1) for f1, _ in ends.values()]
    for (name, (f1, ours)), place in zip(ends.items(), apart(places, 0.05), strict=True):
        label = {"color": _BLUE if ours else _GREY, "fontweight": "bold" if ours else "normal", "fontsize": 8}
        axis.text(1.03, place, f"{name} {f1:.3f}", transform=axis.transAxes, va="center", **label)


def _grouping(axis: Any, results: dict[str, Any]) -> None:
    ranked = sorted(results.items(), key=lambda item: item[1]["grouping"]["ga"])
    rows = range(len(ranked))
    colours = [_BLUE if result["ours"] else _GREY for _, result in ranked]
    for row, (_, result), colour in zip(rows, ranked, colours, strict=True):
        ga, fga = result["grouping"]["ga"], result["grouping"]["fga"]
        axis.plot([ga, fga], [row, row], color=_PALE, zorder=1)
        axis.scatter([ga], [row], color=colour, marker="o", s=26, zorder=2)
        axis.scatter([fga], [row], facecolors="white", edgecolors=colour, marker="s", s=24, zorder=2)
    axis.set_yticks(list(rows), [name for name, _ in ranked], fontsize=8)
    axis.set_xlim(0, 1.02)
    axis.set_xlabel("● GA   □ FGA, mean over the logs")
    axis.grid(axis="x", color=_PALE, linewidth=0.5)
