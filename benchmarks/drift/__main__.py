"""
Months in which software changes: alerts a day, and what is missed; of nights, of weeks, and of one set for ever.

    python benchmarks/drift [--weeks N] [--seeds N,N] [--lines-per-day N] [--json]

Plays simulated weeks with deployments, releases and troubles (`logwinnow simulate --days --releases --troubles`) as
benchmarks/operations does. Writes drift.md, drift.json and drift.png below benchmarks/runs/. `make bench` installs
Drain3 and matplotlib; without them the others compete, and there is no picture.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.drift import plots, report
from benchmarks.drift.course import Course, played
from benchmarks.drift.learners import learners
from benchmarks.operations import asked
from benchmarks.operations.weeks import Weeks
from benchmarks.training import machine
from commands.simulation.events.releases import MOST_RELEASES

_DEFAULTS = asked.Defaults(weeks=14, seeds=(1, 2), lines_per_day=1_000, novel_kinds=56, troubles=24)


def main(arguments: Sequence[str]) -> int:
    """Measure, write the report, and print its tables, or all figures as JSON."""
    given = _parser().parse_args(arguments)
    about: dict[str, Any] = {
        **machine.about("drift", arguments, ("drain3",), programs=()),
        "weeks": given.weeks,
        "lines_per_day": given.lines_per_day,
        "seeds": given.seeds,
        "learners": {learner.name: learner.how for learner in learners(Path())},
    }
    folder = given.output or machine.runs(about["date"])
    courses: list[Course] = []
    weeks = [
        Weeks(7 * given.weeks, seed, given.lines_per_day, given.novel_kinds, given.troubles, given.releases)
        for seed in given.seeds
    ]
    for each in asked.each_by_itself(played, weeks):
        courses += each
        print(f"seed {each[0].seed} is done", file=sys.stderr, flush=True)
    found = report.figures(courses, about)
    pictures = plots.draw(folder, courses) if find_spec("matplotlib") else []
    report.write(folder, found, pictures)
    print(json.dumps(found, indent=1) if given.json else "\n".join(report.tables(found)))
    print(f"written: {folder}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = asked.parser("drift", __doc__, _DEFAULTS)
    parser.add_argument(
        "--releases", type=int, default=MOST_RELEASES, metavar="N", help=f"(default: all {MOST_RELEASES})"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
