"""
What an operator gets: alerts a day, of which false, and recall and delay by kind of trouble; ours and its rivals.

    python benchmarks/operations [--weeks N] [--seeds N,N] [--lines-per-day N] [--json]

Plays simulated weeks (`logwinnow simulate --days --troubles`) to all of them: the first days, which are normal, are for
learning, the others are judged day by day; what is trouble, and what a harmless change, the labels say. Writes
operations.md and operations.json below benchmarks/runs/. `make bench` installs Drain3; without it the others compete.
"""

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.operations import report
from benchmarks.operations.competition import detectors, play
from benchmarks.operations.figures import Run
from benchmarks.operations.truth import Truth, Verdict
from benchmarks.operations.weeks import Weeks
from benchmarks.training import machine

_HERE = Path(__file__).resolve().parent
_SEEDS = (1, 2, 3, 4)


def main(arguments: Sequence[str]) -> int:
    """Measure, write the report, and print its tables, or all figures as JSON."""
    given = _parser().parse_args(arguments)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    folder = given.output or _HERE.parent / "runs" / f"{today}-{machine.cores()}-cores"
    about: dict[str, Any] = {
        "date": today,
        "command": machine.without_folders(f"python benchmarks/operations {' '.join(arguments)}".strip()),
        "machine": machine.described(),
        "versions": {name: v for name, v in machine.versions(("drain3",)).items() if name not in {"Java", "Perl"}},
        "weeks": given.weeks,
        "lines_per_day": given.lines_per_day,
        "novel_kinds": given.novel_kinds,
        "troubles": given.troubles,
        "seeds": given.seeds,
    }
    about["detectors"] = {detector.name: detector.how for detector in detectors(Path())}
    runs: list[Run] = []
    weeks = [
        Weeks(7 * given.weeks, seed, given.lines_per_day, given.novel_kinds, given.troubles) for seed in given.seeds
    ]
    for each, verdicts, _ in _played(weeks):
        runs += each
        seed = each[0].seed
        if given.alerts:
            _write_alerts(given.alerts / f"alerts-{seed}.jsonl", verdicts)
        report.write(folder, runs, about)
        print(f"seed {seed} is done", file=sys.stderr, flush=True)
    print(json.dumps(report.kept(runs, about), indent=1) if given.json else report.tables(runs))
    print(f"written: {folder}", file=sys.stderr)
    return 0


def _played(weeks: Sequence[Weeks]) -> Iterator[tuple[list[Run], dict[str, list[Verdict]], Truth]]:
    """Yield what `play` returns of each; a process plays each, but for a single one, as many at once as cores."""
    if len(weeks) == 1:
        yield play(weeks[0])
        return
    with ProcessPoolExecutor(machine.cores(), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, weeks)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/operations", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weeks", type=int, default=4, metavar="N", help="with those for learning (default: 4)")
    parser.add_argument("--seeds", type=_seeds, default=list(_SEEDS), metavar="N,N", help="(default: 1,2,3,4)")
    parser.add_argument("--lines-per-day", type=int, default=20_000, metavar="N", help="(default: 20000)")
    parser.add_argument("--novel-kinds", type=int, default=40, metavar="N", help="single novelties (default: 40)")
    parser.add_argument("--troubles", type=int, default=12, metavar="N", help="without a new kind (default: 12)")
    parser.add_argument("--json", action="store_true", help="print all figures")
    parser.add_argument("--alerts", type=Path, metavar="DIR", help="also write each alert with what it is worth")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmarks/runs/<date>-<cores>-cores")
    return parser


def _write_alerts(path: Path, verdicts: dict[str, list[Verdict]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for detector, some in verdicts.items():
            for each in some:
                row = {"detector": detector, **each.alert._asdict(), "worth": each.worth, "cause": each.cause}
                file.write(json.dumps({**row, "event": each.event, "of": each.kind}) + "\n")


def _seeds(text: str) -> list[int]:
    if not all(part.isascii() and part.isdigit() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} are no seeds: give such as 1,2,3")
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
