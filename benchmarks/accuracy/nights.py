"""
How much the rules of the nights matter, and the ladder's bound where sets are learned night by night.

Simulated weeks (`logwinnow simulate --days --troubles`) are judged live by the product, one rule changed at a time:
benchmarks/operations says what an alert is worth.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.operations.detectors import Alert
from benchmarks.operations.figures import LINELESS, Found, Run, a_day, run, together
from benchmarks.operations.ours import Ours
from benchmarks.operations.truth import Truth
from benchmarks.operations.weeks import Weeks
from mining import ladder as of_ladder
from mining.clusters import Algorithm
from mining.ladder import Accepted, climb_down
from training import job
from training.config import Nightly
from training.nightly import kinds

SEEDS: Final = (1, 2)
DAYS: Final = 21
LINES_PER_DAY: Final = 2_000

DEFAULT: Final = "as it ships"
_NEVER: Final = 1_000_000


@dataclass
class Rule:
    """
    What nights may do.

    Attributes:
        name: Which rule is another, and which it is.
        nightly: The configuration.
        changes: What is set meanwhile.
        alerts: What was told so far.
    """

    name: str
    nightly: Nightly = field(default_factory=Nightly)
    changes: tuple[AbstractContextManager[Any], ...] = ()
    alerts: list[Alert] = field(default_factory=list)


def rules() -> Iterator[Rule]:
    """Yield all, first that which ships."""
    yield Rule(DEFAULT)
    for days in (1, 3):
        yield Rule(f"learn_days {days}", Nightly(learn_days=days))
    for days in (3, 7):
        yield Rule(f"window_days {days}", Nightly(window_days=days))
    for shapes in (2, 5, _NEVER):
        name = "never" if shapes == _NEVER else f"of {shapes} shapes"
        yield Rule(f"variations known {name}", changes=(patch.object(kinds, "LEAST_SHAPES", shapes),))
    yield Rule("patterns of the last set not held", changes=(patch.object(job, "climb_down", _anew),))
    for share in (60, 65, 75):
        yield Rule(f"accept bound {share} %", changes=(patch.object(of_ladder, "LEAST_CONSTANTS", share),))


def measure_nights(
    told: Callable[[str], None] = lambda _: None,
    seeds: Sequence[int] = SEEDS,
    days: int = DAYS,
    lines_per_day: int = LINES_PER_DAY,
) -> dict[str, Any]:
    """
    Play the weeks to all rules.

    Returns:
        `days` and `lines_per_day`, `seeds`; and `rules`: for each alerts a day, of which false, and how many events and
        new kinds of line were told, of how many; events without lines are for baselines, and do not count.

    Cost: the weeks of each seed are made once; each rule trains every night.
    """
    runs: dict[str, list[Run]] = {}
    for seed in seeds:
        for rule, of_rule in _play(Weeks(days, seed, lines_per_day, novel_kinds=40, troubles=12), told):
            runs.setdefault(rule, []).append(of_rule)
    return {
        "seeds": list(seeds),
        "days": days,
        "lines_per_day": lines_per_day,
        "rules": {name: _counted(of_rule) for name, of_rule in runs.items()},
    }


def _play(weeks: Weeks, told: Callable[[str], None]) -> Iterator[tuple[str, Run]]:
    with tempfile.TemporaryDirectory(prefix="nights-") as name:
        folder = Path(name)
        (folder / "log").mkdir()
        players = [
            (rule, Ours(rule.name, "", folder / str(number), nightly=rule.nightly))
            for number, rule in enumerate(rules())
        ]
        days = weeks.play(folder / "log")
        learning = list(islice(days, weeks.learned))
        for rule, ours in players:
            with _changed(rule):
                ours.learn(learning)
        begin = learning[-1].end
        for day in days:
            for rule, ours in players:
                with _changed(rule):
                    rule.alerts += ours.judge(day)
                    ours.night(day)
            told(f"nights, seed {weeks.seed}: {day.path.stem}")
    truth = Truth.of(weeks.labels, weeks.events(), begin)
    for rule, _ in players:
        yield rule.name, run(rule.name, weeks.seed, weeks.days - weeks.learned, list(truth.judge(rule.alerts)), truth)


def _counted(runs: Sequence[Run]) -> dict[str, Any]:
    events = sum((each for cause, each in together(runs).items() if cause not in LINELESS), Found())
    return {
        "alerts_a_day": a_day(runs).mean,
        "false_a_day": a_day(runs, "false").mean,
        "false_by_seed": [each.alerts["false"] / each.days for each in runs],
        "trouble_a_day": a_day(runs, "trouble").mean,
        "events": [events.told, events.events],
        "kinds": [events.kinds_told, events.kinds],
    }


def _changed(rule: Rule) -> ExitStack:
    with ExitStack() as stack:
        for change in rule.changes:
            stack.enter_context(change)
        return stack.pop_all()


def _anew(shapes: dict[str, int], algorithm: Algorithm, *, seen_once: bool, held: object) -> list[Accepted]:
    del held
    return climb_down(shapes, algorithm, seen_once=seen_once)
