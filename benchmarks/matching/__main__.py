"""
How many lines a second are judged on one core: by batch, line by line, and by others.

    python benchmarks/matching [--small] [--samples FOLDER]

    raw      whole lines, patterns mined at several supports: against a loop of regular expressions, re2.Set, hyperscan
    default  headers, classes, programs: against Drain3's and logfold's `match`
    growth   made sets of 100 to 100,000 patterns: lines of known shapes, all of new ones, all outliers of new ones

Each round every peer runs once, from an empty memory, over all lines or as many as take it some seconds; what counts is
processor time of this process. Writes matching.md, matching.json and a picture below benchmarks/runs/.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.matching import corpora, report
from benchmarks.matching.peers import Peer, default_peers, ours, raw_peers
from benchmarks.training import machine
from benchmarks.training.corpus import CACHE, amount


class _Size(NamedTuple):
    """How much is measured: lines of the corpus, rounds, numbers of patterns."""

    lines: int
    rounds: int
    sizes: tuple[int, ...]


_PACKAGES = ("pyarrow", "numpy", "polars", "google-re2", "hyperscan", "drain3", "logfold")
_WHOLE = _Size(1_000_000, 5, (100, 159, 1_000, 10_000, 100_000))
_SMALL = _Size(100_000, 3, (100, 10_000))
_SHARES, _MOST = (1_000, 10_000, 200_000), 10_000
"""Raw patterns are mined at one line of so many; and of the many at the least support so many are taken."""


def main(arguments: Sequence[str]) -> int:
    """
    Measure and write the report.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(
        prog="python benchmarks/matching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="100k lines, 3 rounds, two sizes of sets")
    parser.add_argument("--lines", type=amount, metavar="N", help="of the corpus (default: 1M)")
    parser.add_argument("--rounds", type=int, metavar="N", help="runs of each (default: 5)")
    parser.add_argument("--samples", type=Path, metavar="DIR", help="folder of *.log to draw lines from, not fleet")
    parser.add_argument("--tasks", default="raw,default,growth", metavar="NAME,NAME", help="(default: %(default)s)")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="where made files are kept")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: benchmarks/runs/<date>-<cores>-cores")
    given = parser.parse_args(arguments)
    chosen = _SMALL if given.small else _WHOLE
    lines, rounds = given.lines or chosen.lines, given.rounds or chosen.rounds
    about = machine.about("matching", arguments, _PACKAGES)
    folder = given.output or machine.runs(about["date"])
    of_default = "samples" if given.samples else "default"
    rows = {"raw": ("raw",), "default": (of_default,), "growth": ("known", "new", "outliers")}
    tasks = {
        "raw": lambda: _raw(corpora.corpus(given.samples, lines, given.cache), lines, given.cache, rounds),
        "default": lambda: _default(corpora.corpus(given.samples, lines, given.cache), given.cache, rounds, of_default),
        "growth": lambda: _growth(chosen.sizes, rounds, lines // 5),
    }
    runs, commands = report.read(folder)
    about["command"] = "\n    ".join([*commands, about["command"]])
    _warm_up()
    for name in given.tasks.split(","):
        runs = [run for run in runs if run.task not in rows[name]]
        for run in tasks[name]():
            runs.append(run)
            print(f"  {run.task:<8} {run.patterns:>7,} {run.peer:<32} {run.rate:>12,.0f} lines/s", flush=True)
        report.write(folder, runs, about)
    print(f"written: {folder}")
    return 0


def _warm_up() -> None:
    """Judge some lines, for what Python imports when it is first used is no judging."""
    kinds = corpora.templates(100)
    lines = list(corpora.made_lines(kinds, 1_000, "outliers"))
    for peer in ours(corpora.made_set(kinds)):
        peer.ready()(lines, b"\n".join(lines) + b"\n", Path())


def _raw(path: Path, lines: int, cache: Path, rounds: int) -> Iterator[report.Run]:
    for share in _SHARES:
        patterns = corpora.mined(path, max(2, lines // share), _MOST, cache)
        peers = [*ours(patterns), *raw_peers(patterns)]
        yield from _compete("raw", len(patterns.patterns), peers, path, rounds)


def _default(path: Path, cache: Path, rounds: int, task: str) -> Iterator[report.Run]:
    patterns = corpora.trained(path, cache)
    peers = [*ours(patterns), *default_peers(path, 100_000)]
    yield from _compete(task, len(patterns.patterns), peers, path, rounds)


def _growth(sizes: Sequence[int], rounds: int, lines: int) -> Iterator[report.Run]:
    """Yield runs over the sizes; those of one round of all sizes are pairs."""
    made = []
    for size in sizes:
        kinds = corpora.templates(size)
        # A set of 100,000 patterns takes its seconds to make ready: one of ours must do.
        peers = ours(corpora.made_set(kinds))[: 2 if size <= 10_000 else 1]
        for what, number in (("known", lines), ("new", lines), ("outliers", lines // 2)):
            every = list(corpora.made_lines(kinds, number, what))
            made.append((size, what, peers, every, b"\n".join(every) + b"\n"))
    for number in range(1, rounds + 1):
        for size, what, peers, every, text in made:
            for peer in peers:
                yield _timed(what, size, peer, (every, text, Path()), number)


def _compete(task: str, size: int, peers: Sequence[Peer], path: Path, rounds: int) -> Iterator[report.Run]:
    text = path.read_bytes()
    lines = text.removesuffix(b"\n").split(b"\n")
    for number in range(1, rounds + 1):
        for peer in peers:
            yield _timed(task, size, peer, (lines, text, path), number)


def _timed(task: str, size: int, peer: Peer, what: tuple[Sequence[bytes], bytes, Path], number: int) -> report.Run:
    lines, text, path = what
    if peer.most is not None and peer.most < len(lines):
        # From all over the file, for kinds come and go.
        lines = lines[:: len(lines) // peer.most][: peer.most]
    judge = peer.ready()
    gc.collect()
    gc.disable()
    began = time.process_time()
    told = judge(lines, text, path)
    seconds = time.process_time() - began
    gc.enable()
    return report.Run(task, size, peer.name, number, told.lines, told.matched, seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
