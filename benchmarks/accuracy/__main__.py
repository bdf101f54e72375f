"""
How well novel lines are found and known ones are grouped, by us and by others, on any folder of labelled logs.

    python benchmarks/accuracy FOLDER [--json]

FOLDER holds `<name>/<name>_2k.log` and `<name>/<name>_2k.log_structured.csv` in loghub's form. Measured are Content, as
somebody freed it of its header by hand, and the whole raw lines through our own header detection; nobody has a setting
for a dataset. Prints the table, or JSON; with --output DIR writes accuracy.md, accuracy.json and pictures there.
--classes asks another thing: what each class of words buys, on these and on simulated fleets; some minutes. --bounds
asks how much each bound of the ladder matters, and each rule of the nights; half an hour.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy import bounds_plots, bounds_report, classes, plots, report
from benchmarks.accuracy.bounds import measure_bounds
from benchmarks.accuracy.data import FORMS, Reader
from benchmarks.accuracy.methods import methods
from benchmarks.accuracy.nights import measure_nights
from benchmarks.accuracy.results import measure
from benchmarks.training import machine
from patterns.words import DEFAULT_CLASSES

_PACKAGES = ("numpy", "drain3", "logfold", "logparser3")


def main(arguments: Sequence[str]) -> int:
    """
    Measure and print.

    Returns:
        0; 2 where there is no dataset.
    """
    given = _parser().parse_args(arguments)
    if given.classes:
        return _classes(given, arguments)
    if given.bounds:
        return _bounds(given, arguments)
    every = methods()
    chosen = [each for each in every if not each.lacks and (given.only is None or each.name in given.only)]
    for each in every:
        if each.lacks:
            _say(f"left out: {each.name}: {each.lacks}")
    forms: dict[str, Any] = {}
    for form in FORMS if given.form is None else [given.form]:
        _say(f"{FORMS[form]}:")
        datasets, results = measure(given.folder, form, chosen, _say)
        if datasets:
            headers = {name: dataset.headers for name, dataset in datasets.items()}
            lines = {name: len(dataset.lines) for name, dataset in datasets.items()}
            forms[form] = {"lines": lines, "headers": headers, "methods": results}
    if not forms:
        return _no_dataset(given.folder)
    found = {
        **machine.about("accuracy", arguments, _PACKAGES, programs=()),
        "left_out": {each.name: each.lacks for each in every if each.lacks},
        "forms": forms,
    }
    if given.output is not None:
        report.write(given.output, found, _drawn(plots.draw, given.output, found))
    print(report.as_json(found) if given.json else "\n".join(report.tables(found)))
    return 0


def _classes(given: argparse.Namespace, arguments: Sequence[str]) -> int:
    chosen: list[classes.Data] = [given.form] if given.form else list(classes.DATA)
    if not Reader(given.form or "content").read(given.folder):
        return _no_dataset(given.folder)
    measured = classes.measure_classes(given.folder, chosen, _say)
    found = {
        **machine.about("accuracy", arguments, packages=(), programs=()),
        "classes": {"default": dict(DEFAULT_CLASSES), "optional": classes.optional_classes()},
        "data": measured,
    }
    if given.output is not None:
        classes.write(given.output, found)
    print(report.as_json(found) if given.json else "\n".join(classes.page(measured)))
    return 0


def _bounds(given: argparse.Namespace, arguments: Sequence[str]) -> int:
    if not Reader("content").read(given.folder):
        return _no_dataset(given.folder)
    found = {
        **machine.about("accuracy", arguments, packages=(), programs=()),
        **measure_bounds(given.folder, _say),
        "nights": measure_nights(_say),
    }
    if given.output is not None:
        bounds_report.write(given.output, found, _drawn(bounds_plots.draw, given.output, found))
    print(report.as_json(found) if given.json else "\n".join(bounds_report.tables(found)))
    return 0


def _drawn(draw: Callable[[Path, dict[str, Any]], list[str]], folder: Path, found: dict[str, Any]) -> list[str]:
    """Return the names of the pictures that are drawn into a folder; none, which is told, without matplotlib."""
    try:
        return draw(folder, found)
    except ImportError:
        _say("no pictures: matplotlib is not installed; make bench installs it")
        return []


def _no_dataset(folder: Path) -> int:
    _say(f"no dataset in {folder}: it is to hold <name>/<name>_2k.log_structured.csv, as loghub has them")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [each.name for each in methods()]
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--form", choices=list(FORMS), help="one of the two alone")
    which = f"of {', '.join(names)}".replace("%", "%%")
    parser.add_argument("--only", nargs="+", choices=names, metavar="METHOD", help=which)
    parser.add_argument("--classes", action="store_true", help="the ladder with and without each class of words")
    parser.add_argument(
        "--bounds", action="store_true", help="the ladder and the nights with each bound at other values"
    )
    parser.add_argument("--json", action="store_true", help="print all figures for machines")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write table, figures and pictures there, too")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
