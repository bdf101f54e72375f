"""
How long training takes: every engine and every rival on the same files, at the same support.

    python benchmarks/training [--small]

Writes training.md, training.json and pictures below benchmarks/runs/. `make bench` installs what it compares with and
runs the small form, some minutes; the whole one takes hours. slct, logcluster.pl and LogClusterC take part where they
are on PATH. A peer that fails or takes too long is shown as failed; after Ctrl-C what was measured is kept.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.training import corpus, machine, report
from benchmarks.training.competition import Competition, Measurement
from benchmarks.training.corpus import Corpus
from benchmarks.training.peers import TASKS, peers, spark_on
from mining.support import in_lines, parse_support

_OUTPUT_HELP = "default: benchmarks/runs/<date>-<cores>-cores; what is there already stays, and is shown too"
_SMALL: dict[str, Any] = {"sizes": [50_000, 200_000], "corpora": ["fleet"], "rounds": 3, "timeout": 120}
_WHOLE: dict[str, Any] = {
    "sizes": [100_000, 1_000_000, 4_000_000, 10_000_000],
    "corpora": list(corpus.MAKERS),
    "rounds": 5,
    "timeout": 900,
}


def main(arguments: Sequence[str]) -> int:
    """
    Measure and write the report.

    Returns:
        0; 1 if results differ that must be the same; 130 after Ctrl-C.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    for name, value in (_SMALL if given.small else _WHOLE).items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    about = machine.about("training", arguments)
    folder = given.output or machine.runs(about["date"])
    measurements, commands = report.read(folder)
    about["command"] = "\n    ".join([*commands, about["command"]])

    def told(measured: Measurement) -> None:
        measurements.append(measured)
        print(_line(measured), flush=True)

    code = 0
    try:
        competition = Competition(given.rounds, given.timeout, told)
        for each, largest in _corpora(given):
            _measure(given, each, competition, cores=largest)
            report.write(folder, measurements, about, [])
    except KeyboardInterrupt:
        code = 130
    plots: list[str] = []
    try:
        from benchmarks.training.plots import draw

        plots = draw(folder, measurements)
    except ImportError:
        print("no pictures: matplotlib is not installed; make bench installs it", file=sys.stderr)
    report.write(folder, measurements, about, plots)
    different = report.differing(measurements)
    for name in different:
        print(f"different from the others: {name}", file=sys.stderr)
    print(f"written: {folder}")
    return code or int(bool(different))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = sorted({peer.name for peer in peers()})
    parser.add_argument("--small", action="store_true", help="50k and 200k lines of the corpus fleet, 3 rounds")
    parser.add_argument("--sizes", type=_sizes, metavar="N,N", help="lines (default: 100k,1M,4M,10M)")
    parser.add_argument("--corpora", type=_corpora_names, metavar="NAME,NAME", help="(default: fleet,varied)")
    parser.add_argument("--file", type=Path, help="a file of your own instead, whole")
    parser.add_argument("--tasks", type=_tasks, default=list(TASKS), metavar="NAME,NAME", help=f"of {','.join(TASKS)}")
    parser.add_argument("--support", type=_support, default="0.1%", metavar="N|N%%", help="(default: %(default)s)")
    parser.add_argument("--rounds", type=_count, metavar="N", help="runs of each (default: 5)")
    parser.add_argument("--timeout", type=_count, metavar="SECONDS", help="for one run (default: 900)")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--cache", type=Path, default=corpus.CACHE, metavar="DIR", help="where made files are kept")
    parser.add_argument("--output", type=Path, metavar="DIR", help=_OUTPUT_HELP)
    return parser


def _corpora(given: argparse.Namespace) -> Iterator[tuple[Corpus, bool]]:
    """Yield what is mined, and whether it is the largest of its name; makes what is not there yet."""
    if given.file:
        yield corpus.given(given.file), True
        return
    for name in given.corpora:
        for size in given.sizes:
            yield corpus.made(name, size, given.cache), size == max(given.sizes)


def _measure(given: argparse.Namespace, each: Corpus, competition: Competition, *, cores: bool) -> None:
    """Do all tasks on a corpus; those of engine spark on fewer cores too, for `cores`."""
    chosen = [peer for peer in peers() if given.only is None or peer.name in given.only]
    for task in given.tasks:
        print(f"\n{TASKS[task]}: {each.name}, {each.lines:,} lines", flush=True)
        competition.run(each, task, given.support(each.lines), chosen)
    for task in given.tasks if cores and any(peer.name == "logwinnow-spark" for peer in chosen) else []:
        if not competition.is_out("logwinnow-spark", each, task):
            print(f"\nengine spark against cores: {task}, {each.name}, {each.lines:,} lines", flush=True)
            fewer = [peer for number in _core_numbers() for peer in spark_on(number)]
            competition.run(each, task, given.support(each.lines), fewer)


def _core_numbers() -> list[int]:
    """Return 1, 2, 4, … and all."""
    most = machine.cores()
    return sorted({*(2**power for power in range(most.bit_length())), most})


def _line(measured: Measurement) -> str:
    if measured.failure:
        return f"  {measured.peer:<20} not measured: {measured.failure}"
    result = {True: "", False: ", DIFFERENT", None: ""}[measured.agrees]
    found = f"{measured.patterns:>7,} patterns{result}"
    return f"  {measured.peer:<20} {measured.seconds:8.2f} s {measured.peak / 2**20:8,.0f} MiB {found}"


def _sizes(text: str) -> list[int]:
    try:
        return sorted({corpus.amount(part) for part in text.split(",")})
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _names_of(known: Iterable[str], text: str) -> list[str]:
    names = text.split(",")
    wrong = [name for name in names if name not in known]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} is none of {', '.join(known)}")
    return names


def _tasks(text: str) -> list[str]:
    return _names_of(TASKS, text)


def _corpora_names(text: str) -> list[str]:
    return _names_of(corpus.MAKERS, text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return int(text)


def _support(text: str) -> Callable[[int], int]:
    """Return how many lines of so many a support is."""
    try:
        support = parse_support(int(text) if text.isdecimal() else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return lambda lines: max(1, in_lines(support, lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
