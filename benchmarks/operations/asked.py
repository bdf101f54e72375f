"""What benchmarks/operations and benchmarks/drift have in common as commands: options, and a process for each seed."""

import argparse
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.operations.weeks import Weeks
from benchmarks.training import machine

_T = TypeVar("_T")


class Defaults(NamedTuple):
    """Which weeks are played where nothing else is asked for."""

    weeks: int
    seeds: Sequence[int]
    lines_per_day: int
    novel_kinds: int
    troubles: int


def parser(benchmark: str, about: str | None, defaults: Defaults) -> argparse.ArgumentParser:
    """Return what reads the options that both have."""
    made = argparse.ArgumentParser(
        prog=f"python benchmarks/{benchmark}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    weeks, seeds, lines, novel, troubles = defaults
    of_seeds = f"(default: {','.join(map(str, seeds))})"
    made.add_argument("--weeks", type=int, default=weeks, metavar="N", help=f"with the first, to learn ({weeks})")
    made.add_argument("--seeds", type=_seeds, default=list(seeds), metavar="N,N", help=of_seeds)
    made.add_argument("--lines-per-day", type=int, default=lines, metavar="N", help=f"(default: {lines})")
    made.add_argument("--novel-kinds", type=int, default=novel, metavar="N", help=f"single novelties ({novel})")
    made.add_argument("--troubles", type=int, default=troubles, metavar="N", help=f"without a new kind ({troubles})")
    made.add_argument("--json", action="store_true", help="print all figures")
    made.add_argument("--output", type=Path, metavar="DIR", help="default: benchmarks/runs/<date>-<cores>-cores")
    return made


def each_by_itself(play: Callable[[Weeks], _T], weeks: Sequence[Weeks]) -> Iterator[_T]:
    """
    Yield what is returned when each is played, in their order.

    Args:
        play: A function of a module; what it returns comes from another process.
        weeks: A process plays each, as many at once as cores; a single one is played in this process.
    """
    if len(weeks) == 1:
        yield play(weeks[0])
        return
    with ProcessPoolExecutor(machine.cores(), multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play, weeks)


def _seeds(text: str) -> list[int]:
    if not all(part.isascii() and part.isdigit() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} are no seeds: give such as 1,2,3")
    return [int(part) for part in text.split(",")]
