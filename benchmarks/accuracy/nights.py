"""
How much the rules of the nights matter, and the ladder's bound where sets are learned night by night.

Simulated weeks (`logwinnow simulate --days --troubles`) are judged live by the product, one rule changed at a time:
benchmarks/operations says what an alert is worth.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from benchmarks.accuracy.bounds import entered
from benchmarks.operations.competition import play
from benchmarks.operations.detectors import Alert, Day, Detector
from benchmarks.operations.figures import LINELESS, Found, Run, a_day, together
from benchmarks.operations.ours import Ours
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


@dataclass(frozen=True)
class Rule:
    """
    What nights may do.

    Attributes:
        name: Which rule is another, and which it is.
        nightly: The configuration.
        changes: What is set meanwhile.
    """

    name: str
    nightly: Nightly = field(default_factory=Nightly)
    changes: tuple[AbstractContextManager[Any], ...] = ()


class Ruled:
    """Our detector where a rule is another; see `benchmarks.operations.detectors.Detector`."""

    def __init__(self, rule: Rule, store: Path) -> None:
        """Make ready; `store` is a folder of its own."""
        self.name, self.how = rule.name, ""
        self._changes = rule.changes
        self._ours = Ours(rule.name, "", store, nightly=rule.nightly)

    def learn(self, days: Sequence[Day]) -> None:
        """Take these days for normal."""
        with entered(self._changes):
            self._ours.learn(days)

    def judge(self, day: Day) -> Iterator[Alert]:
        """Yield the alerts of a day."""
        with entered(self._changes):
            yield from self._ours.judge(day)

    def night(self, day: Day) -> None:
        """Learn from the day."""
        with entered(self._changes):
            self._ours.night(day)


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
    told: Callable[[str], None],
    seeds: Sequence[int] = SEEDS,
    days: int = DAYS,
    lines_per_day: int = LINES_PER_DAY,
) -> dict[str, Any]:
    """
    Play the weeks to all rules.

    Args:
        told: Is told of each day when it is done.
        seeds: Of the weeks.
        days: Of each seed, with those for learning.
        lines_per_day: About how many.

    Returns:
        `days` and `lines_per_day`, `seeds`; and `rules`: for each alerts a day, of which false (by seed, too) and of
        trouble, and how many events and new kinds of line were told, of how many; events without lines are for
        baselines, and do not count.

    Cost: the weeks of each seed are made once; each rule trains every night.
    """
    runs: dict[str, list[Run]] = {}
    for seed in seeds:

        def done(detector: Detector, day: Day, seed: int = seed) -> None:
            if detector.name == DEFAULT:
                told(f"nights, seed {seed}: {day.path.stem}")

        played, _, _ = play(Weeks(days, seed, lines_per_day, novel_kinds=40, troubles=12), _competing, done)
        for each in played:
            runs.setdefault(each.detector, []).append(each)
    return {
        "seeds": list(seeds),
        "days": days,
        "lines_per_day": lines_per_day,
        "rules": {name: _counted(of_rule) for name, of_rule in runs.items()},
    }


def _competing(folder: Path) -> list[Detector]:
    return [Ruled(rule, folder / str(number)) for number, rule in enumerate(rules())]


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


def _anew(shapes: dict[str, int], algorithm: Algorithm, *, seen_once: bool, held: object) -> list[Accepted]:
    del held
    return climb_down(shapes, algorithm, seen_once=seen_once)
