"""
How much each bound of the ladder matters: one is changed at a time, all others stay as they ship.

It is the product that is measured: a bound is a name in a module, and is set to another value while methods are
trained. So that nothing is tuned to some logs, simulated fleets are judged beside them. Options that go with a support,
as the published programs have them, are changed on the classic algorithms.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.accuracy import methods
from benchmarks.accuracy.data import Dataset, Reader
from benchmarks.accuracy.fleets import fleet
from benchmarks.accuracy.methods import Mine, by_scope, classic, ladder, mined
from benchmarks.accuracy.results import Result, measured
from mining import ladder as of_ladder
from mining import merging as of_merging
from mining.clusters import Algorithm, Cluster, Method
from mining.ladder import accepted, climb_down
from mining.support import parse_support
from patterns.words import WordRules

SEEDS: Final = (1, 2, 3)
LARGE: Final = (4, 30)
"""Seed and days of one more fleet, of which there are more lines."""

_SUPPORT: Final = "0.5%"
_LADDER: Final = ladder("logcluster")


@dataclass(frozen=True, slots=True)
class Value:
    """
    What a bound may be.

    Attributes:
        name: What tables and pictures call it.
        changes: What it sets meanwhile; nothing is as it ships.
        mine: What is trained.
    """

    name: str
    changes: tuple[AbstractContextManager[Any], ...] = ()
    mine: Mine = _LADDER


@dataclass(frozen=True, slots=True)
class Bound:
    """
    What is varied.

    Attributes:
        name: What tables and pictures call it.
        about: What it bounds.
        values: In order.
        default: The name of that which ships.
        of_ladder: Whether it is one of the ladder, or an option that goes with a support.
    """

    name: str
    about: str
    values: tuple[Value, ...]
    default: str
    of_ladder: bool = True


def bounds() -> Iterator[Bound]:
    """Yield all, those of the ladder first."""
    yield _constant("accept bound", "constants, per cent of a pattern's words that are no class words",
                    "LEAST_CONSTANTS", (50, 60, 65, 67, 70, 72, 75, 80, 90, 100), "{} %")  # fmt: skip
    yield _constant("first level", "the lines of a program divided by this", "FIRST", (2, 5, 10, 20, 50, 100), "1/{}")
    yield _constant("ratio", "of one level to the next", "RATIO", (Fraction(3, 2), 2, 3, 4, 10), "{}")
    yield _constant(
        "bottom", "lines of the last level but that of what was seen once", "BOTTOM", (2, 3, 4, 5, 10), "{}"
    )
    yield Bound(
        "gap limit",
        "most words of a gap",
        (*(Value(str(most), (_set("accepted", _narrow(most)),)) for most in (1, 2, 3, 5, 10)), Value("none")),
        "none",
    )
    without = patch.object(methods, "climb_down", partial(climb_down, seen_once=False))
    yield Bound("seen once", "whether what is left at last is known", (Value("on"), Value("off", (without,))), "on")
    none_opened, none_merged = _set("opened", _nothing), _set("merged", _as_found)
    yield Bound(
        "merging",
        "what is done so that there are as many patterns as kinds",
        (
            Value("nothing", (_set("Method", _together), none_opened, none_merged)),
            Value("apart", (none_opened, none_merged)),
            Value("merged", (_set("Method", _together), none_opened)),
            Value("apart, merged", (none_opened,)),
            Value("all", ()),
        ),
        "all",
    )
    yield Bound(
        "other words",
        "words seen once in the place of one that is opened",
        (
            *(Value(str(words), (patch.object(of_merging, "OTHER_WORDS", words),)) for words in (1, 2, 3, 4)),
            Value("none", (none_opened,)),
        ),
        "2",
    )
    for algorithm in ("logcluster", "slct"):
        yield Bound(
            f"aggregate supports, {algorithm}",
            f"`aggregate_supports` at support {_SUPPORT}",
            (_at_support("off", algorithm), _at_support("on", algorithm, aggregate_supports=True)),
            "off",
            of_ladder=False,
        )
    yield Bound(
        "word weight",
        f"`word_weight`, `weight_function` and `wildcard` at support {_SUPPORT}",
        (
            _at_support("none"),
            *(_at_support(f"{weight:g}", word_weight=weight) for weight in (0.25, 0.5, 0.75)),
            *(_at_support(f"0.5 by {number}", word_weight=0.5, weight_function=number) for number in (2, 3, 4)),
            _at_support("0.5 wild", word_weight=0.5, wildcard=True),
        ),
        "none",
        of_ladder=False,
    )


def measure_bounds(folder: Path, told: Callable[[str], None]) -> dict[str, Any]:
    """
    Measure all values of the bounds.

    Args:
        folder: Logs in loghub's form, of which Content is read.
        told: Is told of each value when it is done.

    Returns:
        `data`: for `logs` and `fleets` their lines by name. `bounds`: for each its `name`, `about`, `default`, whether
        it is `of_ladder`, and its `values` by name: for `logs` and `fleets` what `_summed` has, and `patterns`; and
        `cpu`, how many times the processor time of the default they took.
    """
    reader = Reader("content")
    data = {"logs": reader.read(folder), "fleets": _fleets()}
    found = []
    for bound in bounds():
        values: dict[str, dict[str, Any]] = {}
        for value in bound.values:
            values[value.name] = _measured(value, data, reader)
            told(f"{bound.name}: {value.name}")
        default = values[bound.default]["cpu"]
        for each in values.values():
            each["cpu"] /= default
        found.append({"name": bound.name, "about": bound.about, "default": bound.default,
                      "of_ladder": bound.of_ladder, "values": values})  # fmt: skip
    lines = {of: {name: len(each.lines) for name, each in datasets.items()} for of, datasets in data.items()}
    return {"data": lines, "bounds": found}


@contextmanager
def entered(changes: Iterable[AbstractContextManager[Any]]) -> Iterator[None]:
    """Have all changes until the block ends."""
    with ExitStack() as stack:
        for change in changes:
            stack.enter_context(change)
        yield


def _fleets() -> dict[str, Dataset]:
    found = {f"seed {seed}": fleet(seed, WordRules()) for seed in SEEDS}
    seed, days = LARGE
    return {**found, f"seed {seed}, {days} days": fleet(seed, WordRules(), days)}


def _measured(value: Value, data: Mapping[str, Mapping[str, Dataset]], reader: Reader) -> dict[str, Any]:
    """Return what a value is worth on each kind of data, and its processor time in seconds."""
    with entered(value.changes):
        began = time.process_time()
        method = mined("", value.mine)
        results = {of: measured(datasets, method, reader.template_shape) for of, datasets in data.items()}
        seconds = time.process_time() - began
        patterns = {of: _patterns(value.mine, datasets) for of, datasets in data.items()}
    summed = {of: _summed(result) | {"patterns": patterns[of]} for of, result in results.items()}
    # Nobody wrote templates of the simulated lines.
    summed["fleets"].pop("fta")
    return {**summed, "cpu": seconds}


def _patterns(mine: Mine, datasets: Mapping[str, Dataset]) -> int:
    """Return how many patterns all lines give."""
    return sum(len(mine(shapes)) for each in datasets.values() for shapes in by_scope(each.lines).values())


def _summed(result: Result) -> dict[str, Any]:
    """Return novelty summed over all splits, F1 of two of them, grouping, and the errors of each dataset."""
    judged = result["novelty"]
    each = {
        name: {of: sum(split["lines"][of] for split in one["novelty"].values()) for of in ("missed", "wrong")}
        for name, one in result["datasets"].items()
    }
    return {
        "missed": sum(split["lines"]["missed"] for split in judged.values()),
        "novel": sum(split["lines"]["missed"] + split["lines"]["right"] for split in judged.values()),
        "wrong": sum(split["lines"]["wrong"] for split in judged.values()),
        "known": sum(split["lines"]["known"] for split in judged.values()),
        "f1_first_tenth": judged["first 10 %"]["lines"]["f1"],
        "f1_halves": judged["random halves"]["lines"]["f1"],
        "ga": result["grouping"]["ga"],
        "fga": result["grouping"]["fga"],
        "fta": result["grouping"]["fta"],
        "datasets": each,
    }


def _constant(name: str, about: str, constant: str, values: tuple[int | Fraction, ...], shown: str) -> Bound:
    """Return a bound that is a constant of the ladder."""
    texts = {value: shown.format(f"{float(value):g}") for value in values}
    each = tuple(Value(texts[value], (_set(constant, value),)) for value in values)
    return Bound(name, about, each, texts[getattr(of_ladder, constant)])


def _set(name: str, value: object) -> AbstractContextManager[Any]:
    return patch.object(of_ladder, name, value)


def _narrow(most: int) -> Callable[[Cluster], bool]:
    return lambda cluster: accepted(cluster) and all(gap <= most for _, gap in cluster.pattern.gaps if gap is not None)


def _together(algorithm: Algorithm, *, apart: bool) -> Method:
    return Method(algorithm, apart=not apart)


def _nothing(*_: object) -> list[object]:
    return []


def _as_found(found: list[object], *_: object) -> list[object]:
    return found


def _at_support(name: str, algorithm: Algorithm = "logcluster", **options: Any) -> Value:
    return Value(name, mine=classic(Method(algorithm, **options), parse_support(_SUPPORT)))
