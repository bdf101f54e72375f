"""
What an operator gets: alerts a day, of which false, and recall and delay by kind of trouble; ours and its rivals.

    python benchmarks/operations [--weeks N] [--seeds N,N] [--lines-per-day N] [--json]

Plays simulated weeks (`logwinnow simulate --days --troubles`) to all of them: the first days, which are normal, are for
learning, the others are judged day by day; what is trouble, and what a harmless change, the labels say. Writes
operations.md and operations.json below benchmarks/runs/. `make bench` installs Drain3; without it the others compete.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.operations import asked, report
from benchmarks.operations.competition import detectors, judged
from benchmarks.operations.figures import Run
from benchmarks.operations.truth import Verdict
from benchmarks.operations.weeks import Weeks
from benchmarks.training import machine

_DEFAULTS = asked.Defaults(weeks=4, seeds=(1, 2, 3, 4), lines_per_day=20_000, novel_kinds=40, troubles=12)


def main(arguments: Sequence[str]) -> int:
    """Measure, write the report, and print its tables, or all figures as JSON."""
    given = _parser().parse_args(arguments)
    about: dict[str, Any] = {
        **machine.about("operations", arguments, ("drain3",), programs=()),
        "weeks": given.weeks,
        "lines_per_day": given.lines_per_day,
        "novel_kinds": given.novel_kinds,
        "troubles": given.troubles,
        "seeds": given.seeds,
        "detectors": {detector.name: detector.how for detector in detectors(Path())},
    }
    folder = given.output or machine.runs(about["date"])
    runs: list[Run] = []
    weeks = [
        Weeks(7 * given.weeks, seed, given.lines_per_day, given.novel_kinds, given.troubles) for seed in given.seeds
    ]
    for each, verdicts in asked.each_by_itself(judged, weeks):
        runs += each
        seed = each[0].seed
        if given.alerts:
            _write_alerts(given.alerts / f"alerts-{seed}.jsonl", verdicts)
        report.write(folder, runs, about)
        print(f"seed {seed} is done", file=sys.stderr, flush=True)
    print(json.dumps(report.kept(runs, about), indent=1) if given.json else report.tables(runs))
    print(f"written: {folder}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = asked.parser("operations", __doc__, _DEFAULTS)
    parser.add_argument("--alerts", type=Path, metavar="DIR", help="also write each alert with what it is worth")
    return parser


def _write_alerts(path: Path, verdicts: dict[str, list[Verdict]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for detector, some in verdicts.items():
            for each in some:
                row = {"detector": detector, **each.alert._asdict(), "worth": each.worth, "cause": each.cause}
                file.write(json.dumps({**row, "event": each.event, "of": each.kind}) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
