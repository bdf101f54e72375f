"""
Months in which software changes: alerts a day, and what is missed; of nights, of weeks, and of one set for ever.

    python benchmarks/drift [--weeks N] [--seeds N,N] [--lines-per-day N] [--json]

Plays simulated weeks with deployments, releases and troubles (`logwinnow simulate --days --releases --troubles`) as
benchmarks/operations does. Writes drift.md, drift.json and drift.png below benchmarks/runs/. `make bench` installs
Drain3 and matplotlib; without them the others compete, and there is no picture.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.drift import plots, report
from benchmarks.drift.course import Course, played
from benchmarks.drift.learners import learners
from benchmarks.operations.weeks import Weeks
from benchmarks.training import machine
from commands.simulation.events.releases import MOST_RELEASES

_HERE = Path(__file__).resolve().parent


def main(arguments: Sequence[str]) -> int:
    """Measure, write the report, and print its tables, or all figures as JSON."""
    given = _parser().parse_args(arguments)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    folder = given.output or _HERE.parent / "runs" / f"{today}-{machine.cores()}-cores"
    about: dict[str, Any] = {
        "date": today,
        "command": machine.without_folders(f"python benchmarks/drift {' '.join(arguments)}".strip()),
        "machine": machine.described(),
        "versions": {name: v for name, v in machine.versions(("drain3",)).items() if name not in {"Java", "Perl"}},
        "weeks": given.weeks,
        "lines_per_day": given.lines_per_day,
        "seeds": given.seeds,
        "learners": {learner.name: learner.how for learner in learners(Path())},
    }
    courses: list[Course] = []
    weeks = [
        Weeks(7 * given.weeks, seed, given.lines_per_day, given.novel_kinds, given.troubles, given.releases)
        for seed in given.seeds
    ]
    for each in _played(weeks):
        courses += each
        print(f"seed {each[0].seed} is done", file=sys.stderr, flush=True)
    found = report.figures(courses, about)
    pictures = plots.draw(folder, courses) if find_spec("matplotlib") else []
    report.write(folder, found, pictures)
    print(json.dumps(found, indent=1) if given.json else "\n".join(report.tables(found)))
    print(f"written: {folder}", file=sys.stderr)
    return 0


def _played(weeks: Sequence[Weeks]) -> Iterator[list[Course]]:
    """Yield what `played` returns of each; a process plays each, but for a single one, as many at once as cores."""
    if len(weeks) == 1:
        yield played(weeks[0])
        return
    with ProcessPoolExecutor(machine.cores(), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(played, weeks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/drift", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weeks", type=int, default=14, metavar="N", help="with the one for learning (default: 14)")
    parser.add_argument("--seeds", type=_seeds, default=[1, 2], metavar="N,N", help="(default: 1,2)")
    parser.add_argument("--lines-per-day", type=int, default=1_000, metavar="N", help="(default: 1000)")
    parser.add_argument("--novel-kinds", type=int, default=56, metavar="N", help="single novelties (default: 56)")
    parser.add_argument("--troubles", type=int, default=24, metavar="N", help="without a new kind (default: 24)")
    parser.add_argument(
        "--releases", type=int, default=MOST_RELEASES, metavar="N", help=f"(default: all {MOST_RELEASES})"
    )
    parser.add_argument("--json", action="store_true", help="print all figures")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmarks/runs/<date>-<cores>-cores")
    return parser


def _seeds(text: str) -> list[int]:
    if not all(part.isascii() and part.isdigit() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} are no seeds: give such as 1,2,3")
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
